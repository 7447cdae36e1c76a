# Every header compiles alone, so that no header depends on what was included before it. A header x.hpp whose x.cpp includes it first is
# shown to do so by the compilation of x.cpp; each of the others gets a translation unit of its own here. `./dev test includes`, because it
# means something without precompiled headers and unity builds only.
file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/include/*.hpp ${PROJECT_SOURCE_DIR}/src/*.hpp)
set(units "")
foreach(header IN LISTS headers)
  string(REGEX REPLACE "^(include|src)/" "" name_in_code ${header})
  string(REGEX REPLACE "[.]hpp$" ".cpp" source ${PROJECT_SOURCE_DIR}/${header})
  if(EXISTS ${source})
    file(STRINGS ${source} first REGEX "^#include " LIMIT_COUNT 1)
    if(first STREQUAL "#include \"${name_in_code}\"")
      continue()
    endif()
  endif()
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
set_target_properties(convoke_headers PROPERTIES UNITY_BUILD OFF)
