#include "spec/skip_dates.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.hpp"

namespace convoke::spec {

using namespace std::chrono;

namespace {

// A longer range is a wrong year rather than a holiday.
constexpr days longest_range{3660};
constexpr std::string_view dots = "..", en_dash = "\u2013";

using one_range = std::expected<date_range, skip_fault>;

std::unexpected<skip_fault> refused(std::string_view value, std::string reason) {
  return std::unexpected(skip_fault{0, std::string(value), std::move(reason)});
}

one_range range_of(std::string_view first, std::string_view last, std::string_view whole, const date_reader& read_date) {
  const auto from = read_date(first), to = read_date(last);
  if (!from || !to) return refused(from ? last : first, "is no date; write YYYY-MM-DD, or a range such as 2026-12-21..2027-01-06");
  if (*to < *from) return refused(whole, "the range ends before it begins");
  if (*to - *from > longest_range) return refused(whole, "the range is longer than ten years; is the year right?");
  return date_range{*from, *to};
}

// The separator of a range at the beginning of a text: its length, or 0.
std::size_t separator_at(std::string_view text) noexcept {
  for (const std::string_view s : {dots, en_dash, std::string_view("-")})
    if (text.starts_with(s)) return s.size();
  return text.size() > 2 && core::equal_ignoring_case(text.substr(0, 2), "to") && text[2] == ' ' ? 2 : 0;
}

struct split_range {
  std::string_view first, last;
};
std::optional<split_range> split(std::string_view text) noexcept {
  if (const auto at = text.find(dots); at != std::string_view::npos)
    return split_range{core::trim(text.substr(0, at)), core::trim(text.substr(at + dots.size()))};
  for (const std::string_view s : {std::string_view(" - "), std::string_view(" \u2013 "), std::string_view(" to ")}) {
    const auto at = core::find_ignoring_case(text, s);
    if (at != std::string_view::npos) return split_range{core::trim(text.substr(0, at)), core::trim(text.substr(at + s.size()))};
  }
  return std::nullopt;
}

one_range parse_one(std::string_view text, const date_reader& read_date) {
  const auto parts = split(text);
  return parts ? range_of(parts->first, parts->last, text, read_date) : range_of(text, text, text, read_date);
}

bool ends_word(char c) noexcept {
  return c == ' ' || c == '\t' || c == ',' || c == ';';
}

// Takes the date at the beginning of a line, which has `words` words. A `..` ends it too.
std::string_view take_date(std::string_view& line, std::size_t words) noexcept {
  std::size_t end = 0;
  for (std::size_t word = 0; word < words; ++word) {
    while (word > 0 && end < line.size() && line[end] == ' ') ++end;
    while (end < line.size() && !ends_word(line[end]) && !line.substr(end).starts_with(dots) && !line.substr(end).starts_with(en_dash))
      ++end;
  }
  const auto date = line.substr(0, end);
  line = core::trim(line.substr(end));
  return date;
}

one_range parse_line(std::string_view line, const date_reader& read_date, std::size_t words) {
  const std::string_view whole = line;
  const auto first = take_date(line, words);
  const std::size_t skip = separator_at(line);
  const std::string_view after = skip > 0 ? core::trim(line.substr(skip)) : std::string_view();
  // `2026-10-03 - Tag der Deutschen Einheit` is no range: no digit follows.
  if (skip == 0 || (!line.starts_with(dots) && (after.empty() || !core::ascii_digit(after.front()))))
    return range_of(first, first, whole, read_date);
  line = after;
  const auto last = take_date(line, words);
  return range_of(first, last, whole, read_date);
}

}  // namespace

std::expected<std::vector<date_range>, skip_fault> parse_skip_cell(std::string_view cell, const date_reader& read_date) {
  std::vector<date_range> out;
  for (;;) {
    const std::size_t end = cell.find_first_of(";\r\n");
    if (const auto one = core::trim(cell.substr(0, end)); !one.empty()) {
      auto range = parse_one(one, read_date);
      if (!range) return std::unexpected(std::move(range.error()));
      out.push_back(*range);
    }
    if (end == std::string_view::npos) return out;
    cell.remove_prefix(end + 1);
  }
}

std::expected<std::vector<date_range>, skip_fault> parse_skip_file(std::string_view text, const date_reader& read_date, std::size_t words) {
  constexpr std::string_view mark = "\ufeff";
  if (text.starts_with(mark)) text.remove_prefix(mark.size());
  std::vector<date_range> out;
  for (std::uint32_t number = 1;; ++number) {
    const std::size_t end = text.find('\n');
    if (const auto line = core::trim(text.substr(0, end)); !line.empty() && !line.starts_with('#')) {
      auto range = parse_line(line, read_date, words);
      if (!range) {
        range.error().line = number;
        return std::unexpected(std::move(range.error()));
      }
      out.push_back(*range);
    }
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

skip_set::skip_set(std::span<const date_range> ranges) : ranges_(ranges.begin(), ranges.end()) {
  std::ranges::sort(ranges_, {}, &date_range::first);
  std::size_t kept = 0;
  for (const date_range& r : ranges_) {
    if (kept > 0 && r.first <= ranges_[kept - 1].last) {
      ranges_[kept - 1].last = std::max(ranges_[kept - 1].last, r.last);
    } else {
      ranges_[kept++] = r;
    }
  }
  ranges_.resize(kept);
}

bool skip_set::contains(local_days day) const noexcept {
  const auto after = std::ranges::upper_bound(ranges_, day, {}, &date_range::first);
  return after != ranges_.begin() && day <= std::prev(after)->last;
}

}  // namespace convoke::spec
