#pragma once

// Dates that repeating rows leave out: cells of `skip_dates`, and the file of --skip-dates.
//
//   dates = date | date ( ".." | " - " | " – " | " to " ) date            2026-12-21..2027-01-06
//
// Blanks may stand around `..`; the other separators need them. Both ends of a range are left out. A cell separates its dates by `;` or by
// a line end. A file has one date or range a line; a `#` begins a comment line, blank lines are ignored, and any text may follow after a
// blank, tab, `,` or `;`: `2026-10-03 Tag der Deutschen Einheit`.

#include <chrono>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/dates.hpp"
#include "spec/rows.hpp"

namespace convoke::spec {

struct skip_fault {
  std::uint32_t line = 0;  // of the file; 0 in a cell
  std::string value;       // what is wrong
  std::string reason;
};

[[nodiscard]] std::expected<std::vector<date_range>, skip_fault> parse_skip_cell(std::string_view cell, const date_reader& read_date);

// The text is UTF-8, with or without a byte-order mark.
[[nodiscard]] std::expected<std::vector<date_range>, skip_fault> parse_skip_file(std::string_view text, const date_reader& read_date);

// Reads dates by a date format (row_settings::date_format), which is sound or empty, and with the year first.
[[nodiscard]] date_reader reader_of(const std::string& format);

// A set of dates.
class skip_set {
 public:
  skip_set() = default;
  // The ranges may overlap and be in any order.
  explicit skip_set(std::span<const date_range> ranges);
  [[nodiscard]] bool contains(std::chrono::local_days day) const noexcept;

 private:
  std::vector<date_range> ranges_;  // in order, without overlaps
};

}  // namespace convoke::spec
