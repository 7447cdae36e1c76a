#include "spec/skip_dates.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.hpp"
#include "spec/date_format.hpp"
#include "spec/written_time.hpp"

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

constexpr std::string_view forms = "; a range is written as 2026-12-21..2027-01-06";

one_range range_from(local_days first, local_days last, std::string_view whole) {
  if (last < first) return refused(whole, "the range ends before it begins");
  if (last - first > longest_range) return refused(whole, "the range is longer than ten years; is the year right?");
  return date_range{first, last};
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
  const auto parts = split(text).value_or(split_range{text, text});
  const auto read = [&](std::string_view part) -> std::expected<local_days, skip_fault> {
    if (part.empty()) return refused(text, "the range lacks a date");
    auto day = read_date(part);
    if (!day) return refused(part, std::move(day.error()) + std::string(forms));
    return *day;
  };
  const auto first = read(parts.first), last = read(parts.last);
  if (!first) return std::unexpected(first.error());
  if (!last) return std::unexpected(last.error());
  return range_from(*first, *last, text);
}

bool ends_word(char c) noexcept {
  return c == ' ' || c == '\t' || c == ',' || c == ';';
}

// The end of the word that begins at `at`. A `..` ends it too.
std::size_t word_end(std::string_view line, std::size_t at) noexcept {
  while (at < line.size() && !ends_word(line[at]) && !line.substr(at).starts_with(dots) && !line.substr(at).starts_with(en_dash)) ++at;
  return at;
}

// Takes the date at the beginning of a line: one word, or more where the format has blanks. Text may follow it.
std::expected<local_days, skip_fault> take_date(std::string_view& line, const date_reader& read_date) {
  constexpr int most_words = 5;
  std::size_t end = word_end(line, 0);
  const std::string_view first_word = line.substr(0, end);
  if (first_word.empty()) return refused(line, "a date is missing" + std::string(forms));
  auto day = read_date(first_word);
  for (int words = 1; !day && words < most_words && end < line.size() && line[end] == ' '; ++words) {
    while (end < line.size() && line[end] == ' ') ++end;
    end = word_end(line, end);
    if (auto longer = read_date(line.substr(0, end))) day = longer;
  }
  if (!day) return refused(first_word, std::move(day.error()) + std::string(forms) + ", a comment begins with #");
  line = core::trim(line.substr(end));
  return *day;
}

one_range parse_line(std::string_view line, const date_reader& read_date) {
  const std::string_view whole = line;
  const auto first = take_date(line, read_date);
  if (!first) return std::unexpected(first.error());
  const std::size_t skip = separator_at(line);
  const std::string_view after = skip > 0 ? core::trim(line.substr(skip)) : std::string_view();
  // `2026-10-03 - Tag der Deutschen Einheit` is no range: no digit follows.
  if (skip == 0 || (!line.starts_with(dots) && (after.empty() || !core::ascii_digit(after.front()))))
    return range_from(*first, *first, whole);
  line = after;
  const auto last = take_date(line, read_date);
  if (!last) return std::unexpected(last.error());
  return range_from(*first, *last, whole);
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

std::expected<std::vector<date_range>, skip_fault> parse_skip_file(std::string_view text, const date_reader& read_date) {
  constexpr std::string_view mark = "\ufeff";
  if (text.starts_with(mark)) text.remove_prefix(mark.size());
  std::vector<date_range> out;
  for (std::uint32_t number = 1;; ++number) {
    const std::size_t end = text.find('\n');
    if (const auto line = core::trim(text.substr(0, end)); !line.empty() && !line.starts_with('#')) {
      auto range = parse_line(line, read_date);
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

date_reader reader_of(const std::string& format) {
  auto parsed = format.empty() ? std::optional<date_format>() : std::optional(*date_format::parse(format));
  return [parsed = std::move(parsed)](std::string_view text) { return read_date(text, parsed ? &*parsed : nullptr); };
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
