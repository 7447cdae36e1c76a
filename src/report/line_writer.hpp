#pragma once

// One line of named cells, as CSV that is inert for spreadsheets or as a JSON object. Control characters are escaped: in CSV as
// convoke::core::append_without_controls says, in JSON so that the value is unchanged.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/text.hpp"
#include "report/results.hpp"

namespace convoke::report {

// begin(), then one call for each cell in the order of the columns, then end(). The bytes are added to one buffer, which the owner writes
// and clears.
class line_writer {
 public:
  // `where`: a terminal gets no character that hides or reorders text either.
  // `delimiter`: of CSV.
  explicit line_writer(format as, core::shown_in where = core::shown_in::file, char delimiter = ',')
      : as_(as), where_(where), delimiter_(delimiter) {}

  void begin() { first_ = true, out_ += as_ == format::jsonl ? "{" : ""; }
  void text(std::string_view name, std::string_view value);
  // An absent number is an empty cell, or null.
  void number(std::string_view name, std::int64_t value, bool present = true);
  void end() { out_ += as_ == format::jsonl ? "}\n" : "\n"; }
  // The names of a CSV's columns; nothing for JSON lines.
  void name(std::string_view column);

  [[nodiscard]] format as() const noexcept { return as_; }
  [[nodiscard]] std::string& bytes() noexcept { return out_; }

 private:
  void separate(std::string_view name);

  void csv_cell(std::string_view value);

  format as_;
  core::shown_in where_;
  char delimiter_;
  bool first_ = true;
  std::string out_;
  std::string cell_;  // reused for each cell that has to be changed
};

}  // namespace convoke::report
