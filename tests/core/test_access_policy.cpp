// The commands of the application access policy: none replaces a policy that a user has.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "core/access_policy.hpp"
#include "core/permission_commands.hpp"
#include "core/text.hpp"

namespace {

using namespace convoke::core;

const std::string tenant = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001", app = "2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002",
                  anna = "0a1b2c3d-0000-4000-8000-00000000000a";

bool any_contains(const std::vector<std::string>& commands, std::string_view part) {
  return std::ranges::any_of(commands, [&](const auto& one) { return one.contains(part); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_policy)

BOOST_AUTO_TEST_CASE(an_id_or_a_placeholder) {
  BOOST_TEST(guid_or(anna, "<organizer>") == anna);
  BOOST_TEST(guid_or("0A1B2C3D-0000-4000-8000-00000000000A", "<organizer>") == anna);
  for (const auto* odd : {"", "x; rm", "ada@example.org", "0a1b2c3d-0000-4000-8000-00000000000a;"})
    BOOST_TEST(guid_or(odd, "<organizer>") == "<organizer>");
}

BOOST_AUTO_TEST_CASE(the_present_policy_is_shown_first_and_a_grant_comes_last) {
  const std::vector<std::string> expected{
      "Connect-MicrosoftTeams -TenantId " + tenant,
      "Get-CsOnlineUser -Identity " + anna + " | Select-Object UserPrincipalName, ApplicationAccessPolicy",
      "Set-CsApplicationAccessPolicy -Identity <policy> -AppIds @{Add=\"" + app + "\"}  # where one is shown",
      "New-CsApplicationAccessPolicy -Identity convoke -AppIds \"" + app + "\"  # where none is shown",
      "Grant-CsApplicationAccessPolicy -PolicyName convoke -Identity " + anna + "  # only where none is shown",
      "Grant-CsApplicationAccessPolicy -PolicyName convoke -Group <group id> -Rank 1  # or for all members of a group"};
  BOOST_TEST(access_policy_commands(tenant, {app}, std::vector{anna}) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing_but_ids_becomes_part_of_a_command) {
  const auto commands = access_policy_commands("; rm", {"\"}; rm"}, std::vector<std::string>{"$(rm)", anna});
  BOOST_TEST(!any_contains(commands, "rm"));
  for (const auto* placeholder : {"<tenant id>", "<client id>", "-Identity <organizer>"}) BOOST_TEST(any_contains(commands, placeholder));
  BOOST_TEST(any_contains(commands, anna));
}

BOOST_AUTO_TEST_CASE(a_managed_identity_is_an_app_of_its_own) {
  const std::vector one{anna};
  BOOST_TEST(any_contains(access_policy_commands(tenant, {.id = app, .managed_identity = true}, one), "@{Add=\"" + app + "\"}"));
  const auto unknown = access_policy_commands(tenant, {.id = {}, .managed_identity = true}, one);
  BOOST_TEST(any_contains(unknown, "@{Add=\"<client id of the identity>\"}"));
  BOOST_TEST(any_contains(unknown, "-AppIds \"<client id of the identity>\""));
  const auto graph = "https://graph.microsoft.com";
  const auto assign = permission_commands(meetings_role, tenant, {.id = app, .managed_identity = true}, anna, graph);
  BOOST_TEST_REQUIRE(assign.size() == 1U);
  BOOST_TEST(assign.front().contains("/v1.0/servicePrincipals/" + anna + "/appRoleAssignments"));
  const auto add = permission_commands(meetings_role, tenant, {app}, {}, graph);
  BOOST_TEST_REQUIRE(add.size() == 3U);
  BOOST_TEST(add[1] == "az ad app permission add --id " + app +
                           " --api 00000003-0000-0000-c000-000000000000 --api-permissions b8bb2037-6e08-44ac-a4ea-4674e010e2a4=Role");
}

BOOST_AUTO_TEST_CASE(each_organizer_that_is_named_is_looked_at_and_of_many_only_some_are_named) {
  const auto count = [](const std::vector<std::string>& commands, std::string_view begin) {
    return std::ranges::count_if(commands, [&](const auto& one) { return one.starts_with(begin); });
  };
  for (const std::size_t organizers : {0U, 1U, 5U, 6U, 1000U}) {
    const auto commands = access_policy_commands(tenant, {app}, std::vector<std::string>(organizers, anna));
    const auto named = static_cast<std::ptrdiff_t>(std::min<std::size_t>(organizers, 5));
    BOOST_TEST(count(commands, "Get-CsOnlineUser -Identity") == named);
    BOOST_TEST(count(commands, "Grant-CsApplicationAccessPolicy -PolicyName convoke -Identity") == named);
    BOOST_TEST(any_contains(commands, "# and so for the other") == (organizers > 5));
  }
  BOOST_TEST(any_contains(access_policy_commands(tenant, {app}, std::vector<std::string>(1000, anna)), "# and so for the other 995"));
}

BOOST_AUTO_TEST_CASE(the_same_in_sentences) {
  BOOST_TEST(
      access_policy_steps() ==
      "An organizer has one policy at most, and granting another replaces it. In Teams PowerShell: Get-CsOnlineUser -Identity "
      "<organizer> | Select-Object UserPrincipalName, ApplicationAccessPolicy; where one is shown: Set-CsApplicationAccessPolicy -Identity "
      "<policy> "
      "-AppIds @{Add=\"<client id>\"}; where none is shown: New-CsApplicationAccessPolicy -Identity convoke -AppIds \"<client id>\", "
      "then Grant-CsApplicationAccessPolicy -PolicyName convoke -Identity <organizer> (or -Group <group id> -Rank 1).");
}

BOOST_AUTO_TEST_SUITE_END()
