#include "ledger/postgres/memory.hpp"

#include <algorithm>
#include <utility>

#include "ledger/stored.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::postgres {
namespace {

constexpr auto gather = std::chrono::seconds(2);  // a process that is killed loses the counts of at most that time

constexpr const char* save_paces =
    "INSERT INTO convoke.learnt(lane, rate, refused, credit, saved_at) SELECT DISTINCT ON (k.lane) k.lane, k.rate, k.refused, k.credit, "
    "k.saved_at FROM (SELECT coalesce(i.lane, (SELECT r.lane FROM convoke.run_lane r WHERE r.run = i.run AND r.position = i.position)) AS "
    "lane, i.rate, i.refused, i.credit, i.saved_at FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::float8[], $5::float8[], "
    "$6::float8[], $7::bigint[]) AS i(lane, run, position, rate, refused, credit, saved_at)) k WHERE k.lane IS NOT NULL "
    "ORDER BY k.lane, k.saved_at DESC ON CONFLICT (lane) DO UPDATE SET rate = excluded.rate, refused = excluded.refused, "
    "credit = excluded.credit, saved_at = excluded.saved_at";
constexpr const char* save_made =
    "INSERT INTO convoke.made(organizer, month, n) SELECT i.organizer, i.month, i.n FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) "
    "WITH ORDINALITY AS i(organizer, month, n, position) ORDER BY i.position "
    "ON CONFLICT (organizer, month) DO UPDATE SET n = made.n + excluded.n";

// $1: the lane, where the process knows it; else $2, $3: the run and the position.
constexpr const char* save_cooldown =
    "INSERT INTO convoke.cooldown(lane, organizer, until, saved_at, session, serial) SELECT k.lane, $4, "
    "clock_timestamp() + $5::bigint * interval '1 microsecond', clock_timestamp(), $6, nextval('convoke.cooldown_serial') "
    "FROM (SELECT coalesce($1::bigint, (SELECT r.lane FROM convoke.run_lane r WHERE r.run = $2 AND r.position = $3))"
    " AS lane) k WHERE k.lane IS NOT NULL AND $5::bigint > 0 ON CONFLICT (lane, organizer) DO UPDATE SET until = excluded.until, "
    "saved_at = excluded.saved_at, session = excluded.session, serial = excluded.serial WHERE excluded.until > cooldown.until";
// The part of lane.app before a '/' is the client id; it is empty where that is not known. A later end that another lane of the app has
// still may be one that was cut and is over: it counts from now on, so that what is obeyed of it does not end before this cooldown.
constexpr const char* save_app_cooldown =
    "INSERT INTO convoke.cooldown(lane, organizer, until, saved_at, session, serial) SELECT k.lane, 0, "
    "clock_timestamp() + $4::bigint * interval '1 microsecond', clock_timestamp(), $5, nextval('convoke.cooldown_serial') "
    "FROM (SELECT s.id AS lane FROM convoke.lane o JOIN convoke.lane s ON s.id = o.id OR (o.app <> '' AND s.graph_root = o.graph_root AND "
    "split_part(s.app, '/', 1) = split_part(o.app, '/', 1)) WHERE o.id = coalesce($1::bigint, (SELECT r.lane FROM convoke.run_lane r WHERE "
    "r.run = $2 AND r.position = $3)) ORDER BY s.id) k WHERE $4::bigint > 0 ON CONFLICT (lane, organizer) DO UPDATE SET until = "
    "greatest(cooldown.until, excluded.until), saved_at = excluded.saved_at, session = excluded.session, serial = excluded.serial";
constexpr const char* forget_cooldown =
    "DELETE FROM convoke.cooldown WHERE lane = coalesce($1::bigint, (SELECT r.lane FROM convoke.run_lane r WHERE r.run = $2 AND r.position "
    "= $3)) AND organizer = $4";
constexpr const char* announced =
    "SELECT lane, organizer, (extract(epoch FROM until - clock_timestamp()) * 1000000)::bigint, serial, "
    "(extract(epoch FROM until) * 1000000)::bigint FROM convoke.cooldown "
    "WHERE lane = ANY($1::bigint[]) AND session <> $2 AND serial > $3 AND until > clock_timestamp() ORDER BY serial";
constexpr const char* forget_of_lane =
    "WITH gone AS (DELETE FROM convoke.cooldown WHERE lane = (SELECT id FROM convoke.lane WHERE graph_root = $1 AND tenant = $2 AND app = "
    "$3) RETURNING until > clock_timestamp() AS ran) SELECT count(*) FROM gone WHERE ran";
constexpr const char* drop_ended =
    "DELETE FROM convoke.cooldown WHERE (lane, organizer) IN (SELECT lane, organizer FROM convoke.cooldown WHERE until <= "
    "clock_timestamp() FOR UPDATE SKIP LOCKED)";
constexpr const char* running =
    "SELECT i.position - 1, c.organizer, (extract(epoch FROM c.until - clock_timestamp()) * 1000000)::bigint, "
    "(extract(epoch FROM clock_timestamp() - c.saved_at) * 1000000)::bigint, c.serial, (extract(epoch FROM c.until) * 1000000)::bigint "
    "FROM unnest($1::bigint[]) WITH ORDINALITY AS i(lane, position) JOIN convoke.cooldown c ON c.lane = i.lane "
    "WHERE c.until > clock_timestamp() ORDER BY i.position, c.organizer";
constexpr const char* find_learnt =
    "SELECT l.lane, l.rate, l.refused, l.credit, l.saved_at FROM unnest($1::bigint[]) WITH ORDINALITY AS i(lane, position) "
    "LEFT JOIN convoke.learnt l ON l.lane = i.lane ORDER BY i.position";

std::optional<organizer_id> organizer_or_lane(std::int64_t stored) {
  return stored == 0 ? std::nullopt : std::optional(static_cast<organizer_id>(stored));
}

std::optional<std::int64_t> lane_of(const session* session, lane_id lane) {
  return session != nullptr && lane < session->lanes.size() ? std::optional(session->lanes[lane]) : std::nullopt;
}

std::int64_t microseconds(ticks t) {
  return std::chrono::duration_cast<std::chrono::microseconds>(t).count();
}

}  // namespace

void memory_writer::made(organizer_id organizer, utc_time when) {
  ++made_[{organizer, month_of(when)}];
}

bool memory_writer::pending() {
  return !paces_.empty() || !made_.empty();
}

outcome_of<void> memory_writer::write(connection& db) {
  if (!pending()) return {};
  pipeline all;
  all.add(begin_transaction);
  add(all, true);
  all.add(commit_transaction);
  if (auto done = all.run(db); !done) {
    if (done.error().kind != fault::lost) put_back();
    return std::unexpected(done.error());
  }
  forget_taken();
  return {};
}

void memory_writer::add(pipeline& to, bool all) {
  taken_paces_ = paces_.take();
  if (!taken_paces_.empty()) add_paces(to);
  const auto now = clock::now();
  if (made_.empty() || (!all && now - written_ < gather)) return;
  written_ = now;
  taken_.swap(made_);
  made_.clear();
  std::vector<std::int64_t> organizers, months, numbers;
  for (const auto& [what, n] : taken_) {
    organizers.push_back(what.first);
    months.push_back(what.second);
    numbers.push_back(static_cast<std::int64_t>(n));
  }
  to.add(save_made).integers(organizers).integers(months).integers(numbers);
}

void memory_writer::add_paces(pipeline& to) const {
  std::vector<std::optional<std::int64_t>> lanes;
  std::vector<std::int64_t> runs, positions, saved;
  std::vector<double> rates, refused, credits;
  for (const auto& [run, lane, pace, when] : taken_paces_) {
    lanes.push_back(lane_of(list_.of_run(run).get(), lane));
    runs.push_back(run);
    positions.push_back(lane);
    rates.push_back(pace.rate);
    refused.push_back(pace.refused);
    credits.push_back(pace.credit);
    saved.push_back(to_stored(when));
  }
  to.add(save_paces).integers(lanes).integers(runs).integers(positions).reals(rates).reals(refused).reals(credits).integers(saved);
}

void memory_writer::put_back() {
  for (const auto& [what, n] : taken_) made_[what] += n;
  paces_.put_back(std::exchange(taken_paces_, {}));
  taken_.clear();
}

void memory_writer::forget_taken() {
  taken_.clear();
  taken_paces_.clear();
}

void add_cooldown(pipeline& to, const session* session, run_id run, lane_id lane, std::optional<organizer_id> organizer, utc_time until) {
  to.add(save_cooldown)
      .with(lane_of(session, lane))
      .with(run)
      .with(lane)
      .with(organizer.value_or(0))
      .with(microseconds(until - os::wall_now()))
      .with(session != nullptr ? session->id : 0);
}

void add_app_cooldown(pipeline& to, const session* session, run_id run, lane_id lane, utc_time until) {
  to.add(save_app_cooldown)
      .with(lane_of(session, lane))
      .with(run)
      .with(lane)
      .with(microseconds(until - os::wall_now()))
      .with(session != nullptr ? session->id : 0);
}

void add_forget_cooldown(pipeline& to, const session* session, run_id run, lane_id lane, std::optional<organizer_id> organizer) {
  to.add(forget_cooldown).with(lane_of(session, lane)).with(run).with(lane).with(organizer.value_or(0));
}

void add_announced(pipeline& to, const session& session) {
  to.add(announced).integers(session.lanes).with(session.id).with(session.cooldowns.floor());
}

std::vector<announced_cooldown> read_announced(const rows& found, session& session) {
  std::vector<announced_cooldown> out;
  const auto now = os::wall_now();
  for (int i = 0; i < found.size(); ++i) {
    const auto lane = std::ranges::find(session.lanes, found.integer(i, 0));
    if (lane == session.lanes.end() || !session.cooldowns.is_new(found.integer(i, 3), found.integer(i, 4))) continue;
    out.push_back({.lane = static_cast<lane_id>(lane - session.lanes.begin()),
                   .organizer = organizer_or_lane(found.integer(i, 1)),
                   .until = now + std::chrono::microseconds(found.integer(i, 2))});
  }
  return out;
}

outcome_of<std::uint64_t> forget_cooldowns(connection& db, const lane_name& lane) {
  auto gone = db.run(forget_of_lane, params().with(lane.graph_root).with(lane.tenant).with(lane.app));
  if (!gone) return std::unexpected(gone.error());
  return gone->as<std::uint64_t>(0, 0);
}

outcome_of<std::vector<saved_cooldown>> running_cooldowns(connection& db, session& begun) {
  if (auto dropped = db.run(drop_ended); !dropped) return std::unexpected(dropped.error());
  auto found = db.run(running, params().integers(begun.lanes));
  if (!found) return std::unexpected(found.error());
  std::vector<saved_cooldown> out;
  const auto now = os::wall_now();
  for (int i = 0; i < found->size(); ++i) {
    std::ignore = begun.cooldowns.is_new(found->integer(i, 4), found->integer(i, 5));
    out.push_back({.lane = found->as<lane_id>(i, 0),
                   .organizer = organizer_or_lane(found->integer(i, 1)),
                   .until = now + std::chrono::microseconds(found->integer(i, 2)),
                   .saved_at = now - std::chrono::microseconds(std::max<std::int64_t>(found->integer(i, 3), 0))});
  }
  return out;
}

outcome_of<std::vector<std::optional<saved_pace>>> learnt_of(connection& db, const session& session) {
  auto found = db.run(find_learnt, params().integers(session.lanes));
  if (!found) return std::unexpected(found.error());
  std::vector<std::optional<saved_pace>> out;
  for (int i = 0; i < found->size(); ++i) {
    if (found->null(i, 0)) {
      out.emplace_back();
      continue;
    }
    out.push_back(saved_pace{.pace = {.rate = found->real(i, 1), .refused = found->real(i, 2), .credit = found->real(i, 3)},
                             .saved_at = from_stored(found->integer(i, 4))});
  }
  return out;
}

}  // namespace convoke::ledger::postgres
