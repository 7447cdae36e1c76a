#include "report/remedies.hpp"

#include <cstdint>
#include <string_view>

#include "core/access_policy.hpp"
#include "core/text.hpp"
#include "engine/advice.hpp"

namespace convoke::report {
namespace {

enum class caller : std::uint8_t { any, app, user };

struct rule {
  outcome result;
  std::string_view code;      // empty: any
  int first = 0, last = 999;  // HTTP statuses
  std::string_view mentions;  // what the message says; empty: anything
  std::string_view remedy;
  bool policy = false;  // the commands of the access policy belong to it
  caller of = caller::any;
};

constexpr int any_status = 999;

constexpr std::string_view permission_missing =
    "Give the app the application permission OnlineMeetings.ReadWrite.All in Entra and grant admin consent to it. Then run the "
    "same command again.";
constexpr std::string_view policy_missing =
    "The app has no application access policy for these organizers. An organizer has one policy at most, so add the app to the one that it "
    "has, and grant one only where it has none. It can take 30 minutes until the service obeys. Then run the same command again.";
constexpr std::string_view forbidden =
    "The service gives no reason. Check in this order: the app has the application permission OnlineMeetings.ReadWrite.All with admin "
    "consent; an application access policy with this app covers the organizers; each organizer is a member of the tenant, no guest, with a "
    "Teams licence. Then run the same command again.";
constexpr std::string_view user_forbidden =
    "Graph refuses the calls of the user who has signed in. Check in this order: the app has the delegated permission "
    "OnlineMeetings.ReadWrite, and the user or an administrator has consented to it; the user is a member of the tenant, no guest, with a "
    "Teams licence, and may schedule meetings by the Teams meeting policy. Then run the same command again.";
constexpr std::string_view user_unknown =
    "Teams does not know the user who has signed in: give the user a Teams licence. Then run the same command again.";
constexpr std::string_view wrong_place = "This address offers no online meetings: check --cloud or --graph-url.";
constexpr std::string_view bad_row =
    "Graph refuses the data of these rows. Compare subject, times and attendees with the message, correct the rows in the failed file, and "
    "apply that file.";

// The first rule that fits. The service changes the wording of its messages, so they only choose among remedies.
constexpr rule rules[] = {
    {outcome::rejected, "conflict", 0, any_status, "",
     "Rows share organizer and external id but want different meetings. Make them equal, or give each meeting an external id of its own."},
    {outcome::rejected, "", 0, any_status, "", "Correct these rows in the input or in the failed file, and apply that file."},
    {outcome::drifted, "", 0, any_status, "",
     "The stored meetings differ from the input. Correct the input or the meetings; --on-drift report accepts meetings that differ."},
    {outcome::lost, "", 0, any_status, "", "These meetings do not exist any more. Run the same command again: it makes them again."},
    {outcome::failed, "retries", 0, any_status, "",
     "The service or the network failed in three runs in a row. Run the same command again once they work: a new run owes these rows."},
    {outcome::failed, "", 300, 399, "", "Redirects are not followed: check --graph-url and the proxy."},
    {outcome::failed, "", 400, 400, "not found for the segment", wrong_place},
    {outcome::failed, "", 400, 400, "/me request", "The token is an app's, the path a person's: check --graph-url."},
    {outcome::failed, "", 401, 401, "",
     "Graph refuses the token: check --tenant, --client-id, the secret, and that the token is made for this cloud."},
    {outcome::failed, "", 403, 403, "insufficient_claims",
     "A Conditional Access policy of the tenant refuses this app: ask the tenant's administrator to admit it."},
    {outcome::failed, "", 403, 403, "", user_forbidden, false, caller::user},
    {outcome::failed, "", 403, 403, "application access policy", policy_missing, true},
    {outcome::failed, "", 403, 403, "on behalf of user", policy_missing, true},
    {outcome::failed, "Authorization_RequestDenied", 403, 403, "", permission_missing},
    {outcome::failed, "", 403, 403, "insufficient privileges", permission_missing},
    {outcome::failed, "", 403, 403, "", forbidden, true},
    {outcome::failed, "", 404, 404, "does not find it afterwards",
     "createOrGet returns these meetings, but the service does not find them afterwards. Run the same command again later."},
    {outcome::failed, "", 404, 404, "", user_unknown, false, caller::user},
    {outcome::failed, "", 404, 404, "",
     "Teams has no such organizer. It must be an existing user of this tenant with a Teams licence. Where rows name it by UPN and the user "
     "was made anew, run the same command again: it looks the UPN up again. Otherwise correct the object id or the UPN in the failed "
     "file, and apply that file."},
    {outcome::failed, "", 405, 405, "", wrong_place},
    {outcome::failed, "", 501, 501, "", wrong_place},
    {outcome::failed, "", 409, 409, "", "Something else changed these meetings at the same time. Run the same command again later."},
    {outcome::failed, "", 423, 424, "", "The service has locked these meetings. Run the same command again later."},
    {outcome::failed, "", 507, 507, "",
     "A quota of the service is used up. Delete what is not needed, or wait, and run the same command again."},
    {outcome::failed, "", 400, 499, "", bad_row},
};

bool fits(const rule& r, const failure_reason& why, caller by) noexcept {
  if (r.of != caller::any && r.of != by) return false;
  const auto has = [](std::string_view text, std::string_view what) {
    return what.empty() || core::find_ignoring_case(text, what) != std::string_view::npos;
  };
  return r.result == why.result && (r.code.empty() || r.code == why.code) && r.first <= why.http_status && why.http_status <= r.last &&
         has(why.message, r.mentions);
}

}  // namespace

void add_remedies(std::span<failure_reason> reasons, std::span<const ledger::lane_name> lanes) {
  for (auto& why : reasons) {
    const auto lane = why.lane < lanes.size() ? lanes[why.lane] : ledger::lane_name();
    const auto by = lane.app.contains('/') ? caller::user : caller::app;
    why.remedy =
        "Run the same command again: a new run owes these rows. If they fail again, compare the message with Microsoft's documentation.";
    for (const auto& r : rules) {
      if (!fits(r, why, by)) continue;
      why.remedy = r.remedy;
      if (r.policy) why.commands = core::access_policy_commands(lane.tenant, lane.app, std::span(&why.organizer, 1));
      break;
    }
    why.message = engine::without_advice(why.message);
  }
}

}  // namespace convoke::report
