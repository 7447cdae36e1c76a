#include "ledger/postgres/owing.hpp"

#include <algorithm>
#include <map>

#include "ledger/postgres/claims.hpp"
#include "ledger/postgres/waiting_rows.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::postgres {
namespace {

// One row for each run, organizer and holder (0: unclaimed), the runs in the order in which they were opened. $1: the run, $2: the lanes,
// $3: rows that are not given out again, $4, $5: see struck_from().
const char* count_rows() {
  static const std::string sql = R"sql(
WITH counted AS (
  SELECT o.run, o.organizer, CASE WHEN o.token = 0 THEN 0 ELSE o.session END AS holder, o.token = 0 AS unclaimed, count(*) AS n,
    count(*) FILTER (WHERE (o.run::bigint << 32 | o.number) = ANY ($3::bigint[]) OR o.struck_at >= )sql" +
                                 struck_from("$4", "$5") + R"sql() AS released, min(o.number) AS first
  FROM convoke.owed o WHERE o.run IN (SELECT id FROM convoke.run WHERE state = 2 AND $1 IN (id, 0)) AND o.operation <> 6
  GROUP BY 1, 2, 3, 4)
SELECT c.run, c.organizer, p.lane, p.object_id, c.holder, c.unclaimed,
  EXISTS(SELECT FROM convoke.session s WHERE s.id = c.holder AND NOT s.ended), c.n, c.released, c.first
FROM counted c JOIN convoke.run r ON r.id = c.run JOIN convoke.organizer p ON p.id = c.organizer
WHERE p.lane = ANY ($2::bigint[]) ORDER BY r.opened_at, c.run, c.organizer
)sql";
  return sql.c_str();
}

std::optional<lane_id> position_of(const session& of, std::int64_t lane) {
  for (std::size_t i = 0; i < of.lanes.size(); ++i) {
    if (of.lanes[i] == lane) return static_cast<lane_id>(i);
  }
  return std::nullopt;
}

// The source of this run, at the end: rows come in the order of runs.
session::source& source_of(session::organizer_state& state, run_id run) {
  if (state.sources.empty() || state.sources.back().run != run) {
    state.sources.push_back({.run = run, .last_fresh = -1, .last_stale = -1, .no_fresh = true, .no_stale = true});
  }
  return state.sources.back();
}

// Claims continue before the first of the rows.
void add_rows(std::int64_t first, std::int64_t& last, bool& none) {
  last = none ? first - 1 : std::min(last, first - 1);
  none = false;
}

}  // namespace

std::string struck_from(const std::string& session, const std::string& after) {
  return "(SELECT greatest(e.started_at, clock_timestamp() - " + after +
         "::bigint * interval '1 microsecond') FROM convoke.session e WHERE e.id = " + session + ")";
}

outcome_of<rows_in_store> count_owed(connection& db, session& of) {
  if (auto marked = db.run(end_expired_sessions); !marked) return std::unexpected(marked.error());
  if (auto released = db.run(release_waiting(), params().with(of.run)); !released) return std::unexpected(released.error());
  if (of.give_again_after)
    std::erase_if(of.released, [before = os::boot_now() - *of.give_again_after](const auto& one) { return one.second <= before; });
  std::vector<std::int64_t> released;
  for (const auto& [row, when] : of.released) released.push_back(static_cast<std::int64_t>(row));
  auto found =
      db.run(count_rows(), params().with(of.run).integers(of.lanes).integers(released).with(of.id).with(microseconds(of.give_again_after)));
  if (!found) return std::unexpected(found.error());
  rows_in_store out;
  auto waiting = db.run(count_waiting, params().with(of.run).integers(of.lanes));
  if (!waiting) return std::unexpected(waiting.error());
  out.waiting = waiting->as<std::uint64_t>(0, 0);
  std::map<organizer_id, organizer_rows> organizers;
  of.organizers.clear();
  of.ended.clear();
  for (int i = 0; i < found->size(); ++i) {
    const auto lane = position_of(of, found->integer(i, 2));
    if (!lane) continue;
    const auto holder = found->as<lease_token>(i, 4);
    const bool unclaimed = found->integer(i, 5) != 0, live = found->integer(i, 6) != 0;
    const auto n = found->as<std::uint32_t>(i, 7), own = unclaimed ? found->as<std::uint32_t>(i, 8) : 0;
    out.released += own;
    if (!unclaimed && live) (holder == of.id ? out.held_here : out.held_elsewhere) += n;
    if (unclaimed ? n == own : live) continue;
    const auto id = found->as<organizer_id>(i, 1);
    auto& rows = organizers.try_emplace(id, organizer_rows{id, *lane, std::string(found->text(i, 3)), 0, 0}).first->second;
    auto& state = of.organizers[id];
    state.lane = *lane;
    auto& source = source_of(state, found->as<run_id>(i, 0));
    if (unclaimed) {
      rows.fresh += n - own;
      add_rows(found->integer(i, 9), source.last_fresh, source.no_fresh);
    } else {
      rows.stale += n;
      add_rows(found->integer(i, 9), source.last_stale, source.no_stale);
      of.ended.insert(holder);
    }
  }
  for (auto& [id, rows] : organizers) out.organizers.push_back(std::move(rows));
  return out;
}

}  // namespace convoke::ledger::postgres
