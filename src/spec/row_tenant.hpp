#pragma once

// The tenant of a row, which is its lane.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spec/row_view.hpp"
#include "spec/rows.hpp"

namespace convoke::spec {

class row_tenant {
 public:
  // The settings must outlive this.
  explicit row_tenant(const row_settings& settings) noexcept : settings_(settings) {}

  // Sets `out.lane`. False: the tenant of the row is not known, and the view has what is wrong with the cell.
  [[nodiscard]] bool read(const row_view& row, std::uint32_t line, built_row& out);
  // The lane of a row with this cell; nullopt: the cell is wrong. `has_column`: the input has the column.
  [[nodiscard]] std::optional<std::uint16_t> lane_of(std::string_view cell, bool has_column) const;

 private:
  [[nodiscard]] bool read_only(const row_view& row, std::string_view text, std::uint32_t line);
  void report(const row_view& row, std::string_view text) const;

  const row_settings& settings_;
  // Where the tenants are not known: the one that the first row names.
  std::string only_;
  std::uint32_t only_line_ = 0;
};

}  // namespace convoke::spec
