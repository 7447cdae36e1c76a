// createOrGet: the commit, and everything that can go wrong around it.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sim/service/service.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

constexpr std::string_view json_headers =
    "Content-Type: application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8\r\nOData-Version: "
    "4.0\r\n";
constexpr std::string_view html_headers = "Content-Type: text/html\r\n";

delivery delivery_of(fault hit) {
  switch (hit) {
    case fault::lost_reply:
      return delivery::lost;
    case fault::reset:
      return delivery::reset;
    case fault::cut_length:
      return delivery::cut_length;
    case fault::cut_chunked:
      return delivery::cut_chunked;
    case fault::cut_close:
      return delivery::cut_close;
    default:
      return delivery::whole;
  }
}

}  // namespace

void service::create_or_get(call& c) {
  const auto type = c.q.content_type.substr(0, c.q.content_type.find(';'));
  if (!same_ignoring_case(type, "application/json")) {
    return error(c, 415, "BadRequest", "A supported MIME type could not be found that matches the content type of the request.");
  }
  refusal why;
  if (!read_create_or_get(c.q.body, c.now.wall, wanted_, why)) return error(c, 400, why.code, why.message);
  if (c.log != nullptr) c.log->external_id = wanted_.external_id;

  auto& e = meetings_.at(c.user, wanted_.external_id);
  auto& record = e.second;
  ++record.calls;
  ++keyed_calls_;
  ++record.in_flight;
  c.into.key = &e;
  record.most_in_flight = std::max(record.most_in_flight, record.in_flight);
  counts_.most_in_flight_per_key = std::max(counts_.most_in_flight_per_key, record.most_in_flight);

  const auto hit = decide(e);
  ++counts_.faults[static_cast<std::size_t>(hit)];
  if (c.log != nullptr) c.log->hit = hit;
  if (!commits(hit)) return before_commit(c, e, hit);
  const int status = commit(c, e);
  after_commit(c, e, status, hit);
}

fault service::decide(const meeting_store::entry& e) {
  for (const auto& step : how_.script) {
    const bool any = step.external_id.empty();
    if (!any && step.external_id != meeting_store::external_id_of(e)) continue;
    if (step.call == (any ? keyed_calls_ : e.second.calls) || (!any && step.call == 0)) return step.what;
  }
  return draw_fault(how_.faults, how_.seed, e.first, e.second.calls);
}

int service::commit(const call& c, meeting_store::entry& e) {
  auto& record = e.second;
  const bool again = record.exists() && how_.break_idempotency > 0 &&
                     dice(how_.seed, e.first, record.calls, dice::purpose::identity).real() < how_.break_idempotency;
  if (record.exists() && !again) {
    ++record.gets;
    ++counts_.got;
    return 200;
  }
  meetings_.create(e, wanted_, hash_of(e.first, how_.seed) + record.creates, c.now.wall);
  ++counts_.created;
  return 201;
}

void service::before_commit(call& c, const meeting_store::entry& e, fault hit) {
  switch (hit) {
    case fault::throttle:
      return random_throttle(c, e, 429);
    case fault::throttle_503:
      return random_throttle(c, e, 503);
    case fault::false_401:
      return error(c, 401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.");
    case fault::reset:
      c.into.how = delivery::reset;
      return;
    default:
      return outage(c, hit);
  }
}

void service::after_commit(call& c, meeting_store::entry& e, int status, fault hit) {
  switch (hit) {
    case fault::throttle_after:
      return random_throttle(c, e, 429);
    case fault::e500_after:
    case fault::e502_after:
    case fault::e503_after:
    case fault::e504_after:
      return outage(c, hit);
    case fault::html_200:
    case fault::empty_200:
    case fault::wrong_type:
      return malformed(c, e, hit);
    case fault::other_external_id:
      return success(c, e, status, distortion::other_external_id);
    case fault::missing_id:
      return success(c, e, status, distortion::missing_id);
    case fault::slow:
      c.into.delay += std::chrono::nanoseconds(static_cast<std::int64_t>(how_.slow_seconds * 1e9));
      break;
    default:
      c.into.how = delivery_of(hit);
      break;
  }
  success(c, e, status, distortion::none);
}

void service::success(call& c, meeting_store::entry& e, int status, distortion wrong) {
  begin_reply(c, status);
  c.into.headers += json_headers;
  append_meeting(c.into.body, e, shown_, c.beta, c.unknown_members, wrong);
}

void service::malformed(call& c, meeting_store::entry& e, fault hit) {
  begin_reply(c, 200);
  if (hit == fault::html_200) {
    c.into.headers += html_headers;
    c.into.body = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Welcome</h1><p>Please wait.</p></body></html>";
    return;
  }
  c.into.headers += json_headers;
  if (hit == fault::empty_200) return;
  static constexpr std::array<std::string_view, 4> wrong = {R"([])", R"({"id":17,"joinWebUrl":{},"externalId":["x"]})",
                                                            R"("onlineMeeting")", R"({"value":null})"};
  dice random(how_.seed, e.first, e.second.calls, dice::purpose::detail);
  c.into.body = wrong[random.below(wrong.size())];
}

void service::outage(call& c, fault hit) {
  switch (hit) {
    case fault::e500_before:
    case fault::e500_after:
      return error(c, 500, "InternalServerError", "Internal Server Error");
    case fault::e502_before:
    case fault::e502_after:
      begin_reply(c, 502);
      c.into.headers += html_headers;
      c.into.body = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>";
      return;
    case fault::e503_before:
    case fault::e503_after:
      return error(c, 503, "serviceNotAvailable", "The service is temporarily unavailable.");
    case fault::e504_before:
    case fault::e504_after:
      return error(c, 504, "UnknownError", "");
    default:
      begin_reply(c, 503);
      c.into.close = true;
      if (hit != fault::html_503) return;
      c.into.headers += html_headers;
      c.into.body = "<!DOCTYPE html><html><body><h2>Our services aren't available right now</h2></body></html>";
  }
}

void service::random_throttle(call& c, const meeting_store::entry& e, int status) {
  const auto& how = how_.throttle;
  dice random(how_.seed, e.first, e.second.calls, dice::purpose::detail);
  const auto wait = std::chrono::nanoseconds(static_cast<std::int64_t>(random.real() * how.random_wait * 1e9));
  const bool lane = how.random_scope == scope_kind::lane || (how.random_scope == scope_kind::mix && random.below(2) == 0);
  throttle(c, lane ? lane_ : *c.organizer, lane ? scope_kind::lane : scope_kind::organizer, wait, status);
}

}  // namespace convoke::sim
