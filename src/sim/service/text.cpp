#include "sim/service/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace convoke::sim {
namespace {

constexpr std::string_view hex = "0123456789ABCDEF";

// A table, because an answer has thousands of bytes.
template <class Predicate>
constexpr std::array<bool, 256> table_of(Predicate holds) {
  std::array<bool, 256> table{};
  for (unsigned i = 0; i < table.size(); ++i) table[i] = holds(i);
  return table;
}
constexpr auto unreserved = table_of([](unsigned c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
});
constexpr auto special_in_json = table_of([](unsigned c) { return c == '"' || c == '\\' || c < 0x20; });

// How many bytes at the front are (or are not) in the table.
std::size_t run_of(const std::array<bool, 256>& table, bool in, std::string_view text) noexcept {
  std::size_t n = 0;
  while (n < text.size() && table[static_cast<unsigned char>(text[n])] == in) ++n;
  return n;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char lower_char(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

void encode_base64(std::string& out, std::string_view bytes, std::string_view alphabet, bool pad) {
  std::size_t at = 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(bytes[i])); };
  auto to = out.size();
  out.resize(to + bytes.size() / 3 * 4);
  for (; at + 3 <= bytes.size(); at += 3) {
    const unsigned v = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
    out[to++] = alphabet[v >> 18];
    out[to++] = alphabet[(v >> 12) & 63];
    out[to++] = alphabet[(v >> 6) & 63];
    out[to++] = alphabet[v & 63];
  }
  const auto rest = bytes.size() - at;
  if (rest == 0) return;
  const unsigned v = byte(at) << 16 | (rest == 2 ? byte(at + 1) << 8 : 0U);
  out += alphabet[v >> 18];
  out += alphabet[(v >> 12) & 63];
  if (rest == 2) out += alphabet[(v >> 6) & 63];
  if (pad) out.append(3 - rest, '=');
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const auto plain = run_of(special_in_json, false, text);
    out += text.substr(0, plain);
    if (plain == text.size()) break;
    const char c = text[plain];
    if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += hex[static_cast<unsigned char>(c) >> 4];
      out += hex[static_cast<unsigned char>(c) & 15];
    } else {
      out += '\\';
      out += c;
    }
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_percent(std::string& out, std::string_view text) {
  while (true) {
    const auto plain = run_of(unreserved, true, text);
    out += text.substr(0, plain);
    if (plain == text.size()) return;
    const auto c = static_cast<unsigned char>(text[plain]);
    out += {'%', hex[c >> 4], hex[c & 15]};
    text.remove_prefix(plain + 1);
  }
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

void append_base64(std::string& out, std::string_view bytes) {
  encode_base64(out, bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true);
}

void append_base64url(std::string& out, std::string_view bytes) {
  encode_base64(out, bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false);
}

std::optional<std::string> decode_base64(std::string_view text) {
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  unsigned have = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out += static_cast<char>((bits >> have) & 0xff);
    }
  }
  return out;
}

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower_char, lower_char);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = lower_char(c);
  return out;
}

bool is_guid(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : hex_value(text[i]) < 0) return false;
  }
  return true;
}

namespace {

// Reads `width` digits at `at`; -1 where there is anything else.
int digits_at(std::string_view text, std::size_t at, std::size_t width) noexcept {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(at, width)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool char_at(std::string_view text, std::size_t at, std::string_view wanted) noexcept {
  return at < text.size() && wanted.find(text[at]) != std::string_view::npos;
}

// Minutes east of UTC from `Z` or `±hh:mm`.
std::optional<int> read_offset(std::string_view text) noexcept {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || !char_at(text, 0, "+-") || text[3] != ':') return std::nullopt;
  const int hours = digits_at(text, 1, 2), minutes = digits_at(text, 4, 2);
  if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

struct civil {
  std::chrono::year_month_day day;
  std::int64_t second;    // of the day
  std::int64_t fraction;  // 100 ns
};

civil split(utc_time t) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const auto rest = (t - day).count();
  return {std::chrono::year_month_day(day), rest / ticks::period::den, rest % ticks::period::den};
}

}  // namespace

std::optional<utc_time> read_instant(std::string_view text) {
  using namespace std::chrono;
  const int year_ = digits_at(text, 0, 4), month_ = digits_at(text, 5, 2), day_ = digits_at(text, 8, 2);
  const int hour = digits_at(text, 11, 2), minute = digits_at(text, 14, 2), second = digits_at(text, 17, 2);
  const bool marks =
      char_at(text, 4, "-") && char_at(text, 7, "-") && char_at(text, 10, "Tt") && char_at(text, 13, ":") && char_at(text, 16, ":");
  if (!marks || std::min({year_, month_, day_, hour, minute, second}) < 0 || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const year_month_day date{year(year_), month(static_cast<unsigned>(month_)), day(static_cast<unsigned>(day_))};
  if (!date.ok()) return std::nullopt;

  std::size_t at = 19;
  std::int64_t fraction = 0;
  if (char_at(text, at, ".")) {
    std::size_t digits = 0;
    for (++at; char_at(text, at, "0123456789"); ++at, ++digits) {
      if (digits < 7) fraction = fraction * 10 + (text[at] - '0');
    }
    if (digits == 0 || digits > 12) return std::nullopt;
    for (; digits < 7; ++digits) fraction *= 10;
  }
  const auto offset = read_offset(text.substr(std::min(at, text.size())));
  if (!offset) return std::nullopt;
  const utc_time instant = sys_days(date) + hours(hour) + minutes(minute) + seconds(second) + ticks(fraction) - minutes(*offset);
  const auto utc_year = static_cast<int>(split(instant).day.year());
  if (utc_year < 1 || utc_year > 9999) return std::nullopt;
  return instant;
}

void append_instant(std::string& out, utc_time t, unsigned digits) {
  constexpr unsigned most = 7;
  append_plain_time(out, t);
  auto fraction = split(t).fraction;
  unsigned width = most;
  for (; digits > most && width > 0 && fraction % 10 == 0; fraction /= 10) --width;
  for (; width > digits; fraction /= 10) --width;
  if (width > 0) fmt::format_to(std::back_inserter(out), ".{:0{}}", fraction, width);
  out += 'Z';
}

std::string http_date(utc_time t) {
  static constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto c = split(t);
  const auto weekday = std::chrono::weekday(std::chrono::sys_days(c.day)).c_encoding();
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[weekday], static_cast<unsigned>(c.day.day()),
                     months[static_cast<unsigned>(c.day.month()) - 1], static_cast<int>(c.day.year()), c.second / 3600, c.second / 60 % 60,
                     c.second % 60);
}

void append_plain_time(std::string& out, utc_time t) {
  const auto c = split(t);
  const auto put = [&out](int value, int width) {
    std::array<char, 4> digits{};
    for (int i = width - 1; i >= 0; --i, value /= 10) digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
    out.append(digits.data(), static_cast<std::size_t>(width));
  };
  const auto s = static_cast<int>(c.second);
  put(static_cast<int>(c.day.year()), 4);
  out += '-';
  put(static_cast<int>(static_cast<unsigned>(c.day.month())), 2);
  out += '-';
  put(static_cast<int>(static_cast<unsigned>(c.day.day())), 2);
  out += 'T';
  put(s / 3600, 2);
  out += ':';
  put(s / 60 % 60, 2);
  out += ':';
  put(s % 60, 2);
}

}  // namespace convoke::sim
