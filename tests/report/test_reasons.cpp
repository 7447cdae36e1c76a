// Why rows of a run have no meeting as wanted, and what to do about it.

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "report/reasons.hpp"
#include "report/remedies.hpp"
#include "report/summary.hpp"

using namespace convoke;
using namespace convoke::report;

namespace {

const std::string app = "9d8fe59e-322e-53bb-9df5-35d01bf5cb66", anna = "00000000-0000-0000-0000-000000000001",
                  school = "11111111-2222-3333-4444-555555555555";

ledger::lane_name lane_of(std::string client, std::string tenant = school) {
  return {.graph_root = "https://graph.microsoft.com", .tenant = std::move(tenant), .app = std::move(client)};
}

failure_reason reason(int status, std::string code, std::string message = {}, outcome result = outcome::failed) {
  return {.result = result,
          .code = std::move(code),
          .http_status = status,
          .rows = 5,
          .line = 2,
          .organizer = anna,
          .external_id = "K-1",
          .message = std::move(message),
          .lane = 0,
          .tenant = {},
          .remedy = {},
          .commands = {}};
}

failure_reason with_remedy(failure_reason why, const std::string& client = app) {
  std::vector<failure_reason> all{std::move(why)};
  add_remedies(all, std::vector{lane_of(client)});
  return all.front();
}

bool any_command_holds(const failure_reason& why, std::string_view what) {
  return std::ranges::any_of(why.commands, [&](const std::string& command) { return command.contains(what); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(row_16_a_missing_policy_gets_the_commands_that_fix_it) {
  for (const auto* said :
       {"No Application Access Policy found for this app", "No application access policy found for this app 1 on the user",
        "App 1 is not authorized to Create meeting on behalf of user 2"}) {
    const auto why = with_remedy(reason(403, "General", said));
    BOOST_TEST(why.remedy.contains("add the app to the one that it has"));
    BOOST_TEST(any_command_holds(why, "Set-CsApplicationAccessPolicy -Identity <policy> -AppIds @{Add=\"" + app + "\"}"));
    BOOST_TEST(any_command_holds(why, "Grant-CsApplicationAccessPolicy -PolicyName convoke -Identity " + anna));
  }
  // Nothing that is no GUID goes into a command.
  auto odd = reason(403, "Forbidden", "No application access policy found for this app.");
  odd.organizer = "x; rm";
  const auto why = with_remedy(odd, "\"; rm");
  BOOST_TEST(why.commands.at(1) == "Get-CsOnlineUser -Identity <organizer> | Select-Object UserPrincipalName, ApplicationAccessPolicy");
  BOOST_TEST(!any_command_holds(why, "rm"));
  BOOST_TEST(any_command_holds(why, "@{Add=\"<client id>\"}"));
  BOOST_TEST(any_command_holds(why, "-Identity <organizer>"));
}

BOOST_AUTO_TEST_CASE(the_commands_name_the_app_that_calls) {
  const std::string identity = "c3f0e6d1-1d5e-4c1b-8d0f-7a6b5c4d3e03";
  const auto commands_for = [](const char* said, const core::calling_app& caller) {
    std::vector<failure_reason> all{reason(403, "Forbidden", said)};
    add_remedies(all, std::vector{lane_of(app)}, std::span(&caller, 1));
    BOOST_TEST(!any_command_holds(all.front(), app));
    return all.front();
  };
  BOOST_TEST(any_command_holds(commands_for("No application access policy found for this app.", {.id = identity, .managed_identity = true}),
                               "@{Add=\"" + identity + "\"}"));
  BOOST_TEST(any_command_holds(commands_for("No application access policy found for this app.", {.id = {}, .managed_identity = true}),
                               "@{Add=\"<client id of the identity>\"}"));
  const auto named = "No application access policy found for this app: " + identity + " on the user: " + anna + ".";
  BOOST_TEST(any_command_holds(commands_for(named.c_str(), {.id = {}, .managed_identity = true}), "@{Add=\"" + identity + "\"}"));
  BOOST_TEST(any_command_holds(commands_for(named.c_str(), {.id = app}), "@{Add=\"" + identity + "\"}"));
}

BOOST_AUTO_TEST_CASE(row_16_every_kind_of_failure_has_a_remedy) {
  const std::pair<failure_reason, const char*> kinds[] = {
      {reason(403, "Forbidden"), "OnlineMeetings.ReadWrite.All"},
      {reason(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."), "grant admin consent"},
      {reason(403, "Forbidden", "error=insufficient_claims"), "Conditional Access"},
      {reason(404, "UnknownError"), "it looks the UPN up again"},
      {reason(404, "NotFound", "createOrGet returns this meeting, but the service does not find it afterwards."), "again later"},
      {reason(400, "BadRequest", "1026: An error has occurred."), "correct the rows in the failed file"},
      {reason(400, "BadRequest", "Resource not found for the segment 'onlineMeetings'."), "--graph-url"},
      {reason(422, "InvalidArgument"), "correct the rows in the failed file"},
      {reason(401, "InvalidAuthenticationToken"), "--client-id"},
      {reason(302, ""), "Redirects"},
      {reason(405, "MethodNotAllowed"), "--cloud"},
      {reason(501, ""), "--cloud"},
      {reason(507, ""), "quota"},
      {reason(423, ""), "again later"},
      {reason(500, "retries", "attempts were used up in three runs in a row"), "once they work"},
      {reason(0, "retries"), "once they work"},
      {reason(0, "invalid", "column 'start'", outcome::rejected), "Correct these rows"},
      {reason(0, "conflict", "line 3 wants another meeting", outcome::rejected), "Make them equal"},
      {reason(0, "start;end", "", outcome::drifted), "--on-drift report"},
      {reason(0, "chat_thread_id", "", outcome::drifted), "new external id"},
      {reason(0, "subject;chat_thread_id", "", outcome::drifted), "--on-drift update"},
      {reason(0, "expiry", "", outcome::drifted), "`convoke verify --repair` makes them again"},
      {reason(404, "", "", outcome::lost), "`convoke verify --repair` makes them again"},
      {reason(0, "unknown_meeting"), "Compare organizer and external id"},
      {reason(0, "other_feed"), "to delete meetings of any feed"},
      {reason(0, "call_owed"), "Carry that run out by its own command"},
      {reason(0, "not_removed"), "or another run took them over"},
      {reason(0, "Something"), "compare the message"}};
  for (const auto& [why, says] : kinds) BOOST_TEST(with_remedy(why).remedy.contains(says), with_remedy(why).remedy << " / " << says);
}

BOOST_AUTO_TEST_CASE(what_is_refused_to_a_user_has_other_remedies) {
  const auto of_user = app + "/" + anna;
  for (const auto& why : {reason(403, "Forbidden"), reason(403, "General", "No application access policy found for this app.")}) {
    const auto got = with_remedy(why, of_user);
    BOOST_TEST(got.remedy.contains("delegated permission OnlineMeetings.ReadWrite,"), got.remedy);
    BOOST_TEST(got.commands.empty());
  }
  BOOST_TEST(with_remedy(reason(403, "Forbidden", "error=insufficient_claims"), of_user).remedy.contains("Conditional Access"));
  BOOST_TEST(with_remedy(reason(404, "UnknownError"), of_user).remedy.contains("the user who has signed in"));
}

BOOST_AUTO_TEST_CASE(row_16_reasons_for_people) {
  std::vector<failure_reason> all{
      reason(403, "Forbidden", "No application access policy found for this app."),
      reason(403, "General", "No application access policy found for this app."),
      reason(0, "invalid", "column 'start': '\x1b'", outcome::rejected),
  };
  all[2].rows = 1;
  all[2].organizer = all[2].external_id = "";
  add_remedies(all, std::vector{lane_of(app)});
  const auto text = reasons_text(all);
  BOOST_TEST(
      text.starts_with("Why rows have no meeting as wanted:\n"
                       "  5 rows failed: 403 Forbidden: No application access policy found for this app.\n"
                       "    The first is: line 2, K-1 of " +
                       anna + "\n    What to do: The app has no application access policy"));
  BOOST_TEST(text.contains("\n      Connect-MicrosoftTeams -TenantId " + school + "\n"));
  BOOST_TEST(text.contains("General: No application access policy found for this app.\n    The first is: line 2, K-1 of " + anna +
                           "\n    What to do: as above.\n"));
  BOOST_TEST(
      text.ends_with("  1 row rejected: invalid: column 'start': '\\x1b'\n    It is: line 2\n    What to do: Correct these rows in the "
                     "input or in the failed file, and apply that file.\n"));
  BOOST_TEST(reasons_text({}) == "");
  for (int i = 0; i < 3; ++i) all.push_back(reason(400, "BadRequest"));
  BOOST_TEST(reasons_text(all).ends_with("  1 more reason: `-o json` lists it.\n"));
}

BOOST_AUTO_TEST_CASE(a_missing_permission_gets_the_commands_that_give_it) {
  const auto why = with_remedy(reason(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."));
  BOOST_TEST(any_command_holds(why, "az login --tenant " + school));
  BOOST_TEST(any_command_holds(why, "az ad app permission add --id " + app + " --api 00000003-0000-0000-c000-000000000000 "));
  BOOST_TEST(any_command_holds(why, "az ad app permission admin-consent --id " + app));
  BOOST_TEST(!any_command_holds(why, "CsApplicationAccessPolicy"));
}

BOOST_AUTO_TEST_CASE(only_rows_that_are_wrong_are_to_be_corrected) {
  for (const auto& why : {reason(0, "invalid", "x", outcome::rejected), reason(0, "conflict", "x", outcome::rejected),
                          reason(400, "BadRequest"), reason(404, "UnknownError"), reason(0, "start", "", outcome::drifted)})
    BOOST_TEST(with_remedy(why).in_rows, why.code);
  for (const auto& why : {reason(403, "Forbidden"), reason(403, "Authorization_RequestDenied"), reason(500, "retries"), reason(401, "x"),
                          reason(404, "", "", outcome::lost), reason(507, ""), reason(0, "Something")})
    BOOST_TEST(!with_remedy(why).in_rows, why.code);
  job_report r;
  r.run = 1;
  r.rows = 2;
  r.counts.failed = r.counts.rejected = 1;
  r.failed = "in.csv.failed.csv";
  r.reasons = {with_remedy(reason(403, "Forbidden")), with_remedy(reason(0, "invalid", "x", outcome::rejected))};
  const auto text = report_text(r);
  BOOST_TEST(text.contains("\nFailed rows, to correct and to apply again: in.csv.failed.csv\n"), text);
  BOOST_TEST(text.ends_with("; the rows to correct are in in.csv.failed.csv.\n"), text);
}

BOOST_AUTO_TEST_CASE(each_tenant_has_reasons_of_its_own_with_the_commands_for_its_app) {
  const std::string other = "22222222-3333-4444-5555-666666666666", south = "33333333-4444-5555-6666-777777777777";
  std::vector<failure_reason> all{reason(403, "Forbidden", "No application access policy found for this app."),
                                  reason(403, "Forbidden", "No application access policy found for this app.")};
  all[0].tenant = "north-id";
  all[1].tenant = "south-id";
  all[1].lane = 1;
  add_remedies(all, std::vector{lane_of(app), lane_of(other, south)});
  BOOST_TEST(any_command_holds(all[0], app));
  BOOST_TEST(any_command_holds(all[1], other));
  BOOST_TEST(!any_command_holds(all[1], app));
  BOOST_TEST(all[0].commands.at(0) == "Connect-MicrosoftTeams -TenantId " + school);
  BOOST_TEST(all[1].commands.at(0) == "Connect-MicrosoftTeams -TenantId " + south);
  const auto text = reasons_text(all);
  BOOST_TEST(text.contains("  5 rows of tenant north-id failed: 403 Forbidden"), text);
  BOOST_TEST(text.contains("  5 rows of tenant south-id failed: 403 Forbidden"), text);
  BOOST_TEST(!text.contains("as above"), text);
  BOOST_TEST(reasons_json(all).at(1).at("tenant") == "south-id");
  BOOST_TEST(reasons_json(std::vector{reason(403, "Forbidden")}).at(0).at("tenant").is_null());
}

BOOST_AUTO_TEST_CASE(row_16_a_run_that_ends_with_failures_gives_its_reasons) {
  job_report r;
  r.run = 1;
  r.rows = r.counts.failed = 5;
  r.failed = "in.csv.failed.csv";
  r.reasons = {with_remedy(reason(403, "Forbidden", "No application access policy found for this app."))};
  const auto text = report_text(r);
  BOOST_TEST(text.contains("  5 rows failed: 403 Forbidden: No application access policy found for this app.\n"));
  BOOST_TEST(text.contains("Grant-CsApplicationAccessPolicy"));
  BOOST_TEST(text.ends_with("Finished: 0 of 5 rows have their meeting; the failed rows are in in.csv.failed.csv.\n"));
  BOOST_TEST(text.contains("\nFailed rows, which need no correction: the same command sends them again: in.csv.failed.csv\n"), text);
  const auto why = boost::json::parse(report_json(r)).at("reasons").at(0);
  BOOST_TEST(why.at("outcome") == "failed");
  BOOST_TEST(why.at("code") == "Forbidden");
  BOOST_TEST(why.at("http_status") == 403);
  BOOST_TEST(why.at("rows") == 5);
  BOOST_TEST(why.at("line") == 2);
  BOOST_TEST(why.at("organizer") == anna.c_str());
  BOOST_TEST(why.at("external_id") == "K-1");
  BOOST_TEST(why.at("commands").as_array().size() == 6U);
  r.reasons.clear();
  BOOST_TEST(boost::json::parse(report_json(r)).at("reasons").as_array().empty());
}

BOOST_AUTO_TEST_CASE(a_reason_has_the_request_id_the_time_and_who_can_put_it_right) {
  auto one = reason(403, "General", "No application access policy found for this app.");
  one.request_id = "r-1\x1b";
  one.answered_at = utc_time(std::chrono::seconds(1'790'000'000));
  const auto why = with_remedy(one);
  const auto json = reasons_json(std::vector{why}).at(0);
  BOOST_TEST(json.at("request_id") == "r-1\x1b");
  BOOST_TEST(json.at("time") == format_utc(*one.answered_at).c_str());
  BOOST_TEST(json.at("fixed_by") == "Teams administrator");
  const auto text = reasons_text(std::vector{why});
  BOOST_TEST(text.contains("; request id r-1\\x1b, " + format_utc(*one.answered_at) + "\n"), text);
  BOOST_TEST(text.contains("    Who can do it: the Teams administrator.\n"), text);
  const auto none = reasons_json(std::vector{with_remedy(reason(0, "Something"))}).at(0);
  for (const auto* member : {"request_id", "time", "fixed_by"}) BOOST_TEST(none.at(member).is_null(), member);
}

BOOST_AUTO_TEST_CASE(row_18_a_removed_failed_file_is_reported) {
  job_report r;
  r.run = 1;
  r.rows = r.counts.created = 1;
  BOOST_TEST(boost::json::parse(report_json(r)).at("removed_failed").is_null());
  r.removed_failed = "in.csv.failed.csv";
  BOOST_TEST(report_text(r) ==
             "Run 1: 1 row: 1 created.\n"
             "Removed, because nothing failed this time: in.csv.failed.csv, the failed rows of an earlier run.\n"
             "Done: the row has its meeting.\n");
  BOOST_TEST(boost::json::parse(report_json(r)).at("removed_failed") == "in.csv.failed.csv");
}
