#pragma once

// Why the first record of an input is no header, and which record is one.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <convoke/error.hpp>

#include "csv/csv.hpp"
#include "spec/rows.hpp"

namespace convoke::run {

// A record of the beginning of an input.
struct early_record {
  std::uint32_t line = 0;
  std::string raw;  // with its line end
};

// The first records of an input: the one that is taken as the header, and some after it.
class early_records {
 public:
  void add(const csv::record& record);
  [[nodiscard]] bool enough() const noexcept { return records_.size() > after_header; }

  [[nodiscard]] bool empty() const noexcept { return records_.empty(); }
  [[nodiscard]] const early_record& header() const noexcept { return records_.front(); }
  [[nodiscard]] const std::vector<early_record>& all() const noexcept { return records_; }

 private:
  // Titles and remarks above a header are a few lines.
  static constexpr std::size_t after_header = 20;

  std::vector<early_record> records_;
};

// `refused`, the failure of spec::row_builder::create() for the first record. Where a column is missing, the message begins with what was
// taken as the header, and ends with what the records say about that: `line 4 looks like the header: delete the lines above it`.
[[nodiscard]] error explain_header(error refused, const early_records& records, char delimiter, const spec::row_settings& settings);

}  // namespace convoke::run
