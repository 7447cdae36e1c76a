#include "ledger/sqlite/runs.hpp"

#include "ledger/read_rows.hpp"

namespace convoke::ledger::sqlite {
namespace {

const std::string one_run = std::string("SELECT ") + run_columns + " FROM run WHERE id = ?";

}  // namespace

run_table::run_table(connection& db) noexcept : db_(db), one_(db, one_run.c_str()) {}

std::optional<stored_run> run_table::find(run_id id) {
  if (!one_.with(id).step()) return std::nullopt;
  auto found = read_run(one_);
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
