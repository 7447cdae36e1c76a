// The way of a call from its grant until the service sends the answer, and what the network loses.

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "simulation/world.hpp"

namespace convoke::simulation {

using engine::attempt_error;
using namespace std::chrono_literals;

namespace {

// After a timeout no call of the key is made for 5 s: the service completes every call within that time.
constexpr auto longest_work = 24500ms;
// Within this time a service notices that the connection is gone, and the call is over.
constexpr auto notices = 4500ms;

constexpr std::array stray_statuses = {200, 201, 204, 301, 400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 501, 502, 503, 504, 507, 509};

}  // namespace

std::uint32_t world::new_call() {
  if (free_calls_.empty()) {
    calls_.emplace_back();
    return static_cast<std::uint32_t>(calls_.size() - 1);
  }
  const auto id = free_calls_.back();
  free_calls_.pop_back();
  auto& c = calls_[id];
  c.duplicate = c.reused = c.unsent = c.cut = c.unnamed = false;
  c.stray = 0;
  c.batch = 0;
  c.broken = attempt_error::none;
  c.closed.reset();
  c.reply.clear();
  return id;
}

void world::release_call(std::uint32_t id) {
  if (--calls_[id].awaited == 0) free_calls_.push_back(id);
}

bool world::in_outage() const noexcept {
  const auto t = now_ - start_;
  return std::ranges::any_of(scenario_.net.outages, [t](const span& o) { return o.from <= t && t < o.to; });
}

attempt_error world::failure_before_arrival(const call& c) {
  const auto& net = scenario_.net;
  if (in_outage()) return network_random_.chance(0.5) ? attempt_error::closed : attempt_error::timeout;
  if (c.reused && (net.single_use || network_random_.chance(net.stale))) return attempt_error::stale;
  if (network_random_.chance(net.out_of_sockets)) return attempt_error::local_resources;
  if (network_random_.chance(net.request_lost)) return attempt_error::timeout;
  return attempt_error::none;
}

void world::describe_call(call& c, const engine::send_call& order, const link& used) {
  const auto index = ledger::index_of(order.row);
  c.row = order.row;
  c.lane = order.lane;
  c.op = order.op;
  c.meeting_id = ledger_.rows()[index].meeting_id;
  c.changed = changed_[index];
  c.connection = order.connection;
  c.process = process_;
  c.token = lanes_[order.lane].token;
  c.reused = used.reused;
  c.sent = now_;
  c.name = fmt::format("{:08x}-0000-4000-8000-{:012x}", scenario_.seed & 0xffffffffU, checker_->sends());
  c.cut = network_random_.chance(scenario_.net.cut);
  c.unnamed = network_random_.chance(scenario_.net.unnamed);
  if (network_random_.chance(scenario_.net.stray)) c.stray = stray_statuses[network_random_.below(stray_statuses.size())];
  c.awaited = 1;
  c.record = static_cast<std::uint32_t>(result_.seen.calls.size());
  const auto t = static_cast<float>(since_start(now_));
  result_.seen.calls.push_back({t, t, ledger_.rows()[index].organizer, call_seen::result::lost});
  if (result_.seen.first_send < 0) result_.seen.first_send = since_start(now_);
  result_.seen.most_in_flight = std::max(result_.seen.most_in_flight, engine_->numbers().in_flight);
  result_.digest = (result_.digest ^ static_cast<std::uint64_t>(now_.time_since_epoch().count()) ^ order.row << 20U) * 0x100000001b3U;
  if (trace_) trace_(since_start(now_), "sent", ledger_.rows()[index].organizer);
  if (log_)
    log(fmt::format("row {} of organizer {}: {} sent, attempt {}", index + 1, ledger_.rows()[index].organizer, to_string(order.op),
                    order.attempt));
}

void world::send(const engine::send_call& order) {
  auto& one = lanes_[order.lane];
  auto& link = one.links[order.connection];
  checker_->sent(order, one.token, link.reused, now_, engine_->numbers());
  if (!std::exchange(link.idle, false)) violated("sent on a connection that is not ready");
  link.awaits = 0;
  ++link.uses;
  const bool looks_first = one.pool->check_before_call(order.connection, now_);
  if (const auto next = one.pool->granted(order.connection)) await(order.lane, *next, now_, event_kind::turn);

  const auto id = new_call();
  auto& c = calls_[id];
  describe_call(c, order, link);
  if (std::exchange(link.server_closed, false)) {
    c.unsent = looks_first;
    c.broken = looks_first || c.reused ? attempt_error::stale : attempt_error::closed;
    return of_world(now_ + (looks_first ? 0ms : 2 * scenario_.net.one_way), event_kind::receive, id);
  }
  c.broken = failure_before_arrival(c);
  const bool carried_out = c.broken == attempt_error::stale && !scenario_.net.single_use && network_random_.chance(0.3);
  if (c.broken == attempt_error::none || carried_out) {
    of_world(now_ + scenario_.net.one_way, event_kind::arrive, id);
    if (network_random_.chance(scenario_.net.duplicated)) deliver_twice(id);
    return;
  }
  const auto wait = c.broken == attempt_error::timeout ? settings_of(c.lane).attempt_timeout : 2 * scenario_.net.one_way;
  of_world(now_ + wait, event_kind::receive, id);
}

// The network delivers the same bytes again, later.
void world::deliver_twice(std::uint32_t id) {
  const auto again = new_call();
  auto& duplicate = calls_[again];
  const auto& first = calls_[id];
  duplicate.row = first.row;
  duplicate.lane = first.lane;
  duplicate.op = first.op;
  duplicate.meeting_id = first.meeting_id;
  duplicate.changed = first.changed;
  duplicate.process = first.process;
  duplicate.token = first.token;
  duplicate.name = first.name;
  duplicate.duplicate = true;
  duplicate.awaited = 1;
  of_world(now_ + scenario_.net.one_way + network_random_.upto(10s), event_kind::arrive, again);
}

void world::handle_request(call& c) {
  sim::request q;
  build_request(c.op, specs_[ledger::index_of(c.row)], c.meeting_id, c.changed, now_, text_, q);
  bearer_.assign("Bearer ");
  if (c.token > 0) bearer_ += tokens_[c.token - 1];
  q.authorization = bearer_;
  q.prefer = "include-unknown-enum-members";
  q.client_request_id = c.name;
  lanes_[c.lane].service->handle(q, true_time(), c.reply);
  c.reply.delay = std::min<nanoseconds>(c.reply.delay, longest_work - scenario_.net.one_way);
  if (c.reply.body.empty() && c.reply.status == 204) c.cut = false;  // there is nothing to cut
}

void world::note_arrival(call& c) {
  if (log_) {
    log(fmt::format("  row {} arrived{}: {}{}, answered after {:.3f} s", ledger::index_of(c.row) + 1, c.duplicate ? " again" : "",
                    c.reply.status, c.reply.how == sim::delivery::whole ? "" : " damaged", in_seconds(c.reply.delay)));
  }
  if (c.duplicate) return;
  auto& seen = result_.seen.calls[c.record];
  seen.arrived = static_cast<float>(since_start(now_));
  seen.what = c.reply.throttled      ? call_seen::result::throttled
              : c.reply.status < 300 ? call_seen::result::accepted
                                     : call_seen::result::other;
  seen.organizer_scope = c.reply.throttled == sim::scope_kind::organizer;
  result_.seen.slowest_answer = std::max(result_.seen.slowest_answer, in_seconds(c.reply.delay));
  if (!trace_ || seen.what == call_seen::result::other) return;
  trace_(since_start(now_), seen.what == call_seen::result::throttled ? "throttled" : "accepted", seen.organizer);
}

void world::arrive(std::uint32_t id) {
  auto& c = calls_[id];
  handle_request(c);
  note_arrival(c);
  if (c.reply.throttled) {
    const bool announced = c.reply.announces != nullptr;
    // A 503 without a usable Retry-After is a fault like another.
    if (c.reply.status != 503 || announced)
      c.closed = throttle{*c.reply.throttled, announced ? std::optional(c.reply.announced) : std::nullopt,
                          scenario_.service.throttle.scope_header};
  }
  const auto done = now_ + c.reply.delay;
  if (!c.duplicate) {
    const auto key = ledger_.rows()[ledger::index_of(c.row)].key;
    auto& busy = busy_until_[key];
    if (now_ < busy && !shared_keys_[key])
      violated("row " + std::to_string(ledger::index_of(c.row) + 1) + ": a call arrived while another of its key was in progress");
    // Where the caller was killed already, the service notices that within an attempt timeout.
    const bool dead = c.process != process_ || killed_;
    const auto over = dead ? std::min(done, c.sent + settings_of(c.lane).attempt_timeout) : done;
    if (c.broken == attempt_error::none) busy = std::max(busy, over);
  }
  of_world(done, event_kind::leave, id);
  if (c.duplicate) return;
  ++c.awaited;
  plan_answer(id, done);
}

// Which answer the caller receives, and when.
void world::plan_answer(std::uint32_t id, mono_time done) {
  auto& c = calls_[id];
  if (c.broken == attempt_error::stale) return of_world(now_ + scenario_.net.one_way, event_kind::receive, id);
  if (c.stray != 0) {
    // The real answer comes later, to a connection that is closed.
    c.broken = attempt_error::foreign;
    auto& busy = busy_until_[ledger_.rows()[ledger::index_of(c.row)].key];
    busy = std::min(busy, now_ + notices);
    return of_world(now_ + scenario_.net.one_way, event_kind::receive, id);
  }
  const auto last = c.sent + settings_of(c.lane).attempt_timeout;
  if (done + scenario_.net.one_way >= last || network_random_.chance(scenario_.net.answer_lost)) c.broken = attempt_error::timeout;
  of_world(c.broken == attempt_error::timeout ? last : done + scenario_.net.one_way, event_kind::receive, id);
}

void world::leave(std::uint32_t id) {
  auto& c = calls_[id];
  const auto most = settings_of(c.lane).max_cooldown;
  if (scenario_.exaggerates && c.reply.announced > most) c.reply.announced = network_random_.upto(most * 3 / 2);
  auto& service = *lanes_[c.lane].service;
  service.announce(c.reply, now_);
  service.finish(c.reply);
  release_call(id);
}

void world::receive(std::uint32_t id) {
  auto& c = calls_[id];
  if (c.batch != 0) return receive_of_batch(id);
  if (c.process == process_ && engine_ && !ended_ && !killed_) deliver(c);
  release_call(id);
}

}  // namespace convoke::simulation
