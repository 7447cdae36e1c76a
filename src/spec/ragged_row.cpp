#include "spec/ragged_row.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace convoke::spec {

std::string why_ragged(const header& head, std::span<const std::string_view> fields) {
  const std::size_t columns = head.names.size();
  std::string reason = "the row has " + std::to_string(fields.size()) + (fields.size() == 1 ? " field" : " fields") + ", the header " +
                       std::to_string(columns);
  if (fields.size() < columns) {
    reason += "; from column " + std::to_string(fields.size() + 1) +
              (head.names[fields.size()].empty() ? "" : " ('" + core::escape_for_people(head.names[fields.size()], 60) + "')") +
              " on the fields are missing: add them, also where they are empty";
  } else {
    const auto surplus = std::ranges::find_if(fields.subspan(columns), [](std::string_view f) { return !core::trim(f).empty(); });
    reason += "; '" + core::escape_for_people(core::trim(*surplus), 60) +
              "' belongs to no column: a field that holds the delimiter must be quoted";
  }
  return reason;
}

}  // namespace convoke::spec
