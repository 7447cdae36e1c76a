# Every header compiles alone, in a translation unit of its own, so that no header depends on what was included before it.
file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/include/*.hpp ${PROJECT_SOURCE_DIR}/src/*.hpp)
set(units "")
foreach(header IN LISTS headers)
  string(REGEX REPLACE "^(include|src)/" "" name_in_code ${header})
  string(MAKE_C_IDENTIFIER ${header} name)
  set(unit ${PROJECT_BINARY_DIR}/headers/${name}.cpp)
  file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${name_in_code}\"\n" @ONLY)
  list(APPEND units ${unit})
endforeach()

get_property(modules GLOBAL PROPERTY CONVOKE_MODULES)
list(TRANSFORM modules PREPEND convoke::)
add_library(convoke_headers OBJECT ${units})
target_link_libraries(convoke_headers PRIVATE ${modules} convoke_settings)
target_include_directories(convoke_headers PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
# Only the compiler's checks matter here, not the code.
target_compile_options(convoke_headers PRIVATE -O0 -g0)
