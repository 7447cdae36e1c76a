# convoke_module(NAME FOLDER <folder> SOURCES ... LINKS ...): one static library per module of the architecture.
# Links are what the module may include; cmake/check_layers.py checks the #includes themselves.
function(convoke_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  if(arg_SOURCES)
    add_library(convoke_${name} STATIC ${arg_SOURCES})
    target_include_directories(convoke_${name} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include>)
    target_link_libraries(convoke_${name} PUBLIC ${arg_LINKS} PRIVATE $<BUILD_INTERFACE:convoke_settings>)
    set_target_properties(convoke_${name} PROPERTIES EXPORT_NAME ${name})
    target_compile_features(convoke_${name} PUBLIC cxx_std_23)
  else()
    add_library(convoke_${name} INTERFACE)
    target_include_directories(convoke_${name} INTERFACE
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:include>)
    target_link_libraries(convoke_${name} INTERFACE ${arg_LINKS})
    set_target_properties(convoke_${name} PROPERTIES EXPORT_NAME ${name})
    target_compile_features(convoke_${name} INTERFACE cxx_std_23)
  endif()
  add_library(convoke::${name} ALIAS convoke_${name})
endfunction()

# convoke_test(NAME SOURCES ... LINKS ... [LABELS ...]): one Boost.Test executable, one ctest entry.
function(convoke_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE ${arg_LINKS} convoke_test_main $<BUILD_INTERFACE:convoke_settings>)
  add_test(NAME ${name} COMMAND test_${name} --log_level=test_suite --color_output=no)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
  if(arg_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}")
  endif()
endfunction()
