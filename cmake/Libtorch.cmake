# The targets `libtorch` and `libtorch_devices`: libtorch as headers and shared libraries, from the
# folder BERTQA_LIBTORCH.
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

# For what computes on devices. In a CUDA build of libtorch, libtorch_cuda.so registers its kernels
# when it is loaded. It is not linked: it needs gigabytes of CUDA libraries, which a machine without
# a GPU lacks (tools/quickstart does not fetch them), and then nothing would run. Open it when a GPU
# is asked for, before libtorch is asked what devices there are:
#   dlopen(BERTQA_DEVICE_LIBRARY, RTLD_NOW | RTLD_GLOBAL)
# It is looked for in the run path of the caller's own file. Empty in a CPU build.
add_library(libtorch_devices INTERFACE)
target_link_libraries(libtorch_devices INTERFACE libtorch ${CMAKE_DL_LIBS})
set(BERTQA_DEVICE_LIBRARY "")
if(EXISTS ${BERTQA_LIBTORCH}/lib/libtorch_cuda.so)
  set(BERTQA_DEVICE_LIBRARY libtorch_cuda.so)
endif()
target_compile_definitions(libtorch_devices INTERFACE
  BERTQA_DEVICE_LIBRARY="${BERTQA_DEVICE_LIBRARY}")
