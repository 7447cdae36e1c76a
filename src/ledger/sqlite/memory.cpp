#include "ledger/sqlite/memory.hpp"

#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {
namespace {

constexpr auto gather = std::chrono::seconds(2);  // a process that is killed loses the counts of at most that time

saved_pace read_pace(const statement& row, int first) {
  return {.pace = {.rate = row.real(first), .refused = row.real(first + 1), .credit = row.real(first + 2)},
          .saved_at = from_stored(row.integer(first + 3))};
}

}  // namespace

void memory_writer::begin_session(run_id run, std::vector<lane_id> positions) {
  write_paces();
  positions_.insert_or_assign(run, std::move(positions));
}

lane_id memory_writer::position_of(run_id run, lane_id lane) const {
  const auto found = positions_.find(run);
  return found != positions_.end() && lane < found->second.size() ? found->second[lane] : lane;
}

void memory_writer::cooldown(run_id run, lane_id lane, std::optional<organizer_id> organizer, utc_time until) {
  cooldown_.with(run, position_of(run, lane), organizer.value_or(0), to_stored(until), to_stored(wall_now())).run();
}

void memory_writer::app_cooldown(run_id run, lane_id lane, utc_time until) {
  app_cooldown_.with(run, position_of(run, lane), to_stored(until), to_stored(wall_now())).run();
}

void memory_writer::forget_cooldown(run_id run, lane_id lane, std::optional<organizer_id> organizer) {
  forget_cooldown_.with(run, position_of(run, lane), organizer.value_or(0)).run();
}

bool memory_writer::pending() {
  return !paces_.empty() || !made_.empty();
}

void memory_writer::write_paces() {
  for (const auto& [run, lane, pace, when] : paces_.take())
    pace_.with(run, position_of(run, lane), pace.rate, pace.refused, pace.credit, to_stored(when)).run();
}

void memory_writer::write(bool all) {
  write_paces();
  if (made_.empty()) return;
  const auto now = clock::now();
  if (!all && now - written_ < gather) return;
  written_ = now;
  for (const auto& [what, n] : made_) count_.with(what.first, what.second, n).run();
  made_.clear();
}

void settle_cooldowns(connection& db, utc_time now) {
  statement again(db, "UPDATE cooldown SET until = ?1 + until - saved_at, saved_at = ?1 WHERE saved_at > ?1");
  again.with(to_stored(now)).run();
  statement date(db, "UPDATE cooldown SET saved_at = ? WHERE saved_at = 0");
  date.with(to_stored(now)).run();
  statement forget(db, "DELETE FROM cooldown WHERE until <= ?");
  forget.with(to_stored(now)).run();
}

result<std::uint64_t> forget_cooldowns(connection& db, const lane_name& lane, utc_time now) {
  settle_cooldowns(db, now);
  statement of_lane(db, "DELETE FROM cooldown WHERE lane = (SELECT id FROM lane WHERE graph_root = ? AND tenant = ? AND app = ?)");
  of_lane.with(lane.graph_root, lane.tenant, lane.app).run();
  if (!db.ok()) return std::unexpected(db.failure());
  return static_cast<std::uint64_t>(db.changes());
}

std::vector<std::optional<saved_pace>> learnt_by_run(connection& db, run_id run) {
  statement rows(db,
                 "SELECT l.lane, l.rate, l.refused, l.credit, l.saved_at FROM run_lane r LEFT JOIN learnt l ON l.lane = r.lane "
                 "WHERE r.run = ? ORDER BY r.position");
  std::vector<std::optional<saved_pace>> out;
  for (rows.with(run); rows.step();) out.push_back(rows.null(0) ? std::nullopt : std::optional(read_pace(rows, 1)));
  return out;
}

lane_memory memory_of(connection& db, const lane_name& lane) {
  lane_memory out;
  statement pace(db,
                 "SELECT p.rate, p.refused, p.credit, p.saved_at FROM lane l JOIN learnt p ON p.lane = l.id "
                 "WHERE l.graph_root = ? AND l.tenant = ? AND l.app = ?");
  if (pace.with(lane.graph_root, lane.tenant, lane.app).step()) out.learnt = read_pace(pace, 0);
  pace.reset();
  statement cooldowns(db,
                      "SELECT o.object_id, CASE WHEN f.saved_at > ?4 THEN ?4 + f.until - f.saved_at ELSE f.until END, "
                      "CASE f.saved_at WHEN 0 THEN ?4 ELSE min(f.saved_at, ?4) END FROM lane l "
                      "JOIN cooldown f ON f.lane = l.id LEFT JOIN organizer o ON o.id = f.organizer "
                      "WHERE l.graph_root = ?1 AND l.tenant = ?2 AND l.app = ?3 AND f.until > ?4 ORDER BY f.organizer");
  for (cooldowns.with(lane.graph_root, lane.tenant, lane.app, to_stored(wall_now())); cooldowns.step();)
    out.cooldowns.push_back({std::string(cooldowns.text(0)), from_stored(cooldowns.integer(1)), from_stored(cooldowns.integer(2))});
  return out;
}

std::uint64_t made_in_month(statement& find, organizer_id organizer, utc_time now) {
  const auto n = find.with(organizer, month_of(now)).step() ? find.as<std::uint64_t>(0) : 0;
  find.reset();
  return n;
}

}  // namespace convoke::ledger::sqlite
