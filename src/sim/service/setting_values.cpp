#include "sim/service/setting_values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

constexpr std::size_t longest_quote = 64;

std::string_view part_of(std::string_view text) {
  return text.substr(0, longest_quote);
}

}  // namespace

result<double> read_real(std::string_view text, double least, double most) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::general);
  if (ec != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most)) {
    return fail(errc::usage, fmt::format("\"{}\" is not a number from {} to {}", part_of(text), least, most));
  }
  return value + 0.0;  // there is no negative zero
}

result<std::uint64_t> read_whole(std::string_view text, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || value > most)
    return fail(errc::usage, fmt::format("\"{}\" is not a whole number from 0 to {}", part_of(text), most));
  return value;
}

result<double> read_seconds(std::string_view text) {
  constexpr std::pair<std::string_view, double> units[] = {{"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86'400}};
  const auto given = text;
  double unit = 1;
  for (const auto& [ending, seconds] : units) {
    if (!text.ends_with(ending)) continue;
    unit = seconds;
    text.remove_suffix(ending.size());
    break;
  }
  auto value = read_real(text, 0, 1e9);
  constexpr double most = 1e9;  // about 32 years
  if (!value || *value * unit > most)
    return fail(errc::usage, fmt::format("\"{}\" is not a time such as 250ms, 2s, 5min or 1h", part_of(given)));
  return *value * unit;
}

result<void> read_ids(std::string_view text, std::set<std::string>& into) {
  std::set<std::string> read;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(", \t\r\n"), text.size());
    const auto id = text.substr(0, end);
    if (!id.empty() && !is_guid(id)) return fail(errc::usage, fmt::format("\"{}\" is not a GUID", part_of(id)));
    if (!id.empty()) read.insert(lower(id));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  into = std::move(read);
  return {};
}

std::string write_number(double value) {
  return fmt::format("{}", value);
}

std::string write_ids(const std::set<std::string>& ids) {
  std::string out;
  for (const auto& one : ids) out += (out.empty() ? "" : ",") + one;
  return out;
}

result<std::size_t> read_word(std::string_view given, const setting_words& words) {
  const auto found = std::ranges::find(words, given);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string known;
  for (const auto& one : words) known.append(known.empty() ? "" : ", ").append(one);
  return fail(errc::usage, fmt::format("\"{}\" is not one of {}", part_of(given), known));
}

}  // namespace convoke::sim
