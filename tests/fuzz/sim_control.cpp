// A body of PATCH /_sim/behaviour changes the settings, or is refused with a reason; settings that were accepted are shown in a form that
// is accepted again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sim/service/behaviour_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto made = convoke::sim::changed_by_json({}, text);
  if (!made) {
    if (made.error().message.empty()) std::abort();
    return 0;
  }
  // Not compared: the last digit of a number may change, because Boost.JSON reads numbers so.
  if (!convoke::sim::changed_by_json({}, convoke::sim::behaviour_json(*made))) std::abort();
  return 0;
}
