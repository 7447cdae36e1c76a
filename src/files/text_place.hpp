#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace convoke::files {

// Counts the lines and characters of UTF-8 that comes in chunks. LF, CRLF and CR alone end a line, as for the CSV reader.
class text_place {
 public:
  void pass(std::string_view utf8) noexcept;

  // The place of the next character, from 1.
  [[nodiscard]] std::uint64_t line() const noexcept { return line_; }
  [[nodiscard]] std::uint64_t column() const noexcept { return column_; }

 private:
  std::uint64_t line_ = 1;
  std::uint64_t column_ = 1;
  bool after_cr_ = false;
};

}  // namespace convoke::files
