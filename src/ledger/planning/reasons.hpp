#pragma once

// Which failed and rejected rows have the same reason.

#include <string>
#include <string_view>

#include <convoke/outcome.hpp>

namespace convoke::ledger::planning {

// What the messages of one reason have in common: without quoted values (but with the names of columns), ids, addresses, numbers and times,
// and at most 160 bytes long. Empty where outcome, code and status say all: conflicts differ only in the rows that they name.
[[nodiscard]] std::string shape_of_reason(outcome result, std::string_view code, int http_status, std::string_view message);

}  // namespace convoke::ledger::planning
