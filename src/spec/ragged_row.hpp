#pragma once

// A row with too few or too many fields.

#include <span>
#include <string>
#include <string_view>

#include "spec/header.hpp"

namespace convoke::spec {

// What is wrong with it. A row with more fields than the header has columns has one among the surplus that is not empty.
[[nodiscard]] std::string why_ragged(const header& head, std::span<const std::string_view> fields);

}  // namespace convoke::spec
