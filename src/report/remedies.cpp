#include "report/remedies.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/key.hpp>

#include "core/access_policy.hpp"
#include "core/permission_commands.hpp"
#include "core/text.hpp"
#include "engine/advice.hpp"

namespace convoke::report {
namespace {

// What is to be changed.
enum class fix : std::uint8_t {
  elsewhere,
  rows,        // the rows, or what they want
  policy,      // by the commands of the access policy
  permission,  // by those of the permission
};

enum class caller : std::uint8_t { any, app, user };

struct rule {
  outcome result;
  std::string_view code;      // empty: any
  int first = 0, last = 999;  // HTTP statuses
  std::string_view mentions;  // what the message says; empty: anything
  std::string_view remedy;
  fix by = fix::elsewhere;
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
     "Rows share organizer and external id but want different meetings. Make them equal, or give each meeting an external id of its own.",
     fix::rows},
    {outcome::rejected, "", 0, any_status, "", "Correct these rows in the input or in the failed file, and apply that file.", fix::rows},
    {outcome::drifted, "", 0, any_status, "",
     "The stored meetings differ from the input. --on-drift update changes the meetings; --on-drift report accepts meetings that differ.",
     fix::rows},
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
    {outcome::failed, "", 403, 403, "", user_forbidden, fix::elsewhere, caller::user},
    {outcome::failed, "", 403, 403, "application access policy", policy_missing, fix::policy},
    {outcome::failed, "", 403, 403, "on behalf of user", policy_missing, fix::policy},
    {outcome::failed, "Authorization_RequestDenied", 403, 403, "", permission_missing, fix::permission},
    {outcome::failed, "", 403, 403, "insufficient privileges", permission_missing, fix::permission},
    {outcome::failed, "", 403, 403, "", forbidden, fix::policy},
    {outcome::failed, "", 404, 404, "does not find it afterwards",
     "createOrGet returns these meetings, but the service does not find them afterwards. Run the same command again later."},
    {outcome::failed, "", 404, 404, "", user_unknown, fix::elsewhere, caller::user},
    {outcome::failed, "", 404, 404, "",
     "Teams has no such organizer. It must be an existing user of this tenant with a Teams licence. Where rows name it by UPN and the user "
     "was made anew, run the same command again: it looks the UPN up again. Otherwise correct the object id or the UPN in the failed "
     "file, and apply that file.",
     fix::rows},
    {outcome::failed, "", 405, 405, "", wrong_place},
    {outcome::failed, "", 501, 501, "", wrong_place},
    {outcome::failed, "", 409, 409, "", "Something else changed these meetings at the same time. Run the same command again later."},
    {outcome::failed, "", 423, 424, "", "The service has locked these meetings. Run the same command again later."},
    {outcome::failed, "", 507, 507, "",
     "A quota of the service is used up. Delete what is not needed, or wait, and run the same command again."},
    {outcome::failed, "", 400, 499, "", bad_row, fix::rows},
};

bool fits(const rule& r, const failure_reason& why, caller by) noexcept {
  if (r.of != caller::any && r.of != by) return false;
  const auto has = [](std::string_view text, std::string_view what) {
    return what.empty() || core::find_ignoring_case(text, what) != std::string_view::npos;
  };
  return r.result == why.result && (r.code.empty() || r.code == why.code) && r.first <= why.http_status && why.http_status <= r.last &&
         has(why.message, r.mentions);
}

// `No application access policy found for this app: GUID on the user: …`.
std::optional<std::string> app_in(std::string_view message) {
  constexpr std::string_view mark = "found for this app: ";
  constexpr std::size_t guid = 36;
  const auto at = core::find_ignoring_case(message, mark);
  return at == std::string_view::npos ? std::nullopt : parse_guid(message.substr(at + mark.size(), guid));
}

}  // namespace

void add_remedies(std::span<failure_reason> reasons, std::span<const ledger::lane_name> lanes, std::span<const core::calling_app> callers) {
  for (auto& why : reasons) {
    const auto lane = why.lane < lanes.size() ? lanes[why.lane] : ledger::lane_name();
    const auto by = lane.app.contains('/') ? caller::user : caller::app;
    auto app = why.lane < callers.size() ? callers[why.lane] : core::calling_app{.id = lane.app};
    if (const auto named = app_in(why.message)) app.id = *named;
    why.remedy =
        "Run the same command again: a new run owes these rows. If they fail again, compare the message with Microsoft's documentation.";
    for (const auto& r : rules) {
      if (!fits(r, why, by)) continue;
      why.remedy = r.remedy;
      why.in_rows = r.by == fix::rows;
      if (r.by == fix::policy) why.commands = core::access_policy_commands(lane.tenant, app, std::span(&why.organizer, 1));
      if (r.by == fix::permission) why.commands = core::permission_commands(core::meetings_role, lane.tenant, app, {}, lane.graph_root);
      break;
    }
    why.message = engine::without_advice(why.message);
  }
}

}  // namespace convoke::report
