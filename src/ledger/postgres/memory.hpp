#pragma once

// What a ledger remembers from run to run beside its rows: the pace learnt for a lane, the cooldowns, and how many meetings were made for
// an organizer in a month. Cooldowns are kept by the database's clock; times of this machine are converted when they are sent.

#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/pipeline.hpp"
#include "ledger/postgres/sessions.hpp"
#include "ledger/unsaved_paces.hpp"

namespace convoke::ledger::postgres {

// The writing side. Paces and counts are not worth a commit of their own: they are written with the next group, or when the ledger closes.
class memory_writer {
 public:
  explicit memory_writer(session_list& list) : list_(list) {}

  // On any thread. The latest pace of a lane counts.
  void learnt(run_id run, lane_id lane, const lane_pace& pace, utc_time when) { paces_.add(run, lane, pace, when); }
  // The rest is called on the ledger's thread. A meeting was made for this organizer; to be called once that is durable.
  void made(organizer_id organizer, utc_time when);

  [[nodiscard]] bool pending();
  // A transaction of its own, where something is pending.
  [[nodiscard]] outcome_of<void> write(connection& db);

  // Adds the statements that write what is pending, as the last ones of a transaction: rows that several workers write are locked by them,
  // always in the same order. Counts are gathered for some seconds, because a fast run makes many meetings; `all` writes them at once.
  void add(pipeline& to, bool all);
  // The transaction was rolled back: what add() took is pending again. Where the commit is in doubt it is not called: what was gathered
  // may be lost then, but is never counted twice.
  void put_back();
  void forget_taken();

 private:
  using clock = std::chrono::steady_clock;
  using months = std::map<std::pair<organizer_id, std::int64_t>, std::uint64_t>;
  void add_paces(pipeline& to) const;

  session_list& list_;
  unsaved_paces paces_;
  months made_;
  std::vector<unsaved_paces::pace> taken_paces_;
  months taken_;
  clock::time_point written_{};
};

// One cooldown statement of a group. `session`: whose it is, nullptr if the process has none for this run.
void add_cooldown(pipeline& to, const session* session, run_id run, lane_id lane, std::optional<organizer_id> organizer, utc_time until);
void add_app_cooldown(pipeline& to, const session* session, run_id run, lane_id lane, utc_time until);
void add_forget_cooldown(pipeline& to, const session* session, run_id run, lane_id lane, std::optional<organizer_id> organizer);

// Reads the cooldowns that other sessions of the lanes found and that were not reported yet.
void add_announced(pipeline& to, const session& session);
[[nodiscard]] std::vector<announced_cooldown> read_announced(const rows& found, session& session);

// All of a lane; returns how many still ran.
[[nodiscard]] outcome_of<std::uint64_t> forget_cooldowns(connection& db, const lane_name& lane);

// Those that have not ended, for a session that begins. Those that ended are forgotten.
[[nodiscard]] outcome_of<std::vector<saved_cooldown>> running_cooldowns(connection& db, session& begun);
// One for each lane of the session.
[[nodiscard]] outcome_of<std::vector<std::optional<saved_pace>>> learnt_of(connection& db, const session& session);

}  // namespace convoke::ledger::postgres
