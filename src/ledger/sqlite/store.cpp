#include "ledger/sqlite/store.hpp"

#include <algorithm>
#include <random>
#include <tuple>
#include <utility>

#include "ledger/sqlite/file_access.hpp"
#include "ledger/sqlite/housekeeping.hpp"
#include "ledger/sqlite/ledger_file.hpp"
#include "ledger/sqlite/reader.hpp"
#include "ledger/sqlite/schema.hpp"
#include "ledger/sqlite/users.hpp"
#include "ledger/temp_file.hpp"

namespace convoke::ledger::sqlite {
namespace {

// Differs from the lease of every session that ever claimed rows of this ledger. Never 0; 63 bits, as SQLite's integers are signed.
lease_token random_lease() {
  std::random_device device;
  return ((std::uint64_t{device()} << 32 | device()) >> 1) | 1;
}

// Makes the file if it does not exist. Returns its true name.
result<std::string> find_or_make(const open_options& options) {
  if (auto permitted = check_access(true_name(options.path), file_use::write); !permitted) return std::unexpected(permitted.error());
  if (!options.create && !exists(options.path)) {
    return fail(errc::storage,
                "there is no ledger at " + shown(options.path) + "; check --ledger, or run `convoke plan` or `convoke apply` first");
  }
  if (options.create) {
    if (auto made = make_private_file(options.path); !made) return std::unexpected(made.error());
  }
  auto path = true_name(options.path);
  if (auto alone = check_writable_alone(path); !alone) return std::unexpected(alone.error());
  return path;
}

}  // namespace

class sqlite_store::planning_core final : public plan_core {
 public:
  explicit planning_core(sqlite_store& store) : made(store.db_, store.runs_, store.folder_), store_(store) {}
  result<void> add(const planned_row& row) override { return made.add(row); }
  result<std::uint64_t> add_inventory(utc_time now) override {
    const connection::interruptible soon(store_.db_, store_.interrupted_);
    return made.add_inventory(now);
  }
  result<plan_summary> classify(utc_time now) override {
    const connection::interruptible soon(store_.db_, store_.interrupted_);
    return made.classify(now);
  }
  result<void> for_each_rejected(std::uint32_t after, const std::function<bool(const rejected_row&)>& f) override {
    return made.for_each_rejected(after, f);
  }
  result<run_id> commit(bool open) override {
    if (auto there = store_.files_still_there(); !there) return std::unexpected(there.error());
    return made.commit(open);
  }

  plan made;

 private:
  sqlite_store& store_;
};

class sqlite_store::claim_job final : public grouped_job {
 public:
  claim_job(sqlite_store& store, claim_request wanted, claimed_handler done)
      : store_(store), wanted_(std::move(wanted)), done_(std::move(done)) {}
  void apply() override { answer_ = store_.writer_.claim(wanted_); }
  void settle(const error* failed) override { done_(failed ? result<claim_answer>(std::unexpected(*failed)) : std::move(answer_)); }
  // Of the rows that were found, whatever was requested.
  std::size_t weight() const noexcept override { return answer_ ? answer_->rows() : 0; }

 private:
  sqlite_store& store_;
  claim_request wanted_;
  claimed_handler done_;
  result<claim_answer> answer_;
};

class sqlite_store::write_job final : public grouped_job {
 public:
  write_job(sqlite_store& store, row_writes rows, committed_handler done) : store_(store), rows_(std::move(rows)), done_(std::move(done)) {}
  void apply() override { store_.writer_.write(rows_, out_); }
  void settle(const error* failed) override {
    if (failed) return done_(std::unexpected(*failed));
    done_(std::move(out_));
  }
  std::size_t weight() const noexcept override { return rows_.size(); }

 private:
  sqlite_store& store_;
  row_writes rows_;
  committed_handler done_;
  committed_rows out_;
};

class sqlite_store::close_job final : public grouped_job {
 public:
  close_job(sqlite_store& store, close_request closing, closed_handler done)
      : store_(store), closing_(std::move(closing)), done_(std::move(done)) {}
  void apply() override { closed_ = store_.writer_.close_organizer(closing_); }
  void settle(const error* failed) override { done_(failed ? result<closed_rows>(std::unexpected(*failed)) : std::move(closed_)); }
  std::size_t weight() const noexcept override { return closed_ ? closed_->calls : 0; }

 private:
  sqlite_store& store_;
  close_request closing_;
  closed_handler done_;
  result<closed_rows> closed_;
};

class sqlite_store::cooldown_job final : public grouped_job {
 public:
  struct scope {
    lane_id lane;
    std::optional<organizer_id> organizer{};
    bool app = false;
  };
  // No `until`: the cooldown is forgotten.
  cooldown_job(sqlite_store& store, run_id run, scope closed, std::optional<utc_time> until)
      : store_(store), run_(run), closed_(closed), until_(until) {}
  void apply() override {
    auto& memory = store_.memory_;
    if (!until_) return memory.forget_cooldown(run_, closed_.lane, closed_.organizer);
    if (closed_.app) return memory.app_cooldown(run_, closed_.lane, *until_);
    memory.cooldown(run_, closed_.lane, closed_.organizer, *until_);
  }
  void settle(const error*) override {}  // a failure stays with the connection: the next job reports it
  std::size_t weight() const noexcept override { return 1; }

 private:
  sqlite_store& store_;
  run_id run_;
  scope closed_;
  std::optional<utc_time> until_;
};

result<std::unique_ptr<sqlite_store>> sqlite_store::open(const open_options& wanted) {
  if (wanted.path.empty()) return fail(errc::usage, "the ledger has no path; use --ledger sqlite:PATH");
  if (wanted.rehearsal) return rehearse(wanted);
  auto path = find_or_make(wanted);
  if (!path) return std::unexpected(path.error());
  auto options = wanted;
  options.path = std::move(*path);
  auto held = lock_file::take(options.path, options.wait_lock, options.program_version, options.interrupted);
  if (!held) return std::unexpected(held.error());
  std::unique_ptr<sqlite_store> made(new sqlite_store(std::move(*held), folder_of(options.path), options.interrupted, false));
  if (auto ready = made->prepare(options); !ready) return std::unexpected(ready.error());
  return made;
}

result<std::unique_ptr<sqlite_store>> sqlite_store::rehearse(const open_options& wanted) {
  auto options = wanted;
  options.path = true_name(wanted.path);
  if (auto permitted = check_access(options.path, file_use::read); !permitted) return std::unexpected(permitted.error());
  if (auto alone = check_writable_alone(options.path); !alone) return std::unexpected(alone.error());
  auto folder = scratch_folder();
  if (!folder) return std::unexpected(folder.error());
  auto held = lock_file::share(options.path, options.wait_lock, options.interrupted);
  if (!held) return std::unexpected(held.error());
  std::unique_ptr<sqlite_store> made(new sqlite_store(std::move(*held), std::move(*folder), options.interrupted, true));
  if (auto ready = made->prepare(options); !ready) return std::unexpected(ready.error());
  return made;
}

sqlite_store::sqlite_store(lock_file lock, std::string folder, std::function<bool()> interrupted, bool rehearsal)
    : folder_(std::move(folder)), interrupted_(std::move(interrupted)), lock_(std::move(lock)), rehearsal_(rehearsal) {}

result<void> sqlite_store::prepare(const open_options& options) {
  // A log alone proves nothing: a reader can have kept the last writer from emptying it. If the lock file is new, nothing is known of that
  // writer.
  const bool unclean =
      lock_.found() == lock_file::before::not_emptied || (lock_.found() == lock_file::before::made && file_size(options.path + "-wal") > 0);
  auto ready = open_and_check(options, unclean);
  // Nothing was written: the next writer finds the ledger as this one did.
  if (!ready && !unclean) lock_.empty_when_unlocked();
  return ready;
}

result<void> sqlite_store::open_and_check(const open_options& options, bool unclean) {
  if (!rehearsal_) protect_companions(options.path);
  const auto mode = rehearsal_ ? connection::mode::rehearsal : connection::mode::read_write;
  if (auto opened = db_.open(options.path, mode); !opened) return opened;
  const auto found = identify(db_);
  if (!found) return std::unexpected(found.error());
  if (auto set = configure_writer(db_); !set) return set;
  {
    const connection::interruptible soon(db_, interrupted_);
    if (auto good = check_pages(db_, unclean); !good) return good;
  }
  if (auto ready = prepare_schema(db_, *found, options.program_version); !ready) return ready;
  watch_.watch(options.path);
  worker_ = std::make_unique<worker>(worker::transaction{.begin = [this] { return begin(); }, .commit = [this] { return commit(false); }},
                                     group_limits{.rows = options.group_rows, .interval = options.group_interval});
  return {};
}

sqlite_store::~sqlite_store() {
  const bool prepared = worker_ != nullptr;  // else the file was refused
  // After everything that is queued. A failure costs no more than a learnt pace.
  if (prepared) worker_->call([this] { write_memory(); });
  worker_.reset();
  if (!prepared || !db_.ok() || rehearsal_) {
    db_.close_without_checkpoint();
    return;
  }
  // Readers can prevent this; the next writer does it then. A reader of ours holds a snapshot for one page at most.
  db_.exec("PRAGMA busy_timeout = 500; PRAGMA wal_checkpoint(TRUNCATE)");
  if (db_.ok()) lock_.empty_when_unlocked();
}

result<void> sqlite_store::begin() {
  if (planning_) return fail(errc::internal, "a plan is under way on this ledger; commit or drop it first");
  db_.exec("BEGIN IMMEDIATE");
  return db_.status();
}

result<void> sqlite_store::commit(bool all) {
  outcomes_.write_counts();
  memory_.write(all);
  if (auto there = files_still_there(); !there) return there;
  db_.exec("COMMIT");
  return db_.status();
}

result<void> sqlite_store::files_still_there() {
  if (!db_.ok() || rehearsal_) return db_.status();
  auto good = watch_.check();
  if (good && !lock_.still_there()) {
    good = fail(errc::storage, "the lock file of ledger " + shown(db_.path()) +
                                   " was removed; another process may use the ledger now. Run the same command again");
  }
  if (!good) db_.fail_with(good.error().message);
  return good;
}

void sqlite_store::write_memory() {
  if (planning_ || !db_.ok() || !memory_.pending()) return;
  const auto begun = begin();
  if (begun) std::ignore = commit(true);
}

template <class T>
result<T> sqlite_store::change(const std::function<result<T>()>& f) {
  result<T> answer;
  worker_->call([&] {
    if (auto begun = begin(); !begun) {
      answer = std::unexpected(begun.error());
      return;
    }
    answer = f();
    if (!answer) {
      db_.exec("ROLLBACK");
      db_.undo_interrupted();
    } else if (auto done = commit(true); !done) {
      answer = std::unexpected(done.error());
    }
  });
  return answer;
}

template <class T>
result<T> sqlite_store::interruptible_change(const std::function<result<T>()>& f) {
  if (interrupted_()) return fail(errc::interrupted, "Interrupted before the ledger " + shown(db_.path()) + " was changed.");
  return change<T>([&]() -> result<T> {
    const connection::interruptible soon(db_, interrupted_);
    return f();
  });
}

result<std::unique_ptr<plan_builder>> sqlite_store::begin_planning(const std::function<result<void>(plan&)>& begin) {
  result<std::unique_ptr<plan_builder>> answer;
  worker_->call([&] {
    if (planning_ || !db_.ok()) {
      answer = planning_ ? fail(errc::internal, "a plan is under way on this ledger") : std::unexpected(db_.failure());
      return;
    }
    auto core = std::make_unique<planning_core>(*this);
    const connection::interruptible soon(db_, interrupted_);
    if (auto begun = begin(core->made); !begun) {
      answer = std::unexpected(begun.error());
      return;
    }
    planning_ = true;
    answer = std::make_unique<queued_plan_builder>(*worker_, std::move(core), [this] { planning_ = false; });
  });
  return answer;
}

result<std::unique_ptr<plan_builder>> sqlite_store::begin_plan(const run_header& header) {
  return begin_planning([&](plan& p) { return p.begin(header); });
}

result<std::unique_ptr<plan_builder>> sqlite_store::begin_open(run_id planned) {
  return begin_planning([&](plan& p) { return p.begin_stored(planned); });
}

result<void> sqlite_store::discard(run_id id) {
  return change<void>([&] { return discard_run(db_, runs_, id); });
}

result<void> sqlite_store::prune(unsigned keep) {
  result<std::vector<run_id>> old = interruptible_change<std::vector<run_id>>([&] { return runs_to_prune(db_, keep); });
  if (!old) return std::unexpected(old.error());
  // A commit each: pruning many runs must not hold a transaction open for long.
  for (const auto id : *old) {
    if (auto done = interruptible_change<void>([&] { return prune_run(db_, id); }); !done) return done;
  }
  return {};
}

result<opened_run> sqlite_store::resume(run_id id) {
  return join({.run = id, .lanes = {}});
}

result<opened_run> sqlite_store::join(const session_request& wanted) {
  if (wanted.run == all_runs) return store::join(wanted);
  return change<opened_run>([&] { return writer_.join(wanted, random_lease()); });
}

void sqlite_store::claim(claim_request wanted, claimed_handler done) {
  worker_->post(std::make_unique<claim_job>(*this, std::move(wanted), std::move(done)));
}

void sqlite_store::write(row_writes rows, committed_handler done) {
  worker_->post(std::make_unique<write_job>(*this, std::move(rows), std::move(done)));
}

void sqlite_store::close_organizer(close_request closing, closed_handler done) {
  worker_->post(std::make_unique<close_job>(*this, std::move(closing), std::move(done)));
}

void sqlite_store::save_cooldown(run_id run, lane_id lane, std::optional<organizer_id> organizer, utc_time until) {
  worker_->post(std::make_unique<cooldown_job>(*this, run, cooldown_job::scope{.lane = lane, .organizer = organizer}, until));
}

void sqlite_store::save_app_cooldown(run_id run, lane_id lane, utc_time until) {
  worker_->post(std::make_unique<cooldown_job>(*this, run, cooldown_job::scope{.lane = lane, .app = true}, until));
}

void sqlite_store::forget_cooldown(run_id run, lane_id lane, std::optional<organizer_id> organizer) {
  worker_->post(std::make_unique<cooldown_job>(*this, run, cooldown_job::scope{.lane = lane, .organizer = organizer}, std::nullopt));
}

result<std::uint64_t> sqlite_store::forget_cooldowns(const lane_name& lane) {
  return change<std::uint64_t>([&] { return sqlite::forget_cooldowns(db_, lane, wall_now()); });
}

void sqlite_store::save_pace(run_id run, lane_id lane, const lane_pace& pace, utc_time when) {
  memory_.learnt(run, lane, pace, when);
}

result<remembered_users> sqlite_store::users(const lane_name& lane, utc_time now) {
  return change<remembered_users>([&] { return read_users(db_, lane, now); });
}

result<void> sqlite_store::save_users(const lane_name& lane, const learnt_users& what, utc_time now) {
  if (rehearsal_) return {};
  return change<void>([&] { return write_users(db_, lane, what, now); });
}

result<run_state> sqlite_store::finish_run(run_id id) {
  return change<run_state>([&] { return writer_.finish_run(id); });
}

std::unique_ptr<reader> sqlite_store::read() {
  return make_reader(db_.path(), rehearsal_);
}

}  // namespace convoke::ledger::sqlite

namespace convoke::ledger {

result<std::unique_ptr<store>> open_sqlite(const open_options& options) {
  auto made = sqlite::sqlite_store::open(options);
  if (!made) return std::unexpected(made.error());
  return std::unique_ptr<store>(std::move(*made));
}

std::vector<std::string> sqlite_exposures(const std::string& path) {
  return sqlite::exposures(path);
}

}  // namespace convoke::ledger
