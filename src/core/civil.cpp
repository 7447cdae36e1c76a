#include "core/civil.hpp"

#include "core/text.hpp"

namespace convoke::core {

namespace {

using namespace std::chrono;

// The two digits at `text[at]` as a number; a number above every limit where they are not digits.
unsigned two(std::string_view text, std::size_t at) noexcept {
  if (!ascii_digit(text[at]) || !ascii_digit(text[at + 1])) return 1000;
  return static_cast<unsigned>((text[at] - '0') * 10 + (text[at + 1] - '0'));
}

// `Z` or `±hh:mm`.
std::optional<minutes> parse_offset(std::string_view text) noexcept {
  if (text == "Z" || text == "z") return minutes{0};
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const unsigned h = two(text, 1);
  const unsigned m = two(text, 4);
  if (h > 23 || m > 59) return std::nullopt;
  const minutes size = hours{h} + minutes{m};
  return text[0] == '-' ? -size : size;
}

// Reads `.f…` at the beginning of `text` and removes it.
std::optional<std::uint32_t> take_fraction(std::string_view& text) noexcept {
  std::uint32_t value = 0;
  std::size_t i = 1;
  for (; i < text.size() && ascii_digit(text[i]); ++i) {
    if (i <= 7) value = value * 10 + static_cast<std::uint32_t>(text[i] - '0');
  }
  if (i == 1) return std::nullopt;
  for (std::size_t digits = i; digits <= 7; ++digits) value *= 10;
  text.remove_prefix(i);
  return value;
}

}  // namespace

std::optional<civil_time> parse_civil(std::string_view text) noexcept {
  constexpr std::size_t shortest = 16;  // YYYY-MM-DDThh:mm
  if (text.size() < shortest || text[4] != '-' || text[7] != '-' || text[13] != ':') return std::nullopt;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  const unsigned century = two(text, 0), rest = two(text, 2), h = two(text, 11), m = two(text, 14);
  if (century > 99 || rest > 99 || h > 23 || m > 59) return std::nullopt;
  const year_month_day date{year{static_cast<int>(century * 100 + rest)}, month{two(text, 5)}, day{two(text, 8)}};
  if (two(text, 5) > 12 || two(text, 8) > 31 || !date.ok()) return std::nullopt;
  text.remove_prefix(shortest);

  civil_time out;
  out.local = local_days{date} + hours{h} + minutes{m};
  if (text.size() >= 3 && text[0] == ':') {
    const unsigned s = two(text, 1);
    if (s > 59) return std::nullopt;
    out.local += std::chrono::seconds{s};
    out.seconds = true;
    text.remove_prefix(3);
    if (!text.empty() && text[0] == '.') {
      const auto fraction = take_fraction(text);
      if (!fraction) return std::nullopt;
      out.fraction = *fraction;
    }
  }
  if (text.empty()) return out;
  out.offset = parse_offset(text);
  if (!out.offset) return std::nullopt;
  return out;
}

}  // namespace convoke::core
