# convoke_module(NAME SOURCES ... LINKS ...): one static library per module of the architecture.
# LINKS names the modules and libraries that the module may include; cmake/check_layers.py checks the #includes themselves.
function(convoke_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  set(target convoke_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:convoke_settings>)
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
# is a unit test.
function(convoke_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;LABELS" ${ARGN})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE ${arg_LINKS} convoke_test_main convoke_settings)
  add_test(NAME ${name} COMMAND test_${name} --log_level=test_suite --color_output=no)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS "${arg_LABELS}")
endfunction()
