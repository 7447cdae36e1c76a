#include "simulation/fleet/worker.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace convoke::simulation::fleet {

using namespace std::chrono_literals;

class worker::timer_of_worker final : public run::timer {
 public:
  timer_of_worker(worker& of, std::function<void()> handler) : of_(of), handler_(std::move(handler)) {}
  ~timer_of_worker() override { *generation_ = 0; }
  timer_of_worker(const timer_of_worker&) = delete;
  timer_of_worker& operator=(const timer_of_worker&) = delete;
  void expire_at(mono_time when) override {
    const auto mine = *generation_ = ++last_;
    of_.at(when, [this, mine, latest = generation_] {
      if (*latest == mine) handler_();
    });
  }
  void cancel() noexcept override { *generation_ = 0; }

 private:
  worker& of_;
  std::function<void()> handler_;
  std::uint64_t last_ = 0;
  std::shared_ptr<std::uint64_t> generation_ = std::make_shared<std::uint64_t>(0);  // 0: none, also after its end
};

class worker::clock_of_worker final : public run::clock {
 public:
  explicit clock_of_worker(worker& of) noexcept : of_(of) {}
  [[nodiscard]] mono_time now() const noexcept override { return of_.now(); }
  [[nodiscard]] utc_time wall_now() const noexcept override { return of_.wall(); }
  [[nodiscard]] std::unique_ptr<run::timer> make_timer(std::function<void()> handler) override {
    return std::make_unique<timer_of_worker>(of_, std::move(handler));
  }

 private:
  worker& of_;
};

worker::worker(const surroundings& with, unsigned number)
    : with_(with), number_(number), random_(with.s.job.seed, 100 + number), wall_offset_(random_.between(-with.s.skew, with.s.skew)) {
  fresh_.resize(with_.db.organizers());
  stale_.resize(with_.db.organizers());
  checker_ = std::make_unique<checker>(with_.s.job, *this, now());
}

worker::~worker() = default;

// In this process: not after its end, and not while it is stopped.
void worker::at(mono_time when, std::function<void()> what) {
  with_.time.at(when, [this, mine = incarnation_, moved = std::move(what)] {
    if (mine != incarnation_) return;
    if (stopped_) {
      deferred_.push_back(moved);
    } else {
      moved();
    }
  });
}

row_facts worker::at(std::size_t index) const {
  const auto& r = with_.db.rows()[index];
  row_facts out{r.key, r.organizer, r.lane, r.op, r.update, r.advances, lost_.contains(index)};
  if (const auto found = rows_.find(index); found != rows_.end()) {
    out.op = found->second.op;
    out.advances = found->second.advances;
  }
  return out;
}

// ---- its life

void worker::start() {
  ++incarnation_;
  starting_ = true;
  store_ = std::make_unique<sim_store>(database_link{with_.time, with_.db, with_.watch, random_, with_.s}, *this, number_);
  clock_ = std::make_unique<clock_of_worker>(*this);
  log("starts");
  const auto asked = now();
  store_->begin([this, asked](std::optional<database::joined> joined) {
    starting_ = false;
    if (!joined) {
      log("cannot reach the database, and ends");
      return end(false);
    }
    // The lease counts from when it was requested.
    joined->shared.left -= now() - asked;
    begin(std::move(*joined));
  });
}

std::vector<engine::lane_setup> worker::setups(const database::joined& with) const {
  std::vector<engine::lane_setup> out;
  for (lane_id l = 0; l < with_.db.lanes(); ++l) {
    engine::lane_setup setup{.lane = l, .organizers = with.rows.organizers[l], .cooldowns = {}};
    for (const auto& c : with.cooldowns)
      if (c.lane == l) setup.cooldowns.push_back({c.organizer, c.until});
    if (with.learnt[l]) setup.learnt = engine::remembered_pace{*with.learnt[l], 1min};
    out.push_back(std::move(setup));
  }
  return out;
}

void worker::begin(database::joined with) {
  with_.watch.process_begins(number_);
  log(fmt::format("has session {:x}", with.session.id));
  drained_ = draining_ = over_ = session_over_ = commit_scheduled_ = committing_ = false;
  rows_.clear();
  lost_.clear();
  known_.clear();
  jobs_.clear();
  std::ranges::fill(fresh_, 0);
  std::ranges::fill(stale_, 0);
  held_elsewhere_ = std::accumulate(with.rows.held_elsewhere.begin(), with.rows.held_elsewhere.end(), std::uint64_t{0});
  for (const auto& lane : with.rows.organizers)
    for (const auto& o : lane) {
      fresh_[o.organizer] = o.fresh;
      stale_[o.organizer] = o.stale;
    }
  checker_->process_ends(checker::stop_kind::rollback, now());  // what an earlier process knew is not this one's
  checker_->process_starts(now());
  for (const auto& c : with.cooldowns) checker_->cooldown_known(c.lane, c.organizer, c.until);
  auto settings = with_.s.job.engine;
  settings.shared = true;
  settings.follow = with_.s.follow;
  settings.seed = with_.s.job.seed + number_ * 1000 + incarnation_;
  if (!holds(guarantee::margin_kept)) settings.lease_margin = 0s;
  lanes_.clear();
  lanes_.resize(with_.db.lanes());
  engine_ = std::make_unique<engine::engine>(settings, setups(with), now());
  opened_ = {};
  opened_.lease = with.session.id;
  opened_.info.header.lanes.resize(with_.db.lanes());
  opened_.shared = store_->in_words_of_ledger(with.shared);
  keeper_ = std::make_unique<run::lease_keeper>(
      run::lease_keeper::parts{.io = with_.io, .time = *clock_, .store = *store_, .informs = *engine_}, opened_, now(),
      settings.max_cooldown,
      run::lease_keeper::events{.holds_nothing = [this] { return holds_nothing(); },
                                .surveyed = [this](const convoke::ledger::rows_in_store& rows) { found(rows); },
                                .changed = [this] { pump(); },
                                .ended = [this](const error& why) { storage_failed(why); },
                                .note = [this](const std::string& line) { log(line); }});
  keeper_->start();
  for (lane_id l = 0; l < lanes_.size(); ++l) open_connections(l);
  pump();
}

// The process ends by itself. Its last commits have been made.
void worker::end(bool leave) {
  const auto over = [this] {
    log("has ended");
    ++incarnation_;
    engine_.reset();
  };
  if (keeper_) keeper_->stop();
  // It may be the one that calls this.
  stopped_keeper_ = std::move(keeper_);
  if (!leave) return over();
  store_->end(over);
}

void worker::kill() {
  if (!running()) return;
  log("is killed");
  // What was sent goes on at the service, which notices within an attempt timeout that the caller has ended.
  ++incarnation_;
  starting_ = stopped_ = false;
  deferred_.clear();
  keeper_.reset();
  engine_.reset();
  come_back_ = mono_time::min();
}

void worker::stop_for(nanoseconds duration) {
  if (!running() || stopped_) return;
  log(fmt::format("is stopped for {:.1f} s", in_seconds(duration)));
  stopped_ = true;
  with_.time.in(duration, [this, mine = incarnation_] {
    if (mine == incarnation_ && stopped_) heal();
  });
}

void worker::heal() {
  database_cut_ = service_cut_ = false;
  if (!std::exchange(stopped_, false)) return;
  log("goes on");
  with_.watch.resumed(number_);
  // Of what waited for it, the engine's timer may come first or anything else.
  const bool timer_first = random_.chance(0.5);
  for (auto& what : std::exchange(deferred_, {})) at(now() + (timer_first ? 1us : 0us), std::move(what));
  at(now(), [this] {
    if (!engine_ || over_) return;
    engine_->tick(now());
    pump();
  });
}

void worker::drain() {
  if (!engine_ || over_ || stopped_ || draining_) return;
  log("is asked to stop");
  draining_ = true;
  checker_->stop_requested();
  engine_->stop(engine::stop_reason::interrupted, now());
  pump();
}

}  // namespace convoke::simulation::fleet
