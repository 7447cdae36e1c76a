#pragma once

// The cells of one row by their roles, and where its errors go.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/text.hpp"
#include "spec/rows.hpp"

namespace convoke::spec {

class row_view {
 public:
  // The arguments must outlive the view. There are as many fields as the header has columns.
  row_view(const header& head, std::span<const std::string_view> fields, std::vector<cell_error>& errors) noexcept
      : head_(head), fields_(fields), errors_(errors) {}

  [[nodiscard]] const header& head() const noexcept { return head_; }
  [[nodiscard]] std::span<const std::string_view> fields() const noexcept { return fields_; }
  // The cell of the column with this role, trimmed; empty where there is no such column.
  [[nodiscard]] std::string_view cell(column_role role) const noexcept {
    const auto at = head_.place(role);
    return at ? core::trim(fields_[*at]) : std::string_view{};
  }

  // Adds an error of this cell, or of the row where no column has the role. `value` is shortened and escaped.
  void wrong(column_role role, std::string_view value, std::string reason) const {
    if (const auto at = head_.place(role)) return wrong_column(*at, value, std::move(reason));
    errors_.push_back({"", core::escape_for_people(value, 60), std::move(reason)});
  }
  void wrong_column(std::size_t column, std::string_view value, std::string reason) const {
    errors_.push_back({head_.names[column], core::escape_for_people(value, 60), std::move(reason)});
  }

 private:
  const header& head_;
  std::span<const std::string_view> fields_;
  std::vector<cell_error>& errors_;
};

}  // namespace convoke::spec
