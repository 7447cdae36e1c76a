#include "simulation/world.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace convoke::simulation {

using namespace std::chrono_literals;

namespace {

constexpr auto tenant = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001";
constexpr auto app = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002";
constexpr auto root = "https://localhost:8443";
constexpr auto longest_job = std::chrono::days(4);
constexpr std::uint64_t most_events = 5'000'000;

// The world begins at some time of some day, so that nothing depends on windows that begin when it does.
mono_time some_time(std::uint64_t seed) {
  return mono_time(1h) + dice(seed, 7).upto(1000s);
}

}  // namespace

std::string organizer_guid(std::uint64_t seed, std::uint32_t n) {
  return fmt::format("{:08x}-0000-4000-8000-{:012x}", seed & 0xffffffffU, n);
}

world::world(plot p, tracer trace, narrator tell)
    : plot_(std::move(p)),
      trace_(std::move(trace)),
      tell_(std::move(tell)),
      dice_(plot_.seed, 1),
      net_dice_(plot_.seed, 2),
      start_(some_time(plot_.seed)),
      now_(start_),
      ledger_(plot_.organizers) {
  plot_.engine.seed = plot_.seed;
  plot_.service.seed = plot_.seed;
  plot_.service.kept_calls = 0;
  // Half an hour before: what was there before the job is put there then.
  now_ -= 30min;
  service_ = std::make_unique<sim::service>(plot_.service, sim::identity{tenant, app, secret("hush"), {root}}, plot_.seed, true_time());
  make_plan();
  now_ = start_;
  referee_ = std::make_unique<referee>(plot_, ledger_, now_);
  schedule_the_world();
}

world::~world() = default;

sim::moment world::true_time() const noexcept {
  constexpr auto begin = utc_time(std::chrono::sys_days(std::chrono::year(2026) / 8 / 31));
  return {now_, begin + std::chrono::floor<ticks>(now_.time_since_epoch())};
}

void world::at(mono_time when, event_kind what, std::uint32_t who, bool of_process) {
  events_.push({when, order_++, what, of_process ? process_ : std::uint16_t{0}, who});
}

void world::make_plan() {
  const auto monday = utc_time(std::chrono::sys_days(std::chrono::year(2026) / 9 / 7)) + 8h;
  const auto keys_before = [this] { return busy_until_.size(); };
  busy_until_.resize(1);  // key 0 is nobody's
  for (unsigned i = 0; i < plot_.rows; ++i) {
    meeting_spec s;
    auto organizer = static_cast<organizer_id>(dice_.chance(plot_.skew) ? 0 : dice_.below(plot_.organizers));
    engine::key_id key = keys_before();
    if (i > 0 && dice_.chance(plot_.shared_keys)) {
      const auto duplicate = dice_.below(i);
      s = specs_[duplicate];
      key = ledger_.rows()[duplicate].key;
      organizer = ledger_.rows()[duplicate].organizer;
    } else {
      busy_until_.push_back(mono_time::min());
      s.organizer = organizer_guid(plot_.seed, organizer);
      s.external_id = fmt::format("Class-{}", i);
      s.subject = fmt::format("Algebra {}", i);
      if (dice_.chance(plot_.refused_rows)) s.subject->append(5000, 'x');
      s.start = monday + std::chrono::minutes(30 * (i % 4000));
      s.end = s.start + 90min;
      if (i % 16 == 3) s.attendees.push_back({attendee_id::upn, "ada@contoso.example", attendee_role::presenter});
    }
    specs_.push_back(std::move(s));
    ledger_.add(key, organizer);
  }
  for (unsigned i = 0; i < plot_.rows; ++i) {
    const bool otherwise = dice_.chance(plot_.drifted);
    if ((otherwise || dice_.chance(plot_.known)) && !make_row_known(i, otherwise)) break;
  }
}

// Somebody made this meeting before. False where the service would not.
bool world::make_row_known(std::size_t index, bool otherwise) {
  if (tokens_.empty()) tokens_.push_back(fetch_token());
  if (tokens_.back().empty()) {
    tokens_.clear();
    return false;
  }
  auto wanted = specs_[index];
  if (otherwise) wanted.subject = "Something else";
  body_.clear();
  wire::append_create_or_get(body_, wanted);
  sim::request q;
  q.method = "POST";
  const auto path = wire::create_or_get_path(wanted.organizer);
  const auto bearer = "Bearer " + tokens_.back();
  q.target = path;
  q.authorization = bearer;
  q.content_type = "application/json";
  q.body = body_;
  q.arrived = now_;
  sim::reply r;
  service_->handle(q, true_time(), r);
  service_->finish(r);
  if (now_ < start_ - 10min) now_ += 5s;
  return true;
}

void world::schedule_the_world() {
  for (std::uint32_t i = 0; i < plot_.changes.size(); ++i) at(start_ + plot_.changes[i].at, event_kind::limits, i, false);
  for (unsigned i = 0; i < plot_.wall_jumps; ++i) at(now_ + dice_.upto(plot_.life * 3), event_kind::wall_jump, 0, false);
  if (plot_.ends) at(start_ + *plot_.ends, event_kind::end, 0, false);
  if (!trace_) return;
  trace_(0, "limit", plot_.service.throttle.lane.rate);
  at(now_, event_kind::sample, 0, false);
}

story world::run() {
  while (!ledger_.done() && !over_ && referee_->complaints().empty()) {
    if (processes_ >= plot_.most_processes || now_ > start_ + longest_job) {
      complain("the job does not come to its end");
      break;
    }
    start_process();
    drive();
    end_process();
  }
  check_the_end();
  story_.wrong = referee_->complaints();
  story_.sends = referee_->sends();
  story_.early_by_inference = referee_->early_by_inference();
  story_.seen.early = service_->counts().early;
  story_.processes = processes_;
  story_.seconds = since_start(now_);
  story_.seen.began = in_seconds(start_.time_since_epoch());
  story_.learnt = ledger_.pace();
  story_.done = ledger_.done();
  return std::move(story_);
}

void world::start_process() {
  ++processes_;
  ++process_;
  if (plot_.rollbacks > 0 && processes_ == 1) yesterday_ = ledger_;
  ledger_.begin_process();
  referee_->process_starts(now_);
  if (tell_) tell(fmt::format("process {} starts: {} rows owed", processes_, ledger_.owed()));
  ended_.reset();
  killed_ = token_under_way_ = commit_scheduled_ = false;
  token_ = 0;
  wake_.reset();
  jobs_.clear();
  enabled_ = std::max(1U, plot_.engine.connections);
  connections_.assign(enabled_, connection());
  auto setup = ledger_.setup(now_, wall(), plot_.engine.max_cooldown);
  setup.learnt = plot_.learnt;
  if (ledger_.pace()) setup.learnt = engine::remembered_pace{*ledger_.pace(), 1min};
  engine_ = std::make_unique<engine::engine>(plot_.engine, std::vector{setup}, now_);
  for (engine::connection_id c = 0; c < enabled_; ++c) in(dice_.upto(plot_.net.connect), event_kind::connect, c);
  if (plot_.crashes > 0 && dice_.chance(0.5)) {
    --plot_.crashes;
    in(dice_.upto(dice_.chance(0.5) ? 2s : plot_.life), event_kind::kill);
  } else if (plot_.interrupts > 0) {
    --plot_.interrupts;
    in(dice_.upto(dice_.chance(0.5) ? 2s : plot_.life), event_kind::interrupt);
  }
  // What a dead process left on its way may come at any time, and best while others are at its rows.
  if (!late_.empty()) in(dice_.chance(0.5) ? dice_.upto(60s) : plot_.engine.attempt_timeout + dice_.upto(4s), event_kind::late_write);
  pump();
}

void world::drive() {
  while (!ended_ && !killed_ && !over_ && referee_->complaints().empty()) {
    const bool asleep = wake_ && (events_.empty() || *wake_ < events_.top().at);
    if (!asleep && events_.empty()) return complain("nothing is going to happen, and the run is not over");
    if (asleep) {
      now_ = *wake_;
      wake_.reset();
      engine_->tick(now_);
      pump();
      continue;
    }
    if (++happened_ > most_events) return complain("the job does not come to its end");
    const auto e = events_.top();
    events_.pop();
    now_ = e.at;
    happen(e);
  }
}

void world::happen(const event& e) {
  const bool mine = e.process == process_;
  switch (e.what) {
    case event_kind::arrive:
      return arrive(e.who);
    case event_kind::leave:
      return leave(e.who);
    case event_kind::receive:
      return receive(e.who);
    case event_kind::wall_jump:
      wall_offset_ += std::chrono::duration_cast<ticks>(seconds_of(dice_.between(-7200, 7200)));
      return referee_->wall_jumped(now_);
    case event_kind::limits:
      return change_limits(plot_.changes[e.who]);
    case event_kind::sample:
      return sample();
    case event_kind::end:
      over_ = true;
      return;
    default:
      break;
  }
  if (!mine) return;
  switch (e.what) {
    case event_kind::connect:
      return connect(e.who);
    case event_kind::close_idle:
      return close_idle(e.who);
    case event_kind::commit:
      return commit();
    case event_kind::token:
      return token_arrives();
    case event_kind::renew:
      return ask_for_token(1ms);
    case event_kind::kill:
      killed_ = true;
      return;
    case event_kind::interrupt:
      referee_->asked_to_stop();
      engine_->stop(engine::stop_reason::interrupted, now_);
      return pump();
    case event_kind::late_write:
      for (const auto& job : late_) ledger_.late_write(job);
      late_.clear();
      return;
    default:
      return;
  }
}

void world::change_limits(const limit_change& c) {
  service_->change_limits(c.lane, c.organizer);
  if (trace_) trace_(since_start(now_), "limit", c.lane.rate);
}

void world::sample() {
  if (engine_) trace_(since_start(now_), "rate", engine_->numbers().rate);
  at(now_ + 100ms, event_kind::sample, 0, false);
}

// Killed: what waits for its commit is lost, or it became durable and nobody was told, or it is written when somebody else is at work.
void world::die() {
  if (dice_.chance(0.3)) {
    (void)ledger_.commit(jobs_, now_, wall());
  } else if (dice_.chance(0.5)) {
    late_ = std::move(jobs_);
  }
  jobs_.clear();
  // Calls go on over there, but a service notices within an attempt timeout that nobody listens.
  for (const auto& c : calls_)
    if (c.awaited > 0 && !c.duplicate && c.process == process_) {
      auto& busy = busy_until_[ledger_.rows()[ledger::index_of(c.row)].key];
      busy = std::min(busy, now_ + plot_.engine.attempt_timeout);
    }
}

void world::end_process() {
  auto how = referee::stop_kind::clean;
  if (tell_) tell(ended_ ? "ends: " + ended_->detail : killed_ ? "is killed" : "the world ends");
  if (killed_) {
    die();
    how = referee::stop_kind::crash;
  } else if (ended_) {
    referee_->ended(*ended_, now_, engine_->numbers());
    (void)ledger_.commit(jobs_, now_, wall());
    // Whoever is told to come back later does so; an interrupted run is started again at once.
    if (ended_->reason == engine::stop_reason::deferred || ended_->reason == engine::stop_reason::permission)
      now_ += ended_->come_back.value_or(5s);
  }
  if (yesterday_ && plot_.rollbacks > 0 && !ledger_.done() && processes_ > 1 && dice_.chance(0.5)) {
    --plot_.rollbacks;
    ledger_ = *std::exchange(yesterday_, std::nullopt);
    late_.clear();
    now_ += 1min;  // calls that it does not know of are over by then
    how = referee::stop_kind::rollback;
  }
  referee_->process_ends(how, now_);
  engine_.reset();
}

}  // namespace convoke::simulation
