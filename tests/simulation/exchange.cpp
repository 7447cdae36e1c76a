#include "simulation/exchange.hpp"

#include <array>

#include <fmt/format.h>

#include "graph/understanding.hpp"
#include "sim/service/text.hpp"

namespace convoke::simulation {

namespace {

std::string_view value_after(std::string_view line, std::string_view name) {
  return line.size() > name.size() + 2 && line[name.size()] == ':' && sim::same_ignoring_case(line.substr(0, name.size()), name)
             ? line.substr(name.size() + 2)
             : std::string_view();
}

}  // namespace

void build_request(operation op, const meeting_spec& s, std::string_view meeting_id, std::span<const std::string> changed, mono_time now,
                   request_text& text, sim::request& q) {
  text.body.clear();
  q.method = op == operation::create_or_get ? "POST" : op == operation::update ? "PATCH" : op == operation::get ? "GET" : "DELETE";
  if (op == operation::create_or_get) {
    wire::append_create_or_get(text.body, s);
    text.path = wire::create_or_get_path(s.organizer);
  } else {
    if (op == operation::update) wire::append_update(text.body, s, changed);
    text.path = wire::meeting_path(s.organizer, meeting_id).value();
  }
  if (!text.body.empty()) q.content_type = "application/json";
  q.target = text.path;
  q.body = text.body;
  q.arrived = now;
}

void understand_reply(const received_reply& got, const graph::request& asked, wire::parser& parser, engine::answer& a) {
  const auto& reply = got.reply;
  graph::http_answer h;
  h.status = reply.status;
  h.whole = reply.how == sim::delivery::whole && !got.cut;
  h.body = std::string_view(reply.body).substr(0, got.cut ? reply.body.size() / 2 : std::string::npos);
  std::array<std::string_view, 4> waits;
  std::size_t lines = 0;
  std::string_view rest = reply.headers;
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (const auto v = value_after(line, "Date"); !v.empty()) h.date = v;
    if (const auto v = value_after(line, "request-id"); !v.empty()) h.request_id = v;
    if (const auto v = value_after(line, "client-request-id"); !v.empty() && !got.unnamed) h.client_request_id = v;
    if (const auto v = value_after(line, "x-ms-throttle-scope"); !v.empty()) h.throttle_scope = v;
    if (const auto v = value_after(line, "Retry-After"); !v.empty() && lines < waits.size()) waits[lines++] = v;
  }
  h.retry_after = std::span(waits.data(), lines);
  if (!h.whole && h.status < 300) {
    a.error = engine::attempt_error::truncated;
    a.status = h.status;
    return;
  }
  // The body of an error names the request too.
  std::string unnamed;
  if (got.unnamed && h.status >= 300) {
    unnamed = h.body;
    const auto at = unnamed.find(got.name);
    if (at != std::string::npos) unnamed.erase(at, got.name.size());
    h.body = unnamed;
  }
  graph::understand(h, asked, parser, a);
}

std::string request_token(sim::service& from, sim::moment now) {
  const auto form =
      fmt::format("client_id={}&scope=https%3A%2F%2Flocalhost%3A8443%2F.default&client_secret=simulated&grant_type=client_credentials",
                  from.who().client_id);
  const auto target = fmt::format("/{}/oauth2/v2.0/token", from.who().tenant);
  sim::request q;
  q.method = "POST";
  q.target = target;
  q.content_type = "application/x-www-form-urlencoded";
  q.body = form;
  q.arrived = now.mono;
  sim::reply r;
  from.handle(q, now, r);
  constexpr std::string_view member = "\"access_token\":\"";
  const auto found = r.body.find(member);
  if (r.status != 200 || found == std::string::npos) return {};
  const auto begin = found + member.size();
  return r.body.substr(begin, r.body.find('"', begin) - begin);
}

}  // namespace convoke::simulation
