#pragma once

// Finds the ends of one record and of its fields. A record may come in pieces; no byte is looked at twice.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "csv/csv.hpp"

namespace convoke::csv {

// Where a field is in its record, without its quotes.
struct field_place {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool escaped = false;  // it has doubled quotes
};

class scanner {
 public:
  scanner(char delimiter, const limits& l) noexcept : delimiter_(delimiter), limits_(l) {}

  enum class found : std::uint8_t { record, nothing_yet, fault };
  // `bytes` begins where the record begins, and has at least the bytes of the previous call since restart(). `last`: nothing more comes, so
  // the end of `bytes` ends the record.
  [[nodiscard]] found scan(std::string_view bytes, bool last);

  // After found::record:
  [[nodiscard]] std::size_t end() const noexcept { return end_; }  // of the record, its line end included
  [[nodiscard]] const std::vector<field_place>& fields() const noexcept { return fields_; }
  [[nodiscard]] std::uint32_t inner_lines() const noexcept { return inner_lines_; }  // line ends inside quotes
  // After found::fault:
  [[nodiscard]] std::size_t fault_at() const noexcept { return fault_at_; }
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

  void restart() noexcept;

 private:
  enum class mode : std::uint8_t { plain, quoted, closed };

  [[nodiscard]] found look(std::string_view bytes, std::size_t at, bool last);
  [[nodiscard]] found look_at_quote(std::string_view bytes, std::size_t at);
  [[nodiscard]] found look_in_quotes(std::string_view bytes, std::size_t at);
  [[nodiscard]] found end_of_line(std::string_view bytes, std::size_t at, bool last);
  [[nodiscard]] found end_of_bytes(std::string_view bytes);
  [[nodiscard]] bool end_field(std::size_t at);
  [[nodiscard]] found fail_at(std::size_t at, std::string text);
  [[nodiscard]] found text_after_quote(std::size_t at);
  [[nodiscard]] found too_long();

  char delimiter_;
  limits limits_;
  mode mode_ = mode::plain;
  bool escaped_ = false;
  bool unquoted_ = false;   // the current field has a quote that did not open it, so that no later one can
  std::size_t next_ = 0;    // the first byte not looked at
  std::size_t begin_ = 0;   // of the current field; once it is quoted, of its opening quote
  std::size_t closed_ = 0;  // the place of the quote that may have closed it
  std::size_t blanks_ = 0;  // up to here, only blanks follow that quote
  std::size_t end_ = 0;
  std::uint32_t inner_lines_ = 0;
  std::vector<field_place> fields_;
  std::size_t fault_at_ = 0;
  std::string fault_;
};

}  // namespace convoke::csv
