#pragma once

// The long reads: results, inventory, counts.

#include <functional>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/connection.hpp"

namespace convoke::ledger::sqlite {

[[nodiscard]] result<void> read_results(connection& db, const run_info& run, bool failed_only,
                                        const std::function<result<void>(const result_row&)>& f);
[[nodiscard]] result<void> read_inventory(connection& db, const std::function<result<void>(const inventory_row&)>& f);
[[nodiscard]] result<std::vector<count_by>> count_inventory(connection& db);
[[nodiscard]] result<run_status> count_status(connection& db, run_info info);

}  // namespace convoke::ledger::sqlite
