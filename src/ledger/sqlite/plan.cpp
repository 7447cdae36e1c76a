#include "ledger/sqlite/plan.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "ledger/sqlite/call_writer.hpp"
#include "ledger/sqlite/decider.hpp"
#include "ledger/sqlite/judge.hpp"
#include "ledger/sqlite/matcher.hpp"
#include "ledger/sqlite/memory.hpp"
#include "ledger/sqlite/takeover.hpp"

namespace convoke::ledger::sqlite {
namespace {

std::unexpected<error> out_of_turn(const char* what) {
  return fail(errc::internal, std::string("a plan was asked to ") + what + " out of turn");
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
  if (!found) return fail(errc::usage, "there is no run " + std::to_string(planned) + " in this ledger; `convoke runs` lists them");
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
  return intake_->read_stored();
}

void plan::start(run_id run) {
  run_ = run;
  keyed_.emplace(folder_, sort_budget);
  matched_.emplace(folder_, sort_budget);
  intake_.emplace(db_, run_, header_.lanes, *keyed_, *matched_, organizers_);
  stage_ = stage::taking_in;
}

void plan::insert_run() {
  const auto& h = header_;
  statement insert(
      db_,
      "INSERT INTO run(id, identity, state, input_name, input_sha256, settings, dialect, header, tzdata_version, convoke_version, "
      "drift_fails, planned_at) VALUES(?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert
      .with(run_, h.identity, h.input_name, h.input_sha256, h.settings, h.dialect, h.header, h.tzdata_version, h.convoke_version,
            h.drift_fails, to_stored(wall_now()))
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
  if (stage_ != stage::taking_in) return out_of_turn("take rows");
  if (auto added = intake_->add(row); !added) return added;
  return db_.status();
}

result<plan_summary> plan::classify() {
  if (stage_ != stage::taking_in) return out_of_turn("classify");
  statement rows(db_, "UPDATE run SET rows = ? WHERE id = ?");
  rows.with(intake_->rows(), run_).run();
  // What follows is undone when the plan stays closed, down to here: the run and its records.
  db_.exec("SAVEPOINT decisions");
  if (auto decided = decide(); !decided) return std::unexpected(decided.error());
  stage_ = stage::classified;
  return summary_;
}

result<void> plan::decide() {
  store_organizers();
  known_rows known(folder_, sort_budget);
  matcher match(db_, known, *matched_, groups_);
  if (auto done = match.match(*keyed_); !done) return done;
  keyed_.reset();
  judge judging(db_, run_, groups_);
  if (auto done = judging.rule(known, *matched_); !done) return done;
  call_rows calls(folder_, sort_budget);
  decider decider(db_, run_, groups_, organizers_, outcomes_, summary_);
  if (auto done = decider.decide(*matched_, calls); !done) return done;
  matched_.reset();
  takeover others(db_, run_, groups_, summary_);
  const auto inherited = others.look();
  if (!inherited) return std::unexpected(inherited.error());
  call_writer writer(db_, run_, folder_);
  if (auto done = writer.write(calls, *inherited); !done) return done;
  list_organizers();
  return others.find_vanished(header_);
}

void plan::store_organizers() {
  statement insert(db_, "INSERT OR IGNORE INTO organizer(lane, object_id) SELECT lane, ?3 FROM run_lane WHERE run = ?1 AND position = ?2");
  statement find(db_,
                 "SELECT o.id FROM organizer o JOIN run_lane r ON r.lane = o.lane WHERE r.run = ? AND r.position = ? AND o.object_id = ?");
  for (auto& o : organizers_.entries()) {
    insert.with(run_, o.lane, o.object_id).run();
    if (find.with(run_, o.lane, o.object_id).step()) o.stored = find.as<organizer_id>(0);
    find.reset();
  }
}

void plan::list_organizers() {
  statement made(db_, find_made);
  const auto now = wall_now();
  for (const auto& o : organizers_.entries()) {
    if (o.calls == 0) continue;
    summary_.organizers.push_back({.organizer = o.object_id, .calls = o.calls, .new_keys = o.fresh});
    if (o.fresh > 0) summary_.organizers.back().made_this_month = made_in_month(made, o.stored, now);
  }
}

result<void> plan::for_each_rejected(std::uint32_t line, const std::function<bool(std::uint32_t, std::string_view, std::string_view)>& f) {
  if (stage_ != stage::classified && stage_ != stage::committed) return out_of_turn("list rejected rows");
  if (summary_.rejected == 0) return {};
  statement rows(db_,
                 "SELECT o.id, r.raw, coalesce(o.error_message, r.error) FROM outcome o JOIN record r ON r.id = o.id "
                 "WHERE o.id BETWEEN ? AND ? AND o.outcome = 7 ORDER BY o.id");
  const auto after = line == 0 ? first_row(run_) : make_row(run_, line) + 1;
  for (rows.with(after, last_row(run_)); rows.step();) {
    if (!f(line_of(rows.as<row_id>(0)), rows.text(1), rows.text(2))) break;
  }
  rows.reset();
  return db_.status();
}

result<run_id> plan::commit(bool open) {
  if (stage_ != stage::classified) return out_of_turn("commit");
  auto done = open ? commit_open() : commit_planned();
  if (done) stage_ = stage::committed;
  return done;
}

// Which run is the later one must not hang on a clock that was put back: never before the last that was opened.
utc_time plan::opening_time() {
  statement last(db_, "SELECT max(opened_at) FROM run");
  const auto known = last.with().step() && !last.null(0) ? std::optional(from_stored(last.integer(0))) : std::nullopt;
  return known ? std::max(wall_now(), *known + ticks(1)) : wall_now();
}

result<run_id> plan::commit_open() {
  const auto now = opening_time();
  plan_summary unused;
  takeover others(db_, run_, groups_, unused);
  if (auto over = others.supersede(outcomes_, now); !over) return std::unexpected(over.error());
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
    const std::pair<outcome, std::uint64_t> counts[] = {
        {outcome::unchanged, summary_.unchanged}, {outcome::drifted, summary_.drifted}, {outcome::rejected, summary_.rejected}};
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
  const bool under_way = stage_ == stage::taking_in || stage_ == stage::classified;
  if (under_way && db_.in_transaction()) db_.exec("ROLLBACK");
  stage_ = stage::committed;
}

}  // namespace convoke::ledger::sqlite
