#pragma once

// Why a cell that does not begin with year, month and day, or with a time of day, is no time.

#include <string>
#include <string_view>

#include "spec/written_time.hpp"

namespace convoke::spec {

// The form that is proposed for a column.
[[nodiscard]] std::string_view how_to_write(time_cell wanted) noexcept;

// `'%d/%m/%Y %H:%M'`: the --date-format for a cell whose date has the format `date` and is followed by `after`.
[[nodiscard]] std::string format_for(std::string_view date, std::string_view after, time_cell wanted);

[[nodiscard]] std::string why_no_known_shape(std::string_view cell, time_cell wanted);

}  // namespace convoke::spec
