#pragma once

// The external-id template: `{course}-{section}-{start:%Y%m%d}`.

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

#include "spec/header.hpp"

namespace convoke::spec {

class id_template {
 public:
  // errc::usage for a template that is wrong in itself, errc::input where the header lacks a column that it names.
  [[nodiscard]] static result<id_template> parse(std::string_view text, const header& columns);

  struct wall_times {
    std::optional<std::chrono::local_seconds> start, end;  // absent where the cell is wrong or empty
  };
  // Appends the id of a row to `out`. Returns the index of a column that the template needs and whose cell is empty; nullopt where there is
  // none.
  [[nodiscard]] std::optional<std::size_t> expand(std::span<const std::string_view> fields, const wall_times& times,
                                                  std::string& out) const;

  // True where the template has a date or time of `start` or `end`.
  [[nodiscard]] bool uses(column_role time) const noexcept;
  // True where it has a day of the start or of the end: %d, %j, %F, or a week with its day (%V and %u).
  [[nodiscard]] bool has_day() const noexcept;
  // The columns whose cells are parts of the id as they are, in order.
  [[nodiscard]] std::vector<std::size_t> text_columns() const;

 private:
  struct piece {
    std::string text;                         // literal text; of a time its format, as for strftime
    std::optional<std::size_t> column;        // of a time: one that it is read from
    column_role role = column_role::carried;  // start or end: a time, from whatever columns
  };
  [[nodiscard]] static result<piece> parse_hole(std::string_view hole, const header& columns);

  std::vector<piece> pieces_;
};

}  // namespace convoke::spec
