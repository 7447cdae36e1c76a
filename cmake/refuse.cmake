# Refuses compilers that cannot build convoke. Reads CMAKE_CXX_COMPILER_ID and CMAKE_CXX_COMPILER_VERSION only, so that
# `cmake -D... -P` can test it without the compiler in question.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} silently miscompiles coroutines (an awaited condition in a function without local "
    "variables crashes at run time). Install clang 19 (apt-get install clang-19) and configure again in an empty build "
    "directory, or set CMAKE_CXX_COMPILER to clang++-19 or to g++ 13 or newer.")
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR
    "clang ${CMAKE_CXX_COMPILER_VERSION} has no std::expected with libstdc++. Install clang 19 (apt-get install clang-19) and "
    "configure again in an empty build directory, or set CMAKE_CXX_COMPILER to clang++-19 or to g++ 13 or newer.")
endif()
