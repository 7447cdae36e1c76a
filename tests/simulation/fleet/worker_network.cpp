// The connections of a worker, and the way of a call to the service and back.

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "simulation/fleet/worker.hpp"

namespace convoke::simulation::fleet {

using engine::attempt_error;
using run::connection_pool;
using namespace std::chrono_literals;

namespace {

// After a timeout no call of the key is made for 5 s: the service completes every call within that time.
constexpr auto longest_work = 24500ms;

}  // namespace

// The connection's next event; one that it awaited before is void.
void worker::await(lane_id l, engine::connection_id c, nanoseconds wait, void (worker::*what)(lane_id, engine::connection_id)) {
  const auto mine = lanes_[l].links[c].awaits = ++awaits_;
  later(wait, [this, l, c, what, mine] {
    if (!over_ && lanes_[l].links[c].awaits == mine) (this->*what)(l, c);
  });
}

void worker::open_connections(lane_id l) {
  auto& one = lanes_[l];
  const auto count = std::max(1U, with_.s.job.engine.connections);
  one.pool.emplace(count);
  one.links.assign(count, link());
  for (engine::connection_id c = 0; c < count; ++c) await(l, c, 0ns, &worker::take_turn);
}

void worker::take_turn(lane_id l, engine::connection_id c) {
  const auto turn = lanes_[l].pool->ask_to_connect(c, engine_->may_connect_at(l), now());
  if (!turn.connect) return await(l, c, turn.ask_again - now(), &worker::take_turn);
  await(l, c, random_.upto(with_.s.job.net.connect), &worker::connected);
}

void worker::connected(lane_id l, engine::connection_id c) {
  if (!service_cut_ && !random_.chance(with_.s.job.net.refused)) return became_idle(l, c, false);
  engine::answer why;
  why.error = attempt_error::connect;
  why.error_message = "connection refused";
  lanes_[l].pool->connect_failed(c);
  checker_->connect_failed(l);
  engine_->connect_failed(l, c, why, now());
  pump();
  if (!over_) await(l, c, 1ms, &worker::take_turn);
}

void worker::became_idle(lane_id l, engine::connection_id c, bool reused) {
  auto& one = lanes_[l];
  auto& link = one.links[c];
  link.idle = true;
  link.reused = reused;
  one.pool->ready(c, now());
  engine_->connection_ready(l, c, reused, now());
  pump();
  if (over_ || !link.idle) return;
  await(l, c, connection_pool::check_interval, &worker::check_idle);
}

void worker::check_idle(lane_id l, engine::connection_id c) {
  auto& one = lanes_[l];
  auto& link = one.links[c];
  if (!link.idle) return;
  const auto result = one.pool->check_idle(c, !service_cut_, now());
  if (result == connection_pool::check_result::keep) return await(l, c, connection_pool::check_interval, &worker::check_idle);
  link.idle = false;
  if (result == connection_pool::check_result::rest) {
    engine_->connection_lost(l, c, now());
    pump();
  }
  if (!over_) await(l, c, 0ns, &worker::take_turn);
}

// ---- calls

attempt_error worker::failure_before_arrival(const call& c) {
  const auto& net = with_.s.job.net;
  if (service_cut_) return random_.chance(0.5) ? attempt_error::closed : attempt_error::timeout;
  if (c.reused && random_.chance(net.stale)) return attempt_error::stale;
  return random_.chance(net.request_lost) ? attempt_error::timeout : attempt_error::none;
}

// What the process knows of the call. The connection is the order's, and is still idle.
std::shared_ptr<worker::call> worker::new_call(const engine::send_call& order) {
  const auto& one = lanes_[order.lane];
  const auto& link = one.links[order.connection];
  const auto i = index_of(order.row);
  const auto& planned = with_.db.rows()[i];
  checker_->sent(order, one.token, link.reused, now(), engine_->numbers());
  const auto& held = rows_[i];
  with_.watch.sent({number_, opened_.lease, held.token, i, planned.key, order.lane, planned.organizer, held.stale});
  auto c = std::make_shared<call>();
  c->index = i;
  c->lane = order.lane;
  c->connection = order.connection;
  c->op = order.op;
  c->meeting_id = held.meeting_id;
  c->changed = held.changed;
  c->token = one.token;
  c->bearer = one.bearer;
  c->reused = link.reused;
  c->sent = now();
  c->session = opened_.lease;
  c->name = fmt::format("{:08x}-0000-4000-{:04x}-{:012x}", with_.s.job.seed & 0xffffffffU, 0x8000 + number_, ++calls_);
  digest_ = (digest_ ^ static_cast<std::uint64_t>(now().time_since_epoch().count()) ^ order.row << 20U) * 0x100000001b3U;
  log(fmt::format("row {} of organizer {}: {} sent, attempt {}", i + 1, planned.organizer, to_string(order.op), order.attempt));
  return c;
}

void worker::take_link(lane_id l, engine::connection_id c) {
  auto& one = lanes_[l];
  auto& link = one.links[c];
  if (!std::exchange(link.idle, false)) checker_->violated("sent on a connection that is not ready");
  link.awaits = 0;
  if (const auto next = one.pool->granted(c)) await(l, *next, 0ns, &worker::take_turn);
}

// The request is written, and arrives unless something is broken.
void worker::start(const std::shared_ptr<call>& c) {
  const auto one_way = with_.s.job.net.one_way;
  if (c->broken == attempt_error::none) {
    with_.time.in(one_way, [this, c] { arrive(c); });
    if (random_.chance(with_.s.job.net.duplicated)) deliver_twice(*c);
    return;
  }
  later(c->broken == attempt_error::timeout ? with_.s.job.engine.attempt_timeout : 2 * one_way, [this, c] { receive(c); });
}

void worker::send(const engine::send_call& order) {
  const auto c = new_call(order);
  take_link(order.lane, order.connection);
  c->broken = failure_before_arrival(*c);
  start(c);
}

// The request arrives as a whole or not at all. The service carries each call out as if it came alone.
void worker::send_batch(const engine::send_batch& order) {
  if (order.calls.size() < 2 || order.calls.size() > with_.s.job.engine.batch_size) checker_->violated("a batch of a wrong size");
  const auto all = std::make_shared<batch>();
  std::vector<std::shared_ptr<call>> calls;
  std::set<organizer_id> organizers;
  for (const auto& one : order.calls) {
    if (one.lane != order.lane || one.connection != order.connection) checker_->violated("a call of a batch belongs to another connection");
    if (!organizers.insert(with_.db.rows()[index_of(one.row)].organizer).second) checker_->violated("an organizer is twice in a batch");
    calls.push_back(new_call(one));
  }
  all->awaited = calls.size();
  take_link(order.lane, order.connection);
  const auto broken = failure_before_arrival(*calls.front());
  for (const auto& c : calls) {
    c->together = all;
    c->broken = broken;
    start(c);
  }
}

// The network delivers the same bytes again, later.
void worker::deliver_twice(const call& c) {
  auto again = std::make_shared<call>(c);
  again->duplicate = true;
  again->together.reset();
  with_.time.in(with_.s.job.net.one_way + random_.upto(10s), [this, again] { arrive(again); });
}

// It arrives whatever becomes of the process meanwhile.
void worker::arrive(const std::shared_ptr<call>& c) {
  auto& service = *with_.services[c->lane];
  sim::request q;
  build_request(c->op, with_.specs[c->index], c->meeting_id, c->changed, now(), text_, q);
  q.authorization = c->bearer;
  q.prefer = "include-unknown-enum-members";
  q.client_request_id = c->name;
  service.handle(q, {now(), with_.wall(now())}, c->reply);
  const auto one_way = with_.s.job.net.one_way;
  c->reply.delay = std::min<nanoseconds>(c->reply.delay, longest_work - one_way);
  if (c->reply.throttled) {
    const bool announced = c->reply.announces != nullptr;
    if (c->reply.status != 503 || announced)
      c->closed = throttle{*c->reply.throttled, announced ? std::optional(c->reply.announced) : std::nullopt,
                           with_.s.job.service.throttle.scope_header};
  }
  const auto done = now() + c->reply.delay;
  const auto last = c->sent + with_.s.job.engine.attempt_timeout;
  if (!c->duplicate) with_.watch.arrived(c->index, with_.db.rows()[c->index].key, c->session, done);
  with_.time.at(done, [&service, c, this] {
    service.announce(c->reply, now());
    service.finish(c->reply);
  });
  if (c->duplicate) return;
  if (done + one_way >= last || service_cut_ || random_.chance(with_.s.job.net.answer_lost)) c->broken = attempt_error::timeout;
  at(c->broken == attempt_error::timeout ? last : done + one_way, [this, c] { receive(c); });
}

engine::answer worker::read(const call& c) {
  engine::answer a;
  a.token = c.token;
  a.finished_at = wall();
  a.client_request_id = c.name;
  a.error = c.broken;
  if (c.broken != attempt_error::none) return a;
  if (c.reply.how == sim::delivery::lost || c.reply.how == sim::delivery::reset) {
    a.error = c.reused ? attempt_error::stale : attempt_error::closed;
    return a;
  }
  understand_reply({.reply = c.reply, .name = c.name},
                   {.op = c.op, .wanted = with_.specs[c.index], .meeting_id = c.meeting_id, .changed = c.changed}, parser_, a);
  return a;
}

// What the process makes of the answer that has come. `usable`: whether the connection is, after it.
engine::answer worker::receive_answer(const call& c, bool& usable) {
  auto a = read(c);
  const bool whole = c.broken == attempt_error::none && c.reply.how == sim::delivery::whole;
  const auto row = simulation::ledger::id_of(c.index);
  log(fmt::format("  row {} answered: {} error {}{}", c.index + 1, a.status, static_cast<int>(a.error),
                  a.retry_after ? fmt::format(", wait {:.3f} s", in_seconds(*a.retry_after)) : ""));
  with_.watch.over(number_, with_.db.rows()[c.index].key);
  checker_->answered(row, a, whole ? c.closed : std::nullopt, now());
  usable = whole && !c.reply.close;
  return a;
}

void worker::free_connection(lane_id l, engine::connection_id c, bool usable) {
  auto& pool = *lanes_[l].pool;
  if (pool.keep_after_call(c, usable)) return became_idle(l, c, true);
  pool.closed(c);
  await(l, c, 0ns, &worker::take_turn);
}

void worker::receive(const std::shared_ptr<call>& c) {
  const auto together = std::exchange(c->together, nullptr);
  if (!engine_ || over_ || c->session != opened_.lease) return;
  if (together) {
    together->answered.push_back(c);
    if (--together->awaited == 0) receive_of_batch(*together);
    return;
  }
  bool usable = false;
  auto a = receive_answer(*c, usable);
  engine_->answered(simulation::ledger::id_of(c->index), std::move(a), now());
  pump();
  if (!over_) free_connection(c->lane, c->connection, usable);
}

void worker::receive_of_batch(const batch& all) {
  const auto lane = all.answered.front()->lane;
  const auto connection = all.answered.front()->connection;
  engine::batch_answer answers;
  bool usable = true;
  for (const auto& c : all.answered) {
    bool sound = false;
    auto a = receive_answer(*c, sound);
    usable = usable && sound;
    answers.items.push_back({simulation::ledger::id_of(c->index), std::move(a)});
  }
  engine_->batch_answered(lane, std::move(answers), now());
  pump();
  if (!over_) free_connection(lane, connection, usable);
}

}  // namespace convoke::simulation::fleet
