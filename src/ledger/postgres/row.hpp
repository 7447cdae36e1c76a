#pragma once

// One row of a statement's answer, as the functions of ledger/read_rows.hpp take it. Valid as long as the answer.

#include <concepts>
#include <cstdint>
#include <string_view>

#include "ledger/postgres/connection.hpp"

namespace convoke::ledger::postgres {

class row_view {
 public:
  row_view(const rows& from, int row) noexcept : from_(&from), row_(row) {}
  [[nodiscard]] bool null(int column) const noexcept { return from_->null(row_, column); }
  [[nodiscard]] std::int64_t integer(int column) const noexcept { return from_->integer(row_, column); }
  [[nodiscard]] double real(int column) const noexcept { return from_->real(row_, column); }
  [[nodiscard]] std::string_view text(int column) const noexcept { return from_->text(row_, column); }
  template <std::integral T>
  [[nodiscard]] T as(int column) const noexcept {
    return static_cast<T>(integer(column));
  }

 private:
  const rows* from_;
  int row_;
};

}  // namespace convoke::ledger::postgres
