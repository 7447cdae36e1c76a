# g++ 12.2, the default of Debian 12, miscompiles coroutines: `if (co_await f())` in a function without local variables
# crashes at run time. So clang 19 is the default where the caller names no compiler, and an old g++ is refused
# (cmake/refuse.cmake).
if(NOT CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX})
  find_program(CONVOKE_CLANG NAMES clang++-19)
  mark_as_advanced(CONVOKE_CLANG)
  if(CONVOKE_CLANG)
    set(CMAKE_CXX_COMPILER ${CONVOKE_CLANG} CACHE FILEPATH "C++ compiler" FORCE)
  endif()
endif()
