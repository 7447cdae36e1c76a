#pragma once

// One line of named cells, as CSV that is inert for spreadsheets or as a JSON object.

#include <cstdint>
#include <string>
#include <string_view>

#include "report/results.hpp"

namespace convoke::report {

class line_writer {
 public:
  explicit line_writer(format as) : as_(as) {}

  void begin() { first_ = true, out_ += as_ == format::jsonl ? "{" : ""; }
  void text(std::string_view name, std::string_view value);
  void number(std::string_view name, std::int64_t value, bool present = true);
  void end() { out_ += as_ == format::jsonl ? "}\n" : "\n"; }
  // The names of a CSV's columns; nothing for JSON lines.
  void name(std::string_view column);

  [[nodiscard]] format as() const noexcept { return as_; }
  [[nodiscard]] std::string& bytes() noexcept { return out_; }

 private:
  void separate(std::string_view name);

  format as_;
  bool first_ = true;
  std::string out_;
};

}  // namespace convoke::report
