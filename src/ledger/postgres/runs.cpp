#include "ledger/postgres/runs.hpp"

#include <algorithm>
#include <utility>

#include "ledger/postgres/row.hpp"
#include "ledger/read_rows.hpp"

namespace convoke::ledger::postgres {
namespace {

// `which`: a query of ids.
outcome_of<std::vector<stored_run>> find_runs(connection& c, const std::string& which, const params& values) {
  const auto runs = std::string("SELECT ") + run_columns + " FROM convoke.run WHERE id IN (" + which + ") ORDER BY id";
  const auto lanes =
      "SELECT r.run, l.graph_root, l.tenant, l.app FROM convoke.run_lane r JOIN convoke.lane l ON l.id = r.lane WHERE r.run IN (" + which +
      ") ORDER BY r.run, r.position";
  const auto tally = "SELECT run, outcome, sum(n)::bigint FROM convoke.tally WHERE run IN (" + which + ") GROUP BY run, outcome";
  const connection::step steps[] = {{runs.c_str(), &values}, {lanes.c_str(), &values}, {tally.c_str(), &values}};
  const auto found = read_snapshot(c, steps);
  if (!found) return std::unexpected(found.error());
  std::vector<stored_run> out;
  for (int i = 0; i < (*found)[0].size(); ++i) out.push_back(read_run(row_view((*found)[0], i)));
  const auto info = [&](run_id id) { return &std::ranges::find(out, id, [](const stored_run& r) { return r.info.id; })->info; };
  for (int i = 0; i < (*found)[1].size(); ++i) {
    const row_view lane((*found)[1], i);
    info(lane.as<run_id>(0))->header.lanes.push_back({std::string(lane.text(1)), std::string(lane.text(2)), std::string(lane.text(3))});
  }
  for (int i = 0; i < (*found)[2].size(); ++i) {
    const row_view n((*found)[2], i);
    count(info(n.as<run_id>(0))->counts, static_cast<outcome>(n.integer(1)), n.as<std::uint64_t>(2));
  }
  // A discarded run owes nothing: what is left of it in `owed` are claims.
  for (auto& [run, pruned] : out) {
    if (run.state != run_state::discarded) run.counts.owed = run.rows - ended(run.counts);
  }
  return out;
}

outcome_of<std::optional<stored_run>> only(outcome_of<std::vector<stored_run>> found) {
  if (!found) return std::unexpected(std::move(found.error()));
  if (found->empty()) return std::nullopt;
  return std::move(found->front());
}

}  // namespace

outcome_of<std::vector<rows>> read_snapshot(connection& c, std::span<const connection::step> steps) {
  if (c.in_transaction()) return c.run_all(steps);
  std::vector<connection::step> all;
  all.push_back({"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", nullptr});
  all.insert(all.end(), steps.begin(), steps.end());
  all.push_back({"COMMIT", nullptr});
  auto done = c.run_all(all);
  if (!done) {
    c.roll_back();
    return std::unexpected(std::move(done.error()));
  }
  done->erase(done->begin());
  done->pop_back();
  return done;
}

outcome_of<std::optional<stored_run>> find_run(connection& c, run_id id) {
  return only(find_runs(c, "SELECT $1", params().with(id)));
}

outcome_of<std::vector<stored_run>> all_stored_runs(connection& c) {
  return find_runs(c, "SELECT id FROM convoke.run", {});
}

outcome_of<std::optional<stored_run>> newest_with(connection& c, std::string_view identity) {
  return only(find_runs(c, "SELECT max(id) FROM convoke.run WHERE identity = $1 AND state <> 4 AND pruned = 0", params().with(identity)));
}

outcome_of<std::optional<stored_run>> last_run(connection& c) {
  return only(find_runs(c, "SELECT id FROM convoke.run ORDER BY opened_at DESC NULLS LAST, id DESC LIMIT 1", {}));
}

}  // namespace convoke::ledger::postgres
