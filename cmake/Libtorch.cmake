# The target `libtorch`: libtorch as headers and shared libraries, from the folder BERTQA_LIBTORCH.
# TorchConfig.cmake is not used: in a CUDA build of libtorch it demands the CUDA toolkit, which
# nothing here needs.

if(NOT BERTQA_LIBTORCH)
  # Where tools/quickstart puts it; shared by all presets.
  set(BERTQA_LIBTORCH ${PROJECT_SOURCE_DIR}/build/libtorch/torch)
endif()
set(version_header ${BERTQA_LIBTORCH}/include/torch/headeronly/version.h)
if(NOT EXISTS ${version_header})
  message(FATAL_ERROR "libtorch: no include/torch/headeronly/version.h in ${BERTQA_LIBTORCH}. Run "
          "tools/quickstart, which fetches libtorch, or name its folder with "
          "-DBERTQA_LIBTORCH=DIR.")
endif()
file(STRINGS ${version_header} version_line
     REGEX "#define TORCH_VERSION_(MAJOR|MINOR) ")
string(REGEX MATCHALL "[0-9]+" version_parts "${version_line}")
list(JOIN version_parts "." BERTQA_LIBTORCH_VERSION)
if(BERTQA_LIBTORCH_VERSION VERSION_LESS 2.11)
  message(FATAL_ERROR "libtorch: ${BERTQA_LIBTORCH} holds version ${BERTQA_LIBTORCH_VERSION}; "
          "2.13 is expected, 2.11 is the oldest that will do.")
endif()
message(STATUS "libtorch ${BERTQA_LIBTORCH_VERSION}: ${BERTQA_LIBTORCH}")

add_library(libtorch INTERFACE)
target_include_directories(libtorch SYSTEM INTERFACE
  ${BERTQA_LIBTORCH}/include ${BERTQA_LIBTORCH}/include/torch/csrc/api/include)
target_link_libraries(libtorch INTERFACE
  ${BERTQA_LIBTORCH}/lib/libtorch_cpu.so ${BERTQA_LIBTORCH}/lib/libc10.so)
