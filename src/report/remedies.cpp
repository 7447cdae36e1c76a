#include "report/remedies.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/key.hpp>

#include "core/access_policy.hpp"
#include "core/chat_thread.hpp"
#include "core/known_errors.hpp"
#include "core/permission_commands.hpp"
#include "core/text.hpp"

namespace convoke::report {
namespace {

// What is wrong with rows that no call was made for, or that a call has ended in a way which Graph's error does not say. Graph's errors are
// in core/known_errors.hpp.
struct rule {
  outcome result;
  std::string_view code;  // empty: any
  std::string_view remedy;
  bool in_rows = false;  // the rows, or what they want, are to be changed
  core::fixer fixed_by = core::fixer::unknown;
};

// The first rule that fits.
constexpr rule rules[] = {
    {outcome::rejected, "conflict",
     "Rows share organizer and external id but want different meetings. Make them equal, or give each meeting an external id of its own.",
     true, core::fixer::author_of_the_file},
    {outcome::rejected, "", "Correct these rows in the input or in the failed file, and apply that file.", true,
     core::fixer::author_of_the_file},
    {outcome::drifted, core::chat_thread_field,
     "The chat of a meeting is fixed when the meeting is made, and these have another one than their chat_thread_id. No update changes "
     "that: correct the cell, or give the row a new external id, which makes a new meeting in the channel.",
     true, core::fixer::author_of_the_file},
    {outcome::drifted, "expiry",
     "These meetings have expired, so their links are dead, and no update helps. `convoke verify --repair` makes them again, and so does "
     "the "
     "next `convoke apply` of a file that has them.",
     false, core::fixer::operator_of_convoke},
    {outcome::drifted, "",
     "The stored meetings differ from the input. --on-drift update changes the meetings; --on-drift report accepts meetings that differ.",
     true, core::fixer::author_of_the_file},
    {outcome::lost, "",
     "These meetings do not exist any more, or their organizer has left the tenant. `convoke verify --repair` makes them again, and so "
     "does the next `convoke apply` of a file that has them.",
     false, core::fixer::operator_of_convoke},
    {outcome::failed, "retries",
     "The service or the network failed in three runs in a row. Run the same command again once they work: a new run owes these rows.",
     false, core::fixer::microsoft},
    {outcome::failed, "unknown_meeting",
     "This ledger knows no meeting of these rows, so nothing was read or deleted. Compare organizer and external id with `convoke export "
     "--inventory`, and --ledger with the one that made the meetings.",
     true, core::fixer::author_of_the_file},
    {outcome::failed, "other_feed",
     "These meetings belong to another feed, so they are not deleted. `convoke export --inventory` shows the feed of each; leave --feed "
     "out to delete meetings of any feed.",
     true, core::fixer::operator_of_convoke},
    {outcome::failed, "call_owed",
     "An open run still owes a call for these meetings, so they were not read. Carry that run out by its own command, or `convoke discard` "
     "it (`convoke runs` lists it), then run the same command again.",
     false, core::fixer::operator_of_convoke},
    {outcome::failed, "not_removed",
     "Meetings that vanished from the feed are deleted only where every other row of the run succeeds, and rows did not succeed, or "
     "another "
     "run took them over. The meetings stay as they are, and the next run decides about them again: run the same command again.",
     false, core::fixer::operator_of_convoke},
};

constexpr std::string_view not_known =
    "Run the same command again: a new run owes these rows. If they fail again, compare the message with Microsoft's documentation.";

const rule* rule_for(const failure_reason& why) noexcept {
  const auto* const found =
      std::ranges::find_if(rules, [&](const rule& r) { return r.result == why.result && (r.code.empty() || r.code == why.code); });
  return found == std::end(rules) ? nullptr : found;
}

// `No application access policy found for this app: GUID on the user: …`.
std::optional<std::string> app_in(std::string_view message) {
  constexpr std::string_view mark = "found for this app: ";
  constexpr std::size_t guid = 36;
  const auto at = core::find_ignoring_case(message, mark);
  return at == std::string_view::npos ? std::nullopt : parse_guid(message.substr(at + mark.size(), guid));
}

// What was wrong with a call. A row of a later operation than createOrGet has the advice about it in its message.
core::known_error error_of(const failure_reason& why, const core::split_message& parts, bool for_user) noexcept {
  if (parts.about != core::known_error::unknown) return parts.about;
  return core::recognise({.status = why.http_status, .code = why.code, .message = parts.said, .for_user = for_user});
}

void explain(failure_reason& why, core::known_error e, const ledger::lane_name& lane, const core::calling_app& app) {
  const auto& says = core::explain(e);
  why.remedy = core::remedy_for(e);
  why.in_rows = says.in_rows;
  why.fixed_by = core::to_string(says.fixed_by);
  if (says.commands == core::fixing_commands::access_policy)
    why.commands = core::access_policy_commands(lane.tenant, app, std::span(&why.organizer, 1));
  if (says.commands == core::fixing_commands::permission)
    why.commands = core::permission_commands(core::meetings_role, lane.tenant, app, {}, lane.graph_root);
}

void explain(failure_reason& why, const rule& r) {
  why.remedy = r.remedy;
  why.in_rows = r.in_rows;
  why.fixed_by = core::to_string(r.fixed_by);
}

}  // namespace

void add_remedies(std::span<failure_reason> reasons, std::span<const ledger::lane_name> lanes, std::span<const core::calling_app> callers) {
  for (auto& why : reasons) {
    const auto lane = why.lane < lanes.size() ? lanes[why.lane] : ledger::lane_name();
    auto app = why.lane < callers.size() ? callers[why.lane] : core::calling_app{.id = lane.app};
    const auto parts = core::split_advice(why.message);
    if (const auto named = app_in(parts.said)) app.id = *named;
    if (const auto* const r = rule_for(why)) {
      explain(why, *r);
    } else if (const auto e = error_of(why, parts, lane.app.contains('/')); e != core::known_error::unknown) {
      explain(why, e, lane, app);
    } else if (why.http_status >= 400 && why.http_status < 500) {
      explain(why, core::known_error::value_refused, lane, app);
    } else {
      explain(why, {outcome::failed, "", not_known});
    }
    why.message = parts.said;
  }
}

}  // namespace convoke::report
