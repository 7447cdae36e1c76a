#include "ledger/sqlite/plan.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "ledger/planning/known_meetings.hpp"
#include "ledger/sqlite/ledger_file.hpp"
#include "ledger/stored.hpp"

namespace convoke::ledger::sqlite {
namespace {

std::unexpected<error> wrong_stage(const char* what) {
  return fail(errc::internal, std::string("a plan cannot ") + what + " in its present state");
}

}  // namespace

result<void> plan::begin(const run_header& header) {
  db_.exec("BEGIN IMMEDIATE");
  statement next(db_, "SELECT coalesce(max(id), 0) + 1 FROM run");
  if (next.with().step()) run_ = next.as<run_id>(0);
  next.reset();
  header_ = header;
  insert_run();
  start(run_);
  return db_.status();
}

result<void> plan::begin_stored(run_id planned) {
  auto found = runs_.find(planned);
  if (!db_.ok()) return db_.status();
  if (!found) return no_such_run(planned);
  if (found->info.state != run_state::planned) {
    return fail(errc::usage, "run " + std::to_string(planned) + " is " + std::string(to_string(found->info.state)) + ", not planned");
  }
  db_.exec("BEGIN IMMEDIATE");
  header_ = std::move(found->info.header);
  stored_ = true;
  // The counts it was planned with were a forecast.
  statement forget(db_, "DELETE FROM tally WHERE run = ?");
  forget.with(planned).run();
  start(planned);
  return read_stored();
}

void plan::start(run_id run) {
  run_ = run;
  store_.emplace(db_, outcomes_, run_);
  rows_.emplace(*store_, run_, header_, planning::limits{.folder = folder_});
  stage_ = stage::adding_rows;
}

void plan::insert_run() {
  const auto& h = header_;
  statement insert(
      db_,
      "INSERT INTO run(id, identity, state, input_name, input_sha256, settings, dialect, header, tzdata_version, convoke_version, "
      "drift_fails, update_drifted, enforce_roles, planned_at, feed, keep_alive, kind, repair, remove_vanished) "
      "VALUES(?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const auto keep_alive = h.operations.keep_alive ? std::optional(std::int64_t{h.operations.keep_alive->count()}) : std::nullopt;
  insert
      .with(run_, h.identity, h.input_name, h.input_sha256, h.settings, h.dialect, h.header, h.tzdata_version, h.convoke_version,
            h.drift_fails, h.operations.update_drifted, h.operations.enforce_roles, to_stored(wall_now()), h.feed, keep_alive,
            static_cast<int>(h.kind), h.operations.repair, h.operations.remove_vanished)
      .run();
  statement lane(db_, "INSERT OR IGNORE INTO lane(graph_root, tenant, app) VALUES(?, ?, ?)");
  statement place(db_,
                  "INSERT INTO run_lane(run, position, lane) SELECT ?, ?, id FROM lane WHERE graph_root = ? AND tenant = ? AND app = ?");
  for (std::size_t i = 0; i < h.lanes.size(); ++i) {
    const auto& [root, tenant, app] = h.lanes[i];
    lane.with(root, tenant, app).run();
    place.with(run_, i, root, tenant, app).run();
  }
}

result<void> plan::add(const planned_row& row) {
  if (stage_ != stage::adding_rows) return wrong_stage("take rows");
  const auto number = numbers_.next(row.line, row.occurrence.has_value());
  if (!number) return std::unexpected(number.error());
  const planning::row_place at{.number = *number, .line = row.line, .lane = row.lane};
  if (!row.error.empty()) {
    const auto present = rows_->hashes_of(row.lane, row.present);
    if (auto added = rows_->add_invalid(at, present); !added) return added;
    insert_record(*number, row, to_bytes(present), update_rule::never);
  } else {
    const auto added = rows_->add(at, row.payload, row.update);
    if (!added) return std::unexpected(added.error());
    insert_record(*number, row, row.payload, *added);
  }
  return db_.status();
}

result<std::uint64_t> plan::add_inventory(utc_time now) {
  if (stage_ != stage::adding_rows) return wrong_stage("take rows");
  if (header_.kind != run_kind::verify) return fail(errc::usage, "only a run that verifies takes its rows from the inventory");
  return planning::for_each_known_meeting(
      *store_, numbers_, now, [&](std::uint32_t number, const planning::inventory_entry& meeting) -> result<void> {
        const auto added = rows_->add({.number = number, .line = 0, .lane = meeting.lane}, meeting.payload, update_rule::never);
        if (!added) return std::unexpected(added.error());
        insert_record(number, {.line = 0, .raw = {}, .lane = meeting.lane, .payload = {}, .error = {}}, meeting.payload, *added);
        return db_.status();
      });
}

void plan::insert_record(std::uint32_t number, const planned_row& row, std::string_view payload_bytes, update_rule update) {
  if (row.line != line_ || row.line == 0) first_ = number;
  line_ = row.line;
  const auto id = make_row(run_, number);
  const bool wrong = !row.error.empty();
  const auto payload = payload_bytes.empty() ? std::nullopt : std::optional(blob(payload_bytes));
  const auto why = wrong ? std::optional(std::string_view(row.error)) : std::nullopt;
  const auto rule = static_cast<int>(update);
  if (number == row.line && !row.occurrence) {
    insert_.with(id, row.lane, blob(row.raw), payload, why, rule).run();
    return;
  }
  const bool later = first_ != number;
  insert_occurrence_
      .with(id, row.lane, later ? std::nullopt : std::optional(blob(row.raw)), payload, why, rule,
            number == row.line ? std::nullopt : std::optional(row.line), later ? std::optional(first_) : std::nullopt,
            stored_date(row.occurrence))
      .run();
}

result<void> plan::read_stored() {
  statement records(db_, "SELECT id, lane, payload, error IS NOT NULL, update_rule, line FROM record WHERE id BETWEEN ? AND ? ORDER BY id");
  for (records.with(first_row(run_), last_row(run_)); records.step();) {
    planning::row_place at{.number = number_of(records.as<row_id>(0)), .lane = records.as<lane_id>(1)};
    at.line = records.null(5) ? at.number : records.as<std::uint32_t>(5);
    if (at.lane >= header_.lanes.size())
      return fail(errc::storage, "ledger " + shown(db_.path()) + ": a record belongs to a lane that its run does not have");
    if (records.integer(3) != 0) {
      if (auto added = rows_->add_invalid(at, to_digests(records.text(2))); !added) return added;
    } else if (const auto added = rows_->add(at, records.text(2), static_cast<update_rule>(records.integer(4))); !added) {
      return std::unexpected(added.error());
    }
  }
  return db_.status();
}

result<plan_summary> plan::classify(utc_time now) {
  if (stage_ != stage::adding_rows) return wrong_stage("be classified");
  statement rows(db_, "UPDATE run SET rows = ? WHERE id = ?");
  rows.with(rows_->rows(), run_).run();
  // A plan that is not opened is rolled back to here: only the run and its records stay.
  db_.exec("SAVEPOINT decisions");
  if (!db_.ok()) return std::unexpected(db_.failure());
  auto summary = rows_->classify(now);
  if (!summary) return std::unexpected(std::move(summary.error()));
  summary_ = std::move(*summary);
  stage_ = stage::classified;
  return summary_;
}

result<void> plan::for_each_rejected(std::uint32_t after, const std::function<bool(const rejected_row&)>& f) {
  if (stage_ != stage::classified && stage_ != stage::committed) return wrong_stage("list rejected rows");
  if (summary_.rejected == 0) return {};
  statement rows(db_,
                 "SELECT o.id, r.line, coalesce(r.raw, f.raw), coalesce(o.error_message, r.error) FROM outcome o "
                 "JOIN record r ON r.id = o.id LEFT JOIN record f ON f.id = (?3 << 32 | r.first) "
                 "WHERE o.id BETWEEN ?1 AND ?2 AND o.outcome = 7 ORDER BY o.id");
  const auto from = after == 0 ? first_row(run_) : make_row(run_, after) + 1;
  for (rows.with(from, last_row(run_), run_); rows.step();) {
    const auto number = number_of(rows.as<row_id>(0));
    const auto line = rows.null(1) ? number : rows.as<std::uint32_t>(1);
    if (!f({.number = number, .line = line, .raw = rows.text(2), .why = rows.text(3)})) break;
  }
  rows.reset();
  return db_.status();
}

result<run_id> plan::commit(bool open) {
  if (stage_ != stage::classified) return wrong_stage("be committed");
  auto done = open ? commit_open() : commit_planned();
  if (done) stage_ = stage::committed;
  return done;
}

// Later than the last run that was opened: which of two runs is the later one must not depend on a clock that was set back.
utc_time plan::opening_time() {
  statement last(db_, "SELECT max(opened_at) FROM run");
  const auto known = last.with().step() && !last.null(0) ? std::optional(from_stored(last.integer(0))) : std::nullopt;
  return known ? std::max(wall_now(), *known + ticks(1)) : wall_now();
}

result<run_id> plan::commit_open() {
  const auto now = opening_time();
  if (auto superseded = rows_->supersede(now); !superseded) return std::unexpected(superseded.error());
  outcomes_.write_counts();
  statement open(db_, "UPDATE run SET state = ?, opened_at = ?, finished_at = ? WHERE id = ?");
  const bool owes = summary_.calls > 0;
  open.with(owes ? 2 : 3, to_stored(now), owes ? std::nullopt : std::optional(to_stored(now)), run_).run();
  db_.exec("RELEASE decisions; COMMIT");
  if (!db_.ok()) return std::unexpected(db_.failure());
  return run_;
}

result<run_id> plan::commit_planned() {
  outcomes_.forget_counts();
  db_.exec("ROLLBACK TO decisions; RELEASE decisions");
  if (stored_) {
    db_.exec("ROLLBACK");
  } else {
    statement forecast(db_, "INSERT INTO tally(run, outcome, n) VALUES(?, ?, ?)");
    const std::pair<outcome, std::uint64_t> counts[] = {{outcome::unchanged, summary_.unchanged},
                                                        {outcome::drifted, summary_.drifted},
                                                        {outcome::rejected, summary_.rejected},
                                                        {outcome::removed, summary_.gone},
                                                        {outcome::failed, summary_.unknown + summary_.other_feed + summary_.left_out}};
    for (const auto& [what, n] : counts) {
      if (n > 0) forecast.with(run_, static_cast<int>(what), n).run();
    }
    db_.exec("COMMIT");
  }
  if (!db_.ok()) return std::unexpected(db_.failure());
  return run_;
}

void plan::roll_back() {
  db_.undo_interrupted();
  const bool under_way = stage_ == stage::adding_rows || stage_ == stage::classified;
  if (under_way && db_.in_transaction()) db_.exec("ROLLBACK");
  stage_ = stage::committed;
}

}  // namespace convoke::ledger::sqlite
