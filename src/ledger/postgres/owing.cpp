#include "ledger/postgres/owing.hpp"

#include <map>

namespace convoke::ledger::postgres {
namespace {

// One row for each run and organizer, the runs in the order in which they were opened.
constexpr const char* count_rows = R"sql(
WITH live AS MATERIALIZED (SELECT ARRAY(SELECT id FROM convoke.session WHERE NOT ended AND expires_at > clock_timestamp()) AS ids),
counted AS (
  SELECT o.run, o.organizer,
    count(*) FILTER (WHERE o.token = 0 AND (o.run::bigint << 32 | o.number) <> ALL ($3::bigint[])) AS fresh,
    count(*) FILTER (WHERE o.token = 0 AND (o.run::bigint << 32 | o.number) = ANY ($3::bigint[])) AS released,
    count(*) FILTER (WHERE o.token <> 0 AND o.session <> ALL ((SELECT ids FROM live)::bigint[])) AS stale,
    count(*) FILTER (WHERE o.token <> 0 AND o.session <> $4 AND o.session = ANY ((SELECT ids FROM live)::bigint[])) AS held,
    min(o.number) FILTER (WHERE o.token = 0) AS first_fresh,
    min(o.number) FILTER (WHERE o.token <> 0 AND o.session <> ALL ((SELECT ids FROM live)::bigint[])) AS first_stale
  FROM convoke.owed o WHERE o.run IN (SELECT id FROM convoke.run WHERE id = $1 OR ($1 = 0 AND state = 2)) GROUP BY o.run, o.organizer)
SELECT c.run, c.organizer, p.lane, p.object_id, c.fresh, c.released, c.stale, c.held, c.first_fresh, c.first_stale
FROM counted c JOIN convoke.run r ON r.id = c.run JOIN convoke.organizer p ON p.id = c.organizer
WHERE p.lane = ANY ($2::bigint[]) ORDER BY r.opened_at, c.run, c.organizer
)sql";

std::optional<lane_id> position_of(const session& of, std::int64_t lane) {
  for (std::size_t i = 0; i < of.lanes.size(); ++i) {
    if (of.lanes[i] == lane) return static_cast<lane_id>(i);
  }
  return std::nullopt;
}

session::source read_source(const rows& from, int row) {
  session::source out;
  out.run = from.as<run_id>(row, 0);
  out.no_fresh = from.null(row, 8);
  out.no_stale = from.null(row, 9);
  if (!out.no_fresh) out.last_fresh = from.integer(row, 8) - 1;
  if (!out.no_stale) out.last_stale = from.integer(row, 9) - 1;
  return out;
}

}  // namespace

outcome_of<rows_in_store> count_owed(connection& db, session& of) {
  const std::vector<std::int64_t> released(of.released.begin(), of.released.end());
  auto found = db.run(count_rows, params().with(of.run).integers(of.lanes).integers(released).with(of.id));
  if (!found) return std::unexpected(found.error());
  rows_in_store out;
  std::map<organizer_id, organizer_rows> organizers;
  of.organizers.clear();
  for (int i = 0; i < found->size(); ++i) {
    const auto lane = position_of(of, found->integer(i, 2));
    if (!lane) continue;
    out.released += found->as<std::uint64_t>(i, 5);
    out.held_elsewhere += found->as<std::uint64_t>(i, 7);
    const auto fresh = found->as<std::uint32_t>(i, 4), stale = found->as<std::uint32_t>(i, 6);
    if (fresh + stale == 0) continue;
    const auto id = found->as<organizer_id>(i, 1);
    auto& rows = organizers.try_emplace(id, organizer_rows{id, *lane, std::string(found->text(i, 3)), 0, 0}).first->second;
    rows.fresh += fresh;
    rows.stale += stale;
    auto& state = of.organizers[id];
    state.lane = *lane;
    state.sources.push_back(read_source(*found, i));
  }
  for (auto& [id, rows] : organizers) out.organizers.push_back(std::move(rows));
  return out;
}

}  // namespace convoke::ledger::postgres
