// The answers to all four operations, as graph::understand reads them. The first byte of the input chooses the operation and the status,
// the rest is the body.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "graph/understanding.hpp"

namespace {

using namespace convoke;
using engine::attempt_error;

constexpr std::array operations{operation::create_or_get, operation::update, operation::get, operation::remove};
constexpr std::array statuses{200, 201, 204, 202, 400, 401, 404, 429};
constexpr std::string_view meeting_id = "MSo1YzFiOWU3MC00ZDJhLTRmMzYtOWM4ZS0xYTJiM2M0ZDVlNmYqMCoqMTk6bWVldGluZ19OMkUwQHRocmVhZC52Mg==";

meeting_spec wanted() {
  meeting_spec s;
  s.organizer = "5c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f";
  s.external_id = "BIO-101";
  s.subject = "Zoology";
  s.start = parse_utc("2026-09-01T08:00:00Z").value();
  s.end = parse_utc("2026-09-01T09:30:00Z").value();
  s.attendees = {{attendee_id::upn, "ute@uni.example", attendee_role::presenter}};
  return s;
}

void check(const engine::answer& a, operation op, bool bound) {
  if (a.error != attempt_error::none && a.error_message.empty()) std::abort();
  if (a.error != attempt_error::none && a.stored) std::abort();
  if (a.stored) {
    if (op == operation::remove || (a.status != 200 && (a.status != 201 || op != operation::create_or_get))) std::abort();
    if (op != operation::create_or_get && a.stored->id != meeting_id) std::abort();
    if (a.stored->id.empty() || (op == operation::create_or_get && a.stored->join_web_url.empty())) std::abort();
  } else {
    if (!a.drift.empty()) std::abort();
    // A success without a meeting has no body, and must name its request.
    if (a.error == attempt_error::none && a.status < 300 && (a.status != 204 || !bound)) std::abort();
  }
  constexpr std::array<std::string_view, 4> fields{"subject", "start", "end", "attendees"};
  for (const auto& field : a.drift)
    if (std::ranges::find(fields, field) == fields.end()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static wire::parser parser;
  static const meeting_spec spec = wanted();
  if (size == 0) return 0;
  const auto op = operations.at(data[0] & 3U);
  const int status = statuses.at(data[0] >> 2U & 7U);
  const bool bound = (data[0] & 32U) != 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const graph::http_answer from{.status = status, .body = body, .client_request_id = bound ? "22222222-0000-4000-8000-000000000000" : ""};
  engine::answer out;
  out.client_request_id = "22222222-0000-4000-8000-000000000000";
  graph::understand(from, {.op = op, .wanted = spec, .meeting_id = meeting_id}, parser, out);
  check(out, op, bound);
  return 0;
}
