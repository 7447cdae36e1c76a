#include "core/known_errors.hpp"

#include <utility>

#include "core/text.hpp"

namespace convoke::core {
namespace {

// Which calls a pattern is about.
enum class calls : std::uint8_t { any, of_app, of_user, on_meeting };  // on_meeting: another operation than createOrGet

struct pattern {
  known_error means;
  int first, last;              // HTTP statuses
  std::string_view code{};      // the whole code; empty: any
  std::string_view mentions{};  // a part of the message; empty: any
  calls of = calls::any;
  bool silent = false;  // only with an empty message
};

using enum known_error;

// The first pattern that fits. Graph's documentation names no more than the status and a word for most of these.
constexpr pattern patterns[] = {
    {redirected, 300, 399},
    {policy_missing, 401, 403, "", "on behalf of user", calls::of_app},
    {conditional_access, 401, 403, "", "insufficient_claims"},
    {conditional_access, 401, 403, "insufficient_claims"},
    {personal_account, 400, 599, "AuthenticationError"},
    {personal_account, 400, 599, "", "error authenticating with resource"},
    {wrong_place, 400, 404, "", "not found for the segment"},
    {app_on_me, 400, 403, "", "/me request"},
    {meeting_type_fixed, 400, 403, "", "updating meeting type"},
    {passcode_fixed, 400, 403, "", "passcode"},
    {passcode_fixed, 400, 403, "", "joinMeetingIdSettings"},
    {meeting_not_visible, 400, 404, "", "access to lookup meeting"},
    {times_refused, 400, 400, "", "startDateTime"},
    {times_refused, 400, 400, "", "endDateTime"},
    {value_refused, 400, 422, "InvalidArgument"},
    {value_refused, 400, 400, "Request_BadRequest"},
    {value_refused, 400, 422, "invalidRequest"},
    {payload_refused, 400, 400, "", "an error has occurred"},
    {payload_refused, 400, 400, "", "", calls::any, true},
    {user_token_refused, 401, 401, "", "", calls::of_user},
    {token_expired, 401, 401, "", "token is expired"},
    {token_expired, 401, 401, "", "token has expired"},
    {token_refused, 401, 401},
    {user_forbidden, 403, 403, "", "", calls::of_user},
    {policy_missing, 403, 403, "", "application access policy"},
    {permission_missing, 403, 403, "Authorization_RequestDenied"},
    {permission_missing, 403, 403, "", "insufficient privileges"},
    {unlicensed, 403, 403, "9024"},
    {unlicensed, 403, 403, "", "9024: "},
    {forbidden_silent, 403, 403, "", "", calls::any, true},
    {forbidden_otherwise, 403, 403},
    // A ledger of an earlier version has this sentence in the place of Graph's.
    {meeting_gone, 404, 404, "", "does not find it afterwards"},
    {meeting_gone, 404, 404, "", "", calls::on_meeting},
    {user_unknown, 404, 404, "", "", calls::of_user},
    {channel_not_found, 404, 404, "", "(a channel meeting, so"},  // graph/understanding.cpp
    {no_such_user, 404, 404},
    {wrong_place, 405, 405},
    {wrong_place, 501, 501},
    {unavailable, 408, 408},
    {unavailable, 425, 425},
    {changed_meanwhile, 409, 409},
    {too_large, 413, 413},
    {locked, 423, 424},
    {throttled, 429, 429},
    {bandwidth_used_up, 509, 509},
    {quota_used_up, 507, 507},
    {unavailable, 502, 504},
    {server_fault, 500, 599},
};

bool fits(const pattern& p, const error_seen& seen) noexcept {
  if (seen.status < p.first || seen.status > p.last) return false;
  if (p.of == calls::of_app && seen.for_user) return false;
  if (p.of == calls::of_user && !seen.for_user) return false;
  if (p.of == calls::on_meeting && seen.op == operation::create_or_get) return false;
  if (p.silent && !seen.message.empty()) return false;
  if (!p.code.empty() && !equal_ignoring_case(p.code, seen.code)) return false;
  return p.mentions.empty() || find_ignoring_case(seen.message, p.mentions) != std::string_view::npos;
}

// Words of a body that name the limit. The first one counts.
constexpr std::pair<std::string_view, std::string_view> limits_named[] = {
    {"activityLimitReached", "activityLimitReached"},
    {"per tenant", "tenant"},
    {"tenant limit", "tenant"},
    {"tenant resource", "tenant"},
    {"application limit", "application"},
    {"application resource", "application"},
    {"per application", "application"},
    {"per app ", "application"},
    {"user limit", "user"},
    {"user resource", "user"},
    {"per user", "user"},
    {"mailbox", "mailbox"},
};

// A limit that the words name.
std::string_view limit_in(std::string_view text) noexcept {
  for (const auto& [words, limit] : limits_named)
    if (find_ignoring_case(text, words) != std::string_view::npos) return limit;
  return {};
}

}  // namespace

known_error recognise(const error_seen& seen) noexcept {
  for (const auto& p : patterns)
    if (fits(p, seen)) return p.means;
  return unknown;
}

std::optional<unsigned> number_in(std::string_view message) noexcept {
  constexpr std::size_t digits = 4;
  if (message.find_first_not_of("0123456789") != digits || !message.substr(digits).starts_with(": ")) return std::nullopt;
  unsigned out = 0;
  for (const char c : message.substr(0, digits)) out = out * 10 + static_cast<unsigned>(c - '0');
  return out;
}

std::string throttle_category(std::string_view code, std::string_view message, std::string_view scope) {
  constexpr std::size_t longest = 80;
  // `Tenant_Application/ReadWrite/{app}/{tenant}`: the ids say nothing that the operator does not know.
  const auto named = trim_http(scope.substr(0, scope.find('/')));
  if (!named.empty()) return escape_for_people(named, longest);
  if (const auto limit = limit_in(code); !limit.empty()) return std::string(limit);
  return std::string(limit_in(message));
}

}  // namespace convoke::core
