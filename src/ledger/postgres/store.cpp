#include "ledger/postgres/store.hpp"

#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

#include "ledger/postgres/exchange.hpp"
#include "ledger/postgres/group_jobs.hpp"
#include "ledger/postgres/housekeeping.hpp"
#include "ledger/postgres/no_ledger.hpp"
#include "ledger/postgres/reader.hpp"
#include "ledger/postgres/runs.hpp"
#include "ledger/postgres/schema.hpp"
#include "ledger/postgres/users.hpp"
#include "ledger/session_lanes.hpp"
#include "ledger/temp_file.hpp"

namespace convoke::ledger::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::chrono::minutes longest_statement{5};  // claims and writes wait while another process classifies a plan
constexpr seconds patience_to_open{5};
// A group that takes longer than the lease is of no use: its rows are another worker's by then.
constexpr auto patience_to_write = lease_time - seconds(5);
// Except where it waits for the plan of another process, while its lease is renewed.
constexpr std::chrono::minutes patience_for_locks{5};
constexpr std::string_view lock_not_available = "55P03";
constexpr seconds patience_to_close{5};

template <class T>
outcome_of<result<T>> as_result(outcome_of<T> found) {
  if (!found) return std::unexpected(std::move(found.error()));
  if constexpr (std::is_void_v<T>)
    return result<void>();
  else
    return result<T>(std::move(*found));
}
constexpr std::chrono::hours patience_to_prune{1};  // a large run, behind a plan of another process
constexpr seconds patience_to_renew{5};             // for each of two attempts
constexpr milliseconds renewal_timeout{8'000};      // of a statement
constexpr milliseconds pause_before_again{20};      // after a deadlock, for example; doubled up to a second

bool worth_another_attempt(fault kind) {
  return kind == fault::lost || kind == fault::again || kind == fault::read_only;
}

// While it exists, what is under way can be interrupted.
class interruptible_now {
 public:
  explicit interruptible_now(std::atomic<bool>& flag) : flag_(flag) { flag_ = true; }
  ~interruptible_now() { flag_ = false; }
  interruptible_now(const interruptible_now&) = delete;
  interruptible_now& operator=(const interruptible_now&) = delete;

 private:
  std::atomic<bool>& flag_;
};

}  // namespace

class postgres_store::planning_core final : public plan_core {
 public:
  planning_core(postgres_store& store, connection& db)
      : made(store.work_, db, {.folder = store.folder_, .shown = store.shown_, .rehearsal = store.rehearsal_}), store_(store) {}
  result<void> add(const planned_row& row) override { return made.add(row); }
  result<std::uint64_t> add_inventory(utc_time now) override {
    const interruptible_now soon(store_.interruptible_);
    return made.add_inventory(now);
  }
  result<plan_summary> classify(utc_time now) override {
    const interruptible_now soon(store_.interruptible_);
    return made.classify(now);
  }
  result<void> for_each_rejected(std::uint32_t after, const std::function<bool(const rejected_row&)>& f) override {
    return made.for_each_rejected(after, f);
  }
  result<run_id> commit(bool open) override { return made.commit(open); }

  plan made;

 private:
  postgres_store& store_;
};

// ---- opening and closing

postgres_store::postgres_store(const open_options& options)
    : url_(options.path),
      shown_(shown_ledger(options.path)),
      program_version_(options.program_version),
      interrupted_(options.interrupted),
      create_(options.create),
      rehearsal_(options.rehearsal),
      work_({.url = options.path,
             .application_name = "convoke",
             .statement_timeout = longest_statement,
             .interrupted = [this] { return interruptible_.load() && interrupted_(); }}),
      renewals_({.url = options.path,
                 .application_name = "convoke leases",
                 .connect_timeout = patience_to_renew,
                 .statement_timeout = renewal_timeout}) {}

result<std::unique_ptr<postgres_store>> postgres_store::open(const open_options& options) {
  auto folder = scratch_folder();
  if (!folder) return std::unexpected(std::move(folder.error()));
  std::unique_ptr<postgres_store> made(new postgres_store(options));
  made->folder_ = std::move(*folder);
  if (auto ready = made->prepare(); !ready) return std::unexpected(std::move(ready.error()));
  made->start_threads(options);
  return made;
}

result<void> postgres_store::prepare() {
  const interruptible_now soon(interruptible_);
  return persist<void>(work_, patience_to_open, [this](connection& db) -> outcome_of<result<void>> {
    if (rehearsal_) {
      auto there = db.run("SELECT to_regclass('convoke.meta') IS NULL");
      if (!there) return std::unexpected(std::move(there.error()));
      missing_ = there->integer(0, 0) != 0;
    }
    auto done = prepare_schema(
        db, {.program_version = program_version_, .shown = shown_, .create = create_ || rehearsal_, .temporary = rehearsal_});
    if (rehearsal_) db.roll_back();  // it is made again for each plan
    return done;
  });
}

void postgres_store::start_threads(const open_options& options) {
  worker_ =
      std::make_unique<worker>(worker::transaction{.begin = [this] { return begin_group(); }, .commit = [this] { return commit_group(); }},
                               group_limits{.rows = options.group_rows, .interval = options.group_interval});
  renewer_ = std::make_unique<worker>(worker::transaction{.begin = [] { return result<void>(); }, .commit = [] { return result<void>(); }},
                                      group_limits{});
}

// After everything that is queued. What fails here ends with the lease.
postgres_store::~postgres_store() {
  renewer_.reset();
  if (!worker_) return;
  worker_->call([this] {
    if (rehearsal_ || planning_) return;
    if (sessions_.all().empty() && !memory_.pending()) return;
    std::ignore = persist<void>(work_, patience_to_close, [this](connection& db) -> outcome_of<result<void>> {
      auto done = memory_.pending() ? memory_.write(db) : outcome_of<void>();
      if (done) done = session_writer_.leave_all(db);
      if (!done) return std::unexpected(std::move(done.error()));
      return result<void>();
    });
  });
  worker_.reset();
}

// ---- attempts

template <class T>
result<T> postgres_store::persist(connector& on, clock::duration patience, const std::function<outcome_of<result<T>>(connection&)>& f) {
  const auto began = clock::now();
  auto give_up = began + patience;
  for (auto pause = pause_before_again;; pause = std::min(2 * pause, milliseconds(1'000))) {
    auto db = on.get(give_up);
    if (!db) return std::unexpected(db.error().to_error());
    auto answer = f(**db);
    if (answer) return std::move(*answer);
    (*db)->roll_back();
    const auto& why = answer.error();
    if (why.state == lock_not_available) give_up = std::max(give_up, began + patience_for_locks);
    if (!worth_another_attempt(why.kind) || clock::now() + pause >= give_up) return std::unexpected(why.to_error());
    if (why.kind == fault::read_only) on.drop();  // another host may take writes
    std::this_thread::sleep_for(pause);
  }
}

template <class T>
result<T> postgres_store::at_work(const std::function<outcome_of<result<T>>(connection&)>& f) {
  result<T> answer;
  worker_->call([&] {
    if (auto free = begin_group(); !free) {
      answer = std::unexpected(std::move(free.error()));
    } else {
      answer = persist<T>(work_, patience_to_write, f);
    }
  });
  return answer;
}

template <class T>
result<T> postgres_store::change(const std::function<outcome_of<result<T>>(connection&)>& f) {
  return at_work<T>([&](connection& db) -> outcome_of<result<T>> {
    if (auto begun = db.begin(); !begun) return std::unexpected(std::move(begun.error()));
    auto answer = f(db);
    if (!answer) return answer;
    if (!*answer) {
      db.roll_back();
      return answer;
    }
    if (auto done = db.commit(); !done) return std::unexpected(std::move(done.error()));
    return answer;
  });
}

result<void> postgres_store::begin_group() {
  group_ = {};
  if (planning_) return fail(errc::internal, "a plan is under way on this ledger; commit or drop it first");
  return {};
}

result<void> postgres_store::commit_group() {
  return persist<void>(work_, patience_to_write, [this](connection& db) -> outcome_of<result<void>> {
    auto done = writer_.commit(db, group_);
    if (!done) return std::unexpected(std::move(done.error()));
    return result<void>();
  });
}

// ---- planning and housekeeping

result<std::unique_ptr<plan_builder>> postgres_store::begin_planning(const std::function<result<void>(plan&)>& begin) {
  result<std::unique_ptr<plan_builder>> answer;
  worker_->call([&] {
    const interruptible_now soon(interruptible_);
    if (auto free = begin_group(); !free) {
      answer = std::unexpected(std::move(free.error()));
      return;
    }
    const auto begun = persist<void>(work_, patience_to_open, [&](connection& db) -> outcome_of<result<void>> {
      if (rehearsal_) {
        auto made = prepare_schema(db, {.program_version = program_version_, .shown = shown_, .temporary = true});
        if (!made || !*made) return made;
      }
      auto core = std::make_unique<planning_core>(*this, db);
      auto ready = begin(core->made);
      if (!ready && !db.usable()) return std::unexpected(failure{.kind = fault::lost, .state = {}, .message = ready.error().message});
      if (ready) answer = std::make_unique<queued_plan_builder>(*worker_, std::move(core), [this] { planning_ = false; });
      return ready;
    });
    if (!begun) {
      answer = std::unexpected(begun.error());
      return;
    }
    planning_ = true;
  });
  return answer;
}

result<std::unique_ptr<plan_builder>> postgres_store::begin_plan(const run_header& header) {
  return begin_planning([&](plan& p) { return p.begin(header); });
}

result<std::unique_ptr<plan_builder>> postgres_store::begin_open(run_id planned) {
  return begin_planning([&](plan& p) { return p.begin_stored(planned); });
}

result<void> postgres_store::discard(run_id id) {
  return change<void>([&](connection& db) { return discard_run(db, id); });
}

result<void> postgres_store::prune(unsigned keep) {
  const auto stopped = [this]() -> result<void> {
    if (interrupted_()) return fail(errc::interrupted, "Interrupted before the ledger " + shown_ + " was changed.");
    return {};
  };
  if (auto go_on = stopped(); !go_on) return go_on;
  const interruptible_now soon(interruptible_);
  const auto old = change<std::vector<run_id>>([&](connection& db) { return runs_to_prune(db, keep); });
  if (!old) return std::unexpected(old.error());
  // A commit each: pruning many runs must not hold locks for long.
  for (const auto id : *old) {
    if (auto go_on = stopped(); !go_on) return go_on;
    const auto done = change<void>([&](connection& db) {
      db.set_statement_timeout(patience_to_prune);
      auto pruned = prune_run(db, id);
      db.set_statement_timeout(work_.options().statement_timeout);
      return pruned;
    });
    if (!done) return done;
  }
  return {};
}

// ---- sessions

result<opened_run> postgres_store::resume(run_id id) {
  return join({.run = id, .lanes = {}});
}

result<opened_run> postgres_store::join(const session_request& wanted) {
  const auto id = random_token();
  return at_work<opened_run>([&](connection& db) -> outcome_of<result<opened_run>> {
    run_info info;
    if (wanted.run != all_runs) {
      auto found = find_run(db, wanted.run);
      if (!found) return std::unexpected(std::move(found.error()));
      if (!*found) return result<opened_run>(no_such_run(wanted.run));
      info = std::move((*found)->info);
      if (info.state != run_state::open && info.state != run_state::finished) {
        return result<opened_run>(fail(errc::usage, "run " + std::to_string(wanted.run) + " is " + std::string(to_string(info.state)) +
                                                        "; only an open run can be carried out"));
      }
      if (const auto lanes = take_session_lanes(info, wanted.lanes); !lanes) return result<opened_run>(std::unexpected(lanes.error()));
    }
    return as_result(session_writer_.join(db, wanted, std::move(info), id));
  });
}

void postgres_store::renew(renewal_request wanted, renewed_handler done) {
  renewer_->post([this, asked = std::move(wanted), answer = std::move(done)] {
    const auto attempt = [&]() -> outcome_of<result<renewal>> {
      auto db = renewals_.get(clock::now() + patience_to_renew);
      if (!db) return std::unexpected(std::move(db.error()));
      return postgres::renew(**db, sessions_, asked);
    };
    auto renewed = attempt();
    if (!renewed && worth_another_attempt(renewed.error().kind)) {
      renewals_.drop();
      renewed = attempt();
    }
    answer(renewed ? std::move(*renewed) : result<renewal>(std::unexpected(renewed.error().to_error())));
  });
}

void postgres_store::survey(lease_token lease, surveyed_handler done) {
  worker_->post([this, lease, answer = std::move(done)] {
    if (auto free = begin_group(); !free) return answer(std::unexpected(std::move(free.error())));
    answer(persist<rows_in_store>(work_, patience_to_write, [&](connection& db) { return session_writer_.survey(db, lease); }));
  });
}

result<void> postgres_store::leave(lease_token lease) {
  return at_work<void>([&](connection& db) -> outcome_of<result<void>> { return as_result(session_writer_.leave(db, lease)); });
}

// ---- runs under way

void postgres_store::claim(claim_request wanted, claimed_handler done) {
  worker_->post(std::make_unique<claim_job>(group_, std::move(wanted), std::move(done)));
}

void postgres_store::write(row_writes rows, committed_handler done) {
  worker_->post(std::make_unique<write_job>(group_, std::move(rows), std::move(done)));
}

void postgres_store::close_organizer(close_request closing, closed_handler done) {
  worker_->post(std::make_unique<close_job>(group_, std::move(closing), std::move(done)));
}

void postgres_store::save_cooldown(run_id run, lane_id lane, std::optional<organizer_id> organizer, utc_time until) {
  worker_->post(std::make_unique<cooldown_job>(group_, group::cooling{.run = run, .lane = lane, .organizer = organizer, .until = until}));
}

void postgres_store::save_app_cooldown(run_id run, lane_id lane, utc_time until) {
  worker_->post(std::make_unique<cooldown_job>(group_, group::cooling{.run = run, .lane = lane, .until = until, .app = true}));
}

void postgres_store::forget_cooldown(run_id run, lane_id lane, std::optional<organizer_id> organizer) {
  worker_->post(std::make_unique<cooldown_job>(group_, group::cooling{.run = run, .lane = lane, .organizer = organizer, .until = {}}));
}

result<std::uint64_t> postgres_store::forget_cooldowns(const lane_name& lane) {
  return change<std::uint64_t>(
      [&](connection& db) -> outcome_of<result<std::uint64_t>> { return as_result(postgres::forget_cooldowns(db, lane)); });
}

void postgres_store::save_pace(run_id run, lane_id lane, const lane_pace& pace, utc_time when) {
  memory_.learnt(run, lane, pace, when);
}

result<remembered_users> postgres_store::users(const lane_name& lane, utc_time now) {
  return at_work<remembered_users>(
      [&](connection& db) -> outcome_of<result<remembered_users>> { return as_result(read_users(db, lane, now)); });
}

result<void> postgres_store::save_users(const lane_name& lane, const learnt_users& what, utc_time now) {
  if (rehearsal_) return {};
  return change<void>([&](connection& db) -> outcome_of<result<void>> { return as_result(write_users(db, lane, what, now)); });
}

result<run_state> postgres_store::finish_run(run_id id) {
  return at_work<run_state>([&](connection& db) { return writer_.finish_run(db, id); });
}

std::unique_ptr<reader> postgres_store::read() {
  if (missing_) return std::make_unique<no_ledger_reader>();
  return std::make_unique<postgres_reader>(url_);
}

}  // namespace convoke::ledger::postgres

namespace convoke::ledger {

result<std::unique_ptr<store>> open_postgres(const open_options& options) {
  auto made = postgres::postgres_store::open(options);
  if (!made) return std::unexpected(made.error());
  return std::unique_ptr<store>(std::move(*made));
}

}  // namespace convoke::ledger
