#pragma once

// What a ledger remembers from run to run beside its rows: the pace learnt for a lane, the cooldowns, and how many meetings were made for
// an organizer in a month.

#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/stored.hpp"
#include "ledger/unsaved_paces.hpp"

namespace convoke::ledger::sqlite {

// The writing side. Paces and counts are not worth a commit of their own: they are written with the next group, or when the ledger closes.
class memory_writer {
 public:
  explicit memory_writer(connection& db) noexcept : db_(db) {}

  // On any thread. The latest pace of a lane counts.
  void learnt(run_id run, lane_id lane, const lane_pace& pace, utc_time when) { paces_.add(run, lane, pace, when); }
  // These are called on the ledger's thread.
  //
  // From now on the lanes of this run are numbered as in its session: its lane N is the lane at positions[N] of the run. Inside a
  // transaction: what earlier sessions learnt is written first.
  void begin_session(run_id run, std::vector<lane_id> positions);
  // A meeting was made for this organizer.
  void made(organizer_id organizer, utc_time when) { ++made_[{organizer, month_of(when)}]; }
  void cooldown(run_id run, lane_id lane, std::optional<organizer_id> organizer, utc_time until);
  void app_cooldown(run_id run, lane_id lane, utc_time until);
  void forget_cooldown(run_id run, lane_id lane, std::optional<organizer_id> organizer);

  [[nodiscard]] bool pending();
  // Inside a transaction. Counts of meetings are gathered for some seconds, because a fast run makes many, for many organizers; `all`
  // writes them at once.
  void write(bool all);

 private:
  using clock = std::chrono::steady_clock;

  void write_paces();
  // Of a lane that a session names, or the caller where there is none: its position in the run.
  [[nodiscard]] lane_id position_of(run_id run, lane_id lane) const;

  connection& db_;
  std::map<run_id, std::vector<lane_id>> positions_;  // by run, of its latest session
  unsaved_paces paces_;
  std::map<std::pair<organizer_id, std::int64_t>, std::uint64_t> made_;
  clock::time_point written_{};
  statement pace_{db_,
                  "INSERT OR REPLACE INTO learnt(lane, rate, refused, credit, saved_at) "
                  "SELECT lane, ?3, ?4, ?5, ?6 FROM run_lane WHERE run = ?1 AND position = ?2"};
  statement count_{db_, "INSERT INTO made(organizer, month, n) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n"};
  statement cooldown_{
      db_,
      "INSERT INTO cooldown(lane, organizer, until, saved_at) SELECT lane, ?3, ?4, ?5 FROM run_lane WHERE run = ?1 AND position = ?2 "
      "ON CONFLICT DO UPDATE SET until = excluded.until, saved_at = excluded.saved_at WHERE excluded.until > until"};
  // The part of lane.app before a '/' is the client id; it is empty where that is not known. A later end that another lane of the app has
  // still may be one that was cut and is over: it counts from now on, so that what is obeyed of it does not end before this cooldown.
  statement app_cooldown_{
      db_,
      "INSERT INTO cooldown(lane, organizer, until, saved_at) SELECT s.id, 0, ?3, ?4 FROM run_lane r JOIN lane o ON o.id = r.lane "
      "JOIN lane s ON s.id = o.id OR (o.app <> '' AND s.graph_root = o.graph_root AND substr(s.app, 1, instr(s.app || '/', '/') - 1) = "
      "substr(o.app, 1, instr(o.app || '/', '/') - 1)) "
      "WHERE r.run = ?1 AND r.position = ?2 "
      "ON CONFLICT DO UPDATE SET until = max(until, excluded.until), saved_at = excluded.saved_at"};
  statement forget_cooldown_{
      db_, "DELETE FROM cooldown WHERE lane = (SELECT lane FROM run_lane WHERE run = ? AND position = ?) AND organizer = ?"};
};

// Cooldowns that ended are forgotten. Where the wall clock went back since one was saved, what it says of its end is worth nothing: the
// whole wait begins again, once. One that was saved before the time was kept counts as saved now.
void settle_cooldowns(connection& db, utc_time now);
// All of a lane; returns how many still ran.
[[nodiscard]] result<std::uint64_t> forget_cooldowns(connection& db, const lane_name& lane, utc_time now);

// What is remembered of the lanes of a run, by position; of a lane that may not be known.
[[nodiscard]] std::vector<std::optional<saved_pace>> learnt_by_run(connection& db, run_id run);
[[nodiscard]] lane_memory memory_of(connection& db, const lane_name& lane);
// How many meetings were made in the month of `now`.
[[nodiscard]] std::uint64_t made_in_month(statement& find, organizer_id organizer, utc_time now);
inline constexpr const char* find_made = "SELECT n FROM made WHERE organizer = ? AND month = ?";

}  // namespace convoke::ledger::sqlite
