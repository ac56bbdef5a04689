# What `cmake --install` puts under its prefix, and the library that other programs link:
#   bin/bertqa   lib/libbertqa.so   include/bertqa/   lib/cmake/bertqa/   share/bertqa/models/
#   share/doc/bertqa/, with the bill of materials   and lib/bertqa/: the modules, and libtorch's
#   libraries if libtorch lies in this tree
# The prefix may be moved: all paths in it are relative.
include(CMakePackageConfigHelpers)

# One shared library out of the rooms behind the public headers (io has none).
set(objects "")
foreach(room base text windows decode eval kernels encoder torchscript model pipeline)
  list(APPEND objects $<TARGET_OBJECTS:bertqa_${room}>)
endforeach()
add_library(bertqa_shared SHARED ${objects})
add_library(bertqa::bertqa ALIAS bertqa_shared)
set_target_properties(bertqa_shared PROPERTIES
  OUTPUT_NAME bertqa  EXPORT_NAME bertqa  LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION}  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
  LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/exports.map)
target_compile_features(bertqa_shared PUBLIC cxx_std_20)
target_include_directories(bertqa_shared INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_options(bertqa_shared PRIVATE
  -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map)
# BUILD_INTERFACE: the exported target names none of them, libbertqa.so finds them itself.
target_link_libraries(bertqa_shared PRIVATE
  $<BUILD_INTERFACE:${HWY_LIBRARY}> $<BUILD_INTERFACE:ZLIB::ZLIB>
  $<BUILD_INTERFACE:${CMAKE_DL_LIBS}> $<BUILD_INTERFACE:${UTF8PROC_LIBRARY}>
  $<BUILD_INTERFACE:${HWY_LIBRARY}> $<BUILD_INTERFACE:ZLIB::ZLIB>
  $<BUILD_INTERFACE:Threads::Threads> $<BUILD_INTERFACE:${CMAKE_DL_LIBS}>)

# The modules that the program and the library load when they need libtorch, libcurl or cpp-httplib.
set(bundle ${CMAKE_INSTALL_LIBDIR}/bertqa)
get_property(modules GLOBAL PROPERTY BERTQA_MODULES)
install(TARGETS ${modules} LIBRARY DESTINATION ${bundle})
set(torch_modules ${modules})
list(REMOVE_ITEM torch_modules bertqa_hub_module bertqa_serve_module)

# libtorch in the source or build tree would go with that tree, so its libraries are copied. One
# that the user keeps elsewhere stays there.
cmake_path(IS_PREFIX PROJECT_SOURCE_DIR "${BERTQA_LIBTORCH}" NORMALIZE in_source)
cmake_path(IS_PREFIX PROJECT_BINARY_DIR "${BERTQA_LIBTORCH}" NORMALIZE in_build)
if(in_source OR in_build)
  # The modules are linked with the paths that they are installed with: what `cmake --install` writes
  # over would keep its length, and in the build id its bytes. In the build tree a link leads on.
  set_target_properties(${torch_modules} PROPERTIES
    INSTALL_RPATH "$ORIGIN;$ORIGIN/libtorch" BUILD_WITH_INSTALL_RPATH ON)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/lib/bertqa)
  file(CREATE_LINK ${BERTQA_LIBTORCH}/lib ${PROJECT_BINARY_DIR}/lib/bertqa/libtorch SYMBOLIC)
  # libtorch_cpu.so, and of what it needs all that is not the system's: in a CUDA build also
  # libraries of the packages beside it. libtorch_cuda.so too if all that it needs is there.
  set(bundle_destination "\${CMAKE_INSTALL_PREFIX}/${bundle}")
  if(IS_ABSOLUTE ${bundle})
    set(bundle_destination ${bundle})
  endif()
  install(CODE "
    foreach(name libtorch_cpu.so ${BERTQA_DEVICE_LIBRARY})
      set(torch_library \"${BERTQA_LIBTORCH}/lib/\${name}\")
      file(GET_RUNTIME_DEPENDENCIES LIBRARIES \${torch_library}
           RESOLVED_DEPENDENCIES_VAR needed UNRESOLVED_DEPENDENCIES_VAR missing
           PRE_EXCLUDE_REGEXES \"^ld-linux\" \"^libcuda\\\\.so\"
           POST_EXCLUDE_REGEXES \"^/(usr/)?lib(64)?/\")
      if(NOT missing)
        file(INSTALL \${torch_library} \${needed} DESTINATION \"${bundle_destination}\"
             TYPE SHARED_LIBRARY FOLLOW_SYMLINK_CHAIN)
      elseif(name STREQUAL libtorch_cpu.so)
        message(FATAL_ERROR \"libtorch needs libraries that are not found: \${missing}\")
      else()
        message(STATUS \"Not installed: \${name}, which needs \${missing}\")
      endif()
    endforeach()
    file(GLOB licences \"${BERTQA_LIBTORCH}/../torch-*.dist-info/licenses/LICENSE\"
                       \"${BERTQA_LIBTORCH}/../torch-*.dist-info/licenses/NOTICE\")
    file(INSTALL \${licences} DESTINATION \"${bundle_destination}\")")
else()
  set_target_properties(${torch_modules} PROPERTIES INSTALL_RPATH ${BERTQA_LIBTORCH}/lib)
endif()

install(TARGETS bertqa_cli RUNTIME)
install(TARGETS bertqa_shared EXPORT bertqaTargets LIBRARY)
install(DIRECTORY include/bertqa TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(DIRECTORY models DESTINATION ${CMAKE_INSTALL_DATADIR}/bertqa)
install(FILES LICENSE README.md ARCHITECTURE.md CHANGELOG.md TYPE DOC OPTIONAL)
install(DIRECTORY docs TYPE DOC OPTIONAL)

# find_package(bertqa)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/bertqa)
set(models_dir ${CMAKE_INSTALL_DATADIR}/bertqa/models)
configure_package_config_file(cmake/bertqaConfig.cmake.in bertqaConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS models_dir)
write_basic_package_version_file(bertqaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/bertqaConfig.cmake
              ${PROJECT_BINARY_DIR}/bertqaConfigVersion.cmake DESTINATION ${package_dir})
install(EXPORT bertqaTargets NAMESPACE bertqa:: DESTINATION ${package_dir})

# What the build consists of (SPDX), beside the documentation.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
set(sbom ${PROJECT_BINARY_DIR}/share/doc/bertqa/bertqa.spdx.json)
set(sbom_binaries $<TARGET_FILE:bertqa_cli> $<TARGET_FILE:bertqa_shared>)
foreach(module ${modules})
  list(APPEND sbom_binaries $<TARGET_FILE:${module}>)
endforeach()
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/doc/bertqa)
find_file(nlohmann_json_header nlohmann/json.hpp REQUIRED)
add_custom_command(OUTPUT ${sbom}
  COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tools/sbom.py --output ${sbom}
          --version ${PROJECT_VERSION} --model ${PROJECT_SOURCE_DIR}/models/minilm-l6-squad
          --header nlohmann_json=${nlohmann_json_header} --header CLI11=${CLI11_INCLUDE_DIR}/CLI/CLI.hpp
          ${sbom_binaries}
  DEPENDS tools/sbom.py models/minilm-l6-squad/model.pt models/minilm-l6-squad/bertqa.json
          bertqa_cli bertqa_shared ${modules}
  COMMENT "Writing the bill of materials" VERBATIM)
add_custom_target(bertqa_sbom ALL DEPENDS ${sbom})
install(FILES ${sbom} TYPE DOC)
