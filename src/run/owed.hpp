#pragma once

// Whether `work` has anything to do, asked before anybody has signed in.

#include <convoke/job.hpp>

#include "ledger/ledger.hpp"

namespace convoke::run {

// Whether open runs owe rows to lanes of the job. A lane that calls for a person who has not signed in yet stands for every user of its
// app.
[[nodiscard]] result<bool> owes_rows_to(ledger::reader& from, const job& j);

// errc::usage for a worker that follows and a ledger of one process.
[[nodiscard]] result<void> check_follow(const job& j, const work_options& how);

}  // namespace convoke::run
