#include "sim/service/error_bodies.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <boost/json.hpp>

namespace convoke::sim {
namespace {

namespace json = boost::json;
using enum error_form;

constexpr std::string_view policy = "No application access policy found for this app.";

constexpr error_body bodies[] = {
    {"app_on_me", 400, "BadRequest", "/me request is only valid with delegated authentication flow."},
    {"no_detail", 400, "BadRequest", "An error has occurred."},
    {"number_1026", 400, "BadRequest", "1026: An error has occurred."},
    {"number_3003", 400, "BadRequest", "3003: User does not have access to lookup meeting"},
    {"no_segment", 400, "BadRequest", "Resource not found for the segment 'onlineMeetings'."},
    {"invalid_argument", 400, "InvalidArgument", "The value of a member is not valid."},
    {"request_bad_request", 400, "Request_BadRequest", "Invalid value specified for property 'subject' of resource 'onlineMeeting'."},
    {"meeting_type", 400, "BadRequest", "Updating meeting type is not supported."},
    {"lifetime", 401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."},
    {"not_yet_valid", 401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid."},
    {"authentication_error", 401, "AuthenticationError", "Error authenticating with resource"},
    {"policy_documented", 403, "Forbidden", "No Application Access Policy found for this app"},
    {"policy_live", 403, "Forbidden", policy},
    {"policy_on_user", 403, "Forbidden",
     "No application access policy found for this app 9d8fe59e-322e-53bb-9df5-35d01bf5cb66 on the user"},
    {"policy_general", 403, "General", policy},
    {"policy_on_behalf", 403, "Unauthorized", "App x is not authorized to Create meeting on behalf of user y"},
    {"policy_lower_case_inner", 403, "Forbidden", policy, lower_case},
    {"policy_nested", 403, "Forbidden", policy, nested},
    {"policy_details", 403, "Forbidden", policy, details},
    {"policy_no_inner", 403, "Forbidden", policy, no_inner},
    {"policy_empty_code", 403, "", policy},
    {"forbidden_silent", 403, "Forbidden", ""},
    {"forbidden_9024", 403, "Forbidden", "9024: The organizer is not licensed."},
    {"authorization_request_denied", 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."},
    {"insufficient_claims", 403, "Forbidden", "error=insufficient_claims"},
    {"forbidden_html", 403, "", "Access denied", html},
    {"hostile", 400, "BadRequest", "The subject is refused", hostile},
    {"user_unknown", 404, "UnknownError", ""},
    {"not_found", 404, "NotFound", "The user was not found."},
    {"method_not_allowed", 405, "MethodNotAllowed", "An error has occurred."},
    {"method_not_specified", 405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."},
    {"too_many_requests", 429, "TooManyRequests", "Please retry again later."},
    {"throttled_legacy", 429, "UnknownError", ""},
    {"activity_limit", 429, "activityLimitReached", "The app or user has been throttled."},
    {"internal_server_error", 500, "InternalServerError", "Internal Server Error"},
    {"general_exception", 500, "generalException", "An unspecified error has occurred."},
    {"gateway_html", 502, "", "502 Bad Gateway", html},
    {"service_not_available", 503, "serviceNotAvailable", "The service is not available."},
    {"unavailable_empty", 503, "", "", empty},
    {"gateway_timeout", 504, "UnknownError", ""},
    {"quota", 507, "insufficientStorage", "The quota is used up."},
    {"bandwidth", 509, "bandwidthLimitExceeded", "The bandwidth is used up."},
};

json::object with_ids(const call_ids& ids, utc_time now) {
  return {{"date", format_utc(now).substr(0, 19)}, {"request-id", ids.request_id}, {"client-request-id", ids.client_request_id}};
}

json::object error_object(const error_body& what, const call_ids& ids, utc_time now) {
  const json::object said{{"code", what.code}, {"message", what.message}};
  auto inner = with_ids(ids, now);
  json::object out{{"code", ""}, {"message", ""}};
  switch (what.form) {
    case nested:
      inner["innerError"] = said;
      break;
    case details:
      out["details"] = json::array{said};
      break;
    case hostile:
      out = said;
      out["message"] = std::string(what.message) + "\x1b[2J\x1b]0;title\x07\r\nline\xE2\x80\xAE";
      break;
    default:
      out = said;
  }
  if (what.form != no_inner) out[what.form == lower_case ? "innererror" : "innerError"] = std::move(inner);
  return out;
}

}  // namespace

std::span<const error_body> error_bodies() noexcept {
  return bodies;
}

const error_body* find_error_body(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(bodies, name, &error_body::name);
  return found == std::end(bodies) ? nullptr : found;
}

void append_body(std::string& out, const error_body& what, const call_ids& ids, utc_time now) {
  if (what.form == empty) return;
  if (what.form == html) {
    out += fmt::format("<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>", what.message);
    return;
  }
  out += json::serialize(json::object{{"error", error_object(what, ids, now)}});
}

std::string_view type_header(const error_body& what) noexcept {
  if (what.form == empty) return {};
  return what.form == html ? "Content-Type: text/html\r\n" : "Content-Type: application/json\r\n";
}

}  // namespace convoke::sim
