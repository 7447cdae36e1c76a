include(CheckLinkerFlag)
include(GNUInstallDirs)
include(${CMAKE_CURRENT_LIST_DIR}/refuse.cmake)

option(CONVOKE_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(CONVOKE_BENCHMARKS "Build the micro-benchmarks" OFF)
option(CONVOKE_FUZZERS "Build the libFuzzer targets (clang only)" OFF)
option(CONVOKE_CHECK_HEADERS "Check that every header compiles alone (cmake/headers.cmake)" OFF)
option(CONVOKE_PRECOMPILE "Use precompiled headers (cmake/precompiled.cmake)" OFF)
option(CONVOKE_POSTGRES "Build the PostgreSQL ledger where libpq is found" ON)
option(CONVOKE_WERROR "Treat warnings as errors" OFF)
set(CONVOKE_SANITIZE "" CACHE STRING "Sanitizers for everything built here, e.g. address,undefined")

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
  endif()
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  # -O2, not -O3: g++ 12 gives false warnings at -O3, and no benchmark here got faster with it.
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
  # For the tests: fast enough for whole jobs, with assertions and with line numbers in every backtrace.
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1 -fno-omit-frame-pointer")

  if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(CONVOKE_CCACHE NAMES ccache)
    mark_as_advanced(CONVOKE_CCACHE)
    if(CONVOKE_CCACHE)
      set(CMAKE_CXX_COMPILER_LAUNCHER ${CONVOKE_CCACHE})
    endif()
  endif()

  check_linker_flag(CXX "-fuse-ld=lld" CONVOKE_HAVE_LLD)
  if(CONVOKE_HAVE_LLD)
    add_link_options(-fuse-ld=lld)
  endif()

  # A translation unit with Beast and TLS takes up to 0.8 GB, several in one up to 1.6 GB: on a small machine the limit is memory, not cores.
  cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
  cmake_host_system_information(RESULT megabytes QUERY TOTAL_PHYSICAL_MEMORY)
  set(megabytes_each 800)
  if(CMAKE_UNITY_BUILD)
    set(megabytes_each 1600)
  endif()
  math(EXPR affordable "${megabytes} / ${megabytes_each}")
  if(affordable LESS 1)
    set(affordable 1)
  endif()
  math(EXPR wanted "${cores} + 2")
  if(affordable LESS wanted)
    set_property(GLOBAL APPEND PROPERTY JOB_POOLS compile=${affordable})
    set(CMAKE_JOB_POOL_COMPILE compile)
    message(STATUS "${megabytes} MB of memory: at most ${affordable} compilers at once")
  endif()
endif()

# The compiler options of everything built here. They are not installed.
add_library(convoke_settings INTERFACE)
target_compile_features(convoke_settings INTERFACE cxx_std_23)
target_compile_options(convoke_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wconversion -Wsign-conversion
  # Designated initialisers name the members that differ from the defaults; the others are left out on purpose.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-designated-field-initializers>)
# In tests and fuzzers the standard library checks its preconditions, for example that an optional which is read is not empty.
target_compile_definitions(convoke_settings INTERFACE $<$<NOT:$<CONFIG:Release>>:_GLIBCXX_ASSERTIONS>)
if(CMAKE_UNITY_BUILD)
  # A local name that equals one in the anonymous namespace of another file of the unit hides nothing. `./dev test includes` compiles the files
  # one by one.
  target_compile_options(convoke_settings INTERFACE -Wno-shadow)
endif()
if(CONVOKE_WERROR)
  target_compile_options(convoke_settings INTERFACE -Werror)
endif()
if(CONVOKE_SANITIZE)
  target_compile_options(convoke_settings INTERFACE -fsanitize=${CONVOKE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(convoke_settings INTERFACE -fsanitize=${CONVOKE_SANITIZE})
endif()
if(CONVOKE_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "The fuzzers need clang: libFuzzer is part of it. Configure in an empty build directory with "
      "-DCMAKE_CXX_COMPILER=clang++-19.")
  endif()
  # Only the modules that hold parsers get this option (cmake/modules.cmake): nothing else is fuzzed, so to instrument it helps nothing.
  set(CONVOKE_COVERAGE -fsanitize=fuzzer-no-link)
endif()
