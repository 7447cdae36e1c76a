#pragma once

// What a ledger remembers of its lanes and who works on it, as readers show it.

#include <vector>

#include "ledger/postgres/connection.hpp"
#include "ledger/reader.hpp"

namespace convoke::ledger::postgres {

// Ends of cooldowns are by this machine's wall clock, from what is left of them by the database's.
[[nodiscard]] outcome_of<lane_memory> memory_of(connection& c, const lane_name& lane);
[[nodiscard]] outcome_of<std::vector<worker_info>> workers_of(connection& c);

}  // namespace convoke::ledger::postgres
