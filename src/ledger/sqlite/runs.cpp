#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

std::optional<std::int64_t> stored_date(const occurrence_date& date) noexcept {
  if (!date) return std::nullopt;
  const std::chrono::year_month_day day(*date);
  return (std::int64_t{static_cast<int>(day.year())} * 100 + static_cast<unsigned>(day.month())) * 100 + static_cast<unsigned>(day.day());
}

std::chrono::local_days date_from_stored(std::int64_t date) noexcept {
  const std::chrono::year year(static_cast<int>(date / 10'000));
  const std::chrono::month month(static_cast<unsigned>(date / 100 % 100));
  return std::chrono::local_days(year / month / std::chrono::day(static_cast<unsigned>(date % 100)));
}

std::string_view to_string(run_state state) noexcept {
  switch (state) {
    case run_state::planned:
      return "planned";
    case run_state::open:
      return "open";
    case run_state::finished:
      return "finished";
    case run_state::discarded:
      return "discarded";
  }
  return "unknown";
}

void count(outcome_counts& counts, outcome o, std::uint64_t n) noexcept {
  switch (o) {
    case outcome::created:
      counts.created += n;
      break;
    case outcome::existing:
      counts.existing += n;
      break;
    case outcome::drifted:
      counts.drifted += n;
      break;
    case outcome::updated:
      counts.updated += n;
      break;
    case outcome::unchanged:
      counts.unchanged += n;
      break;
    case outcome::failed:
      counts.failed += n;
      break;
    case outcome::rejected:
      counts.rejected += n;
      break;
    case outcome::superseded:
      counts.superseded += n;
      break;
    case outcome::lost:
      counts.lost += n;
      break;
    case outcome::removed:
      counts.removed += n;
      break;
  }
}

std::uint64_t ended(const outcome_counts& c) noexcept {
  return c.created + c.existing + c.drifted + c.updated + c.unchanged + c.failed + c.rejected + c.superseded + c.lost + c.removed;
}

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
