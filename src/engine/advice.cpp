#include "engine/advice.hpp"

#include "core/access_policy.hpp"
#include "core/text.hpp"

namespace convoke::engine {

namespace {

const std::string policy_missing =
    "The app has no application access policy for this organizer. " + core::access_policy_steps() + " It can take 30 minutes to be obeyed.";
constexpr std::string_view role_missing =
    "Give the app the application permission OnlineMeetings.ReadWrite.All in Entra and grant admin consent to it.";
constexpr std::string_view conditional_access =
    "A Conditional Access policy of the tenant refuses this app: ask the tenant's administrator to admit it.";
const std::string refused =
    "The service gives no reason. Check in this order: the app has the application permission OnlineMeetings.ReadWrite.All with admin "
    "consent; an application access policy with this app covers this organizer; the organizer is a member of the tenant, no guest, with a "
    "Teams licence. " +
    core::access_policy_steps();
constexpr std::string_view no_such_user =
    "Teams has no such organizer: give the Entra object id or the UPN of an existing user of this tenant with a Teams licence. A UPN is "
    "looked up again by the next plan: where users were made anew, close the run with `convoke discard RUN` and apply the file again.";
constexpr std::string_view user_refused =
    "Check in this order: the app has the delegated permission OnlineMeetings.ReadWrite, and the user or an administrator has consented to "
    "it; the user who has signed in is a member of the tenant, no guest, with a Teams licence.";
constexpr std::string_view user_token_refused =
    "Graph refuses the token: check --tenant, --client-id, and that the token is made for this cloud; then sign in again.";
constexpr std::string_view user_unknown = "Teams does not know the user who has signed in: give the user a Teams licence.";
constexpr std::string_view not_there =
    "createOrGet returns this meeting, but the service does not find it afterwards. Run the same command again later.";
constexpr std::string_view wrong_place = "This address offers no online meetings: check --cloud or --graph-url.";
constexpr std::string_view redirected = "Redirects are not followed: check --graph-url and the proxy.";
constexpr std::string_view app_on_me = "The token is an app's, the path a person's: check --graph-url.";
constexpr std::string_view token_refused =
    "Graph refuses the token: check --tenant, --client-id, the secret, and that the token is made for this cloud.";

const std::string_view all_advice[] = {policy_missing, role_missing, conditional_access, refused,   no_such_user,
                                       not_there,      wrong_place,  redirected,         app_on_me, token_refused,
                                       user_refused,   user_unknown, user_token_refused};

// The service changes the wording of its messages, so they only choose an advice. No decision depends on them.
bool mentions(std::string_view text, std::string_view what) noexcept {
  return core::find_ignoring_case(text, what) != std::string_view::npos;
}

std::string_view for_forbidden(const answer& a) noexcept {
  if (a.for_user) return mentions(a.error_message, "insufficient_claims") ? conditional_access : user_refused;
  if (mentions(a.error_message, "application access policy") || mentions(a.error_message, "on behalf of user")) return policy_missing;
  if (mentions(a.error_message, "insufficient_claims")) return conditional_access;
  if (mentions(a.error_message, "insufficient privileges") || mentions(a.error_code, "Authorization_RequestDenied")) return role_missing;
  return refused;
}

}  // namespace

std::string_view advice_for(operation op, const answer& a) noexcept {
  if (a.error != attempt_error::none) return {};
  if (a.status >= 300 && a.status < 400) return redirected;
  switch (a.status) {
    case 400:
      if (mentions(a.error_message, "not found for the segment")) return wrong_place;
      if (mentions(a.error_message, "/me request")) return app_on_me;
      return {};
    case 401:
      return a.for_user ? user_token_refused : token_refused;
    case 403:
      return for_forbidden(a);
    case 404:
      if (op != operation::create_or_get) return not_there;
      return a.for_user ? user_unknown : no_such_user;
    case 405:
    case 501:
      return wrong_place;
    default:
      return {};
  }
}

void add_advice(operation op, answer& a) {
  const auto hint = advice_for(op, a);
  if (hint.empty()) return;
  if (!a.error_message.empty()) a.error_message += a.error_message.ends_with('.') ? " " : ". ";
  a.error_message += hint;
}

std::string_view without_advice(std::string_view message) noexcept {
  for (const auto advice : all_advice) {
    if (!message.ends_with(advice)) continue;
    message.remove_suffix(advice.size());
    if (message.ends_with(' ')) message.remove_suffix(1);
    return message;
  }
  return message;
}

std::string describe(const answer& a) {
  std::string text;
  if (a.status != 0) text = std::to_string(a.status);
  if (!a.error_code.empty()) {
    if (!text.empty()) text += ' ';
    text += a.error_code;
  }
  if (!a.error_message.empty()) {
    if (!text.empty()) text += ": ";
    text += a.error_message;
  }
  return text.empty() ? "no answer" : text;
}

}  // namespace convoke::engine
