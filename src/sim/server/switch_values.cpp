#include "sim/server/switch_values.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "sim/server/private_files.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {

result<double> read_real(std::string_view text, double least, double most) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (ec != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most)) {
    return fail(errc::usage, fmt::format("\"{}\" is not a number from {} to {}", text, least, most));
  }
  return value;
}

result<std::uint64_t> read_whole(std::string_view text, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || value > most)
    return fail(errc::usage, fmt::format("\"{}\" is not a whole number from 0 to {}", text, most));
  return value;
}

result<double> read_seconds(std::string_view text) {
  double unit = 1;
  if (text.ends_with("ms")) {
    unit = 1e-3;
    text.remove_suffix(2);
  } else if (text.ends_with('s')) {
    text.remove_suffix(1);
  }
  auto value = read_real(text, 0, 1e6);
  if (value) *value *= unit;
  return value;
}

namespace {

result<void> add_ids(std::string_view list, std::set<std::string>& into) {
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(", \t\r\n"), list.size());
    const auto id = list.substr(0, end);
    if (!id.empty() && !is_guid(id)) return fail(errc::usage, fmt::format("\"{}\" is not a GUID", id));
    if (!id.empty()) into.insert(lower(id));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return {};
}

}  // namespace

result<void> read_ids(std::string_view given, std::set<std::string>& into) {
  if (is_guid(given.substr(0, given.find(',')))) return add_ids(given, into);
  const auto content = read_small_file(std::string(given));
  if (!content) return std::unexpected(content.error());
  return add_ids(*content, into);
}

}  // namespace convoke::sim
