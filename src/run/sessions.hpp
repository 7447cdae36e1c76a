#pragma once

// The call phase of a job: the sessions in which it carries out what a ledger owes. On a ledger for one process at a time there is one, and
// a second one for rows that wait for all others (store::claim). On a ledger for several processes a session ends where its lease could not
// be renewed in time, and another one is begun.

#include <chrono>
#include <cstdint>
#include <functional>

#include <boost/asio/io_context.hpp>

#include <convoke/job.hpp>

#include "ledger/ledger.hpp"
#include "run/driver.hpp"
#include "run/stop_tokens.hpp"
#include "run/tls_contexts.hpp"

namespace convoke::run {

// What the sessions work with; all of it outlives the call.
struct call_phase {
  boost::asio::io_context& io;
  tls_contexts& tls;
  ledger::store& store;
  const job& j;
  observer& watch;
  const stop_tokens& stop;
};

// Rows of a run: those of some of its lanes.
struct rows_of_lanes {
  std::uint64_t all = 0, owed = 0;
};

struct sessions_wanted {
  ledger::session_request what{};
  // Where the session has some lanes of one run: what there is in these, which the progress counts. Only of a ledger for one process at a
  // time, for the first session.
  std::optional<rows_of_lanes> rows{};
  bool follow = false;
  std::optional<mono_time> began{};      // from when on the time limit counts; absent: from now on
  std::function<void()> nothing_left{};  // see shared_session
};

// How they ended: the end of the last one, the numbers of all.
struct sessions_done {
  driven last;
  unsigned sessions = 0;
  std::uint64_t waiting = 0;  // rows that waited for all others when they were last counted (store::claim)
  std::uint64_t calls = 0, throttled = 0, faults = 0, early_by_inference = 0, batches = 0, strange = 0, rows_ended = 0;
  std::chrono::nanoseconds call_time{0};
  std::vector<std::uint64_t> lane_calls{};  // by lane; those of a session that ended without saying how its lanes ended are missing
};

// Why a command that ended well leaves rows.
inline constexpr const char* left_by_others =
    "Rows are left that other workers gave up: they are for workers that begin later. Run the same command again, or wait for its usual "
    "time.";

// Blocks until nothing is owed any more, or the work has stopped for another reason than the end of a session. A session that ends is
// followed by another one, once calls that it had in flight are over at the service. Where the ledger cannot be reached then, it is tried
// again for as long as pace_options::max_outage. Errors: those of the first store::join() and of drive(); errc::busy where a ledger for one
// process at a time has begun another session.
[[nodiscard]] result<sessions_done> carry_out(const call_phase& with, const sessions_wanted& wanted);

// `from` as the public functions report it.
[[nodiscard]] ending ending_of(engine::stop_reason reason);

// Into a job_report or a work_report.
template <class Report>
void add_calls(const sessions_done& from, Report& out);

}  // namespace convoke::run
