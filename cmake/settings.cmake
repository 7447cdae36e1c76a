if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} silently miscompiles coroutines (an awaited condition in a function without local "
    "variables crashes at run time). Install clang 19 (apt-get install clang-19) and configure again in an empty build "
    "directory, or set CMAKE_CXX_COMPILER to clang++-19 or to g++ 13 or newer.")
endif()

option(CONVOKE_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(CONVOKE_BENCHMARKS "Build the micro-benchmarks" OFF)
option(CONVOKE_FUZZERS "Build the libFuzzer targets (clang only)" OFF)
option(CONVOKE_WERROR "Treat warnings as errors" OFF)
set(CONVOKE_SANITIZE "" CACHE STRING "Sanitizers for everything built here, e.g. address,undefined")

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# -O2, not -O3: style and measurement; -O3 brought nothing but false warnings.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
find_program(CONVOKE_LLD NAMES ld.lld-19 ld.lld)

add_library(convoke_settings INTERFACE)
target_compile_features(convoke_settings INTERFACE cxx_std_23)
target_compile_options(convoke_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wconversion -Wsign-conversion)
if(CONVOKE_WERROR)
  target_compile_options(convoke_settings INTERFACE -Werror)
endif()
if(CONVOKE_SANITIZE)
  target_compile_options(convoke_settings INTERFACE -fsanitize=${CONVOKE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(convoke_settings INTERFACE -fsanitize=${CONVOKE_SANITIZE})
endif()
if(CONVOKE_FUZZERS)
  target_compile_options(convoke_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()
