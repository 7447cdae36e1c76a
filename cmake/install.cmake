# `cmake --install`: the program, the libraries, the public headers and what find_package(convoke) needs. The command
# line's library is not installed: no other program can use it.
include(CMakePackageConfigHelpers)

get_property(modules GLOBAL PROPERTY CONVOKE_MODULES)
list(REMOVE_ITEM modules cli)
list(TRANSFORM modules PREPEND convoke_ OUTPUT_VARIABLE targets)

# convoke::convoke is all of it; convoke::core, convoke::spec, ... are the parts.
add_library(convoke_all INTERFACE)
target_link_libraries(convoke_all INTERFACE ${targets})
set_target_properties(convoke_all PROPERTIES EXPORT_NAME convoke)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/convoke)
install(TARGETS convoke_all ${targets} EXPORT convoke ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT convoke NAMESPACE convoke:: FILE convokeTargets.cmake DESTINATION ${package})
install(DIRECTORY include/convoke DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(TARGET convoke)
  install(TARGETS convoke RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

configure_package_config_file(cmake/convokeConfig.cmake.in convokeConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(convokeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/convokeConfig.cmake ${PROJECT_BINARY_DIR}/convokeConfigVersion.cmake DESTINATION ${package})
