#pragma once

// How the first line shows the delimiter.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace convoke::csv {

inline constexpr std::array<char, 3> delimiters{',', ';', '\t'};

// Follows the quotes of a line while the delimiter is not known: a quote opens a field after any of `delimiters`.
class quote_tracker {
 public:
  // Reads the next byte. True where it is inside quotes, or is a quote that opens or closes a field.
  bool step(char c) noexcept;

 private:
  bool quoted_ = false;
  bool may_open_ = true;
};

// How often each of `delimiters` occurs outside quotes.
[[nodiscard]] std::array<std::size_t, 3> count_delimiters(std::string_view header_line) noexcept;

// The delimiter that a line such as `sep=;` names; nullopt for any other line. `line` has no line end.
[[nodiscard]] std::optional<char> read_sep(std::string_view line) noexcept;

// Finds the end of the first record while the delimiter is not known yet.
class first_record {
 public:
  // The length of the record with its line end; nullopt where not all of it has come. `bytes` and `last` as in scanner::scan.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view bytes, bool last) noexcept;

 private:
  std::size_t next_ = 0;
  quote_tracker quotes_;
};

}  // namespace convoke::csv
