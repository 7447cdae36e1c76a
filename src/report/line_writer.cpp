#include "report/line_writer.hpp"

#include <charconv>

#include "core/json_string.hpp"
#include "csv/csv.hpp"

namespace convoke::report {

void line_writer::separate(std::string_view name) {
  if (!first_) out_ += as_ == format::csv ? delimiter_ : ',';
  first_ = false;
  if (as_ == format::csv) return;
  core::append_visible_json_string(out_, name);
  out_ += ':';
}

void line_writer::csv_cell(std::string_view value) {
  cell_.clear();
  core::append_without_controls(cell_, value, where_);
  csv::append_inert_field(out_, cell_, delimiter_);
}

void line_writer::name(std::string_view column) {
  separate(column);
  csv_cell(column);
}

void line_writer::text(std::string_view name, std::string_view value) {
  separate(name);
  if (as_ == format::csv) return csv_cell(value);
  core::append_visible_json_string(out_, value);
}

void line_writer::number(std::string_view name, std::int64_t value, bool present) {
  separate(name);
  if (!present) {
    if (as_ == format::jsonl) out_ += "null";
    return;
  }
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out_.append(digits, end);
}

}  // namespace convoke::report
