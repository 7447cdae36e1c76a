# Precompiled headers for builds with tests (CONVOKE_PRECOMPILE), because reading the same headers anew for every file takes half of the
# time of a build: the headers of the standard library and of Asio that most modules use, and for the tests those of Boost.Test with them.
# A file of src/ must not depend on them: the release build compiles the sources without them, cmake/headers.cmake the headers. An upgrade
# of the system's headers can make the compiler refuse them: `./dev clean` then.
set(CONVOKE_COMMON_HEADERS
  <algorithm> <array> <bit> <charconv> <chrono> <cmath> <cstddef> <cstdint> <cstring> <deque> <expected> <filesystem> <fstream> <functional>
  <limits> <map> <memory> <mutex> <optional> <random> <ranges> <set> <span> <sstream> <string> <string_view> <system_error> <thread>
  <tuple> <unordered_map> <utility> <variant> <vector>
  <boost/asio/awaitable.hpp> <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp> <boost/asio/steady_timer.hpp>)

# A target that holds a precompiled header for others: convoke_precompiled(NAME LINKS ... HEADERS ...). Its options must be those of the
# targets that use it, or the compiler refuses it.
function(convoke_precompiled name)
  cmake_parse_arguments(arg "" "" "LINKS;HEADERS" ${ARGN})
  add_library(${name} OBJECT ${PROJECT_SOURCE_DIR}/cmake/empty.cpp)
  target_link_libraries(${name} PRIVATE ${arg_LINKS} convoke_settings)
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()

convoke_precompiled(convoke_module_headers HEADERS ${CONVOKE_COMMON_HEADERS} LINKS Boost::headers)
if(CONVOKE_FUZZERS)
  convoke_precompiled(convoke_fuzzed_headers HEADERS ${CONVOKE_COMMON_HEADERS} LINKS Boost::headers)
  target_compile_options(convoke_fuzzed_headers PRIVATE ${CONVOKE_COVERAGE})
endif()
