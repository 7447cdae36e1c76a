#pragma once

// The tenant of a row, which is its lane.

#include <cstdint>
#include <string>
#include <string_view>

#include "spec/row_view.hpp"
#include "spec/rows.hpp"

namespace convoke::spec {

class row_tenant {
 public:
  // The settings must outlive this.
  explicit row_tenant(const row_settings& settings) noexcept : settings_(settings) {}

  // Sets `out.lane`, or reports to the view what is wrong with the cell.
  void read(const row_view& row, std::uint32_t line, built_row& out);

 private:
  void read_only(const row_view& row, std::string_view text, std::uint32_t line);

  const row_settings& settings_;
  // Where the tenants are not known: the one that the first row names.
  std::string only_;
  std::uint32_t only_line_ = 0;
};

}  // namespace convoke::spec
