#pragma once

// The durable record of what is wanted and what was observed. One interface for every store: SQLite for one process at a time, PostgreSQL
// for any number of them.
//
// A store has a thread of its own. Planning calls block the caller (with back-pressure). The calls of a running job are asynchronous: they
// return at once and complete by calling back ON THE LEDGER'S THREAD, so a caller posts from there to its own.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ledger/open.hpp"
#include "ledger/reader.hpp"
#include "ledger/types.hpp"
#include "ledger/users.hpp"
#include "os/clock.hpp"

namespace convoke::ledger {

// ---- planning: one transaction, from begin to commit. Only one at a time. The rules are in ledger/planning, the same for every store.
//
// add_rows streams records in line order. Then classify() decides about every row: duplicates (same key, same payload: one
// meeting, two result rows; different payloads: all of them wrong, each naming the other lines), unchanged, drifted (known), owed.
class plan_builder {
 public:
  virtual ~plan_builder() = default;  // rolls back if not committed
  virtual result<void> add_rows(std::vector<planned_row> rows) = 0;
  // Of a verify run without a file, in the place of add_rows: adds a row for every meeting of the run's lanes that planning::is_verified,
  // in order of the keys' ids, page by page. These rows have line 0 and no raw bytes. Returns how many there are. `now`: wall clock.
  // errc::usage for a run of another kind.
  virtual result<std::uint64_t> add_inventory(utc_time now) = 0;
  // errc::interrupted: the plan can only be dropped.
  //
  // `now`: meetings that have ended by then neither vanish from an input nor are replaced by new keys.
  virtual result<plan_summary> classify(utc_time now) = 0;
  result<plan_summary> classify() { return classify(os::wall_now()); }
  // Every rejected row with its reason, in line order, also before commit. Called on the caller's thread.
  virtual result<void> for_each_rejected(const std::function<void(std::uint32_t line, std::string_view raw, std::string_view why)>&) = 0;
  // open=false: the run stays `planned` and the inventory is not touched: nothing of it can be sent, nothing is superseded.
  // open=true: the plan, its inventory and its owed rows in one commit; a run that owes nothing is finished at once.
  virtual result<run_id> commit(bool open) = 0;
};

// The writer of a ledger. Whether several may be open at a time is up to the store; SQLite permits one.
//
// Rows are claimed before they are sent. A row is unclaimed (fresh), held under a token of a session that still is one, or stale: held
// under a token whose session has ended. Whoever held a stale row may still have a request for it in flight.
class store {
 public:
  // Stops the thread after what was queued is done. Rows that are claimed stay claimed: they are stale once the session has ended.
  virtual ~store() = default;

  virtual result<std::unique_ptr<plan_builder>> begin_plan(const run_header& header) = 0;
  // Plans an already planned run again from its stored records, against the inventory as it is now; commit(true) opens it.
  virtual result<std::unique_ptr<plan_builder>> begin_open(run_id planned) = 0;
  // Closes a run that is planned or open: nothing of it is owed any more. errc::usage for a finished one.
  virtual result<void> discard(run_id id) = 0;
  // Forgets the raw records of all but the `keep` runs of each kind that are over and were opened last, and of all but the newest `keep`
  // plans of each kind that were discarded unopened; the inventory stays. errc::interrupted: the next call continues with what is left.
  virtual result<void> prune(unsigned keep) = 0;

  // Begins a session of this run, in all its lanes. It ends when the same store resumes the run again, when the store is closed, or, in a
  // store for several processes, when its lease runs out. Rows that an ended session claimed are stale; rows that were released can be
  // claimed again. errc::usage for a run that is neither open nor finished.
  virtual result<opened_run> resume(run_id id) = 0;
  // The same for what a worker is to carry out. What the session claims, saves and forgets is by the numbers of its own lanes. A store for
  // one process at a time has sessions of one run only: errc::usage for all_runs. errc::usage for a lane that the one run does not have.
  virtual result<opened_run> join(const session_request& wanted);

  // Extends the session's lease and exchanges what its workers know of the lanes. It runs on a connection and a thread of its own, where no
  // claim or commit is in its way, and is tried once more on a new connection before it fails. errc::busy: the lease has ended, so every
  // row of this session may be another one's by now. Any other error: the lease is what it was. Not for a store without leases.
  virtual void renew(renewal_request wanted, renewed_handler done);
  // Counts what this session could claim now: rows that came since it began, that other sessions released, or that became stale. They can
  // be claimed from then on, also in an organizer that was exhausted. A row that became stale after the latest survey (before the first
  // one: after the session began) is not given out: the caller sends stale rows an attempt timeout after the answer that named them, when
  // the last call for them has ended. errc::busy as for claim. Not for a store without leases.
  virtual void survey(lease_token lease, surveyed_handler done);
  // Ends the session: what it has claimed is stale at once. Without it the session ends with its lease, or when the store is closed.
  virtual result<void> leave(lease_token lease);

  // A row that waits (planning::call_row::waits) is given out, counted as an organizer's and closed with its organizer only once every
  // other row of its run has an outcome and all of them succeeded: created, existing, updated, unchanged, removed, or drifted unless
  // drift_fails. Until then no session sees it, except as `waiting` in opened_run and rows_in_store. A session that was joined before is
  // not given such rows where the store is for one process at a time: the run is resumed once more. See finish_run for where that can never
  // be.
  //
  // Claims rows in one commit: all pages or, if the store fails, none. Each row is given out once in a session, in line order within its
  // organizer. An organizer that owes nothing, or is of another lane, gets an empty page. Done when the claim is durable; a claim that
  // finds no row changes nothing, and is answered like any other. errc::busy if the lease is no longer valid: nothing was claimed.
  virtual void claim(claim_request wanted, claimed_handler done) = 0;

  // Writes outcomes, observations and releases in one commit. Each write is conditional on the token of its row.
  //
  // A finished row gets its outcome, and so does every row of the run that shares its key. An outcome is final: each row gets one, ever. A
  // superseded row changes no observation; after any other outcome the key is observed as satisfied, drifted, failed, lost or removed.
  //
  // An advanced row owes its next operation from this commit on. Its key is observed as incomplete: it counts as wanted, and a later plan
  // does not take it for satisfied. Such a row is claimed like any other, with its operation and what was observed.
  //
  // A released row is unclaimed. Within the session it is not given out again. Where its answer is no_such_organizer, the UPNs that lead to
  // its organizer are forgotten.
  virtual void write(row_writes rows, committed_handler done) = 0;

  // Ends every row of the organizer that is fresh, stale or held by this session. Rows that another session holds are left to it. Where the
  // answer is no_such_organizer, the UPNs that lead to this user are forgotten: the next plan looks them up again.
  // errc::busy if the lease is no longer valid: nothing was ended.
  virtual void close_organizer(close_request closing, closed_handler done) = 0;

  // Durable with a commit of its own or a later one. Of several ends for one scope the latest counts.
  virtual void save_cooldown(run_id, lane_id, std::optional<organizer_id>, utc_time until) = 0;
  // The same for every lane of the lane's application that the ledger knows, whatever run or tenant it belongs to: those on its Graph root
  // with its client id.
  virtual void save_app_cooldown(run_id, lane_id, utc_time until) = 0;
  virtual void forget_cooldown(run_id, lane_id, std::optional<organizer_id>) = 0;
  // All of a lane, and those of its organizers. Returns how many had not ended.
  virtual result<std::uint64_t> forget_cooldowns(const lane_name& lane) = 0;
  // Written without a commit of its own: with the next one that the run makes anyway, or when the ledger is closed. The latest counts; one
  // that is not a finite positive rate is dropped.
  virtual void save_pace(run_id, lane_id, const lane_pace& pace, utc_time when) = 0;

  // What is remembered of the users of the lane's tenant. Look-ups that seem to come from the future count as none. `now`: wall clock.
  // Not while a plan is under way.
  virtual result<remembered_users> users(const lane_name& lane, utc_time now) = 0;
  // Remembers these, in one commit, and forgets those that are older than user_lifetime. A rehearsal keeps nothing.
  virtual result<void> save_users(const lane_name& lane, const learnt_users& what, utc_time now) = 0;

  // A run that owes nothing becomes finished. Changes no claim. Returns the state of the run.
  //
  // Where a run owes nothing but rows that wait, and not all others succeeded, those end as failed with the code planning::not_removed,
  // without a change of what was observed, and the run becomes finished. Where all others succeeded the run stays open: resume it.
  virtual result<run_state> finish_run(run_id id) = 0;

  virtual std::unique_ptr<reader> read() = 0;
};

// How long a lease lasts, and how often it is renewed: design.md section 9.
inline constexpr std::chrono::seconds lease_time{60};
inline constexpr std::chrono::seconds heartbeat_interval{20};
// How often the workers of a lane exchange what they know of it.
inline constexpr std::chrono::seconds exchange_interval{1};

}  // namespace convoke::ledger
