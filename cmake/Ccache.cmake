# ccache, where there is one: a rebuild after switching branches takes seconds.

find_program(BERTQA_CCACHE ccache)
if(BERTQA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${BERTQA_CCACHE})
endif()
