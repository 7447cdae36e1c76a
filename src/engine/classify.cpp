#include "engine/classify.hpp"

namespace convoke::engine {

namespace {

// Only createOrGet makes meetings, so only its 201 is one. Removing a meeting leaves nothing to show; what ties such an acknowledgement to
// its request is the id of the request alone. An update shows the meeting, or it is not known what differs after it.
bool succeeded(operation op, const answer& a) noexcept {
  if (op == operation::remove) return a.status == 200 || a.status == 204;
  return a.stored && (a.status == 200 || (a.status == 201 && op == operation::create_or_get));
}

answer_class by_status(operation op, const answer& a) noexcept {
  if (succeeded(op, a)) return answer_class::success;
  switch (a.status) {
    case 404:
      // createOrGet names no meeting: what it does not find is the organizer.
      return op == operation::create_or_get ? answer_class::organizer_permanent : answer_class::gone;
    case 429:
    case 509:
      return answer_class::throttle;
    case 503:
      return a.retry_after ? answer_class::throttle : answer_class::fault;
    case 401:
      return answer_class::auth;
    case 409:
    case 423:
    case 424:
      return answer_class::conflict;
    case 403:
      return answer_class::organizer_permanent;
    case 408:
    case 425:
      return answer_class::fault;
    case 501:
    case 507:
      return answer_class::row_permanent;
    default:
      // Redirects are not followed, so the same request gets the same answer. An unknown 4xx is taken for an error of the request.
      return a.status >= 300 && a.status < 500 ? answer_class::row_permanent : answer_class::fault;
  }
}

}  // namespace

bool may_be_at_work(operation op, const answer& a) noexcept {
  switch (a.error) {
    case attempt_error::timeout:
    case attempt_error::foreign:
      return true;
    case attempt_error::not_believed:
      return !a.bound;
    case attempt_error::none:
      return !a.bound && rests_on_status(op, by_status(op, a));
    default:
      return false;
  }
}

classified classify(operation op, const answer& a) noexcept {
  switch (a.error) {
    case attempt_error::none: {
      const auto what = by_status(op, a);
      return {what, a.status == 503 || (rests_on_status(op, what) && !proven(a))};
    }
    case attempt_error::connect:
    case attempt_error::proxy_login:
      return {answer_class::unsent, true};
    case attempt_error::stale:
      return {answer_class::stale, true};
    case attempt_error::local_resources:
      return {answer_class::ours, true};
    case attempt_error::truncated:
      // The head of an answer whose body was cut is complete, so its throttle is obeyed.
      if (by_status(op, a) == answer_class::throttle) return {answer_class::throttle, true};
      return {answer_class::fault, true};
    // It is not known which request the next answer on this connection would belong to.
    case attempt_error::not_believed:
    case attempt_error::foreign:
    case attempt_error::tls:
    case attempt_error::timeout:
    case attempt_error::closed:
      break;
  }
  return {answer_class::fault, true};
}

bool shows_life(answer_class c) noexcept {
  switch (c) {
    case answer_class::success:
    case answer_class::gone:
    case answer_class::throttle:
    case answer_class::auth:
    case answer_class::conflict:
    case answer_class::organizer_permanent:
    case answer_class::row_permanent:
      return true;
    case answer_class::fault:
    case answer_class::stale:
    case answer_class::unsent:
    case answer_class::ours:
      break;
  }
  return false;
}

}  // namespace convoke::engine
