# What is shipped defends itself, and its bytes do not tell where it was built: two builds of the
# same source in different folders are the same files. tests/package checks both.

include(CheckCXXCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)  # CMAKE_POSITION_INDEPENDENT_CODE then makes programs PIEs

# __FILE__, and the folders in debugging information.
add_compile_options(-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)

# The sanitizers check more than these, and some stand in each other's way.
if(NOT BERTQA_SANITIZE)
  add_compile_options(-fstack-protector-strong -fstack-clash-protection)
  # Fortified functions need the optimiser. -U: some distributions define it.
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
                      $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
  check_cxx_compiler_flag(-fcf-protection BERTQA_HAS_CF_PROTECTION)  # x86
  if(BERTQA_HAS_CF_PROTECTION)
    add_compile_options(-fcf-protection)
  endif()
  # relro and now: the tables of addresses are read-only before main begins.
  add_link_options(LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
endif()
