#include "spec/duration.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/text.hpp"
#include "spec/scanner.hpp"

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
std::optional<seconds> take_units(std::string_view& text, const unit (&units)[N]) noexcept {
  seconds total{0};
  std::size_t next = 0;
  bool any = false;
  while (!text.empty() && core::ascii_digit(text.front())) {
    const auto value = take_number(text);
    if (!value || text.empty()) return std::nullopt;
    while (next < N && units[next].letter != core::ascii_lower(text.front())) ++next;
    if (next == N) return std::nullopt;
    total += seconds{*value * units[next].seconds};
    ++next;
    text.remove_prefix(1);
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
    const auto days = take_units(text, dates);
    if (!days) return std::nullopt;
    total = *days;
  }
  if (text.empty()) return total;
  if (core::ascii_lower(text.front()) != 't') return std::nullopt;
  text.remove_prefix(1);
  const auto time = take_units(text, times);
  if (!time || !text.empty()) return std::nullopt;
  return total + *time;
}

constexpr std::array<std::string_view, 8> hour_words{"h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden"};
constexpr std::array<std::string_view, 6> minute_words{"m", "min", "mins", "minute", "minutes", "minuten"};

// 1 h 30 min, 1h30, 1.5 h.
std::optional<seconds> parse_with_units(std::string_view text) noexcept {
  scanner s{text};
  seconds total{0};
  for (bool hours_allowed = true;;) {
    const bool two_digits = s.digits() == 2;
    const auto number = take_number(s.rest);
    if (!number) return std::nullopt;
    std::int64_t hundredths = 0;
    const bool part = s.take('.') || s.take(',');
    if (part) {
      const std::size_t digits = s.digits();
      const auto value = s.take_number(1, 2);
      if (!value || digits > 2) return std::nullopt;
      hundredths = digits == 1 ? *value * 10 : *value;
    }
    s.take_blanks();
    // 1h30, which French timetables have.
    if (!hours_allowed && s.done() && !part && two_digits && *number < 60) return total + std::chrono::minutes{*number};
    const std::string_view word = s.take_letters();
    s.take('.');
    const bool hour = is_hour_word(word);
    if (hour ? !hours_allowed : (part || !is_minute_word(word))) return std::nullopt;
    total += seconds{*number * (hour ? 3'600 : 60) + hundredths * 36};
    s.take_blanks();
    if (s.done()) return total;
    if (!hour || part) return std::nullopt;
    hours_allowed = false;
  }
}

// 01:30:00. nullopt where the seconds are missing.
std::optional<seconds> parse_clock(std::string_view text) noexcept {
  scanner s{text};
  const auto h = s.take_number(1, 3);
  if (!h || !s.take(':')) return std::nullopt;
  const auto m = s.take_number(2, 2);
  if (!m || *m > 59 || !s.take(':')) return std::nullopt;
  const auto sec = s.take_number(2, 2);
  if (!sec || *sec > 59 || !s.done()) return std::nullopt;
  return std::chrono::hours{*h} + std::chrono::minutes{*m} + seconds{*sec};
}

}  // namespace

bool is_hour_word(std::string_view word) noexcept {
  return std::ranges::any_of(hour_words, [word](std::string_view w) { return core::equal_ignoring_case(w, word); });
}

bool is_minute_word(std::string_view word) noexcept {
  return std::ranges::any_of(minute_words, [word](std::string_view w) { return core::equal_ignoring_case(w, word); });
}

std::optional<seconds> parse_duration(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  if (core::ascii_lower(text.front()) == 'p') return parse_iso(text);
  std::string_view rest = text;
  const auto minutes = take_number(rest);
  if (!minutes) return std::nullopt;
  if (rest.empty()) return std::chrono::minutes{*minutes};
  return rest.front() == ':' ? parse_clock(text) : parse_with_units(text);
}

bool counts_hours(std::string_view header) noexcept {
  constexpr std::array<std::string_view, 8> words{"hour", "hours", "hr", "hrs", "h", "stunde", "stunden", "std"};
  for (scanner s{header}; !s.done();) {
    const std::string_view word = s.take_letters();
    if (std::ranges::any_of(words, [word](std::string_view w) { return core::equal_ignoring_case(w, word); })) return true;
    // The last word of `durationHours`.
    if (word.ends_with("Hours") || word.ends_with("Hrs")) return true;
    if (word.empty()) s.rest.remove_prefix(1);
  }
  return false;
}

std::string why_no_duration(std::string_view text) {
  scanner s{text};
  const auto whole = s.take_number(1, 9);
  const char separator = s.next();
  if (whole && (s.take('.') || s.take(',') || s.take(':'))) {
    const auto part = s.take_number(1, 9);
    if (part && s.done() && separator == ':') {
      return "can mean hours and minutes, or minutes and seconds; write it as " + std::to_string(*whole) + "h" + std::to_string(*part) +
             "m, or as minutes";
    }
    if (part && s.done()) return "can mean hours or minutes; write it as 1.5 h, or as whole minutes (90)";
  }
  return "is no duration; write minutes (90), hours and minutes (1h30m) or ISO 8601 (PT1H30M)";
}

}  // namespace convoke::spec
