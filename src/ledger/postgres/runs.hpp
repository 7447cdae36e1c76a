#pragma once

// The runs of a ledger, for the writer and for readers.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/postgres/connection.hpp"
#include "ledger/stored.hpp"

namespace convoke::ledger::postgres {

// In one snapshot: of the transaction that is open, else of one of its own.
[[nodiscard]] outcome_of<std::optional<stored_run>> find_run(connection& c, run_id id);
[[nodiscard]] outcome_of<std::vector<stored_run>> all_stored_runs(connection& c);  // by id
// The newest one that is neither discarded nor pruned.
[[nodiscard]] outcome_of<std::optional<stored_run>> newest_with(connection& c, std::string_view identity);
// The one opened last, else the newest.
[[nodiscard]] outcome_of<std::optional<stored_run>> last_run(connection& c);

// Several statements in one round trip and, where no transaction is open, in one of their own that reads one snapshot. A transaction of
// its own that failed is ended.
[[nodiscard]] outcome_of<std::vector<rows>> read_snapshot(connection& c, std::span<const connection::step> steps);

}  // namespace convoke::ledger::postgres
