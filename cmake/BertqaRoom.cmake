# One target a room, and one test binary a room. A room links only what ARCHITECTURE.md allows.

add_library(bertqa_warnings INTERFACE)
target_compile_options(bertqa_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees an overlap in every `"text" + std::string` (GCC bug 105651).
  target_compile_options(bertqa_warnings INTERFACE -Wno-restrict)
endif()
if(BERTQA_WERROR)
  target_compile_options(bertqa_warnings INTERFACE -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # The same bug sees sizes near 2^64 in inlined copies of strings, in fortified builds.
    target_compile_options(bertqa_warnings INTERFACE -Wno-error=stringop-overflow)
  endif()
endif()

if(BERTQA_SANITIZE)
  add_compile_options(-fsanitize=${BERTQA_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BERTQA_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # False alarms in std::regex under the sanitizers (GCC bug 105562).
    target_compile_options(bertqa_warnings INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

if(BERTQA_COVERAGE)
  # %m: a file for each binary, which all its processes share; %c: it is mapped, so that a process that
  # is killed has counted too.
  add_compile_options(-fprofile-instr-generate=${PROJECT_BINARY_DIR}/counters/%c%m.profraw
                      -fcoverage-mapping "SHELL:-mllvm -runtime-counter-relocation")
  add_link_options(-fprofile-instr-generate)
endif()

# bertqa_add_room(NAME SOURCES a.cc … [ALONE a.cc …] [LINK target …] [PRIVATE_LINK target …])
# The preset `tidy` joins sources, so that clang-tidy reads their headers once; ALONE names those of
# them that have a private name in common with another.
function(bertqa_add_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;ALONE;LINK;PRIVATE_LINK" ${ARGN})
  add_library(bertqa_${name} STATIC ${ROOM_SOURCES})
  set_source_files_properties(${ROOM_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_include_directories(bertqa_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
                                                   ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(bertqa_${name} PUBLIC ${ROOM_LINK}
                                       PRIVATE bertqa_warnings ${ROOM_PRIVATE_LINK})
endfunction()

# bertqa_add_module(ROOM SOURCES a.cc … LINK target …): libbertqa_ROOM.so, the part of a room that
# LoadModuleSymbol loads (src/base/module_loader.h), as target bertqa_ROOM_module. It is built where
# the programs of this build find it, and installed (Install.cmake).
function(bertqa_add_module room)
  cmake_parse_arguments(M "" "" "SOURCES;LINK" ${ARGN})
  set(target bertqa_${room}_module)
  add_library(${target} MODULE ${M_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include
                                               ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PRIVATE bertqa_warnings ${M_LINK})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME bertqa_${room}
    CXX_VISIBILITY_PRESET hidden
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib/bertqa)
  set_property(GLOBAL APPEND PROPERTY BERTQA_MODULES ${target})
endfunction()

# bertqa_add_test(NAME LABEL label SOURCES a_test.cc … LINK target …): one gtest binary, one ctest
# entry for each TEST. The tests run in the source tree's tests/ folder. The headers that most tests
# include take longer to read than the tests to compile, so they are read once, for the first binary
# (the preset `dev` does without, and finds what a test forgets to include).
function(bertqa_add_test name)
  cmake_parse_arguments(T "" "LABEL" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  get_property(first_test GLOBAL PROPERTY BERTQA_FIRST_TEST)
  if(CMAKE_DISABLE_PRECOMPILE_HEADERS)
    # the test includes them itself
  elseif(first_test)
    target_precompile_headers(${name} REUSE_FROM ${first_test})
  else()
    target_precompile_headers(${name} PRIVATE <gtest/gtest.h> <nlohmann/json.hpp>)
    set_property(GLOBAL PROPERTY BERTQA_FIRST_TEST ${name})
  endif()
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE bertqa_warnings ${T_LINK} GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests
                       PROPERTIES LABELS ${T_LABEL} TIMEOUT 600)
endfunction()
