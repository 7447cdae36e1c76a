#include "spec/dates.hpp"

#include <array>

#include "core/text.hpp"

namespace convoke::spec {

using namespace std::chrono;

namespace {

std::optional<int> digits(std::string_view text) noexcept {
  int value = 0;
  for (const char c : text) {
    if (!core::ascii_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

void put(std::string& out, unsigned value, int width) {
  const std::size_t at = out.size();
  out.append(static_cast<std::size_t>(width), '0');
  for (std::size_t i = at + static_cast<std::size_t>(width); i-- > at; value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

unsigned year_of(year_month_day date) noexcept {
  return static_cast<unsigned>(static_cast<int>(date.year()) < 0 ? 0 : static_cast<int>(date.year()));
}

}  // namespace

std::optional<local_days> parse_date(std::string_view text) noexcept {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto y = digits(text.substr(0, 4)), m = digits(text.substr(5, 2)), d = digits(text.substr(8, 2));
  if (!y || !m || !d) return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
  return date.ok() ? std::optional(local_days{date}) : std::nullopt;
}

std::string date_text(local_days day) {
  const year_month_day date{day};
  std::string out;
  put(out, year_of(date), 4);
  out += '-';
  put(out, unsigned{date.month()}, 2);
  out += '-';
  put(out, unsigned{date.day()}, 2);
  return out;
}

void append_compact_date(std::string& out, local_days day) {
  const year_month_day date{day};
  put(out, year_of(date), 4);
  put(out, unsigned{date.month()}, 2);
  put(out, unsigned{date.day()}, 2);
}

std::string_view weekday_name(weekday day) noexcept {
  static constexpr std::array<std::string_view, 7> names{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
  return names[day.c_encoding() % 7];
}

std::string_view weekday_code(weekday day) noexcept {
  static constexpr std::array<std::string_view, 7> codes{"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
  return codes[day.c_encoding() % 7];
}

std::string joined(const std::vector<std::string>& items, std::size_t most) {
  const std::size_t shown = items.size() > most ? most : items.size();
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) out += i + 1 == items.size() ? " and " : ", ";
    out += items[i];
  }
  if (shown < items.size()) out += " and " + std::to_string(items.size() - shown) + " more";
  return out;
}

}  // namespace convoke::spec
