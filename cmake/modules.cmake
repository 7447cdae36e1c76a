# convoke_module(NAME [FUZZED] SOURCES ... LINKS ...): one static library per module of the architecture.
# LINKS names the modules and libraries that the module may include; cmake/check_layers.py checks the #includes themselves.
# FUZZED: the module holds parsers, so where fuzzers are built it is instrumented for libFuzzer.
function(convoke_module name)
  cmake_parse_arguments(arg "FUZZED" "" "SOURCES;LINKS" ${ARGN})
  set(target convoke_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:convoke_settings>)
    if(arg_FUZZED)
      target_compile_options(${target} PRIVATE ${CONVOKE_COVERAGE})
    endif()
    if(CONVOKE_PRECOMPILE)
      if(arg_FUZZED AND CONVOKE_FUZZERS)
        target_precompile_headers(${target} REUSE_FROM convoke_fuzzed_headers)
      else()
        target_precompile_headers(${target} REUSE_FROM convoke_module_headers)
      endif()
    endif()
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  # This build sees the private headers (src/); what is installed has include/ only.
  target_include_directories(${target} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include>)
  target_link_libraries(${target} ${scope} ${arg_LINKS})
  target_compile_features(${target} ${scope} cxx_std_23)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  add_library(convoke::${name} ALIAS ${target})
  set_property(GLOBAL APPEND PROPERTY CONVOKE_MODULES ${name})
endfunction()

# convoke_test(NAME SOURCES ... LINKS ... [LABELS ...]): one Boost.Test executable, one ctest entry. Without a label it
# is a unit test. The files of the test are not optimised, what they test is: most of the time to build tests goes into them.
function(convoke_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;LABELS" ${ARGN})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE ${arg_LINKS} convoke_test_main convoke_settings)
  target_compile_options(test_${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0>)
  if(CONVOKE_PRECOMPILE)
    target_precompile_headers(test_${name} REUSE_FROM convoke_test_headers)
  endif()
  add_test(NAME ${name} COMMAND test_${name} --log_level=test_suite --color_output=no)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS "${arg_LABELS}")
endfunction()

# convoke_postgres_test(TEST...): these tests use the PostgreSQL cluster that the tests have for themselves. CONVOKE_TEST_POSTGRES_FILE in
# their environment names a file with the URL of its superuser; each test makes a database of its own there. ctest starts the cluster before
# the first of them and stops it after the last one. Without PostgreSQL on this machine these tests are reported as not run.
function(convoke_postgres_test)
  foreach(name IN LISTS ARGN)
    set_property(TEST ${name} APPEND PROPERTY FIXTURES_REQUIRED postgres)
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT "CONVOKE_TEST_POSTGRES_FILE=${PROJECT_BINARY_DIR}/postgres.url")
    if(NOT CONVOKE_INITDB)
      set_tests_properties(${name} PROPERTIES DISABLED TRUE)
    endif()
  endforeach()
endfunction()

# convoke_alone(FILE...): files of this directory that a unity build (CMAKE_UNITY_BUILD, the presets `dev`, `asan` and `release`)
# compiles by themselves. There several files of a target are one translation unit, which takes less time. Two files that define the same
# name in an anonymous namespace cannot be in one: the compiler reports a redefinition, and one of the two belongs here.
function(convoke_alone)
  set_source_files_properties(${ARGV} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
