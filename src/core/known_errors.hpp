#pragma once

// The errors of Microsoft Graph that are recognised: what is wrong, who can put it right, and what is to be done. The one place for these
// sentences: results, failed files, summaries and `doctor` take them from here.
//
// The service changes the wording of its messages. So status and code decide first, and what is recognised only chooses a text: no decision
// of a run depends on it. Sources of the bodies: docs/graph.md, "Errors".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/operation.hpp>

namespace convoke::core {

enum class known_error : std::uint8_t {
  unknown,              // shown as it is
  redirected,           // 3xx
  wrong_place,          // the address offers no online meetings
  app_on_me,            // an app's token on `/me`
  personal_account,     // the token is a personal account's
  meeting_type_fixed,   // a PATCH that touches what a meeting of its type does not allow
  passcode_fixed,       // the passcode can only be set when a meeting is made
  meeting_not_visible,  // `3003: User does not have access to lookup meeting`
  times_refused,
  value_refused,    // InvalidArgument, Request_BadRequest: the message says which value
  payload_refused,  // `An error has occurred.`: refused without saying why
  too_large,
  token_expired,  // also a false positive of single servers, for a valid token
  token_refused,
  user_token_refused,
  conditional_access,
  policy_missing,      // no application access policy
  permission_missing,  // the app role
  unlicensed,          // 9024
  forbidden_silent,    // 403 without a reason
  forbidden_otherwise,
  user_forbidden,  // to a person who has signed in
  no_such_user,
  channel_not_found,  // or the beta endpoint
  user_unknown,  // the person who has signed in
  meeting_gone,
  changed_meanwhile,
  locked,
  throttled,
  bandwidth_used_up,
  quota_used_up,
  server_fault,
  unavailable,
  count_
};
inline constexpr std::size_t known_error_count = static_cast<std::size_t>(known_error::count_);

// The word in tests and documents: `policy_missing`.
[[nodiscard]] std::string_view to_string(known_error e) noexcept;

// Who can put it right.
enum class fixer : std::uint8_t { unknown, operator_of_convoke, tenant_administrator, teams_administrator, author_of_the_file, microsoft };
// `tenant administrator`, …; empty for unknown.
[[nodiscard]] std::string_view to_string(fixer f) noexcept;

// An answer whose status is not a success. Code and message may be escaped and cut; both may be empty.
struct error_seen {
  int status = 0;
  std::string_view code{}, message{};
  operation op = operation::create_or_get;
  bool for_user = false;  // the call was made for a person who has signed in
};

// A function of its arguments only, for any text. `unknown` where nothing fits, and for a success.
[[nodiscard]] known_error recognise(const error_seen& seen) noexcept;

// Which commands put it right: access_policy.hpp, permission_commands.hpp.
enum class fixing_commands : std::uint8_t { none, access_policy, permission };

// Whole sentences. Empty for `unknown`.
struct explanation {
  std::string_view what{};    // what is wrong
  std::string_view step{};    // what is to be done
  std::string_view in_run{};  // in place of `step` where the run is still open; empty: `step`
  std::string_view wait{};    // how long it takes; may be empty
  fixer fixed_by = fixer::unknown;
  fixing_commands commands = fixing_commands::none;
  bool in_rows = false;    // the rows are to be corrected; otherwise the same command sends them again as they are
  bool run_again = false;  // after `step` the same command is to be run again, and `step` does not say so itself
};
[[nodiscard]] const explanation& explain(known_error e) noexcept;

// What is wrong and what to do about it, with the commands in sentences. For the message of a row or of a lane that stops.
[[nodiscard]] std::string_view advice_on(known_error e) noexcept;

// The same for a summary after the run, whose commands are listed by themselves.
[[nodiscard]] std::string remedy_for(known_error e);

// A message to which advice_on() was appended: the service's own part, and which error the advice is about.
struct split_message {
  std::string_view said;
  known_error about = known_error::unknown;
};
[[nodiscard]] split_message split_advice(std::string_view message) noexcept;

// The number at the beginning of a message: messages of the meetings service are such as `3003: User does not have access to lookup
// meeting`. Four digits, a colon and a space.
[[nodiscard]] std::optional<unsigned> number_in(std::string_view message) noexcept;

// What a throttled answer says of the limit that was met; empty where it names none. The parts: code and message of the body, and the
// header x-ms-throttle-scope. At most 80 characters, escaped.
[[nodiscard]] std::string throttle_category(std::string_view code, std::string_view message, std::string_view scope);

}  // namespace convoke::core
