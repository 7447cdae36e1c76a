// How the process reads an answer, by the client's own code, and how it reports it to the engine.

#include <array>
#include <utility>

#include <fmt/format.h>

#include "graph/understanding.hpp"
#include "sim/service/text.hpp"
#include "simulation/world.hpp"

namespace convoke::simulation {

using engine::attempt_error;

namespace {

std::string_view value_after(std::string_view line, std::string_view name) {
  return line.size() > name.size() + 2 && line[name.size()] == ':' && sim::same_ignoring_case(line.substr(0, name.size()), name)
             ? line.substr(name.size() + 2)
             : std::string_view();
}

}  // namespace

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
  // The body of an error names the request too.
  std::string unnamed;
  if (c.unnamed && h.status >= 300) {
    unnamed = h.body;
    const auto at = unnamed.find(c.name);
    if (at != std::string::npos) unnamed.erase(at, c.name.size());
    h.body = unnamed;
  }
  if (h.status < 300 && !h.body.empty()) last_meeting_ = h.body;
  graph::understand(h, {.op = c.op, .wanted = specs_[ledger::index_of(c.row)], .meeting_id = c.meeting_id, .changed = c.changed}, parser_,
                    a);
}

void world::deliver(call& c) {
  auto a = read_answer(c);
  const auto connection = c.connection;
  const auto lane = c.lane;
  const auto row = c.row;
  const bool whole = c.broken == attempt_error::none && c.reply.how == sim::delivery::whole && !c.cut;
  const bool usable = whole && !c.reply.close;
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
  engine_->answered(row, std::move(a), now_);
  pump();
  if (!ended_) free_connection(lane, connection, usable);
}

}  // namespace convoke::simulation
