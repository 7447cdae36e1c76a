#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "pacing/pacing.hpp"

// The first line of the input is the answer's Date; every other line is a Retry-After header.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const convoke::utc_time now{std::chrono::sys_days{std::chrono::year{2026} / 9 / 1}};
  const auto end = std::min(input.find('\n'), input.size());
  const auto date = input.substr(0, end);
  std::vector<std::string_view> lines;
  for (auto rest = input.substr(std::min(end + 1, size)); !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    lines.push_back(line);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  const auto wait = convoke::pacing::parse_retry_after(lines, date, now);
  if (wait && (*wait < std::chrono::milliseconds(500) || *wait > convoke::pacing::longest_wait)) std::abort();
  // One more line can only lengthen the wait.
  lines.push_back("60");
  const auto longer = convoke::pacing::parse_retry_after(lines, date, now);
  if (!longer || *longer < std::chrono::seconds(60) || (wait && *longer < *wait)) std::abort();
  return 0;
}
