// The events of the world, and the start and end of its processes.

#include "simulation/world.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace convoke::simulation {

using namespace std::chrono_literals;

namespace {

constexpr auto longest_job = std::chrono::days(4);
constexpr std::uint64_t most_events = 20'000'000;

// The world begins at a random time of day, so that the windows of the service do not begin together with it.
mono_time some_time(std::uint64_t seed) {
  return mono_time(1h) + random_source(seed, 7).upto(1000s);
}

std::vector<lane_id> lanes_of_organizers(const scenario& s) {
  std::vector<lane_id> lanes(s.organizers);
  for (unsigned o = 0; o < s.organizers; ++o) lanes[o] = static_cast<lane_id>(o % s.lanes);
  return lanes;
}

}  // namespace

std::string organizer_guid(std::uint64_t seed, std::uint32_t n) {
  return fmt::format("{:08x}-0000-4000-8000-{:012x}", seed & 0xffffffffU, n);
}

world::world(scenario s, tracer trace, event_log log)
    : scenario_(std::move(s)),
      trace_(std::move(trace)),
      log_(std::move(log)),
      random_(scenario_.seed, 1),
      network_random_(scenario_.seed, 2),
      start_(some_time(scenario_.seed)),
      now_(start_),
      ledger_(lanes_of_organizers(scenario_)) {
  scenario_.engine.seed = scenario_.seed;
  // Half an hour before: meetings that exist before the job are made then.
  now_ -= 30min;
  make_lanes();
  make_plan();
  now_ = start_;
  checker_ = std::make_unique<checker>(scenario_, ledger_, now_);
  schedule_the_world();
}

world::~world() = default;

void world::make_lanes() {
  lanes_.resize(scenario_.lanes);
  for (lane_id l = 0; l < scenario_.lanes; ++l) {
    auto& one = lanes_[l];
    one.tenant = fmt::format("7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a{:03x}", l + 1);
    one.app = fmt::format("2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c{:03x}", scenario_.one_app ? 2 : l + 2);
    auto how = scenario_.last_service && l + 1U == scenario_.lanes ? *scenario_.last_service : scenario_.service;
    how.seed = scenario_.seed + l;
    how.kept_calls = 0;
    one.service = std::make_unique<sim::service>(how, sim::identity{one.tenant, one.app, secret("simulated"), {graph_root}},
                                                 scenario_.seed + l, true_time());
  }
}

sim::moment world::true_time() const noexcept {
  constexpr auto begin = utc_time(std::chrono::sys_days(std::chrono::year(2026) / 8 / 31));
  return {now_, begin + std::chrono::floor<ticks>(now_.time_since_epoch())};
}

const engine::lane_settings& world::settings_of(lane_id l) const noexcept {
  return scenario_.own && l + 1U == scenario_.lanes ? *scenario_.own : scenario_.engine;
}

std::uint64_t world::at(mono_time when, event_kind what, std::uint32_t who, lane_id lane, bool of_process) {
  events_.push({when, ++order_, what, of_process ? process_ : std::uint16_t{0}, lane, who});
  return order_;
}

void world::schedule_the_world() {
  for (std::uint32_t i = 0; i < scenario_.changes.size(); ++i) of_world(start_ + scenario_.changes[i].at, event_kind::limits, i);
  for (unsigned i = 0; i < scenario_.wall_jumps; ++i) of_world(now_ + random_.upto(scenario_.life * 3), event_kind::wall_jump);
  if (scenario_.ends) of_world(start_ + *scenario_.ends, event_kind::end);
  if (!trace_) return;
  trace_(0, "limit", scenario_.service.throttle.lane.rate);
  of_world(now_, event_kind::sample);
}

job_result world::run() {
  while (!ledger_.done() && !over_ && checker_->violations().empty()) {
    if (processes_ >= scenario_.most_processes || now_ > start_ + longest_job) {
      violated("the job does not come to its end");
      break;
    }
    start_process();
    drive();
    end_process();
  }
  check_the_end();
  result_.violations = checker_->violations();
  result_.sends = checker_->sends();
  result_.early_by_inference = checker_->early_by_inference();
  for (const auto& l : lanes_) result_.seen.early += l.service->counts().early;
  result_.processes = processes_;
  result_.seconds = since_start(now_);
  result_.seen.began = in_seconds(start_.time_since_epoch());
  result_.learnt = ledger_.pace(0);
  result_.done = ledger_.done();
  return std::move(result_);
}

void world::start_process() {
  ++processes_;
  ++process_;
  if (scenario_.rollbacks > 0 && processes_ == 1) older_copy_ = ledger_;
  ledger_.begin_process();
  checker_->process_starts(now_);
  if (log_) log(fmt::format("process {} starts: {} rows owed", processes_, ledger_.owed()));
  ended_.reset();
  killed_ = commit_scheduled_ = false;
  wake_.reset();
  jobs_.clear();
  changed_.assign(specs_.size(), {});
  std::vector<engine::lane_setup> setups;
  for (lane_id l = 0; l < lanes_.size(); ++l) {
    auto setup = ledger_.setup(l, now_, wall(), settings_of(l).max_cooldown);
    setup.app = scenario_.one_app ? 0 : l;
    if (l > 0 && l + 1U == lanes_.size()) setup.own = scenario_.own;
    setup.learnt = scenario_.learnt;
    if (const auto pace = ledger_.pace(l)) setup.learnt = engine::remembered_pace{*pace, 1min};
    setups.push_back(std::move(setup));
  }
  engine_ = std::make_unique<engine::engine>(scenario_.engine, std::move(setups), now_);
  for (lane_id l = 0; l < lanes_.size(); ++l) start_lane(l);
  schedule_failures();
  pump();
}

void world::start_lane(lane_id l) {
  auto& one = lanes_[l];
  const auto count = std::max(1U, settings_of(l).connections);
  one.pool.emplace(count);
  one.links.assign(count, link());
  one.token = 0;
  one.token_requested = false;
  one.batch_limit = settings_of(l).batch_size;
  for (engine::connection_id c = 0; c < count; ++c) await(l, c, now_, event_kind::turn);
}

void world::schedule_failures() {
  if (scenario_.crashes > 0 && random_.chance(0.5)) {
    --scenario_.crashes;
    in(random_.upto(random_.chance(0.5) ? 2s : scenario_.life), event_kind::kill);
  } else if (scenario_.interrupts > 0) {
    --scenario_.interrupts;
    in(random_.upto(random_.chance(0.5) ? 2s : scenario_.life), event_kind::interrupt);
  }
  for (unsigned i = 0; i < scenario_.take_overs; ++i) in(random_.upto(random_.chance(0.5) ? 2s : scenario_.life), event_kind::take_over);
  // The late writes of a killed process may come at any time, most likely while another one holds its rows.
  const auto timeout = scenario_.engine.attempt_timeout;
  if (!late_.empty()) in(random_.chance(0.5) ? random_.upto(60s) : timeout + random_.upto(4s), event_kind::late_write);
}

void world::drive() {
  while (!ended_ && !killed_ && !over_ && checker_->violations().empty()) {
    const bool asleep = wake_ && (events_.empty() || *wake_ < events_.top().at);
    if (!asleep && events_.empty()) return violated("nothing is going to happen, and the run is not over");
    if (asleep) {
      now_ = *wake_;
      wake_.reset();
      engine_->tick(now_);
      pump();
      continue;
    }
    if (++happened_ > most_events || now_ > start_ + 2 * longest_job) return violated("the job does not come to its end");
    const auto e = events_.top();
    events_.pop();
    now_ = e.at;
    happen(e);
  }
}

void world::happen(const event& e) {
  switch (e.what) {
    case event_kind::arrive:
      return arrive(e.who);
    case event_kind::leave:
      return leave(e.who);
    case event_kind::receive:
      return receive(e.who);
    case event_kind::wall_jump:
      wall_offset_ += std::chrono::duration_cast<ticks>(seconds_of(random_.between(-7200, 7200)));
      return checker_->wall_jumped(now_);
    case event_kind::limits:
      return change_limits(scenario_.changes[e.who]);
    case event_kind::sample:
      return sample();
    case event_kind::end:
      over_ = true;
      return;
    default:
      if (e.process == process_) happen_to_process(e);
  }
}

void world::happen_to_process(const event& e) {
  const auto awaited = [this, &e] { return lanes_[e.lane].links[e.who].awaits == e.order; };
  switch (e.what) {
    case event_kind::turn:
      return awaited() ? take_turn(e.lane, e.who) : void();
    case event_kind::connected:
      return awaited() ? connected(e.lane, e.who) : void();
    case event_kind::idle_check:
      return awaited() ? check_idle(e.lane, e.who) : void();
    case event_kind::server_close:
      // The event may be of an earlier connection with this number: a new one is not affected.
      if (lanes_[e.lane].links[e.who].idle && lanes_[e.lane].links[e.who].reused) lanes_[e.lane].links[e.who].server_closed = true;
      return;
    case event_kind::commit:
      return commit();
    case event_kind::token:
      return token_arrives(e.lane);
    case event_kind::renew:
      return request_token(e.lane, 1ms);
    case event_kind::kill:
      killed_ = true;
      return;
    case event_kind::interrupt:
      checker_->stop_requested();
      engine_->stop(engine::stop_reason::interrupted, now_);
      return pump();
    case event_kind::late_write:
      for (auto& job : late_) ledger_.late_write(std::move(job));
      late_.clear();
      return;
    case event_kind::take_over:
      return take_over();
    default:
      return;
  }
}

void world::change_limits(const limit_change& c) {
  for (const auto& l : lanes_) l.service->change_limits(c.lane, c.organizer);
  if (trace_) trace_(since_start(now_), "limit", c.lane.rate);
}

void world::sample() {
  if (engine_) trace_(since_start(now_), "rate", engine_->numbers().rate);
  of_world(now_ + 100ms, event_kind::sample);
}

// Killed: the jobs that wait for their commit are lost, or they became durable without an acknowledgement, or they are written while
// another process holds their rows.
void world::die() {
  if (random_.chance(0.3)) {
    (void)ledger_.commit(jobs_, now_, wall());
  } else if (random_.chance(0.5)) {
    late_ = std::move(jobs_);
  }
  jobs_.clear();
  // The service continues the calls, and notices within an attempt timeout that the caller has ended.
  for (const auto& c : calls_)
    if (c.awaited > 0 && !c.duplicate && c.process == process_) {
      auto& busy = busy_until_[ledger_.rows()[ledger::index_of(c.row)].key];
      busy = std::min(busy, now_ + settings_of(c.lane).attempt_timeout);
    }
}

void world::end_process() {
  auto how = checker::stop_kind::clean;
  if (log_) log(ended_ ? "ends: " + ended_->detail : killed_ ? "is killed" : "the world ends");
  if (killed_) {
    die();
    how = checker::stop_kind::crash;
  } else if (ended_) {
    checker_->ended(*ended_, now_, engine_->numbers());
    (void)ledger_.commit(jobs_, now_, wall());
    // A run that asks to come back later is started again then; an interrupted one at once.
    if (ended_->reason == engine::stop_reason::deferred || ended_->reason == engine::stop_reason::permission)
      now_ += ended_->come_back.value_or(5s);
    if (ended_->reason == engine::stop_reason::credentials && scenario_.wrong_credentials > 0) --scenario_.wrong_credentials;
  }
  if (older_copy_ && scenario_.rollbacks > 0 && !ledger_.done() && processes_ > 1 && random_.chance(0.5)) {
    --scenario_.rollbacks;
    ledger_ = *std::exchange(older_copy_, std::nullopt);
    late_.clear();
    now_ += 1min;  // calls of the process that ended are over by then
    how = checker::stop_kind::rollback;
  }
  checker_->process_ends(how, now_);
  engine_.reset();
}

}  // namespace convoke::simulation
