#include "ledger/postgres/workers.hpp"

#include <algorithm>
#include <string>
#include <tuple>

#include "ledger/postgres/row.hpp"
#include "ledger/postgres/runs.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::postgres {
namespace {

constexpr const char* pace_of_lane =
    "SELECT p.rate, p.refused, p.credit, p.saved_at FROM convoke.lane l JOIN convoke.learnt p ON p.lane = l.id "
    "WHERE l.graph_root = $1 AND l.tenant = $2 AND l.app = $3";
// Differences to the database's clock are in ticks.
constexpr const char* cooldowns_of_lane =
    "SELECT o.object_id, (extract(epoch FROM c.until - clock_timestamp()) * 10000000)::bigint, "
    "greatest(0, (extract(epoch FROM clock_timestamp() - c.saved_at) * 10000000)::bigint) FROM convoke.lane l "
    "JOIN convoke.cooldown c ON c.lane = l.id LEFT JOIN convoke.organizer o ON o.id = c.organizer "
    "WHERE l.graph_root = $1 AND l.tenant = $2 AND l.app = $3 AND c.until > clock_timestamp() ORDER BY c.organizer";

// A session that left in order is not there any more. One whose rows others took is of no interest.
constexpr const char* sessions =
    "WITH held AS (SELECT session, count(*) AS n FROM convoke.owed WHERE token <> 0 GROUP BY session) "
    "SELECT s.id, s.host, s.process, (extract(epoch FROM clock_timestamp() - s.started_at) * 10000000)::bigint, "
    "floor(extract(epoch FROM s.expires_at - clock_timestamp()))::bigint, coalesce(h.n, 0) FROM convoke.session s "
    "LEFT JOIN held h ON h.session = s.id WHERE s.expires_at > clock_timestamp() OR h.n > 0 ORDER BY s.started_at, s.id";
constexpr const char* lanes_of_sessions =
    "SELECT s.session, l.graph_root, l.tenant, l.app, r.leader = s.session, s.wants, s.part, CASE WHEN r.published_at IS NOT NULL "
    "THEN r.rate * s.part END FROM convoke.session_lane s JOIN convoke.lane l ON l.id = s.lane "
    "LEFT JOIN convoke.lane_rate r ON r.lane = s.lane ORDER BY s.session, s.position";

}  // namespace

outcome_of<lane_memory> memory_of(connection& c, const lane_name& lane) {
  const auto name = params().with(lane.graph_root).with(lane.tenant).with(lane.app);
  const connection::step steps[] = {{pace_of_lane, &name}, {cooldowns_of_lane, &name}};
  const auto found = read_snapshot(c, steps);
  if (!found) return std::unexpected(found.error());
  const auto& [pace, cooldowns] = std::tie((*found)[0], (*found)[1]);
  lane_memory out;
  if (!pace.empty()) {
    out.learnt = {.pace = {.rate = pace.real(0, 0), .refused = pace.real(0, 1), .credit = pace.real(0, 2)},
                  .saved_at = from_stored(pace.integer(0, 3))};
  }
  const auto now = os::wall_now();
  for (int i = 0; i < cooldowns.size(); ++i)
    out.cooldowns.push_back(
        {std::string(cooldowns.text(i, 0)), now + ticks(cooldowns.integer(i, 1)), now - ticks(cooldowns.integer(i, 2))});
  return out;
}

outcome_of<std::vector<worker_info>> workers_of(connection& c) {
  const connection::step steps[] = {{sessions, nullptr}, {lanes_of_sessions, nullptr}};
  const auto found = read_snapshot(c, steps);
  if (!found) return std::unexpected(found.error());
  const auto& [all, lanes] = std::tie((*found)[0], (*found)[1]);
  std::vector<worker_info> out;
  std::vector<lease_token> ids;
  const auto now = os::wall_now();
  for (int i = 0; i < all.size(); ++i) {
    const row_view from(all, i);
    ids.push_back(from.as<lease_token>(0));
    out.push_back({.host = std::string(from.text(1)),
                   .process = from.as<std::uint32_t>(2),
                   .started_at = now - ticks(from.integer(3)),
                   .lease_left = std::chrono::seconds(from.integer(4)),
                   .rows_held = from.as<std::uint64_t>(5),
                   .lanes = {}});
  }
  for (int i = 0; i < lanes.size(); ++i) {
    const row_view from(lanes, i);
    const auto whose = std::ranges::find(ids, from.as<lease_token>(0));
    if (whose == ids.end()) continue;
    auto& worker = out[static_cast<std::size_t>(whose - ids.begin())];
    const bool live = worker.lease_left >= std::chrono::seconds(0);
    worker.lanes.push_back({.lane = {std::string(from.text(1)), std::string(from.text(2)), std::string(from.text(3))},
                            .leads = live && from.integer(4) != 0,
                            .wants = from.real(5),
                            .part = from.real(6),
                            .rate = from.real(7)});
  }
  return out;
}

}  // namespace convoke::ledger::postgres
