#include "spec/duration.hpp"

#include <cstdint>

#include "core/text.hpp"

namespace convoke::spec {

namespace {

using std::chrono::seconds;

// Reads one to nine digits at the beginning of `text` and removes them.
std::optional<std::int64_t> take_number(std::string_view& text) noexcept {
  std::int64_t value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && core::ascii_digit(text[digits]); ++digits) {
    if (digits == 9) return std::nullopt;
    value = value * 10 + (text[digits] - '0');
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

struct unit {
  char letter;
  std::int64_t seconds;
};

// Reads numbers with units from the beginning of `text` and removes them: at least one, in the order of `units`, no unit twice.
template <std::size_t N>
std::optional<seconds> take_units(std::string_view& text, const unit (&units)[N], bool blanks) noexcept {
  seconds total{0};
  std::size_t next = 0;
  bool any = false;
  while (!text.empty() && core::ascii_digit(text.front())) {
    const auto value = take_number(text);
    if (!value || text.empty()) return std::nullopt;
    while (next < N && units[next].letter != core::ascii_lower(text.front())) ++next;
    if (next == N) return std::nullopt;
    total += seconds{*value * units[next].seconds};
    const bool minutes = units[next++].letter == 'm';
    text.remove_prefix(1);
    if (blanks && minutes && text.size() >= 2 && core::equal_ignoring_case(text.substr(0, 2), "in")) text.remove_prefix(2);  // min
    while (blanks && !text.empty() && text.front() == ' ') text.remove_prefix(1);
    any = true;
  }
  if (!any) return std::nullopt;
  return total;
}

std::optional<seconds> parse_iso(std::string_view text) noexcept {
  static constexpr unit dates[] = {{'w', 604'800}, {'d', 86'400}};
  static constexpr unit times[] = {{'h', 3'600}, {'m', 60}, {'s', 1}};
  text.remove_prefix(1);
  seconds total{0};
  const bool only_time = !text.empty() && core::ascii_lower(text.front()) == 't';
  if (!only_time) {
    const auto days = take_units(text, dates, false);
    if (!days) return std::nullopt;
    total = *days;
  }
  if (text.empty()) return total;
  if (core::ascii_lower(text.front()) != 't') return std::nullopt;
  text.remove_prefix(1);
  const auto time = take_units(text, times, false);
  if (!time || !text.empty()) return std::nullopt;
  return total + *time;
}

}  // namespace

std::optional<seconds> parse_duration(std::string_view text) noexcept {
  static constexpr unit units[] = {{'h', 3'600}, {'m', 60}};
  if (text.empty()) return std::nullopt;
  if (core::ascii_lower(text.front()) == 'p') return parse_iso(text);
  std::string_view rest = text;
  const auto minutes = take_number(rest);
  if (!minutes) return std::nullopt;
  if (rest.empty()) return std::chrono::minutes{*minutes};
  const auto total = take_units(text, units, true);
  return text.empty() ? total : std::nullopt;
}

}  // namespace convoke::spec
