#include <boost/test/unit_test.hpp>

#include "diagnosis/assess.hpp"
#include "diagnosis/commands.hpp"
#include "diagnosis/findings.hpp"

namespace convoke::test {
namespace {

using namespace std::chrono_literals;
using diagnosis::assess;
using diagnosis::assess_reads;
using diagnosis::meaning_of;
using diagnosis::read_meaning;
using diagnosis::read_seen;

read_seen answered(int status, std::string code = {}, std::string message = {}, std::string organizer = one_organizer) {
  return {.organizer = std::move(organizer),
          .failure = {},
          .status = status,
          .code = std::move(code),
          .message = std::move(message),
          .request_id = {},
          .retry_after = {}};
}
finding assessed(const read_seen& r, bool role_known = true) {
  return assess(r, lane_of_tests(), role_known);
}
bool means(const read_seen& r, read_meaning wanted) {
  return meaning_of(r) == wanted;
}

BOOST_AUTO_TEST_SUITE(diagnosis_of_organizers)

BOOST_AUTO_TEST_CASE(the_service_looked_for_the_meeting) {
  for (const auto& r : {answered(200), answered(404, "NotFound", "3004: Meeting was not found"), answered(404, "NotFound", "No meeting."),
                        answered(400, "BadRequest", "3003: User does not have access to lookup meeting"),
                        answered(403, "Forbidden", "3003: User does not have access to lookup meeting")}) {
    BOOST_TEST(means(r, read_meaning::allowed));
    BOOST_TEST(assessed(r).status == finding_status::ok);
    BOOST_TEST(assessed(r).exit_code == 0);
  }
}

// The bodies that were seen (section 8 of the notes on Graph).
BOOST_AUTO_TEST_CASE(a_missing_policy_in_all_its_forms) {
  for (const auto& r : {answered(403, "Forbidden", "No Application Access Policy found for this app"),
                        answered(403, "Forbidden", "No application access policy found for this app: x on the user: y."),
                        answered(403, "General", "No application access policy found for this app."),
                        answered(403, "Unauthorized", "App x is not authorized to Create meeting on behalf of user y")}) {
    BOOST_TEST(means(r, read_meaning::no_policy));
    BOOST_TEST(assessed(r).check == "access-policy");
    BOOST_TEST(assessed(r).exit_code == 4);
  }
}

BOOST_AUTO_TEST_CASE(names_are_looked_up_first) {
  auto unknown = answered(404, "", "the tenant has no such user", "ada@school.example");
  unknown.look_up = true;
  BOOST_TEST(means(unknown, read_meaning::unknown_user));
  BOOST_TEST(assessed(unknown).advice.contains("Check how the name is written"));
  auto denied = answered(403, "", "Insufficient privileges to complete the operation.", "ada@school.example");
  denied.look_up = true;
  BOOST_TEST(means(denied, read_meaning::no_look_up));
  BOOST_TEST(assessed(denied).check == "permission");
  BOOST_TEST(assessed(denied).advice.contains("User.Read.All"));
  BOOST_TEST(has_command(assessed(denied), "--api-permissions df021288-bdef-4463-88db-98f22de89214=Role"));
  BOOST_TEST(has_command(assessed(denied), "az ad app permission admin-consent --id " + app_id));
  BOOST_TEST(assessed(denied).exit_code == 4);
  auto throttled = answered(429, "", "", "ada@school.example");
  throttled.look_up = true;
  BOOST_TEST(means(throttled, read_meaning::throttled));
  // Commands have the object id, findings the name.
  auto lacks = answered(403, "Forbidden", "No Application Access Policy found for this app", "ada@school.example");
  lacks.object_id = one_organizer;
  const auto policy = assess_reads(std::vector{lacks}, {}, lane_of_tests()).front();
  BOOST_TEST(policy.seen.contains("ada@school.example"));
  BOOST_TEST(std::ranges::any_of(policy.commands, [](const std::string& one) { return one.contains(one_organizer); }));
}

BOOST_AUTO_TEST_CASE(a_person_needs_no_policy) {
  auto lane = lane_of_tests();
  lane.credential = credential_kind::device_code;
  const auto policy = assess_reads(std::vector{answered(200, "", "")}, {}, lane).front();
  BOOST_TEST(policy.check == "access-policy");
  BOOST_TEST((policy.status == finding_status::skipped));
  BOOST_TEST(policy.seen.contains("a person has signed in"));
}

BOOST_AUTO_TEST_CASE(other_refusals) {
  BOOST_TEST(means(answered(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
                   read_meaning::no_permission));
  BOOST_TEST(means(answered(403, "x", "error=insufficient_claims"), read_meaning::conditional_access));
  BOOST_TEST(means(answered(403, "Forbidden"), read_meaning::not_entitled));
  BOOST_TEST(means(answered(403, "Forbidden", "Something else"), read_meaning::refused));
  BOOST_TEST(means(answered(404, "UnknownError"), read_meaning::unknown_user));
  BOOST_TEST(means(answered(401, "InvalidAuthenticationToken"), read_meaning::token_refused));
  BOOST_TEST(means(answered(400, "BadRequest", "Resource not found for the segment 'onlineMeetings'."), read_meaning::wrong_place));
  BOOST_TEST(means(answered(302), read_meaning::wrong_place));
  BOOST_TEST(means(answered(400, "BadRequest", "1026: An error has occurred."), read_meaning::refused));
  BOOST_TEST(means(answered(500), read_meaning::fault));
  BOOST_TEST(means(answered(503), read_meaning::fault));
  BOOST_TEST(assessed(answered(400, "BadRequest", "Resource not found for the segment 'x'.")).exit_code == 2);
  BOOST_TEST(assessed(answered(500)).exit_code == 5);
}

BOOST_AUTO_TEST_CASE(a_refusal_without_a_reason_is_about_the_licence_once_the_permission_is_known) {
  const auto r = answered(403, "Forbidden");
  BOOST_TEST(assessed(r).check == "licence");
  BOOST_TEST(assessed(r).advice.contains("no guest"));
  BOOST_TEST(!assessed(r).advice.contains("admin consent"));
  BOOST_TEST(assessed(r, false).advice.contains("OnlineMeetings.ReadWrite.All with admin consent"));
}

BOOST_AUTO_TEST_CASE(an_unknown_user_and_a_name_instead_of_an_id) {
  BOOST_TEST(assessed(answered(404, "UnknownError")).advice.contains("az ad user show --id " + one_organizer));
  auto name = answered(404, "UnknownError", {}, "ada@example.org");
  name.look_up = true;
  BOOST_TEST(assessed(name).subject == "ada@example.org");
  BOOST_TEST(assessed(name).advice.contains("or give the Entra object id"));
}

BOOST_AUTO_TEST_CASE(a_throttle_is_no_failure_but_the_checks_are_not_complete) {
  auto r = answered(429, "TooManyRequests");
  r.retry_after = 1200s;
  BOOST_TEST(means(r, read_meaning::throttled));
  BOOST_TEST(assessed(r).status == finding_status::skipped);
  BOOST_TEST(assessed(r).exit_code == 5);
  BOOST_TEST(assessed(r).seen.contains("1200 s"));
  r.status = 503;
  BOOST_TEST(means(r, read_meaning::throttled));
  auto good = answered(200);
  good.waited = true;
  BOOST_TEST(assessed(good).seen.contains("throttled first"));
}

BOOST_AUTO_TEST_CASE(failures_of_the_network) {
  auto r = answered(0);
  r.failure = "connection refused";
  BOOST_TEST(means(r, read_meaning::fault));
  BOOST_TEST(assessed(r).seen == "connection refused");
  BOOST_TEST(assessed(r).exit_code == 5);
}

BOOST_AUTO_TEST_CASE(texts_of_the_service_are_escaped) {
  BOOST_TEST(!assessed(answered(403, "Forbidden\x1b", "a\x1b[2Jb")).seen.contains('\x1b'));
}

BOOST_AUTO_TEST_CASE(the_commands_for_a_policy_never_replace_one) {
  const std::vector<read_seen> reads{answered(200),
                                     answered(403, "General", "No application access policy found for this app.", another_organizer)};
  const auto all = assess_reads(reads, {}, lane_of_tests());
  BOOST_TEST_REQUIRE(all.size() == 2U);
  const auto& policy = all[0];
  BOOST_TEST(policy.check == "access-policy");
  BOOST_TEST(policy.status == finding_status::failed);
  BOOST_TEST(policy.seen == "missing for 1 of 2 organizers that were read: " + another_organizer);
  BOOST_TEST(policy.advice.contains("30 minutes"));
  const std::vector<std::string> expected{
      "Connect-MicrosoftTeams -TenantId " + tenant_id,
      "Get-CsOnlineUser -Identity " + another_organizer + " | Select-Object UserPrincipalName, ApplicationAccessPolicy",
      "Set-CsApplicationAccessPolicy -Identity <policy> -AppIds @{Add=\"" + app_id + "\"}  # where one is shown",
      "New-CsApplicationAccessPolicy -Identity convoke -AppIds \"" + app_id + "\"  # where none is shown",
      "Grant-CsApplicationAccessPolicy -PolicyName convoke -Identity " + another_organizer + "  # only where none is shown",
      "Grant-CsApplicationAccessPolicy -PolicyName convoke -Group <group id> -Rank 1  # or for all members of a group"};
  BOOST_TEST(policy.commands == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_many_organizers_only_some_are_named) {
  std::vector<read_seen> reads;
  for (int i = 0; i < 20; ++i) reads.push_back(answered(403, "General", "No application access policy found for this app."));
  const auto policy = assess_reads(reads, {.left_out = 7}, lane_of_tests())[0];
  BOOST_TEST(policy.seen.contains("and 15 more"));
  BOOST_TEST(policy.seen.contains("7 more were not read (--most-organizers)"));
  BOOST_TEST(policy.commands.size() < 20U);
}

BOOST_AUTO_TEST_CASE(why_organizers_were_not_read_is_said_as_it_was) {
  const std::vector<read_seen> reads{answered(200), answered(429)};
  const auto ended = assess_reads(reads, {.ended_before = 2}, lane_of_tests())[0];
  BOOST_TEST(ended.seen == "the app may act for 1 of 2 organizers that were read; 2 more were not read, because of what the last read met");
  const auto both = assess_reads(reads, {.ended_before = 2, .left_out = 3}, lane_of_tests())[0];
  BOOST_TEST(both.seen == ended.seen + "; 3 more were not read (--most-organizers)");
}

BOOST_AUTO_TEST_CASE(a_user_who_is_not_found_is_wrong_input_and_was_not_read) {
  auto unknown = answered(404, "", "HTTP 404 Request_ResourceNotFound", "eve@school.example");
  unknown.look_up = true;
  BOOST_TEST(assessed(unknown).exit_code == 8);
  BOOST_TEST(assessed(unknown).seen == "HTTP 404 Request_ResourceNotFound: the tenant has no such user");
  BOOST_TEST(assessed(answered(404, "UnknownError")).exit_code == 8);
  const auto policy = assess_reads(std::vector{answered(200), unknown}, {}, lane_of_tests())[0];
  BOOST_TEST(policy.status == finding_status::ok);
  BOOST_TEST(policy.seen ==
             "the app may act for 1 of 1 organizers that were read; 1 more were not read, because of what their look-ups met");
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_name_of_a_user_was_not_sent) {
  auto none = answered(0);
  none.organizer = "foo";
  none.look_up = none.no_name = true;
  const auto f = assessed(none);
  BOOST_TEST(f.check == "organizer");
  BOOST_TEST(f.status == finding_status::failed);
  BOOST_TEST(f.subject == "foo");
  BOOST_TEST(f.seen == "this is neither an object id nor a UPN; nothing was sent");
  BOOST_TEST(f.advice.starts_with("Check how the name is written"), f.advice);
}

BOOST_AUTO_TEST_CASE(summaries_of_good_reads_and_of_none) {
  const std::vector<read_seen> good{answered(200), answered(200)};
  BOOST_TEST(assess_reads(good, {}, lane_of_tests())[0].seen == "the app may act for 2 of 2 organizers that were read");
  BOOST_TEST(assess_reads(good, {}, lane_of_tests())[1].seen.contains("does not prove a licence"));
  for (const auto& f : assess_reads(std::vector{answered(500)}, {}, lane_of_tests())) BOOST_TEST(f.status == finding_status::skipped);
  const auto licence = assess_reads(std::vector{answered(403, "Forbidden")}, {}, lane_of_tests())[1];
  BOOST_TEST(licence.status == finding_status::failed);
  BOOST_TEST(has_command(licence, "/users/" + one_organizer + "/licenseDetails"));
}

BOOST_AUTO_TEST_CASE(the_commands_name_the_app_of_the_token) {
  const std::string identity = "c3f0e6d1-1d5e-4c1b-8d0f-7a6b5c4d3e03";
  const auto commands_of = [](const diagnosis::lane_facts& lane) {
    return assess_reads(std::vector{answered(403, "General", "No application access policy found for this app.")}, {}, lane)[0];
  };
  diagnosis::token_seen token{.problem = {}, .claims = {}};
  token.claims.app = identity;
  auto lane = lane_of_tests(credential_kind::managed_identity);
  learn_app(lane, token);
  BOOST_TEST(has_command(commands_of(lane), "@{Add=\"" + identity + "\"}"));
  BOOST_TEST(!has_command(commands_of(lane), app_id));
  // What says nothing of its app leaves the set-up's.
  for (const auto& none : {diagnosis::token_seen{.problem = {}, .opaque = true, .claims = token.claims},
                           diagnosis::token_seen{.problem = error{errc::network, "x"}, .claims = token.claims},
                           diagnosis::token_seen{.problem = {}, .claims = {}}}) {
    auto other = lane_of_tests();
    learn_app(other, none);
    BOOST_TEST(has_command(commands_of(other), app_id));
  }
  lane.app.clear();
  BOOST_TEST(has_command(commands_of(lane), "<client id of the identity>"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace convoke::test
