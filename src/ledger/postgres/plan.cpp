#include "ledger/postgres/plan.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "ledger/planning/known_meetings.hpp"
#include "ledger/postgres/locks.hpp"
#include "ledger/postgres/runs.hpp"
#include "ledger/stored.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::postgres {
namespace {

using os::wall_now;

// The rows of a page are looked up one by one through indexes. The planner, which knows little of tables that are written in this same
// transaction, can choose to read a whole table for each page: measured with 200,000 keys, that takes 27 times as long.
constexpr const char* settings =
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), "
    "set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)";

constexpr auto longest_wait = std::chrono::hours(1);
constexpr auto wait_for_server = std::chrono::seconds(50);  // after the connection was lost at the end of a plan

std::unexpected<error> wrong_stage(const char* what) {
  return fail(errc::internal, std::string("a plan cannot ") + what + " in its present state");
}

result<void> to_result(const outcome_of<void>& done) {
  if (!done) return std::unexpected(done.error().to_error());
  return {};
}

}  // namespace

result<void> plan::run(const char* sql, const params& values) {
  const auto done = db_.run(sql, values);
  if (!done) return std::unexpected(done.error().to_error());
  return {};
}

result<void> plan::begin_transaction() {
  // Another plan may take long, and so may the claims and writes of others before this one gets its locks.
  db_.set_statement_timeout(longest_wait);
  if (!db_.in_transaction()) {
    if (auto begun = db_.begin(); !begun) return std::unexpected(begun.error().to_error());
  }
  if (auto set = run(settings); !set) return set;
  return to_result(lock(db_, lock_plans));
}

result<void> plan::begin(const run_header& header) {
  if (auto begun = begin_transaction(); !begun) return begun;
  const auto next = db_.run("SELECT coalesce(max(id), 0) + 1 FROM convoke.run");
  if (!next) return std::unexpected(next.error().to_error());
  run_ = next->as<run_id>(0, 0);
  header_ = header;
  if (auto inserted = insert_run(); !inserted) return inserted;
  start(run_);
  return {};
}

result<void> plan::begin_stored(run_id planned) {
  if (auto begun = begin_transaction(); !begun) return begun;
  // No other process opens or discards the run until this plan ends.
  if (auto held = run("SELECT FROM convoke.run WHERE id = $1 FOR UPDATE", params().with(planned)); !held) return held;
  auto found = find_run(db_, planned);
  if (!found) return std::unexpected(found.error().to_error());
  if (!*found) return fail(errc::usage, "there is no run " + std::to_string(planned) + " in this ledger; `convoke runs` lists them");
  auto& info = (*found)->info;
  if (info.state != run_state::planned)
    return fail(errc::usage, "run " + std::to_string(planned) + " is " + std::string(to_string(info.state)) + ", not planned");
  header_ = std::move(info.header);
  stored_ = true;
  // The counts it was planned with were a forecast.
  if (auto forgotten = run("DELETE FROM convoke.tally WHERE run = $1", params().with(planned)); !forgotten) return forgotten;
  start(planned);
  return read_stored();
}

void plan::start(run_id run) {
  run_ = run;
  store_.emplace(db_, run_);
  rows_.emplace(*store_, run_, header_, planning::limits{.folder = options_.folder});
  stage_ = stage::adding_rows;
}

result<void> plan::insert_run() {
  const auto& h = header_;
  planned_at_ = wall_now();
  const auto keep_alive = h.operations.keep_alive ? std::optional(std::int64_t{h.operations.keep_alive->count()}) : std::nullopt;
  const auto inserted = run(
      "INSERT INTO convoke.run(id, identity, state, input_name, input_sha256, settings, dialect, header, tzdata_version, convoke_version, "
      "drift_fails, update_drifted, enforce_roles, planned_at, feed, keep_alive, kind, repair, remove_vanished) VALUES($1, $2, 1, $3, "
      "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
      params()
          .with(run_)
          .with(h.identity)
          .with(h.input_name)
          .with(h.input_sha256)
          .with(h.settings)
          .with(h.dialect)
          .with(h.header)
          .with(h.tzdata_version)
          .with(h.convoke_version)
          .with(h.drift_fails)
          .with(h.operations.update_drifted)
          .with(h.operations.enforce_roles)
          .with(to_stored(planned_at_))
          .with(h.feed)
          .with(keep_alive)
          .with(static_cast<int>(h.kind))
          .with(h.operations.repair)
          .with(h.operations.remove_vanished));
  if (!inserted) return inserted;
  std::vector<std::string_view> roots, tenants, apps;
  for (const auto& [root, tenant, app] : h.lanes) {
    roots.push_back(root);
    tenants.push_back(tenant);
    apps.push_back(app);
  }
  auto names = params().texts(roots).texts(tenants).texts(apps);
  // In one order, so that two processes which add the same lanes do not wait for each other.
  const auto lanes =
      run("INSERT INTO convoke.lane(graph_root, tenant, app) SELECT DISTINCT w.r, w.t, w.a FROM unnest($1, $2, $3) w(r, t, a) "
          "WHERE NOT EXISTS(SELECT FROM convoke.lane l WHERE (l.graph_root, l.tenant, l.app) = (w.r, w.t, w.a)) ORDER BY 1, 2, 3 "
          "ON CONFLICT DO NOTHING",
          names);
  if (!lanes) return lanes;
  return run(
      "INSERT INTO convoke.run_lane(run, position, lane) SELECT $4, w.n - 1, l.id FROM unnest($1, $2, $3) WITH ORDINALITY w(r, t, a, n) "
      "JOIN convoke.lane l ON (l.graph_root, l.tenant, l.app) = (w.r, w.t, w.a)",
      names.with(run_));
}

result<void> plan::add(const planned_row& row) {
  if (stage_ != stage::adding_rows) return wrong_stage("take rows");
  const auto number = numbers_.next(row.line, row.occurrence.has_value());
  if (!number) return std::unexpected(number.error());
  const planning::row_place at{.number = *number, .line = row.line, .lane = row.lane};
  if (!row.error.empty()) {
    const auto present = rows_->hashes_of(row.lane, row.present);
    if (auto added = rows_->add_invalid(at, present); !added) return added;
    return insert_record(*number, row, to_bytes(present), update_rule::never);
  }
  const auto added = rows_->add(at, row.payload, row.update);
  if (!added) return std::unexpected(added.error());
  return insert_record(*number, row, row.payload, *added);
}

result<std::uint64_t> plan::add_inventory(utc_time now) {
  if (stage_ != stage::adding_rows) return wrong_stage("take rows");
  if (header_.kind != run_kind::verify) return fail(errc::usage, "only a run that verifies takes its rows from the inventory");
  return planning::for_each_known_meeting(
      *store_, numbers_, now, [&](std::uint32_t number, const planning::inventory_entry& meeting) -> result<void> {
        const auto added = rows_->add({.number = number, .line = 0, .lane = meeting.lane}, meeting.payload, update_rule::never);
        if (!added) return std::unexpected(added.error());
        return insert_record(number, {.line = 0, .raw = {}, .lane = meeting.lane, .payload = {}, .error = {}}, meeting.payload, *added);
      });
}

result<void> plan::insert_record(std::uint32_t number, const planned_row& row, std::string_view payload, update_rule update) {
  if (row.line != line_ || row.line == 0) first_ = number;
  line_ = row.line;
  stored_record record;
  record.id = make_row(run_, number);
  record.lane = row.lane;
  record.update = update;
  record.occurrence = stored_date(row.occurrence);
  if (!payload.empty()) record.payload = payload;
  if (!row.error.empty()) record.error = row.error;
  if (first_ == number) record.raw = row.raw;
  if (first_ != number) record.first = first_;
  if (number != row.line) record.line = row.line;
  records_.add(std::move(record));
  return records_.full() ? to_result(records_.write(db_)) : result<void>();
}

result<void> plan::read_stored() {
  constexpr auto page =
      "SELECT id, lane, payload, error IS NOT NULL, update_rule, line FROM convoke.record WHERE id > $1 AND id <= $2 ORDER BY id LIMIT 512";
  for (auto last = first_row(run_);;) {
    const auto records = db_.run(page, params().with(last).with(last_row(run_)));
    if (!records) return std::unexpected(records.error().to_error());
    if (records->empty()) return {};
    for (int i = 0; i < records->size(); ++i) {
      if (auto added = add_stored(*records, i); !added) return added;
    }
    last = records->as<row_id>(records->size() - 1, 0);
  }
}

result<void> plan::add_stored(const rows& from, int row) {
  planning::row_place at{.number = number_of(from.as<row_id>(row, 0)), .lane = from.as<lane_id>(row, 1)};
  at.line = from.null(row, 5) ? at.number : from.as<std::uint32_t>(row, 5);
  if (at.lane >= header_.lanes.size())
    return fail(errc::storage, "ledger " + options_.shown + ": a record belongs to a lane that its run does not have");
  if (from.integer(row, 3) != 0) return rows_->add_invalid(at, to_digests(from.text(row, 2)));
  const auto added = rows_->add(at, from.text(row, 2), static_cast<update_rule>(from.integer(row, 4)));
  if (!added) return std::unexpected(added.error());
  return {};
}

result<plan_summary> plan::classify(utc_time now) {
  if (stage_ != stage::adding_rows) return wrong_stage("be classified");
  auto ready = to_result(records_.write(db_));
  if (ready) ready = run("UPDATE convoke.run SET rows = $1 WHERE id = $2", params().with(rows_->rows()).with(run_));
  // From here to the commit no worker claims or writes: what is read of their rows stays so.
  if (ready && !options_.rehearsal) ready = to_result(lock(db_, lock_writes));
  // A plan that is not opened is rolled back to here: only the run and its records stay.
  if (ready) ready = run("SAVEPOINT decisions");
  if (!ready) return std::unexpected(ready.error());
  auto summary = rows_->classify(now);
  if (!summary) return std::unexpected(std::move(summary.error()));
  summary_ = std::move(*summary);
  stage_ = stage::classified;
  return summary_;
}

result<void> plan::for_each_rejected(std::uint32_t after, const std::function<bool(const rejected_row&)>& f) {
  if (stage_ != stage::classified && stage_ != stage::committed) return wrong_stage("list rejected rows");
  if (summary_.rejected == 0) return {};
  constexpr auto page =
      "SELECT o.id, r.line, coalesce(r.raw, f.raw), coalesce(o.error_message, r.error) FROM convoke.outcome o "
      "JOIN convoke.record r ON r.id = o.id LEFT JOIN convoke.record f ON f.id = ($3::bigint << 32 | r.first) "
      "WHERE o.id > $1 AND o.id <= $2 AND o.outcome = 7 ORDER BY o.id LIMIT 256";
  for (auto last = make_row(run_, after);;) {
    auto at = stage_ == stage::committed ? at_.get(std::chrono::steady_clock::now() + wait_for_server) : outcome_of<connection*>(&db_);
    const auto found = at ? (*at)->run(page, params().with(last).with(last_row(run_)).with(run_)) : std::unexpected(at.error());
    if (!found) return std::unexpected(found.error().to_error());
    if (found->empty()) return {};
    for (int i = 0; i < found->size(); ++i) {
      last = found->as<row_id>(i, 0);
      const auto number = number_of(last);
      const auto line = found->null(i, 1) ? number : found->as<std::uint32_t>(i, 1);
      if (!f({.number = number, .line = line, .raw = found->text(i, 2), .why = found->text(i, 3)})) return {};
    }
  }
}

result<run_id> plan::commit(bool open) {
  if (stage_ != stage::classified) return wrong_stage("be committed");
  // On another connection these statements would not belong together.
  if (!db_.in_transaction()) return fail(errc::storage, "ledger " + options_.shown + ": the connection was lost, and the plan with it");
  auto done = open ? prepare_open() : prepare_planned();
  if (done && options_.rehearsal) return run_;
  if (done) done = commit_transaction();
  if (!done) return std::unexpected(done.error());
  stage_ = stage::committed;
  return run_;
}

// Later than the last run that was opened: which of two runs is the later one must not depend on a clock that was set back.
result<utc_time> plan::opening_time() {
  const auto last = db_.run("SELECT max(opened_at) FROM convoke.run");
  if (!last) return std::unexpected(last.error().to_error());
  return last->null(0, 0) ? wall_now() : std::max(wall_now(), from_stored(last->integer(0, 0)) + ticks(1));
}

result<void> plan::prepare_open() {
  const auto now = opening_time();
  if (!now) return std::unexpected(now.error());
  opened_at_ = *now;
  if (auto superseded = rows_->supersede(*now); !superseded) return superseded;
  if (auto counted = store_->write_counts(); !counted) return counted;
  state_ = summary_.calls > 0 ? run_state::open : run_state::finished;
  const auto finished = state_ == run_state::finished ? std::optional(to_stored(*now)) : std::nullopt;
  return run("UPDATE convoke.run SET state = $1, opened_at = $2, finished_at = $3 WHERE id = $4",
             params().with(static_cast<int>(state_)).with(to_stored(*now)).with(finished).with(run_));
}

result<void> plan::prepare_planned() {
  store_->forget_counts();
  if (auto undone = run("ROLLBACK TO SAVEPOINT decisions"); !undone) return undone;
  if (stored_) return {};
  std::vector<std::int64_t> outcomes, counts;
  const std::pair<outcome, std::uint64_t> forecast[] = {{outcome::unchanged, summary_.unchanged},
                                                        {outcome::drifted, summary_.drifted},
                                                        {outcome::rejected, summary_.rejected},
                                                        {outcome::removed, summary_.gone},
                                                        {outcome::failed, summary_.unknown + summary_.other_feed + summary_.left_out}};
  for (const auto& [what, n] : forecast) {
    if (n == 0) continue;
    outcomes.push_back(static_cast<int>(what));
    counts.push_back(static_cast<std::int64_t>(n));
  }
  return run("INSERT INTO convoke.tally(run, outcome, n) SELECT $1, * FROM unnest($2, $3)",
             params().with(run_).integers(outcomes).integers(counts));
}

// A commit whose answer is lost with the connection may have taken effect.
result<void> plan::commit_transaction() {
  // A stored plan stays as it was, with its forecast.
  if (stored_ && state_ == run_state::planned) {
    db_.roll_back();
    return {};
  }
  auto committed = db_.commit();
  if (committed) return {};
  if (committed.error().kind != fault::lost) return std::unexpected(committed.error().to_error());
  const auto give_up = std::chrono::steady_clock::now() + wait_for_server;
  while (true) {
    auto again = at_.get(give_up);
    if (!again) return std::unexpected(again.error().to_error());
    const auto there = took_effect(**again);
    (*again)->roll_back();
    if (there && *there) return {};
    if (there || there.error().kind != fault::lost) return std::unexpected(committed.error().to_error());
  }
}

outcome_of<bool> plan::took_effect(connection& db) {
  if (auto begun = db.begin(); !begun) return std::unexpected(std::move(begun.error()));
  // The lost transaction holds this lock until it has ended, either way.
  if (auto locked = lock(db, lock_plans); !locked) return std::unexpected(std::move(locked.error()));
  auto found = db.run(
      "SELECT count(*) FROM convoke.run WHERE id = $1 AND identity = $2 AND "
      "CASE WHEN $3 THEN opened_at = $4 ELSE planned_at = $5 END",
      params()
          .with(run_)
          .with(header_.identity)
          .with(state_ != run_state::planned)
          .with(to_stored(opened_at_))
          .with(to_stored(planned_at_)));
  if (!found) return std::unexpected(std::move(found.error()));
  return found->integer(0, 0) > 0;
}

void plan::roll_back() noexcept {
  if (stage_ != stage::committed) db_.roll_back();
  db_.set_statement_timeout(at_.options().statement_timeout);
  stage_ = stage::committed;
}

}  // namespace convoke::ledger::postgres
