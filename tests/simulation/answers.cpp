// How the process reads an answer, by the client's own code, and how it reports it to the engine.

#include <utility>

#include <fmt/format.h>

#include "graph/understanding.hpp"
#include "simulation/world.hpp"

namespace convoke::simulation {

using engine::attempt_error;

// An answer to another request: complete and well-formed, with the id of that request.
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
  graph::understand(h, {.op = c.op, .wanted = specs_[ledger::index_of(c.row)], .meeting_id = c.meeting_id}, parser_, a);
  return a;
}

engine::answer world::read_answer(const call& c) {
  if (c.stray != 0 && c.broken == attempt_error::foreign) return read_stray(c);
  engine::answer a;
  a.token = c.token;
  a.finished_at = wall();
  a.client_request_id = c.name;
  a.error = c.broken;
  a.sent = !c.unsent;
  if (c.broken != attempt_error::none) return a;
  if (c.reply.how == sim::delivery::lost || c.reply.how == sim::delivery::reset) {
    // A connection that had carried an answer before is taken for one that had closed before the call.
    a.error = c.reused ? attempt_error::stale : attempt_error::closed;
    return a;
  }
  understand_reply(c, a);
  return a;
}

void world::understand_reply(const call& c, engine::answer& a) {
  const received_reply got{.reply = c.reply, .name = c.name, .cut = c.cut, .unnamed = c.unnamed};
  const bool whole = c.reply.how == sim::delivery::whole && !c.cut;
  if (whole && c.reply.status < 300 && !c.reply.body.empty()) last_meeting_ = c.reply.body;
  simulation::understand_reply(
      got, {.op = c.op, .wanted = specs_[ledger::index_of(c.row)], .meeting_id = c.meeting_id, .changed = c.changed}, parser_, a);
}

// What the process makes of the answer that has come. `usable`: whether the connection is, after it.
engine::answer world::receive_answer(const call& c, bool& usable) {
  auto a = read_answer(c);
  const auto row = c.row;
  const bool whole = c.broken == attempt_error::none && c.reply.how == sim::delivery::whole && !c.cut;
  usable = whole && !c.reply.close;
  // The header of a cut answer was received.
  const auto closed = whole || (c.cut && c.broken == attempt_error::none && c.reply.how == sim::delivery::whole) ? c.closed : std::nullopt;
  result_.digest = (result_.digest ^ static_cast<std::uint64_t>(a.status) ^ static_cast<std::uint64_t>(a.error) << 10U) * 0x100000001b3U;
  if (closed) {
    const auto from = static_cast<float>(since_start(now_));
    const auto to = from + static_cast<float>(in_seconds(closed->announced.value_or(nanoseconds(0))));
    const bool of_organizer = closed->scope == sim::scope_kind::organizer;
    result_.seen.cooldowns.push_back({from, to, ledger_.rows()[ledger::index_of(row)].organizer, of_organizer});
    if (trace_) trace_(since_start(now_), of_organizer ? "organizer-cooldown" : "cooldown", to);
  }
  if (log_) {
    log(fmt::format("  row {} answered: {} error {}{}", ledger::index_of(row) + 1, a.status, static_cast<int>(a.error),
                    a.retry_after ? fmt::format(", wait {:.3f} s", in_seconds(*a.retry_after)) : ""));
  }
  checker_->answered(row, a, closed, now_);
  return a;
}

void world::deliver(call& c) {
  const auto connection = c.connection;
  const auto lane = c.lane;
  const auto row = c.row;
  bool usable = false;
  auto a = receive_answer(c, usable);
  engine_->answered(row, std::move(a), now_);
  pump();
  if (!ended_) free_connection(lane, connection, usable);
}

}  // namespace convoke::simulation
