#include "csv/delimiter.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "csv/csv.hpp"

namespace convoke::csv {

namespace {

bool is_delimiter(char c) noexcept {
  return std::ranges::find(delimiters, c) != delimiters.end();
}

}  // namespace

bool quote_tracker::step(char c) noexcept {
  const bool was_quoted = quoted_;
  if (c == '"') quoted_ = !quoted_ && may_open_;
  // A quote right after a closing one continues the same field: it is a doubled quote.
  may_open_ = !quoted_ && (c == '"' ? was_quoted : is_delimiter(c));
  return was_quoted || quoted_;
}

std::array<std::size_t, 3> count_delimiters(std::string_view header_line) noexcept {
  std::array<std::size_t, 3> counts{};
  quote_tracker quotes;
  for (const char c : header_line) {
    const auto* const found = std::ranges::find(delimiters, c);
    if (!quotes.step(c) && found != delimiters.end()) ++counts[static_cast<std::size_t>(found - delimiters.begin())];
  }
  return counts;
}

std::optional<char> sniff_delimiter(std::string_view header_line) {
  const auto counts = count_delimiters(header_line);
  const auto most = std::ranges::max_element(counts);
  if (*most == 0 || std::ranges::count(counts, *most) > 1) return std::nullopt;
  return delimiters[static_cast<std::size_t>(most - counts.begin())];
}

std::optional<char> read_sep(std::string_view line) noexcept {
  if (line.size() == 7 && line.front() == '"' && line.back() == '"') line = line.substr(1, 5);
  if (line.size() != 5 || !core::equal_ignoring_case(line.substr(0, 4), "sep=")) return std::nullopt;
  return line[4];
}

std::optional<std::size_t> first_record::find(std::string_view bytes, bool last) noexcept {
  for (; next_ < bytes.size(); ++next_) {
    const char c = bytes[next_];
    const bool at_end = next_ + 1 == bytes.size();
    if (c == '\r' && at_end && !last) return std::nullopt;  // the LF of a CRLF may still come
    if (quotes_.step(c)) continue;
    if (c == '\n') return next_ + 1;
    if (c == '\r') return next_ + (!at_end && bytes[next_ + 1] == '\n' ? 2 : 1);
  }
  if (last) return bytes.size();
  return std::nullopt;
}

}  // namespace convoke::csv
