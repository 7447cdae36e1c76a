#include "spec/rows.hpp"

#include "core/text.hpp"

namespace convoke::spec {

std::string describe(std::span<const cell_error> errors) {
  std::string out;
  for (const cell_error& e : errors) {
    if (!out.empty()) out += "; ";
    if (!e.column.empty()) out += "column '" + core::escape_for_people(e.column, 60) + "': ";
    if (!e.value.empty()) out += "'" + e.value + "': ";
    out += e.reason;
  }
  return out;
}

}  // namespace convoke::spec
