#include "simulation/fleet/fleet.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "simulation/final_checks.hpp"

namespace convoke::simulation::fleet {

using namespace std::chrono_literals;

namespace {

// From the last failure on: a lease, the wait for stale rows, and the work itself, also where a cooldown of a minute or two is in between.
constexpr auto longest_quiet = 20min;
constexpr std::uint64_t most_events = 20'000'000;

utc_time true_wall(mono_time t) {
  constexpr auto begin = utc_time(std::chrono::sys_days(std::chrono::year(2026) / 8 / 31));
  return begin + std::chrono::floor<ticks>(t.time_since_epoch());
}

std::vector<lane_id> lanes_of(const scenario& s) {
  std::vector<lane_id> lanes(s.job.organizers);
  for (unsigned o = 0; o < s.job.organizers; ++o) lanes[o] = static_cast<lane_id>(o % s.job.lanes);
  return lanes;
}

}  // namespace

fleet::fleet(scenario s, event_log log)
    : scenario_(std::move(s)),
      log_(std::move(log)),
      random_(scenario_.job.seed, 31),
      start_(mono_time(1h) + random_.upto(1000s)),
      agenda_(start_),
      checker_(scenario_, agenda_),
      database_(lanes_of(scenario_), scenario_.job.seed, checker_) {
  make_services();
  make_rows();
  const surroundings with{.s = scenario_,
                          .time = agenda_,
                          .io = io_,
                          .db = database_,
                          .watch = checker_,
                          .specs = specs_,
                          .services = services_,
                          .wall = true_wall,
                          .log = [this](unsigned who, const std::string& what) { this->log(fmt::format("worker {}", who), what); }};
  for (unsigned i = 0; i < scenario_.workers + scenario_.late_joins; ++i) workers_.push_back(std::make_unique<worker>(with, i));
}

void fleet::log(const std::string& who, const std::string& what) const {
  if (log_) log_(in_seconds(agenda_.now() - start_), who + " " + what);
}

void fleet::make_services() {
  for (lane_id l = 0; l < scenario_.job.lanes; ++l) {
    auto how = scenario_.job.service;
    how.seed = scenario_.job.seed + l;
    how.kept_calls = 0;
    sim::identity who{fmt::format("7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a{:03x}", l + 1),
                      fmt::format("2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c{:03x}", l + 2),
                      secret("simulated"),
                      {graph_root}};
    services_.push_back(std::make_unique<sim::service>(how, std::move(who), scenario_.job.seed + l,
                                                       sim::moment{start_ - 30min, true_wall(start_ - 30min)}));
  }
}

// ---- the rows

void fleet::add_row(unsigned number, run_id run, std::optional<std::size_t> like) {
  row r;
  r.run = run;
  if (like) {
    const auto& first = database_.rows()[*like];
    r.key = first.key;
    r.organizer = first.organizer;
    r.update = first.update;
    r.planned = first.planned;
    r.meeting_id = first.meeting_id;
    specs_.push_back(specs_[*like]);
  } else {
    r.key = ++keys_;
    r.organizer = static_cast<organizer_id>(random_.below(scenario_.job.organizers));
    if (random_.chance(scenario_.job.with_update_rule))
      r.update = random_.chance(0.7) ? engine::update_rule::if_different : engine::update_rule::always;
    specs_.push_back(make_spec(scenario_.job, number, r.organizer, random_.chance(scenario_.job.refused_rows)));
  }
  (void)database_.add(std::move(r));
}

void fleet::make_rows() {
  const auto& job = scenario_.job;
  for (unsigned i = 0; i < job.rows; ++i) {
    add_row(i, 1, std::nullopt);
    const bool different = random_.chance(job.different);
    if (different || random_.chance(job.known)) make_known(i, different);
  }
  for (unsigned i = 0; i < scenario_.late_rows; ++i) {
    const auto run = static_cast<run_id>(2 + i % std::max(1U, scenario_.late_runs));
    last_run_ = std::max(last_run_, run);
    // A key comes once in a run: these rows take the place of rows of the first one.
    const auto step = job.rows / (scenario_.late_rows + 1);
    const bool overlaps = step > 0 && random_.chance(scenario_.overlapping);
    add_row(job.rows + i, run, overlaps ? std::optional<std::size_t>(i * step) : std::nullopt);
  }
  database_.open(1, agenda_.now());
}

// Another program made this meeting before.
void fleet::make_known(std::size_t index, bool different) {
  auto wanted = specs_[index];
  if (different) wanted.subject = "Another subject";
  auto& service = *services_[database_.rows()[index].lane];
  const auto before = start_ - 20min;
  const auto token = simulation::request_token(service, {before, true_wall(before)});
  if (token.empty()) return;
  request_text text;
  sim::request q;
  build_request(operation::create_or_get, wanted, {}, {}, before, text, q);
  const auto authorization = "Bearer " + token;
  q.authorization = authorization;
  sim::reply r;
  service.handle(q, {before, true_wall(before)}, r);
  service.finish(r);
}

// ---- what goes wrong

void fleet::sometime(std::function<void()> what) {
  const auto when = random_.chance(0.3) ? random_.upto(20s) : random_.upto(scenario_.trouble);
  agenda_.at(start_ + when, [this, moved = std::move(what)] {
    if (!quiet_) moved();
  });
}

void fleet::schedule_trouble() {
  const auto& s = scenario_;
  for (unsigned i = 0; i < s.kills; ++i) sometime([this] { any().kill(); });
  for (unsigned i = 0; i < s.drains; ++i) sometime([this] { any().drain(); });
  for (unsigned i = 0; i < s.pauses; ++i)
    sometime([this] { any().stop_for(seconds_of(random_.log_between(1, in_seconds(scenario_.longest_pause)))); });
  const auto cut = [this](void (worker::*how)(bool)) {
    auto& one = any();
    (one.*how)(true);
    agenda_.in(seconds_of(random_.log_between(0.5, in_seconds(scenario_.longest_cut))), [&one, how] { (one.*how)(false); });
  };
  for (unsigned i = 0; i < s.database_cuts; ++i) sometime([cut] { cut(&worker::cut_database); });
  for (unsigned i = 0; i < s.service_cuts; ++i) sometime([cut] { cut(&worker::cut_service); });
  for (unsigned i = 0; i < s.failovers; ++i) sometime([this] { fail_over(); });
  for (unsigned i = 0; i < s.wall_jumps; ++i) sometime([this] { any().jump(seconds_of(random_.between(-7200, 7200))); });
  if (s.failovers > 0) agenda_.at(start_, [this] { remember(); });
  agenda_.at(start_ + s.trouble, [this] { heal(); });
}

void fleet::schedule_late_runs() {
  for (run_id run = 2; run <= last_run_; ++run) {
    sometime([this, run] {
      log("database", fmt::format("run {} is opened", run));
      database_.open(run, agenda_.now());
    });
  }
}

void fleet::remember() {
  copies_.emplace_back(agenda_.now(), database_.now_is());
  std::erase_if(copies_, [this](const auto& c) { return c.first < agenda_.now() - scenario_.most_lost; });
  if (!quiet_) agenda_.in(200ms + random_.upto(2s), [this] { remember(); });
}

void fleet::fail_over() {
  if (copies_.empty()) return;
  const auto& [when, copy] = copies_[random_.below(copies_.size())];
  // A run that was opened meanwhile would be opened again by its user.
  const auto open_in = [](const database::state& s) { return std::ranges::count_if(s.rows, &row::open); };
  if (open_in(copy) != open_in(database_.now_is())) return;
  log("database", fmt::format("loses the commits of {:.3f} s", in_seconds(agenda_.now() - when)));
  database_.replace(copy);
  checker_.failed_over(database_.now_is());
  copies_.clear();
}

// From now on nothing fails.
void fleet::heal() {
  log("quiet", "phase begins");
  quiet_ = true;
  for (auto& w : workers_) w->heal();
}

// ---- the run

void fleet::start_those_wanted() {
  for (unsigned i = 0; i < workers_.size(); ++i) {
    auto& w = *workers_[i];
    const bool late = i >= scenario_.workers && agenda_.now() < start_ + (i - scenario_.workers + 1) * scenario_.trouble / 4;
    if (late || w.running() || agenda_.now() < w.come_back() || draining_) continue;
    if (!w.wanted_again() && !quiet_ && random_.chance(0.9)) continue;
    ++processes_;
    w.start();
  }
}

bool fleet::done() const {
  return quiet_ && database_.owed() == 0;
}

// Starts workers that have ended while something is owed, and notices the end.
void fleet::check_often() {
  if (done() && !std::exchange(draining_, true)) {
    for (auto& w : workers_) w->drain();
  }
  if (draining_ && std::ranges::none_of(workers_, [](const auto& w) { return w->running(); })) {
    finished_ = true;
    return;
  }
  if (draining_) {
    for (auto& w : workers_) w->drain();
  } else if (database_.owed() > 0 || !quiet_) {
    start_those_wanted();
  }
  agenda_.in(500ms, [this] { check_often(); });
}

void fleet::check_the_end() {
  for (const auto& s : services_) {
    const auto duplicates = s->meetings().duplicates();
    if (duplicates > 0) checker_.violated(std::to_string(duplicates) + " keys were made more than once");
  }
  if (!finished_) return;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    const auto& r = database_.rows()[i];
    const auto name = fmt::format("row {}", i + 1);
    if (!r.open) continue;
    if (!r.result) {
      checker_.violated(name + " has no outcome");
      continue;
    }
    if (*r.result == outcome::superseded) continue;
    const auto wrong = wrong_end({specs_[i], r.planned, r.update, *r.result, r.strikes, r.last}, services_[r.lane]->meetings());
    if (wrong) checker_.violated(name + " " + *wrong);
  }
}

fleet::result fleet::run() {
  schedule_trouble();
  schedule_late_runs();
  agenda_.at(start_, [this] { check_often(); });
  const auto broken = [this] {
    return !checker_.violations().empty() || std::ranges::any_of(workers_, [](const auto& w) { return !w->violations().empty(); });
  };
  const auto last = start_ + scenario_.trouble + longest_quiet;
  while (!finished_ && !broken()) {
    if (agenda_.now() > last || agenda_.happened() > most_events) {
      checker_.violated(fmt::format("{} rows are owed, long after the last failure", database_.owed()));
      break;
    }
    (void)agenda_.step();
    io_.restart();
    io_.poll();
  }
  if (!broken()) check_the_end();
  result out;
  out.violations = checker_.violations();
  for (const auto& w : workers_) {
    for (const auto& v : w->violations()) out.violations.push_back(v);
    out.digest = out.digest * 31 + w->digest();
  }
  out.calls = checker_.calls();
  out.processes = processes_;
  out.quiet_for = in_seconds(agenda_.now() - start_ - scenario_.trouble);
  return out;
}

safety_result simulate_fleet(std::uint64_t seed, const event_log& log) {
  const auto s = fleet_scenario(seed);
  auto done = fleet(s, log).run();
  safety_result r;
  r.seed = seed;
  r.name = s.job.name;
  r.calls = done.calls;
  r.processes = done.processes;
  r.violations = std::move(done.violations);
  if (seed % 20 == 0 && r.violations.empty() && fleet(s).run().digest != done.digest) {
    r.violations.emplace_back("the same seed gave another job");
  }
  return r;
}

}  // namespace convoke::simulation::fleet
