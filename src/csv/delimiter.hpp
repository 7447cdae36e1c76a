#pragma once

// How the first line shows the delimiter.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace convoke::csv {

inline constexpr std::array<char, 3> delimiters{',', ';', '\t'};

// Follows the quotes of a line. While the delimiter is not known, a quote opens a field after any of `delimiters`. Blanks may come between.
class quote_tracker {
 public:
  explicit quote_tracker(std::optional<char> delimiter = {}) noexcept : delimiter_(delimiter) {}
  // Reads the next byte. True where it is inside quotes, or is a quote that opens or closes a field.
  bool step(char c) noexcept;

 private:
  // `start`: nothing but blanks yet. `closed`: the byte before is a quote that closed the field, unless it is doubled.
  enum class state : std::uint8_t { start, text, quoted, closed };

  [[nodiscard]] bool ends_field(char c) const noexcept;
  [[nodiscard]] state after(char c) noexcept;
  [[nodiscard]] state after_blank(char c) noexcept;

  std::optional<char> delimiter_;
  state state_ = state::start;
  std::array<char, 4> part_{};  // the bytes so far of a character that is not ASCII, at the beginning of a field
  std::size_t parts_ = 0;
};

// How often each of `delimiters` occurs outside quotes.
[[nodiscard]] std::array<std::size_t, 3> count_delimiters(std::string_view header_line) noexcept;

// What a line such as `sep=;` names as delimiter, also with quotes, with blanks, and with the delimiters that a spreadsheet adds to fill
// the row: a part of the line, which is empty where it names nothing. nullopt for any other line. `line` has no line end.
[[nodiscard]] std::optional<std::string_view> read_sep(std::string_view line) noexcept;

// Finds the end of the first record, also while the delimiter is not known yet.
class first_record {
 public:
  explicit first_record(std::optional<char> delimiter = {}) noexcept : quotes_(delimiter) {}
  // The length of the record with its line end; nullopt where not all of it has come. `bytes` and `last` as in scanner::scan.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view bytes, bool last) noexcept;

 private:
  std::size_t next_ = 0;
  quote_tracker quotes_;
};

}  // namespace convoke::csv
