// Which answers of Graph are recognised. Each row of the errors that Microsoft's documentation and public reports show has a case.

#include "core/known_errors.hpp"

#include <string>

#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>

using namespace convoke;
using namespace convoke::core;

namespace {

known_error of(int status, std::string_view code, std::string_view message = {}) {
  return recognise({.status = status, .code = code, .message = message});
}

bool is(known_error found, known_error wanted) {
  BOOST_TEST(to_string(found) == to_string(wanted));
  return found == wanted;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(known_errors)

BOOST_AUTO_TEST_CASE(section_8_bad_requests) {
  BOOST_TEST(is(of(400, "BadRequest", "/me request is only valid with delegated authentication flow."), known_error::app_on_me));
  BOOST_TEST(is(of(400, "BadRequest", "An error has occurred."), known_error::payload_refused));
  BOOST_TEST(is(of(400, "BadRequest", "1026: An error has occurred."), known_error::payload_refused));
  BOOST_TEST(is(of(400, "BadRequest", ""), known_error::payload_refused));
  BOOST_TEST(is(of(400, "BadRequest", "3003: User does not have access to lookup meeting"), known_error::meeting_not_visible));
  BOOST_TEST(is(of(403, "Forbidden", "3003: User does not have access to lookup meeting"), known_error::meeting_not_visible));
  BOOST_TEST(is(of(400, "BadRequest", "Resource not found for the segment 'onlineMeetings'."), known_error::wrong_place));
  BOOST_TEST(is(of(400, "InvalidArgument", "x"), known_error::value_refused));
  BOOST_TEST(is(of(400, "Request_BadRequest", "x"), known_error::value_refused));
  BOOST_TEST(is(of(400, "BadRequest", "Updating meeting type is not supported."), known_error::meeting_type_fixed));
  BOOST_TEST(is(of(400, "BadRequest", "The passcode cannot be changed."), known_error::passcode_fixed));
  BOOST_TEST(is(of(400, "BadRequest", "Cannot convert the literal 'x' of 'startDateTime'"), known_error::times_refused));
}

BOOST_AUTO_TEST_CASE(section_8_refused_tokens) {
  BOOST_TEST(is(of(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."), known_error::token_expired));
  BOOST_TEST(is(of(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid."), known_error::token_expired));
  BOOST_TEST(is(of(401, "InvalidAuthenticationToken", ""), known_error::token_refused));
  BOOST_TEST(is(of(401, "InvalidAuthenticationToken", "error=insufficient_claims"), known_error::conditional_access));
  BOOST_TEST(is(of(401, "AuthenticationError", "Error authenticating with resource"), known_error::personal_account));
  BOOST_TEST(is(recognise({.status = 401, .code = "InvalidAuthenticationToken", .for_user = true}), known_error::user_token_refused));
}

BOOST_AUTO_TEST_CASE(section_8_forbidden) {
  for (const auto* text : {"No Application Access Policy found for this app", "No application access policy found for this app.",
                           "No application access policy found for this app 1 on the user"})
    for (const auto* code : {"Forbidden", "General", ""}) BOOST_TEST(is(of(403, code, text), known_error::policy_missing));
  for (const int status : {401, 403})
    BOOST_TEST(
        is(of(status, "Unauthorized", "App 1 is not authorized to Create meeting on behalf of user 2"), known_error::policy_missing));
  BOOST_TEST(is(of(403, "Forbidden", ""), known_error::forbidden_silent));
  BOOST_TEST(is(of(403, "Authorization_RequestDenied", ""), known_error::permission_missing));
  BOOST_TEST(is(of(403, "Forbidden", "Insufficient privileges to complete the operation."), known_error::permission_missing));
  BOOST_TEST(is(of(403, "Forbidden", "error=insufficient_claims"), known_error::conditional_access));
  BOOST_TEST(is(of(403, "Forbidden", "something new"), known_error::forbidden_otherwise));
  const error_seen signed_in{.status = 403, .code = "General", .message = "No application access policy found.", .for_user = true};
  BOOST_TEST(is(recognise(signed_in), known_error::user_forbidden));
}

BOOST_AUTO_TEST_CASE(section_6_organizers) {
  for (const auto* code : {"UnknownError", "NotFound", ""}) BOOST_TEST(is(of(404, code), known_error::no_such_user));
  BOOST_TEST(is(of(404, "NotFound", "Not found. (a channel meeting, so the beta endpoint was called)"), known_error::channel_not_found));
  BOOST_TEST(is(of(403, "Forbidden", "9024: The user has no licence."), known_error::unlicensed));
  BOOST_TEST(is(of(403, "9024", ""), known_error::unlicensed));
  BOOST_TEST(is(recognise({.status = 404, .for_user = true}), known_error::user_unknown));
  BOOST_TEST(is(recognise({.status = 404, .op = operation::update}), known_error::meeting_gone));
  // What can be behind a 403 without a text is named: the permission, the policy, a guest, the licence, the meeting policy.
  const auto remedy = remedy_for(known_error::forbidden_silent);
  for (const auto* part :
       {"OnlineMeetings.ReadWrite.All", "application access policy", "no guest", "Teams licence", "Teams meeting policy"})
    BOOST_TEST(remedy.contains(part), remedy);
}

BOOST_AUTO_TEST_CASE(section_8_throttles_and_faults) {
  BOOST_TEST(is(of(429, "TooManyRequests", "Please retry again later."), known_error::throttled));
  BOOST_TEST(is(of(429, "UnknownError"), known_error::throttled));
  BOOST_TEST(is(of(429, "activityLimitReached", "x"), known_error::throttled));
  BOOST_TEST(is(of(405, "MethodNotAllowed", "An error has occurred."), known_error::wrong_place));
  BOOST_TEST(is(of(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."), known_error::wrong_place));
  BOOST_TEST(is(of(500, "InternalServerError", "Internal Server Error"), known_error::server_fault));
  BOOST_TEST(is(of(500, "generalException"), known_error::server_fault));
  for (const int status : {502, 503, 504}) BOOST_TEST(is(of(status, "serviceNotAvailable"), known_error::unavailable));
  BOOST_TEST(is(of(507, ""), known_error::quota_used_up));
  BOOST_TEST(is(of(509, ""), known_error::bandwidth_used_up));
  BOOST_TEST(is(of(409, ""), known_error::changed_meanwhile));
  BOOST_TEST(is(of(424, ""), known_error::locked));
  BOOST_TEST(is(of(302, ""), known_error::redirected));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_stays_unknown) {
  for (const int status : {-1, 0, 200, 204, 299, 402, 418, 499, 600})
    BOOST_TEST(is(of(status, "Forbidden", "application access policy"), known_error::unknown), status);
  BOOST_TEST(is(of(400, "BadRequest", "something new"), known_error::unknown));
  BOOST_TEST(advice_on(known_error::unknown) == "");
  BOOST_TEST(remedy_for(known_error::unknown) == "");
}

BOOST_AUTO_TEST_CASE(every_known_error_says_what_is_wrong_who_can_put_it_right_and_how) {
  for (std::size_t i = 1; i < known_error_count; ++i) {
    const auto e = static_cast<known_error>(i);
    const auto& says = explain(e);
    BOOST_TEST(!says.what.empty(), to_string(e));
    BOOST_TEST(says.step.ends_with('.'), to_string(e));
    BOOST_TEST(!to_string(says.fixed_by).empty(), to_string(e));
    BOOST_TEST(says.in_rows == (says.fixed_by == fixer::author_of_the_file), to_string(e));
    for (std::size_t other = 0; other < i; ++other) BOOST_TEST(to_string(static_cast<known_error>(other)) != to_string(e));
    // Rows that are to be corrected are in the failed file; other remedies end in the same command.
    BOOST_TEST((says.in_rows == remedy_for(e).contains("failed file")), remedy_for(e));
  }
}

BOOST_AUTO_TEST_CASE(an_advice_can_be_taken_from_a_message_again) {
  for (std::size_t i = 1; i < known_error_count; ++i) {
    const auto e = static_cast<known_error>(i);
    for (const std::string said : {"", "1026: An error has occurred."}) {
      const auto message = said + (said.empty() ? "" : " ") + std::string(advice_on(e));
      const auto split = split_advice(message);
      BOOST_TEST(split.said == said);
      BOOST_TEST(advice_on(split.about) == advice_on(e));
    }
  }
  const auto none = split_advice("An error has occurred.");
  BOOST_TEST(none.said == "An error has occurred.");
  BOOST_TEST(is(none.about, known_error::unknown));
}

BOOST_AUTO_TEST_CASE(numbers_at_the_beginning_of_messages) {
  BOOST_TEST((number_in("3003: User does not have access") == 3003U));
  BOOST_TEST((number_in("0007: x") == 7U));
  for (const auto* text : {"", "3003", "3003:x", "300: x", "30030: x", "x3003: x", "error 3003: x"}) BOOST_TEST(!number_in(text), text);
}

BOOST_AUTO_TEST_CASE(the_category_of_a_throttle) {
  BOOST_TEST(throttle_category("TooManyRequests", "Please retry again later.", "") == "");
  BOOST_TEST(throttle_category("activityLimitReached", "x", "") == "activityLimitReached");
  BOOST_TEST(throttle_category("TooManyRequests", "The tenant limit was reached.", "") == "tenant");
  BOOST_TEST(throttle_category("TooManyRequests", "Per user quota", "") == "user");
  BOOST_TEST(throttle_category("x", "per user", "Tenant_Application/ReadWrite/1/2") == "Tenant_Application");
  BOOST_TEST(throttle_category("", "", "a\x1b[31m/b").find('\x1b') == std::string::npos);
}

RC_BOOST_PROP(any_text_is_recognised_or_unknown_and_split_once, (int status, std::string code, std::string message)) {
  const auto e = recognise({.status = status, .code = code, .message = message});
  RC_ASSERT(static_cast<std::size_t>(e) < known_error_count);
  if (e == known_error::unknown) return;
  const auto whole = message + " " + std::string(advice_on(e));
  RC_ASSERT(split_advice(whole).said == message);
}

BOOST_AUTO_TEST_SUITE_END()
