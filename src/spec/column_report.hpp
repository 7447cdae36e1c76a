#pragma once

// How an input is understood, for people: what each column is used for, and what is used where the input says nothing.

#include <string>
#include <vector>

#include <convoke/summary.hpp>

#include "spec/header.hpp"
#include "spec/rows.hpp"

namespace convoke::spec {

// Of every column, in order.
[[nodiscard]] std::vector<column_use> uses_of_columns(const header& h);

// A sentence for each thing that the header has no column for.
[[nodiscard]] std::vector<std::string> defaults_of(const header& h, const row_settings& settings);

}  // namespace convoke::spec
