#include "run/driver_world.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/test/unit_test.hpp>

namespace convoke::testing {

namespace asio = boost::asio;
using engine::attempt_error;
using kind = fake_link::operation_kind;
constexpr auto run_check_interval = run::connection_pool::check_interval;

// ---- clock

struct virtual_clock::virtual_timer final : run::timer {
  virtual_timer(virtual_clock& c, std::function<void()> h) : of(c), handler(std::move(h)) { of.timers_.push_back(this); }
  ~virtual_timer() override { std::erase(of.timers_, this); }
  virtual_timer(const virtual_timer&) = delete;
  virtual_timer& operator=(const virtual_timer&) = delete;
  void expire_at(mono_time t) override { when = t; }
  void cancel() noexcept override { when.reset(); }

  virtual_clock& of;
  std::function<void()> handler;
  std::optional<mono_time> when;
};

std::unique_ptr<run::timer> virtual_clock::make_timer(std::function<void()> handler) {
  return std::make_unique<virtual_timer>(*this, std::move(handler));
}

std::optional<mono_time> virtual_clock::next() const {
  std::optional<mono_time> out;
  for (const auto* t : timers_)
    if (t->when && (!out || *t->when < *out)) out = t->when;
  return out;
}

void virtual_clock::advance() {
  const auto at = next();
  now_ = std::max(now_, *at);
  const auto due = std::ranges::find_if(timers_, [&](const auto* t) { return t->when == at; });
  (*due)->when.reset();
  (*due)->handler();
}

// ---- links

fake_link::fake_link(driver_world& world, engine::lane_id l, engine::connection_id i)
    : lane(l), id(i), world_(world), wake_(world.io, asio::steady_timer::time_point::max()) {
  world_.all_links.push_back(this);
}

fake_link::~fake_link() {
  std::erase(world_.all_links, this);
}

void fake_link::begin(operation_kind what) {
  if (operation_ != operation_kind::none) world_.complain("two operations at once on one link");
  operation_ = what;
  over_ = cancelled_ = false;
}

asio::awaitable<net::outcome> fake_link::connect(std::chrono::nanoseconds) {
  begin(operation_kind::connecting);
  open = used = closed_by_peer = ill = false;
  world_.on_connect(*this);
  co_await wake_.async_wait(asio::as_tuple(asio::deferred));
  operation_ = operation_kind::none;
  if (cancelled_) co_return net::outcome{net::failure::cancelled, "connecting was stopped"};
  co_return connected_;
}

asio::awaitable<engine::answer> fake_link::call(const graph::request& what, const secret&, std::uint32_t number, std::chrono::nanoseconds) {
  begin(operation_kind::calling);
  token = number;
  world_.on_call(*this, what);
  co_await wake_.async_wait(asio::as_tuple(asio::deferred));
  operation_ = operation_kind::none;
  if (cancelled_) {
    engine::answer stopped;
    stopped.error = attempt_error::closed;
    co_return stopped;
  }
  used = true;
  world_.on_delivered(*this, answer_);
  co_return std::move(answer_);
}

asio::awaitable<engine::batch_answer> fake_link::batch(std::span<const graph::request> calls, const secret&, std::uint32_t,
                                                       std::chrono::nanoseconds) {
  world_.complain("a batch of " + std::to_string(calls.size()) + " calls is sent, although the run has none");
  co_return engine::batch_answer{.items = std::vector<engine::batch_answer::item>(calls.size())};
}

asio::awaitable<graph::plain_answer> fake_link::plain(graph::plain_request, const secret&, std::uint32_t, std::chrono::nanoseconds) {
  throw std::logic_error("a run makes no plain request");
  co_return graph::plain_answer();
}

void fake_link::close() noexcept {
  open = false;
  if (operation_ == operation_kind::none || over_) return;
  over_ = cancelled_ = true;
  wake_.cancel();
}

void fake_link::finish_connect(net::outcome o) {
  over_ = true;
  open = o.what == net::failure::none;
  idle_since = world_.clock.now();
  connected_ = std::move(o);
  wake_.cancel();
}

void fake_link::finish_call(engine::answer a, bool keep_open) {
  over_ = true;
  open = keep_open;
  idle_since = world_.clock.now();
  answer_ = std::move(a);
  wake_.cancel();
}

// ---- world

driver_world::driver_world(world_plan p)
    : plan(std::move(p)), ledger(plan.lanes, plan.organizers, plan.rows), random_(plan.seed), service_(ledger.rows().size()) {
  settings.pace.rate = 100'000;
  settings.pace.fixed_rate = true;
  settings.pace.connections = plan.connections;
  settings.pace.max_outage = 2min;
  watch.on_trouble = [this] {
    if (std::ranges::all_of(tokens, &fake_tokens::stopped)) complain("an answer is reported after the sessions have closed");
  };
}

driver_world::~driver_world() = default;

unsigned driver_world::links(kind what) const {
  return static_cast<unsigned>(std::ranges::count_if(all_links, [&](const auto* l) { return l->pending() == what; }));
}

unsigned driver_world::idle() const {
  return static_cast<unsigned>(std::ranges::count_if(all_links, [](const auto* l) { return l->open && l->pending() == kind::none; }));
}

unsigned driver_world::open(engine::lane_id lane) const {
  return static_cast<unsigned>(std::ranges::count_if(all_links, [&](const auto* l) { return l->open && l->lane == lane; }));
}

void driver_world::run(const std::function<void()>& each_step) {
  std::vector<convoke::run::lane_parts> lanes;
  for (engine::lane_id lane = 0; lane < plan.lanes; ++lane) {
    auto source = std::make_unique<fake_tokens>();
    tokens.push_back(source.get());
    lanes.push_back({.links = [this, lane](engine::connection_id id) { return std::make_unique<fake_link>(*this, lane, id); },
                     .tokens = std::move(source)});
  }
  if (plan.shared) ledger.begin_sharing();
  driver_ = std::make_unique<convoke::run::driver>(
      convoke::run::driver::surroundings{
          io, clock, ledger, watch, {.joined = clock.now(), .follow = plan.follow, .nothing_left = [this] { ++nothing_left; }}},
      convoke::run::stop_tokens{drain.get_token(), can_leave_at_once ? at_once.get_token() : std::stop_token()}, ledger.opened(), settings,
      plan.seed, std::move(lanes));
  driver_->start();
  constexpr int most_steps = 200'000;
  int steps = 0;
  for (; !driver_->over() && complaints.empty() && steps < most_steps; ++steps) {
    // Sometimes something happens while handlers wait for their turn.
    if (chance(0.7))
      io.poll();
    else
      io.poll_one();
    each_step();
    for (const auto* link : all_links)
      if (tokens[link->lane]->stopped && link->pending() != kind::none) complain("a closed session waits for an operation");
    if (!driver_->over()) step();
  }
  if (steps == most_steps) complain("the run does not end");
  if (driver_->over()) {
    result = driver_->ending();
    check_end();
  }
  for (const auto& what : complaints) BOOST_ERROR(what);
  for (const auto& what : ledger.complaints) BOOST_ERROR(what);
}

void driver_world::step() {
  std::vector<std::function<void()>> options;
  for (auto* const link : all_links) {
    if (link->pending() == kind::connecting) options.emplace_back([this, link] { finish_connect(*link); });
    if (link->pending() == kind::calling) options.emplace_back([this, link] { finish_call(*link); });
  }
  if (ledger.waiting()) options.emplace_back([this] { ledger.carry_out_one(); });
  if (ledger.renewal_waits()) options.emplace_back([this] { ledger.answer_renewal(); });
  for (engine::lane_id lane = 0; lane < tokens.size(); ++lane) {
    auto* const source = tokens[lane];
    if (source->requested && !source->stopped) options.emplace_back([this, source, lane] { answer_token(*source, lane); });
    if (source->usable() && chance(plan.token_expires)) source->expire();
    if (source->usable() && chance(plan.token_expires)) source->runs_out_when_read = true;
  }
  if (chance(plan.closes_idle)) {
    for (auto* const link : all_links)
      if (link->open && link->pending() == kind::none) link->closed_by_peer = true;
  }
  // Time passes where nothing else can happen, and now and then while things are under way.
  if (options.empty() || chance(0.05)) {
    if (clock.next()) return clock.advance();
    if (options.empty() && io.poll() == 0 && !driver_->over()) complain("nothing can happen any more, and the run is not over");
    return;
  }
  options[below(options.size())]();
}

void driver_world::finish_connect(fake_link& link) {
  if (chance(plan.connect_fails))
    return link.finish_connect({net::failure::connect, "cannot connect to graph.test:443: Connection refused"});
  link.finish_connect({});
}

void driver_world::answer_token(fake_tokens& source, engine::lane_id lane) {
  if (plan.wrong_credentials.contains(lane)) return source.fail({errc::credentials, "AADSTS7000215: wrong secret"}, true, std::nullopt);
  if (chance(plan.token_fails)) {
    const auto code = chance(0.5) ? errc::network : errc::resources;
    return source.fail({code, "no access token: no name server answers"}, false, clock.now() + 1s);
  }
  source.deliver();
}

engine::answer driver_world::http(const fake_link& link, int status) const {
  engine::answer a;
  a.status = status;
  a.token = link.token;
  a.client_request_id = "00000000-0000-4000-8000-000000000000";
  a.finished_at = clock.wall_now();
  return a;
}

engine::answer driver_world::success(const fake_link& link) {
  auto& row = service_[link.row];
  auto a = http(link, link.op == operation::create_or_get && !row.exists ? 201 : 200);
  if (link.op == operation::update) row.agrees = true;
  if (!row.exists) {
    row.exists = true;
    row.agrees = !chance(plan.drifts);
  }
  a.stored =
      meeting{.id = fmt::format("m-{}", link.row), .join_web_url = "https://example.org/m", .external_id = fmt::format("K-{}", link.row)};
  if (!row.agrees) {
    a.status = 200;  // an earlier run made it
    a.drift = {"subject"};
  }
  return a;
}

void driver_world::finish_call(fake_link& link) {
  --service_[link.row].in_flight;
  if (script) {
    if (auto a = script(link)) {
      const bool lives = a->error == attempt_error::none;
      return link.finish_call(std::move(*a), lives);
    }
  }
  const auto broken = [&](attempt_error how) {
    engine::answer a;
    a.error = how;
    a.error_message = "the connection failed";
    a.token = link.token;
    a.finished_at = clock.wall_now();
    link.finish_call(std::move(a), false);
  };
  if (link.used && chance(plan.stale)) return broken(attempt_error::stale);
  if (chance(plan.closed)) {
    if (chance(0.5)) static_cast<void>(success(link));  // the service made it, and the answer is lost
    return broken(attempt_error::closed);
  }
  if (chance(plan.times_out)) return broken(attempt_error::timeout);
  if (chance(plan.unavailable)) {
    link.ill = true;
    return link.finish_call(http(link, 503), true);
  }
  if (chance(plan.throttled)) {
    auto a = http(link, 429);
    a.retry_after = 2s;
    return link.finish_call(std::move(a), true);
  }
  link.finish_call(success(link), true);
}

void driver_world::on_connect(fake_link& link) {
  ++connects;
  if (tokens[link.lane]->stopped) complain("a connection is made after the session has closed");
}

void driver_world::on_call(fake_link& link, const graph::request& what) {
  ++calls;
  if (what.op == operation::update) ++updates;
  if (tokens[link.lane]->stopped) complain("a call is sent after the session has closed");
  if (storage_failed) complain("a call is sent after the ledger has failed");
  if (!link.open || link.ill) complain("a call is sent on a connection that must not be used");
  if (link.closed_by_peer && clock.now() - link.idle_since > run_check_interval)
    complain("a call is sent on a connection that was not checked");
  const std::string_view id = what.wanted.external_id;
  std::from_chars(id.data() + 2, id.data() + id.size(), link.row);
  link.op = what.op;
  link.meeting_id = what.meeting_id;
  link.changed.assign(what.changed.begin(), what.changed.end());
  auto& row = service_[link.row];
  const auto& held = ledger.rows()[link.row];
  if (++row.in_flight > 1) complain(std::string(id) + " is sent twice at once");
  if (held.state != fake_ledger::row_state::claimed && held.state != fake_ledger::row_state::taken_over)
    complain(std::string(id) + " is sent and not claimed");
  if (what.op != held.op) complain(std::string(id) + ": the operation is not the one that the ledger has");
  if (what.op == operation::update && what.meeting_id != held.meeting_id) complain(std::string(id) + ": the update names another meeting");
  ++row.sent;
  row.doubtful = true;
}

void driver_world::on_delivered(const fake_link& link, const engine::answer& a) {
  // The session has closed while the answer was on its way: no one receives it.
  if (tokens[link.lane]->stopped) return;
  auto& row = service_[link.row];
  row.doubtful = a.error != attempt_error::none && a.sent;
  row.known = a.stored && (row.agrees || ledger.rows()[link.row].update == ledger::update_rule::never);
}

void driver_world::check_end() {
  if (std::ranges::any_of(all_links, &fake_link::entered)) complain("the run is over, and a coroutine waits in a link");
  if (ledger.waiting()) complain("the run is over, and the ledger works for it");
  // Stops are posted at any time, and so are answers to renewals; nothing else is left.
  if (!plan.shared && !drain.stop_requested() && !at_once.stop_requested() && io.poll() > 0)
    complain("the run is over, and handlers are left");
  for (const auto* source : tokens)
    if (source->started && !source->stopped) complain("the run is over, and the token source works on");
  const bool left_at_once = result->reason == engine::stop_reason::interrupted && at_once.stop_requested();
  for (std::size_t i = 0; i < service_.size(); ++i) {
    const auto& row = ledger.rows()[i];
    const auto& seen = service_[i];
    using enum fake_ledger::row_state;
    if (storage_failed || row.state == taken_over) continue;
    // What was known is recorded, however the run ended.
    if (seen.known && row.state != recorded) complain(row.wanted.external_id + " succeeded and is not recorded");
    if (row.writes > 0 && row.state == recorded && seen.sent == 0 && row.result != outcome::failed)
      complain(row.wanted.external_id + " is recorded and was not sent");
    // Only rows whose call may still be in progress stay claimed.
    if (row.state == claimed && !seen.doubtful && !left_at_once) complain(row.wanted.external_id + " stays claimed for no reason");
    if (result->reason == engine::stop_reason::finished && row.state != recorded)
      complain(row.wanted.external_id + " is left, and the run is finished");
  }
}

}  // namespace convoke::testing
