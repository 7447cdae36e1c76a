// Which fault hits a call, and what it does: before the operation is carried out, or to the answer after it.

#include <array>

#include "sim/service/random_source.hpp"
#include "sim/service/service.hpp"

namespace convoke::sim {
namespace {

constexpr std::string_view html_headers = "Content-Type: text/html\r\n";

}  // namespace

// An answer without a body cannot be cut: it is lost.
delivery service::delivery_of(fault hit, bool has_body) {
  switch (hit) {
    case fault::lost_reply:
      return delivery::lost;
    case fault::reset:
      return delivery::reset;
    case fault::cut_length:
      return has_body ? delivery::cut_length : delivery::lost;
    case fault::cut_chunked:
      return has_body ? delivery::cut_chunked : delivery::lost;
    case fault::cut_close:
      return has_body ? delivery::cut_close : delivery::lost;
    default:
      return delivery::whole;
  }
}

std::chrono::nanoseconds service::slow_answer() const {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(how_.slow_seconds * 1e9));
}

fault service::decide(const call& c, const meeting_store::entry& e) {
  for (const auto& step : how_.script) {
    if (step.batch) continue;
    const bool any_key = step.external_id.empty();
    if (!any_key && step.external_id != meeting_store::external_id_of(e)) continue;
    if (step.op && *step.op != c.op) continue;
    const auto& calls = any_key ? counts_.calls : e.second.calls;
    const auto number = step.op ? calls[c.op] : calls.total();
    if (step.call == number || (!any_key && step.call == 0)) return step.what;
  }
  return draw_fault(how_.faults, how_.seed, e.first, e.second.calls.total());
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
      if (status < 300) return malformed(c, e.second.calls.total(), hit, e.first);
      break;
    case fault::other_external_id:
      return respond(c, e, status, distortion::other_external_id);
    case fault::missing_id:
      return respond(c, e, status, distortion::missing_id);
    case fault::slow:
      c.into.delay += slow_answer();
      break;
    default:
      c.into.how = delivery_of(hit, status != 204);
      break;
  }
  respond(c, e, status, distortion::none);
}

void service::malformed(call& c, std::uint64_t nth, fault hit, std::string_view key) {
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
  random_source random(how_.seed, key, nth, random_source::purpose::detail);
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
  random_source random(how_.seed, e.first, e.second.calls.total(), random_source::purpose::detail);
  const auto wait = std::chrono::nanoseconds(static_cast<std::int64_t>(random.real() * how.random_wait * 1e9));
  auto kind = how.random_scope;
  if (kind == scope_kind::mix) kind = random.below(2) == 0 ? scope_kind::lane : scope_kind::organizer;
  throttle(c, kind == scope_kind::organizer ? *c.organizer : kind == scope_kind::app ? *app_ : lane_, kind, wait, status);
}

}  // namespace convoke::sim
