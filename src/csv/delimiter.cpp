#include "csv/delimiter.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "csv/blanks.hpp"
#include "csv/csv.hpp"

namespace convoke::csv {

bool quote_tracker::ends_field(char c) const noexcept {
  return delimiter_ ? c == *delimiter_ : std::ranges::find(delimiters, c) != delimiters.end();
}

bool quote_tracker::step(char c) noexcept {
  const state before = state_;
  state_ = after(c);
  return before == state::quoted || state_ == state::quoted;
}

quote_tracker::state quote_tracker::after(char c) noexcept {
  if (state_ == state::quoted) return c == '"' ? state::closed : state::quoted;
  if (state_ == state::closed && c == '"') return state::quoted;
  if (ends_field(c)) {
    parts_ = 0;
    return state::start;
  }
  if (state_ != state::start) return state::text;
  return c == '"' && parts_ == 0 ? state::quoted : after_blank(c);
}

// The next state at the beginning of a field, where a blank changes nothing.
quote_tracker::state quote_tracker::after_blank(char c) noexcept {
  part_[parts_++] = c;
  const std::string_view bytes(part_.data(), parts_);
  if (core::incomplete_utf8(bytes)) return state::start;
  parts_ = 0;
  return blank_at(bytes) == bytes.size() ? state::start : state::text;
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

std::optional<std::string_view> read_sep(std::string_view line) noexcept {
  const auto skip = [&line](std::string_view any_of) { line.remove_prefix(std::min(line.find_first_not_of(any_of), line.size())); };
  skip(" \t\"");
  if (!core::equal_ignoring_case(line.substr(0, 3), "sep")) return std::nullopt;
  line.remove_prefix(3);
  skip(" \t");
  if (!line.starts_with('=')) return std::nullopt;
  line.remove_prefix(1);
  skip(" ");
  if (line.empty() || line.front() == '"') return line.substr(0, 0);
  const std::string_view named = line.substr(0, std::max<std::size_t>(core::decode_utf8(line).length, 1));
  // A column whose name begins so is no such line.
  const bool whole = line.substr(named.size()).find_first_not_of(" \t\",;") == std::string_view::npos;
  return whole ? std::optional(named) : std::nullopt;
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
