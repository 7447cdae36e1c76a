#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "pacing/pacing.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const int year : {1970, 2026, 2099, 9999}) {
    const convoke::utc_time now{std::chrono::sys_days{std::chrono::year{year} / 6 / 1}};
    const auto found = convoke::pacing::parse_http_date(input, now);
    if (!found) continue;
    const auto text = convoke::format_utc(*found);
    // A leap second at the very end of 9999 is one second past what can be printed.
    if (convoke::parse_utc(text) != *found && text.substr(0, 4) != "9999") std::abort();
  }
  return 0;
}
