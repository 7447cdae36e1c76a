#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <convoke/key.hpp>

#include "core/access_policy.hpp"
#include "core/known_errors.hpp"
#include "core/text.hpp"
#include "diagnosis/assess.hpp"
#include "diagnosis/commands.hpp"

namespace convoke::diagnosis {
namespace {

using enum read_meaning;

constexpr std::size_t longest = 300;
constexpr auto propagation = "Microsoft says that it can take 30 minutes until the service obeys a change.";

bool has(std::string_view text, std::string_view what) {
  return core::find_ignoring_case(text, what) != std::string_view::npos;
}

// `3003: User does not have access to lookup meeting`: messages of the meetings service begin with a number. Such an answer comes from
// behind the access policy.
bool of_meetings_service(std::string_view message) {
  return core::number_in(message) && has(message, "meeting");
}

core::known_error error_of(const read_seen& r) {
  return core::recognise({.status = r.status, .code = r.code, .message = r.message, .op = operation::get});
}

read_meaning meaning_of_403(const read_seen& r) {
  switch (error_of(r)) {
    case core::known_error::policy_missing:
      return no_policy;
    case core::known_error::permission_missing:
      return no_permission;
    case core::known_error::conditional_access:
      return conditional_access;
    case core::known_error::unlicensed:
      return not_entitled;
    case core::known_error::forbidden_silent:
      return not_entitled;
    default:
      return of_meetings_service(r.message) ? allowed : refused;
  }
}

std::string answer_of(const read_seen& r) {
  if (!r.failure.empty()) return core::escape_for_people(r.failure, longest);
  std::string out = fmt::format("HTTP {}", r.status);
  // Messages about look-ups have the status themselves.
  if (r.message.starts_with(out))
    out.clear();
  else if (!r.code.empty())
    out += " " + core::escape_for_people(r.code, 60);
  if (!r.message.empty()) out += (out.empty() ? "" : ": ") + core::escape_for_people(r.message, longest);
  if (!r.request_id.empty()) out += fmt::format(" (request id {})", core::escape_for_people(r.request_id, 60));
  return out;
}

const std::string& id_of(const read_seen& r) {
  return r.object_id.empty() ? r.organizer : r.object_id;
}

struct verdict {
  std::string_view check;
  finding_status status = finding_status::failed;
  int exit_code = of_credentials;
  std::string seen, advice;
  std::vector<std::string> commands{};
};

verdict not_entitled_verdict(const read_seen& r, bool role_known) {
  if (error_of(r) == core::known_error::unlicensed)
    return {.check = "licence", .seen = answer_of(r), .advice = core::remedy_for(core::known_error::unlicensed)};
  verdict out{.check = "licence", .seen = answer_of(r) + ", without a reason", .advice = {}};
  out.advice = role_known ? "The app has the permission, so look at the user: it needs a licence with Teams, and must be a member of the "
                            "tenant, no guest."
                          : "Check in this order: the app has OnlineMeetings.ReadWrite.All with admin consent; the user has a licence with "
                            "Teams; it is a member of the tenant, no guest.";
  return out;
}

// Nothing in a read is a row's, so what an author of a file could put right is not advised here.
verdict refused_verdict(const read_seen& r) {
  const auto e = error_of(r);
  const bool known = e == core::known_error::personal_account || e == core::known_error::app_on_me ||
                     e == core::known_error::quota_used_up || e == core::known_error::locked;
  return {.check = "organizer",
          .seen = answer_of(r),
          .advice = known ? core::remedy_for(e) : "Compare the message with Microsoft's documentation of onlineMeeting."};
}

verdict unknown_user_verdict(const read_seen& r, const lane_facts& lane) {
  verdict out{.check = "organizer", .exit_code = of_input, .seen = {}, .advice = {}};
  out.seen = r.no_name ? "this is neither an object id nor a UPN; nothing was sent" : answer_of(r) + ": the tenant has no such user";
  out.advice = !r.look_up ? fmt::format(
                                "Check the object id: `az ad user show --id {}` in the tenant {}. A new or a restored user can be "
                                "unknown to Teams for some hours.",
                                core::guid_or(id_of(r), "<organizer>"), core::guid_or(lane.tenant, "<tenant id>"))
                          : "Check how the name is written and that the user is of this tenant, or give the Entra object id.";
  return out;
}

verdict verdict_on(const read_seen& r, const lane_facts& lane, bool role_known) {
  switch (meaning_of(r)) {
    case allowed:
      return {.check = "organizer",
              .status = finding_status::ok,
              .exit_code = 0,
              .seen = r.status == 200 ? "the read is allowed, and found no meeting, as it should"
                                      : "the read is allowed: the service looked for the meeting (" + answer_of(r) + ")",
              .advice = {}};
    case no_policy:
      return {.check = "access-policy",
              .seen = "no application access policy lets the app act for this user",
              .advice = "See the access-policy check of the tenant for the commands."};
    case no_permission:
      return {.check = "permission",
              .seen = answer_of(r),
              .advice = "The app lacks OnlineMeetings.ReadWrite.All, or admin consent to it: see the permission check."};
    case no_look_up:
      return {.check = "permission",
              .seen = "the app may not look up users by their names: " + answer_of(r),
              .advice = "Add the application permission User.Read.All and grant admin consent: " + app_page(lane, "API permissions") +
                        ", or by these commands; or name organizers by their object ids.",
              .commands = permission_commands(lane, {}, users_role)};
    case conditional_access:
      return {.check = "organizer", .seen = answer_of(r), .advice = core::remedy_for(core::known_error::conditional_access)};
    case not_entitled:
      return not_entitled_verdict(r, role_known);
    case unknown_user:
      return unknown_user_verdict(r, lane);
    case wrong_place:
      return {.check = "organizer",
              .exit_code = of_configuration,
              .seen = answer_of(r),
              .advice = core::remedy_for(core::known_error::wrong_place)};
    case token_refused:
      return {.check = "token",
              .seen = answer_of(r),
              .advice = "Graph refuses the token: check that it is made for this cloud and tenant, and this machine's clock."};
    case throttled:
      return {.check = "organizer",
              .status = finding_status::skipped,
              .exit_code = of_network,
              .seen = r.retry_after ? fmt::format("throttled (HTTP {}): the service asks to wait {} s", r.status, r.retry_after->count())
                                    : fmt::format("throttled (HTTP {}), without a time to wait", r.status),
              .advice = "Nothing is known of this organizer yet: run the command again after that time."};
    case refused:
      return refused_verdict(r);
    case fault:
      break;
  }
  return {.check = "organizer", .exit_code = of_network, .seen = answer_of(r), .advice = "Run the command again later."};
}

std::vector<std::string> those(std::span<const read_seen> reads, read_meaning meaning) {
  std::vector<std::string> out;
  for (const auto& one : reads)
    if (meaning_of(one) == meaning) out.push_back(one.organizer);
  return out;
}

// The same by their object ids, for commands.
std::vector<std::string> ids_of_those(std::span<const read_seen> reads, read_meaning meaning) {
  std::vector<std::string> out;
  for (const auto& one : reads)
    if (meaning_of(one) == meaning) out.push_back(id_of(one));
  return out;
}

std::string named(const std::vector<std::string>& organizers) {
  constexpr std::size_t most = 5;
  std::string out;
  for (std::size_t i = 0; i < organizers.size() && i < most; ++i) out += (i == 0 ? "" : ", ") + core::escape_for_people(organizers[i], 60);
  return organizers.size() > most ? out + fmt::format(" and {} more", organizers.size() - most) : out;
}

// There was a read, whatever it met.
std::size_t read_count(std::span<const read_seen> reads) {
  return static_cast<std::size_t>(std::ranges::count_if(reads, [](const read_seen& one) { return !one.look_up && !one.no_name; }));
}

std::string text_of(const reads_missing& missing, std::size_t not_found) {
  std::string out;
  if (not_found > 0) out += fmt::format("; {} more were not read, because of what their look-ups met", not_found);
  if (missing.ended_before > 0) out += fmt::format("; {} more were not read, because of what the last read met", missing.ended_before);
  if (missing.left_out > 0) out += fmt::format("; {} more were not read (--most-organizers)", missing.left_out);
  return out;
}

finding assess_policies(std::span<const read_seen> reads, const reads_missing& missing, const lane_facts& lane) {
  const auto lacking = those(reads, no_policy);
  const auto good = those(reads, allowed).size();
  finding out{.check = "access-policy", .lane = lane.name, .subject = {}, .seen = {}, .advice = {}};
  const auto read = read_count(reads);
  const auto rest = text_of(missing, reads.size() - read);
  if (!lacking.empty()) {
    out.status = finding_status::failed;
    out.exit_code = of_credentials;
    out.seen = fmt::format("missing for {} of {} organizers that were read: {}{}", lacking.size(), read, named(lacking), rest);
    out.advice = std::string(
                     "A user has one application access policy, and granting another replaces it, which can break other apps. So "
                     "look first; where there is a policy add the app to it; grant one only where there is none, or to a group. ") +
                 propagation;
    out.commands = core::access_policy_commands(lane.tenant, caller_of(lane), ids_of_those(reads, no_policy));
    return out;
  }
  if (lane.credential == credential_kind::device_code)
    return skipped(out.check, lane.name, {}, "no policy is needed: a person has signed in");
  if (good == 0) return skipped(out.check, lane.name, {}, "no read was allowed, so nothing is known of it" + rest);
  out.seen = fmt::format("the app may act for {} of {} organizers that were read{}", good, read, rest);
  return out;
}

finding assess_licences(std::span<const read_seen> reads, const lane_facts& lane) {
  const auto suspects = those(reads, not_entitled);
  const auto good = those(reads, allowed).size();
  finding out{.check = "licence", .lane = lane.name, .subject = {}, .seen = {}, .advice = {}};
  if (!suspects.empty()) {
    out.status = finding_status::failed;
    out.exit_code = of_credentials;
    out.seen = fmt::format("{} of {} organizers that were read may lack one: {}", suspects.size(), read_count(reads), named(suspects));
    out.advice = "Assign a licence with Teams in the Microsoft 365 admin center > Users > Active users, or leave these organizers out.";
    const auto ids = ids_of_those(reads, not_entitled);
    for (std::size_t i = 0; i < ids.size() && i < 5; ++i)
      out.commands.push_back(fmt::format("az rest --url '{}/v1.0/users/{}/licenseDetails?$select=skuPartNumber'", lane.graph_root,
                                         core::guid_or(ids[i], "<organizer>")));
    return out;
  }
  if (good == 0) return skipped(out.check, lane.name, {}, "no read was allowed, so nothing is known of it");
  out.seen = fmt::format("no sign that one is missing in {} reads; a read does not prove a licence", good);
  return out;
}

}  // namespace

read_meaning meaning_of(const read_seen& r) {
  if (!r.failure.empty()) return fault;
  if (r.no_name) return unknown_user;
  if (r.status == 200) return allowed;
  if (r.status == 429 || r.status == 509 || (r.status == 503 && r.retry_after)) return throttled;
  if (r.status == 401) return token_refused;
  if (r.status == 403) return r.look_up ? no_look_up : meaning_of_403(r);
  if (r.look_up && r.status == 404) return unknown_user;
  if (r.status == 404) return of_meetings_service(r.message) || has(r.message, "meeting") ? allowed : unknown_user;
  if (has(r.message, "not found for the segment") || r.status == 405 || r.status == 501) return wrong_place;
  if (r.status == 400 && of_meetings_service(r.message)) return allowed;
  if (r.status >= 500 || r.status == 408 || r.status == 425) return fault;
  return r.status >= 300 && r.status < 400 ? wrong_place : refused;
}

finding assess(const read_seen& r, const lane_facts& lane, bool role_known) {
  auto v = verdict_on(r, lane, role_known);
  if (r.waited && v.status == finding_status::ok) v.seen += "; it was throttled first, and waited for";
  return {.check = std::string(v.check),
          .lane = lane.name,
          .subject = core::escape_for_people(r.organizer),
          .status = v.status,
          .seen = std::move(v.seen),
          .advice = std::move(v.advice),
          .commands = std::move(v.commands),
          .exit_code = v.exit_code};
}

std::vector<finding> assess_reads(std::span<const read_seen> reads, const reads_missing& missing, const lane_facts& lane) {
  std::vector<finding> out;
  out.push_back(assess_policies(reads, missing, lane));
  out.push_back(assess_licences(reads, lane));
  return out;
}

}  // namespace convoke::diagnosis
