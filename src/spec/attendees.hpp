#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <convoke/spec.hpp>

namespace convoke::spec {

struct attendee_fault {
  std::string value;
  std::string reason;
};

// `upn`, `upn:role`, `object id` or `object id:role`, separated by `;`; empty entries are passed over. `out` comes back sorted,
// nobody twice; every wrong entry goes to `faults`.
void parse_attendees(std::string_view cell, std::vector<attendee>& out, std::vector<attendee_fault>& faults);

}  // namespace convoke::spec
