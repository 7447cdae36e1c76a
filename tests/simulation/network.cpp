// What happens between a grant and its answer: the wire, the service, and everything that gets lost in between.

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "graph/understanding.hpp"
#include "sim/service/text.hpp"
#include "simulation/world.hpp"

namespace convoke::simulation {

using engine::attempt_error;
using namespace std::chrono_literals;

namespace {

// After our timeout a key rests for 5 s: no call is at work longer than that over there.
constexpr auto longest_work = 24500ms;
// A service notices within this that the connection is gone, and is through with the call.
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
  c.duplicate = c.reused = c.cut = c.unnamed = false;
  c.stray = 0;
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
  return std::ranges::any_of(plot_.net.outages, [t](const span& o) { return o.from <= t && t < o.to; });
}

attempt_error world::fate_before_arrival(const call& c) {
  const auto& net = plot_.net;
  if (in_outage()) return net_dice_.chance(0.5) ? attempt_error::closed : attempt_error::timeout;
  if (c.reused && (net.used_once || net_dice_.chance(net.stale))) return attempt_error::stale;
  if (net_dice_.chance(net.starved)) return attempt_error::local_resources;
  if (net_dice_.chance(net.lost)) return attempt_error::timeout;
  return attempt_error::none;
}

void world::send(const engine::send_call& order) {
  auto& link = connections_[order.connection];
  referee_->sent(order, token_, link.reused, now_, engine_->numbers());
  if (!link.idle) complain("sent on a connection that is not ready");
  link.idle = false;
  ++link.uses;

  const auto id = new_call();
  auto& c = calls_[id];
  c.row = order.row;
  c.connection = order.connection;
  c.process = process_;
  c.token = token_;
  c.reused = link.reused;
  c.sent = now_;
  c.name = fmt::format("{:08x}-0000-4000-8000-{:012x}", plot_.seed & 0xffffffffU, referee_->sends());
  c.cut = net_dice_.chance(plot_.net.cut);
  c.unnamed = net_dice_.chance(plot_.net.unnamed);
  if (net_dice_.chance(plot_.net.stray)) c.stray = stray_statuses[net_dice_.below(stray_statuses.size())];
  const auto index = ledger::index_of(order.row);
  c.record = static_cast<std::uint32_t>(story_.seen.calls.size());
  const auto t = static_cast<float>(since_start(now_));
  story_.seen.calls.push_back({t, t, ledger_.rows()[index].organizer, call_seen::fate::lost});
  if (story_.seen.first_send < 0) story_.seen.first_send = since_start(now_);
  story_.seen.most_in_flight = std::max(story_.seen.most_in_flight, engine_->numbers().in_flight);
  story_.digest = (story_.digest ^ static_cast<std::uint64_t>(now_.time_since_epoch().count()) ^ order.row << 20U) * 0x100000001b3U;
  if (trace_) trace_(since_start(now_), "sent", ledger_.rows()[index].organizer);
  if (tell_) tell(fmt::format("row {} of organizer {} sent, attempt {}", index + 1, ledger_.rows()[index].organizer, order.attempt));

  c.broken = fate_before_arrival(c);
  c.awaited = 1;
  const bool carried_out = c.broken == attempt_error::stale && !plot_.net.used_once && net_dice_.chance(0.3);
  if (c.broken == attempt_error::none || carried_out) {
    at(now_ + plot_.net.one_way, event_kind::arrive, id, false);
    if (!net_dice_.chance(plot_.net.duplicated)) return;
    const auto again = new_call();
    auto& duplicate = calls_[again];
    const auto& first = calls_[id];
    duplicate.row = first.row;
    duplicate.process = first.process;
    duplicate.token = first.token;
    duplicate.name = first.name;
    duplicate.duplicate = true;
    duplicate.awaited = 1;
    at(now_ + plot_.net.one_way + net_dice_.upto(10s), event_kind::arrive, again, false);
    return;
  }
  const auto wait = c.broken == attempt_error::timeout ? plot_.engine.attempt_timeout : 2 * plot_.net.one_way;
  at(now_ + wait, event_kind::receive, id, false);
}

void world::handle_request(call& c) {
  const auto index = ledger::index_of(c.row);
  body_.clear();
  wire::append_create_or_get(body_, specs_[index]);
  path_ = wire::create_or_get_path(specs_[index].organizer);
  sim::request q;
  q.method = "POST";
  q.target = path_;
  q.authorization = bearer_;
  q.content_type = "application/json";
  q.prefer = "include-unknown-enum-members";
  q.client_request_id = c.name;
  q.body = body_;
  q.arrived = now_;
  service_->handle(q, true_time(), c.reply);
  c.reply.delay = std::min<nanoseconds>(c.reply.delay, longest_work - plot_.net.one_way);
}

void world::note_arrival(call& c) {
  if (c.duplicate) return;
  auto& seen = story_.seen.calls[c.record];
  seen.arrived = static_cast<float>(since_start(now_));
  seen.what = c.reply.throttled ? call_seen::fate::throttled : c.reply.status < 300 ? call_seen::fate::accepted : call_seen::fate::other;
  seen.organizer_scope = c.reply.throttled == sim::scope_kind::organizer;
  story_.seen.slowest_answer = std::max(story_.seen.slowest_answer, in_seconds(c.reply.delay));
  if (!trace_ || seen.what == call_seen::fate::other) return;
  trace_(since_start(now_), seen.what == call_seen::fate::throttled ? "throttled" : "accepted", seen.organizer);
}

void world::arrive(std::uint32_t id) {
  auto& c = calls_[id];
  bearer_.assign("Bearer ");
  if (c.token > 0) bearer_ += tokens_[c.token - 1];
  handle_request(c);
  note_arrival(c);
  if (tell_) {
    tell(fmt::format("  row {} arrived{}: {}{}, answered after {:.3f} s", ledger::index_of(c.row) + 1, c.duplicate ? " again" : "",
                     c.reply.status, c.reply.how == sim::delivery::whole ? "" : " damaged", in_seconds(c.reply.delay)));
  }
  if (c.reply.throttled) {
    const bool said = c.reply.announces != nullptr;
    // A 503 that says nothing about when to come back is a fault like another.
    if (c.reply.status != 503 || said)
      c.closed = throttle{*c.reply.throttled, said ? std::optional(c.reply.announced) : std::nullopt, plot_.service.throttle.scope_header};
  }
  const auto done = now_ + c.reply.delay;
  if (!c.duplicate) {
    auto& busy = busy_until_[ledger_.rows()[ledger::index_of(c.row)].key];
    if (now_ < busy)
      complain("row " + std::to_string(ledger::index_of(c.row) + 1) + ": a call arrived while another of its key was at work");
    if (c.broken == attempt_error::none) busy = std::max(busy, done);
  }
  at(done, event_kind::leave, id, false);
  if (c.duplicate) return;
  ++c.awaited;
  if (c.broken == attempt_error::stale) {
    at(now_ + plot_.net.one_way, event_kind::receive, id, false);
    return;
  }
  if (c.stray != 0) {
    // Ours is still on its way, and comes to a connection that is closed.
    c.broken = attempt_error::foreign;
    auto& busy = busy_until_[ledger_.rows()[ledger::index_of(c.row)].key];
    busy = std::min(busy, now_ + notices);
    at(now_ + plot_.net.one_way, event_kind::receive, id, false);
    return;
  }
  const auto last = c.sent + plot_.engine.attempt_timeout;
  if (done + plot_.net.one_way >= last || net_dice_.chance(plot_.net.deaf)) c.broken = attempt_error::timeout;
  at(c.broken == attempt_error::timeout ? last : done + plot_.net.one_way, event_kind::receive, id, false);
}

void world::leave(std::uint32_t id) {
  auto& c = calls_[id];
  if (plot_.exaggerates && c.reply.announced > plot_.engine.max_cooldown) {
    c.reply.announced = net_dice_.upto(plot_.engine.max_cooldown * 3 / 2);
  }
  service_->announce(c.reply, now_);
  service_->finish(c.reply);
  release_call(id);
}

void world::receive(std::uint32_t id) {
  auto& c = calls_[id];
  if (c.process == process_ && engine_ && !ended_ && !killed_) deliver(c);
  release_call(id);
}

namespace {

std::string_view value_after(std::string_view line, std::string_view name) {
  return line.size() > name.size() + 2 && line[name.size()] == ':' && sim::same_ignoring_case(line.substr(0, name.size()), name)
             ? line.substr(name.size() + 2)
             : std::string_view();
}

}  // namespace

// Somebody else's answer, whole and in good order, but for the request that it names.
engine::answer world::read_stray(const call& c) {
  engine::answer a;
  a.token = c.token;
  a.finished_at = wall();
  a.client_request_id = c.name;
  static constexpr std::string_view wait = "30";
  graph::http_answer h;
  h.status = c.stray;
  h.body = c.stray < 300 ? std::string_view(last_meeting_) : R"({"error":{"code":"Another","message":"of another request"}})";
  h.client_request_id = "ffffffff-0000-4000-8000-000000000000";
  h.throttle_scope = "Tenant_Application";
  h.retry_after = std::span(&wait, 1);
  graph::understand(h, {.wanted = specs_[ledger::index_of(c.row)]}, parser_, a);
  return a;
}

engine::answer world::read_answer(const call& c) {
  if (c.stray != 0 && c.broken == attempt_error::foreign) return read_stray(c);
  engine::answer a;
  a.token = c.token;
  a.finished_at = wall();
  a.client_request_id = c.name;
  a.error = c.broken;
  if (c.broken != attempt_error::none) return a;
  if (c.reply.how == sim::delivery::lost || c.reply.how == sim::delivery::reset) {
    // The same silence on a connection that had carried an answer before is taken for its end.
    a.error = c.reused ? attempt_error::stale : attempt_error::closed;
    return a;
  }
  understand_reply(c, a);
  return a;
}

void world::understand_reply(const call& c, engine::answer& a) {
  graph::http_answer h;
  h.status = c.reply.status;
  h.whole = c.reply.how == sim::delivery::whole && !c.cut;
  h.body = std::string_view(c.reply.body).substr(0, c.cut ? c.reply.body.size() / 2 : std::string::npos);
  std::array<std::string_view, 4> waits;
  std::size_t lines = 0;
  std::string_view rest = c.reply.headers;
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (const auto v = value_after(line, "Date"); !v.empty()) h.date = v;
    if (const auto v = value_after(line, "request-id"); !v.empty()) h.request_id = v;
    if (const auto v = value_after(line, "client-request-id"); !v.empty() && !c.unnamed) h.client_request_id = v;
    if (const auto v = value_after(line, "x-ms-throttle-scope"); !v.empty()) h.throttle_scope = v;
    if (const auto v = value_after(line, "Retry-After"); !v.empty() && lines < waits.size()) waits[lines++] = v;
  }
  h.retry_after = std::span(waits.data(), lines);
  if (!h.whole && h.status < 300) {
    a.error = attempt_error::truncated;
    a.status = h.status;
    return;
  }
  // The body names the request too.
  std::string unnamed;
  if (c.unnamed && h.status >= 300) {
    unnamed = h.body;
    const auto at = unnamed.find(c.name);
    if (at != std::string::npos) unnamed.erase(at, c.name.size());
    h.body = unnamed;
  }
  if (h.status < 300) last_meeting_ = h.body;
  graph::understand(h, {.wanted = specs_[ledger::index_of(c.row)]}, parser_, a);
}

void world::deliver(call& c) {
  auto a = read_answer(c);
  const auto connection = c.connection;
  const auto row = c.row;
  const bool whole = c.broken == attempt_error::none && c.reply.how == sim::delivery::whole && !c.cut;
  const bool lives = whole && !c.reply.close;
  // The header of a cut answer came.
  const auto closed = whole || (c.cut && c.broken == attempt_error::none && c.reply.how == sim::delivery::whole) ? c.closed : std::nullopt;
  story_.digest = (story_.digest ^ static_cast<std::uint64_t>(a.status) ^ static_cast<std::uint64_t>(a.error) << 10U) * 0x100000001b3U;
  if (closed) {
    const auto from = static_cast<float>(since_start(now_));
    const auto to = from + static_cast<float>(in_seconds(closed->announced.value_or(nanoseconds(0))));
    const bool of_organizer = closed->scope == sim::scope_kind::organizer;
    story_.seen.cooldowns.push_back({from, to, ledger_.rows()[ledger::index_of(row)].organizer, of_organizer});
    if (trace_) trace_(since_start(now_), of_organizer ? "organizer-cooldown" : "cooldown", to);
  }
  if (tell_) {
    tell(fmt::format("  row {} answered: {} error {}{}", ledger::index_of(row) + 1, a.status, static_cast<int>(a.error),
                     a.retry_after ? fmt::format(", wait {:.3f} s", in_seconds(*a.retry_after)) : ""));
  }
  referee_->answered(row, a, closed, now_);
  engine_->answered(row, std::move(a), now_);
  pump();
  if (!ended_) free_connection(connection, lives);
}

}  // namespace convoke::simulation
