#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <convoke/spec.hpp>

namespace convoke::spec {

// An entry of the cell that is wrong, and why.
struct attendee_fault {
  std::string value;
  std::string reason;
};

// The form of a UPN, `name@domain`. Entra allows fewer characters; this refuses what is certainly not a UPN, and what cannot be sent.
[[nodiscard]] bool is_upn(std::string_view text) noexcept;
// The same of a cell with one organizer.
[[nodiscard]] bool is_organizer_upn(std::string_view text) noexcept;
// Why such a cell, which has an `@`, is no UPN, and what to do.
[[nodiscard]] std::string why_no_organizer(std::string_view text);

// Reads a cell of attendees: `upn`, `upn:role`, `object id` or `object id:role`, separated by `;` or line ends. Empty entries are
// skipped. `out` is replaced by the attendees, sorted, no person twice. A fault is appended for every wrong entry.
void parse_attendees(std::string_view cell, std::vector<attendee>& out, std::vector<attendee_fault>& faults);

}  // namespace convoke::spec
