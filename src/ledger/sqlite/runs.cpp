#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

std::optional<stored_run> run_table::find(run_id id) {
  if (!one_.with(id).step()) return std::nullopt;
  auto found = take(one_);
  one_.reset();
  add_lanes(found.info);
  add_counts(found.info);
  return found;
}

std::vector<stored_run> run_table::all() {
  std::vector<run_id> ids;
  for (ids_.with(); ids_.step();) ids.push_back(ids_.as<run_id>(0));
  std::vector<stored_run> runs;
  for (const auto id : ids) {
    if (auto found = find(id)) runs.push_back(std::move(*found));
  }
  return runs;
}

std::optional<run_id> run_table::newest_with(std::string_view identity) {
  std::optional<run_id> found;
  if (same_.with(identity).step() && !same_.null(0)) found = same_.as<run_id>(0);
  same_.reset();
  return found;
}

std::optional<run_id> run_table::last() {
  std::optional<run_id> found;
  if (last_.with().step()) found = last_.as<run_id>(0);
  last_.reset();
  return found;
}

stored_run run_table::take(statement& row) {
  const auto time = [&](int column) { return row.null(column) ? std::nullopt : std::optional(from_stored(row.integer(column))); };
  stored_run out;
  auto& info = out.info;
  info.id = row.as<run_id>(0);
  info.state = static_cast<run_state>(row.integer(1));
  info.header.identity = row.text(2);
  info.header.input_name = row.text(3);
  info.header.input_sha256 = row.text(4);
  info.header.settings = row.text(5);
  info.header.dialect = row.text(6);
  info.header.header = row.text(7);
  info.header.tzdata_version = row.text(8);
  info.header.convoke_version = row.text(9);
  info.header.drift_fails = row.integer(10) != 0;
  info.rows = row.as<std::uint64_t>(11);
  info.planned_at = from_stored(row.integer(12));
  info.opened_at = time(13);
  info.finished_at = time(14);
  out.pruned = row.integer(15) != 0;
  info.header.operations = {.update_drifted = row.integer(16) != 0, .enforce_roles = row.integer(17) != 0};
  info.header.feed = row.text(18);
  return out;
}

void run_table::add_lanes(run_info& info) {
  for (lanes_.with(info.id); lanes_.step();) {
    info.header.lanes.push_back({std::string(lanes_.text(0)), std::string(lanes_.text(1)), std::string(lanes_.text(2))});
  }
}

void run_table::add_counts(run_info& info) {
  for (counts_.with(info.id); counts_.step();) count(info.counts, static_cast<outcome>(counts_.integer(0)), counts_.as<std::uint64_t>(1));
  // A discarded run owes nothing: what is left of it in `owed` are claims.
  if (info.state != run_state::discarded) info.counts.owed = info.rows - ended(info.counts);
}

}  // namespace convoke::ledger::sqlite
