#pragma once

// What spreadsheets and other programs leave in cells in place of external ids and subjects.

#include <optional>
#include <string_view>

#include <convoke/summary.hpp>

namespace convoke::spec {

enum class cell_use : std::uint8_t { external_id, subject };

// Why a trimmed cell is not what its author meant: it is the error value of a spreadsheet (`#N/A`, in any language), or a formula around a
// text (`="00124"`). nullptr where it is neither. An id is also refused where it only looks like an error value; a subject is not.
[[nodiscard]] const char* spreadsheet_damage(std::string_view cell, cell_use use) noexcept;

// What a trimmed cell of an external id should be warned about: id_null_word, id_scientific or id_apostrophe.
[[nodiscard]] std::optional<input_warning_kind> doubtful_id(std::string_view cell) noexcept;

// `12345.0`: a whole number that a program has written as a decimal one.
[[nodiscard]] bool decimal_id(std::string_view cell) noexcept;

}  // namespace convoke::spec
