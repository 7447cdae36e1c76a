#pragma once

// Discarding and pruning runs, and the check of the pages when a ledger is opened.

#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

// What to do with a damaged ledger.
inline constexpr const char* put_a_copy_back =
    "Put an earlier copy in its place (an old copy costs repeated calls, never a second meeting)";

// A name in `meta`: payloads that older versions left behind were deleted, or there never were any.
inline constexpr const char* no_orphans = "no_orphans";

inline constexpr std::int64_t small_ledger = 64 << 20;  // bytes: checked in full, in about 0.1 s

// Runs quick_check on the whole ledger if it is small or was not closed in order, else on the tables that every run starts from.
[[nodiscard]] result<void> check_pages(connection& db, bool unclean);

// Each of these runs inside a transaction.
[[nodiscard]] result<void> discard_run(connection& db, run_table& runs, run_id id);
[[nodiscard]] result<std::vector<run_id>> runs_to_prune(connection& db, unsigned keep);
[[nodiscard]] result<void> prune_run(connection& db, run_id id);

}  // namespace convoke::ledger::sqlite
