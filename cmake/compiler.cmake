# g++ 12.2, Debian 12's default, miscompiles coroutines: `if (co_await f())` in a function without local variables
# jumps to nowhere at run time. So clang 19 is taken where nothing else was asked for, and old g++ is refused
# (cmake/refuse.cmake).
if(NOT CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX})
  find_program(CONVOKE_CLANG NAMES clang++-19)
  mark_as_advanced(CONVOKE_CLANG)
  if(CONVOKE_CLANG)
    set(CMAKE_CXX_COMPILER ${CONVOKE_CLANG} CACHE FILEPATH "C++ compiler" FORCE)
  endif()
endif()
