#pragma once

// The names of the fields in which a meeting differs, as the ledger and the results have them: with `;` between.

#include <algorithm>
#include <string_view>

namespace convoke::core {

// The name among them for a meeting that the service has let expire.
inline constexpr std::string_view expiry_field = "expiry";

// Whether `holds` is true of any of the names, which are taken in their order.
template <typename Predicate>
[[nodiscard]] constexpr bool any_field(std::string_view fields, Predicate holds) {
  while (!fields.empty()) {
    const auto end = std::min(fields.find(';'), fields.size());
    if (holds(fields.substr(0, end))) return true;
    fields.remove_prefix(std::min(end + 1, fields.size()));
  }
  return false;
}

[[nodiscard]] constexpr bool names_field(std::string_view fields, std::string_view field) noexcept {
  return any_field(fields, [field](std::string_view one) { return one == field; });
}

}  // namespace convoke::core
