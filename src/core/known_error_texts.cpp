// What is said about each known error.

#include <array>
#include <string>

#include "core/access_policy.hpp"
#include "core/known_errors.hpp"

namespace convoke::core {
namespace {

using enum known_error;

struct entry {
  known_error e;
  std::string_view name;
  explanation says;
};

constexpr entry entries[] = {
    {unknown, "unknown", {}},
    {redirected,
     "redirected",
     {.what = "Redirects are not followed:", .step = "check --graph-url and the proxy.", .fixed_by = fixer::operator_of_convoke}},
    {wrong_place,
     "wrong_place",
     {.what = "This address offers no online meetings:", .step = "check --cloud or --graph-url.", .fixed_by = fixer::operator_of_convoke}},
    {app_on_me,
     "app_on_me",
     {.what = "The token is an app's, the path a person's:", .step = "check --graph-url.", .fixed_by = fixer::operator_of_convoke}},
    {personal_account,
     "personal_account",
     {.what = "The token is of an account that the meetings service does not know, such as a personal Microsoft account.",
      .step = "Use an app or a user of the tenant: check --tenant, and sign in with a work or school account.",
      .fixed_by = fixer::operator_of_convoke}},
    {meeting_type_fixed,
     "meeting_type_fixed",
     {.what = "The meeting is of a type that Graph does not change in this way.",
      .step = "Change it in Teams, or leave the change out of the rows in the failed file, and apply that file.",
      .in_run = "Change it in Teams, or leave the change out.",
      .fixed_by = fixer::author_of_the_file,
      .in_rows = true}},
    {passcode_fixed,
     "passcode_fixed",
     {.what = "The service sets passcode and meeting id when it makes the meeting, and nothing changes them later.",
      .step = "Leave them out of the rows in the failed file, and apply that file.",
      .in_run = "Leave them out.",
      .fixed_by = fixer::author_of_the_file,
      .in_rows = true}},
    {meeting_not_visible,
     "meeting_not_visible",
     {.what = "The organizer may not see this meeting: it is another organizer's.",
      .step = "Compare organizer and external id with the meeting; correct the rows in the failed file, and apply that file.",
      .in_run = "Compare organizer and external id with the meeting.",
      .fixed_by = fixer::author_of_the_file,
      .in_rows = true}},
    {times_refused,
     "times_refused",
     {.what = "Graph refuses the times of the meeting.",
      .step = "Compare start and end with the message, correct the rows in the failed file, and apply that file.",
      .in_run = "Compare start and end with the message.",
      .fixed_by = fixer::author_of_the_file,
      .in_rows = true}},
    {value_refused,
     "value_refused",
     {.what = "Graph refuses a value of the row.",
      .step = "Compare subject, times, attendees and options with the message, correct the rows in the failed file, and apply that file.",
      .in_run = "Compare subject, times, attendees and options with the message.",
      .fixed_by = fixer::author_of_the_file,
      .in_rows = true}},
    {payload_refused,
     "payload_refused",
     {.what = "Graph refuses the data of the row without saying why.",
      .step = "Look for what these rows have and others have not (subject, times, attendees, options), correct the rows in the failed "
              "file, and apply that file.",
      .in_run = "Look for what this row has and others have not: subject, times, attendees, options.",
      .fixed_by = fixer::author_of_the_file,
      .in_rows = true}},
    {too_large,
     "too_large",
     {.what = "The request is too large for Graph.",
      .step = "Shorten the list of attendees: correct the rows in the failed file, and apply that file.",
      .in_run = "Shorten the list of attendees.",
      .fixed_by = fixer::author_of_the_file,
      .in_rows = true}},
    {token_expired,
     "token_expired",
     {.what = "Graph takes the token for expired, although it is new.",
      .step = "Check this machine's clock, and --tenant, --client-id and the secret; servers of Graph were seen to say so of valid tokens "
              "for a while, so run the same command again later.",
      .fixed_by = fixer::operator_of_convoke}},
    {token_refused,
     "token_refused",
     {.what = "Graph refuses the token:",
      .step = "check --tenant, --client-id, the secret, and that the token is made for this cloud.",
      .fixed_by = fixer::operator_of_convoke}},
    {user_token_refused,
     "user_token_refused",
     {.what = "Graph refuses the token:",
      .step = "check --tenant, --client-id, and that the token is made for this cloud; then sign in again.",
      .fixed_by = fixer::operator_of_convoke}},
    {conditional_access,
     "conditional_access",
     {.what = "A Conditional Access policy of the tenant refuses this app:",
      .step = "ask the tenant's administrator to admit it.",
      .fixed_by = fixer::tenant_administrator,
      .run_again = true}},
    {policy_missing,
     "policy_missing",
     {.what = "The app has no application access policy for the organizer.",
      .step = "An organizer has one policy at most, so add the app to the one that it has, and grant one only where it has none.",
      .in_run = "Add the app to the policy that the organizer has, or grant one where it has none.",
      .wait = "It can take 30 minutes to be obeyed.",
      .fixed_by = fixer::teams_administrator,
      .commands = fixing_commands::access_policy,
      .run_again = true}},
    {permission_missing,
     "permission_missing",
     {.what = "The app lacks a permission.",
      .step = "Give it the application permission OnlineMeetings.ReadWrite.All in Entra and grant admin consent to it.",
      .fixed_by = fixer::tenant_administrator,
      .commands = fixing_commands::permission,
      .run_again = true}},
    {unlicensed,
     "unlicensed",
     {.what = "The organizer has no licence with Teams.",
      .step = "Assign one in the Microsoft 365 admin center, or leave these organizers out.",
      .fixed_by = fixer::tenant_administrator,
      .run_again = true}},
    {forbidden_silent,
     "forbidden_silent",
     {.what = "The service gives no reason.",
      .step =
          "Check in this order: the app has the application permission OnlineMeetings.ReadWrite.All with admin consent; an application "
          "access policy with this app covers the organizer; the organizer is a member of the tenant, no guest, with a Teams licence, and "
          "may schedule meetings by the Teams meeting policy.",
      .fixed_by = fixer::tenant_administrator,
      .commands = fixing_commands::access_policy,
      .run_again = true}},
    {forbidden_otherwise,
     "forbidden_otherwise",
     {.what = "Graph does not let the app act for the organizer, and its message is not known to convoke.",
      .step = "Check in this order: the app has the application permission OnlineMeetings.ReadWrite.All with admin consent; an application "
              "access policy with this app covers the organizer; the organizer is a member of the tenant with a Teams licence.",
      .fixed_by = fixer::tenant_administrator,
      .commands = fixing_commands::access_policy,
      .run_again = true}},
    {user_forbidden,
     "user_forbidden",
     {.what = "Graph refuses the calls of the user who has signed in.",
      .step = "Check in this order: the app has the delegated permission OnlineMeetings.ReadWrite, and the user or an administrator has "
              "consented to it; the user who has signed in is a member of the tenant, no guest, with a Teams licence, and may schedule "
              "meetings by the Teams meeting policy.",
      .fixed_by = fixer::tenant_administrator,
      .run_again = true}},
    {no_such_user,
     "no_such_user",
     {.what = "Teams has no such organizer.",
      .step =
          "It must be an existing user of this tenant with a Teams licence. Where rows name it by UPN and the user was made anew, run the "
          "same command again: it looks the UPN up again. Otherwise correct the object id or the UPN in the failed file, and apply that "
          "file.",
      .in_run =
          "Give the Entra object id or the UPN of an existing user of this tenant with a Teams licence. A UPN is looked up again by the "
          "next plan: where users were made anew, close the run with `convoke discard RUN` and apply the file again.",
      .fixed_by = fixer::author_of_the_file,
      .in_rows = true}},
    {channel_not_found,
     "channel_not_found",
     {.what = "Graph does not find the channel, its organizer or the beta endpoint.",
      .step =
          "Compare chat_thread_id with the link of the channel, and the organizer with the members of its team; correct the rows in the "
          "failed file, and apply that file. The beta endpoint may have changed: docs/channel.md.",
      .in_run =
          "Compare chat_thread_id with the link of the channel, and the organizer with the members of its team. The beta endpoint may have "
          "changed: docs/channel.md.",
      .fixed_by = fixer::author_of_the_file,
      .in_rows = true}},
    {user_unknown,
     "user_unknown",
     {.what = "Teams does not know the user who has signed in:",
      .step = "give the user a Teams licence.",
      .fixed_by = fixer::tenant_administrator,
      .run_again = true}},
    {meeting_gone,
     "meeting_gone",
     {.what = "createOrGet returns this meeting, but the service does not find it afterwards.",
      .step = "Run the same command again later.",
      .fixed_by = fixer::microsoft}},
    {changed_meanwhile,
     "changed_meanwhile",
     {.what = "Something else changed the meeting at the same time.",
      .step = "Run the same command again later.",
      .fixed_by = fixer::microsoft}},
    {locked,
     "locked",
     {.what = "The service has locked the meeting.", .step = "Run the same command again later.", .fixed_by = fixer::microsoft}},
    {throttled,
     "throttled",
     {.what = "The service takes no more calls at present.",
      .step = "Run the same command again later: it waits for as long as the service asks.",
      .fixed_by = fixer::microsoft}},
    {bandwidth_used_up,
     "bandwidth_used_up",
     {.what = "The service takes no more data at present.", .step = "Run the same command again later.", .fixed_by = fixer::microsoft}},
    {quota_used_up,
     "quota_used_up",
     {.what = "A quota of the service is used up.",
      .step = "Delete what is not needed, or wait, and run the same command again.",
      .fixed_by = fixer::tenant_administrator}},
    {server_fault,
     "server_fault",
     {.what = "The service failed.",
      .step = "Run the same command again later; where it fails for one organizer only, ask Microsoft's support with the request id.",
      .fixed_by = fixer::microsoft}},
    {unavailable,
     "unavailable",
     {.what = "The service is not available.", .step = "Run the same command again later.", .fixed_by = fixer::microsoft}},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(entries); ++i)
    if (static_cast<std::size_t>(entries[i].e) != i) return false;
  return std::size(entries) == known_error_count;
}
static_assert(in_order(), "an entry for each known error, in their order");

const entry& entry_of(known_error e) noexcept {
  const auto at = static_cast<std::size_t>(e);
  return entries[at < known_error_count ? at : 0];
}

void append_sentence(std::string& out, std::string_view more) {
  if (more.empty()) return;
  if (!out.empty()) out += ' ';
  out += more;
}

std::array<std::string, known_error_count> make_advice() {
  std::array<std::string, known_error_count> out;
  for (const auto& one : entries) {
    auto& text = out[static_cast<std::size_t>(one.e)];
    append_sentence(text, one.says.what);
    append_sentence(text, one.says.in_run.empty() ? one.says.step : one.says.in_run);
    if (one.says.commands == fixing_commands::access_policy) append_sentence(text, access_policy_steps());
    append_sentence(text, one.says.wait);
  }
  return out;
}

const std::array<std::string, known_error_count>& all_advice() {
  static const auto all = make_advice();
  return all;
}

}  // namespace

std::string_view to_string(known_error e) noexcept {
  return entry_of(e).name;
}

std::string_view to_string(fixer f) noexcept {
  switch (f) {
    case fixer::operator_of_convoke:
      return "operator of convoke";
    case fixer::tenant_administrator:
      return "tenant administrator";
    case fixer::teams_administrator:
      return "Teams administrator";
    case fixer::author_of_the_file:
      return "author of the file";
    case fixer::microsoft:
      return "Microsoft";
    case fixer::unknown:
      break;
  }
  return {};
}

const explanation& explain(known_error e) noexcept {
  return entry_of(e).says;
}

std::string_view advice_on(known_error e) noexcept {
  return all_advice()[static_cast<std::size_t>(entry_of(e).e)];
}

std::string remedy_for(known_error e) {
  const auto& says = explain(e);
  std::string out;
  for (const auto part : {says.what, says.step, says.wait}) append_sentence(out, part);
  if (says.run_again) append_sentence(out, "Then run the same command again.");
  return out;
}

// How advice began that earlier versions added to messages which ledgers still hold.
constexpr std::string_view former_advice[] = {
    "The app has no application access policy for this organizer. ",
    "Give the app the application permission OnlineMeetings.ReadWrite.All in Entra and ",
    "A Conditional Access policy of the tenant refuses this app: ",
    "The service gives no reason. Check in this order: ",
    "Teams has no such organizer: ",
    "Check in this order: the app has the delegated permission ",
    "Graph refuses the token: check ",
    "Teams does not know the user who has signed in: ",
    "createOrGet returns this meeting, but the service does not find it afterwards. ",
    "This address offers no online meetings: ",
    "Redirects are not followed: ",
    "The token is an app's, the path a person's: ",
};

split_message split_advice(std::string_view message) noexcept {
  split_message out{.said = message};
  std::size_t longest = 0;
  for (std::size_t i = 0; i < known_error_count; ++i) {
    const std::string_view advice = all_advice()[i];
    if (advice.size() <= longest || !message.ends_with(advice)) continue;
    longest = advice.size();
    out.about = static_cast<known_error>(i);
  }
  if (longest == 0) {
    for (const auto former : former_advice) out.said = out.said.substr(0, out.said.find(former));
    longest = message.size() - out.said.size();
    out.said = message;
  }
  out.said.remove_suffix(longest);
  if (longest > 0 && out.said.ends_with(' ')) out.said.remove_suffix(1);
  return out;
}

}  // namespace convoke::core
