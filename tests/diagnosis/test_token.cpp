#include <boost/test/unit_test.hpp>

#include "diagnosis/assess.hpp"
#include "diagnosis/findings.hpp"

namespace convoke::test {
namespace {

using namespace std::chrono_literals;
using diagnosis::assess_permission;
using diagnosis::assess_token;
using diagnosis::token_seen;

const utc_time now = at("2026-11-30T20:00:00Z");

token_seen good() {
  return {.problem = {},
          .claims = {.audience = "https://graph.microsoft.com",
                     .tenant = tenant_id,
                     .app = app_id,
                     .principal = one_organizer,
                     .roles = {"User.Read.All", "OnlineMeetings.ReadWrite.All"},
                     .scopes = {},
                     .expires = now + 59min},
          .now = now};
}
token_seen refused(std::string message, errc code = errc::credentials) {
  return {.problem = error{code, std::move(message)}, .claims = {}, .now = now};
}

BOOST_AUTO_TEST_SUITE(diagnosis_of_the_token)

BOOST_AUTO_TEST_CASE(a_good_one) {
  const auto f = assess_token(good(), lane_of_tests());
  BOOST_TEST(f.status == finding_status::ok);
  BOOST_TEST(f.subject == "client-secret");
  BOOST_TEST(f.seen == "for https://graph.microsoft.com, tenant " + tenant_id + ", valid for 59 minutes");
  const auto p = assess_permission(good(), lane_of_tests());
  BOOST_TEST(p.status == finding_status::ok);
  BOOST_TEST(p.subject == "OnlineMeetings.ReadWrite.All");
}

BOOST_AUTO_TEST_CASE(the_audience_may_be_written_in_several_ways) {
  for (const auto* audience : {"https://graph.microsoft.com/", "HTTPS://Graph.Microsoft.com", "00000003-0000-0000-c000-000000000000"}) {
    auto t = good();
    t.claims.audience = audience;
    BOOST_TEST(assess_token(t, lane_of_tests()).status == finding_status::ok);
  }
  auto other = good();
  other.claims.audience = "https://graph.microsoft.us";
  const auto f = assess_token(other, lane_of_tests());
  BOOST_TEST(f.status == finding_status::failed);
  BOOST_TEST(f.exit_code == 4);
  BOOST_TEST(f.advice.contains("--cloud"));
}

BOOST_AUTO_TEST_CASE(another_tenant_and_an_expired_token) {
  auto other = good();
  other.claims.tenant = one_organizer;
  BOOST_TEST(assess_token(other, lane_of_tests()).status == finding_status::failed);
  BOOST_TEST(assess_token(other, lane_of_tests()).seen.contains(one_organizer));
  auto old = good();
  old.claims.expires = now;
  BOOST_TEST(assess_token(old, lane_of_tests()).status == finding_status::failed);
  BOOST_TEST(assess_token(old, lane_of_tests()).advice.contains("clock"));
  BOOST_TEST(assess_token(old, lane_of_tests(credential_kind::token)).advice.contains("never renewed"));
  BOOST_TEST(assess_token(good(), lane_of_tests(credential_kind::token)).status == finding_status::warning);
}

BOOST_AUTO_TEST_CASE(one_that_cannot_be_read_says_so) {
  const token_seen t{.problem = {}, .opaque = true, .claims = {}, .now = now};
  BOOST_TEST(assess_token(t, lane_of_tests()).status == finding_status::ok);
  BOOST_TEST(assess_token(t, lane_of_tests()).seen.contains("cannot be looked into"));
  BOOST_TEST(assess_permission(t, lane_of_tests()).status == finding_status::skipped);
}

BOOST_AUTO_TEST_CASE(refusals_name_the_command_with_the_ids) {
  const auto secret = assess_token(refused("HTTP 401 invalid_client: AADSTS7000215: Invalid client secret"), lane_of_tests());
  BOOST_TEST(secret.status == finding_status::failed);
  BOOST_TEST(secret.exit_code == 4);
  BOOST_TEST(secret.advice.contains(app_id));
  BOOST_TEST(has_command(secret, "az ad app credential reset --id " + app_id + " --append"));
  BOOST_TEST(has_command(secret, "az login --tenant " + tenant_id));
  BOOST_TEST(has_command(assess_token(refused("AADSTS700016: x"), lane_of_tests()), "az ad sp create --id " + app_id));
  BOOST_TEST(has_command(assess_token(refused("AADSTS700027: x"), lane_of_tests()), "credential list --id " + app_id + " --cert"));
  BOOST_TEST(has_command(secret, "> <secret file>)"));
  auto lane = lane_of_tests();
  lane.secret_file = "/etc/convoke/it's";
  BOOST_TEST(has_command(assess_token(refused("AADSTS7000215: x"), lane), "> '/etc/convoke/it'\\''s')"));
  lane.certificate_file = "/etc/convoke/app.pem";
  const auto unknown = assess_token(refused("AADSTS700027: x"), lane);
  BOOST_TEST(has_command(unknown, "az login --tenant " + tenant_id));
  BOOST_TEST(has_command(unknown, "openssl x509 -in '/etc/convoke/app.pem' -out convoke.crt"));
  BOOST_TEST(has_command(unknown, "az ad app credential reset --id " + app_id + " --cert @convoke.crt --append"));
  lane.certificate_file = "/etc/convoke/app.PFX";
  BOOST_TEST(has_command(assess_token(refused("AADSTS700027: x"), lane), "openssl pkcs12 -in '/etc/convoke/app.PFX' -clcerts -nokeys"));
  BOOST_TEST(has_command(assess_token(refused("AADSTS7000218: x"), lane), "--id " + app_id + " --is-fallback-public-client true"));
  BOOST_TEST(has_command(assess_token(refused("AADSTS65001: x"), lane), "az ad app permission grant --id " + app_id));
  BOOST_TEST(has_command(assess_token(refused("AADSTS700213: x"), lane_of_tests()), "federated-credential list"));
  BOOST_TEST(!assess_token(refused("no number"), lane_of_tests()).advice.empty());
}

BOOST_AUTO_TEST_CASE(a_managed_identity_that_gives_no_token_is_not_the_authority) {
  auto lane = lane_of_tests(credential_kind::managed_identity);
  lane.identity_address = "http://169.254.169.254";
  const auto away = assess_token(refused("no access token: cannot connect: connection refused", errc::network), lane);
  BOOST_TEST(away.exit_code == 5);
  BOOST_TEST(away.advice.contains("http://169.254.169.254, not from the authority"));
  BOOST_TEST(away.advice.contains("switched on"));
  const auto refuses = assess_token(refused("the managed identity endpoint answered HTTP 403"), lane);
  BOOST_TEST(refuses.exit_code == 4);
  BOOST_TEST(refuses.advice.contains("http://169.254.169.254"));
  BOOST_TEST(refuses.advice.contains("switched on"));
  const auto other = assess_token(refused("the managed identity endpoint answered HTTP 400: invalid_request, Identity not found"), lane);
  BOOST_TEST(other.advice.contains("leave out --managed-identity and --client-id"));
  // What another credential meets is not about an identity.
  BOOST_TEST(assess_token(refused("no access token: x", errc::network), lane_of_tests()).advice.contains("authority"));
}

BOOST_AUTO_TEST_CASE(a_certificate_that_ends_soon_is_a_warning) {
  auto lane = lane_of_tests(credential_kind::client_certificate);
  lane.certificate_file = "/etc/convoke/app.pem";
  const auto f = diagnosis::assess_certificate_end("it expires at 2026-12-02T00:00:00Z", lane);
  BOOST_TEST(f.status == finding_status::warning);
  BOOST_TEST(f.exit_code == 0);
  BOOST_TEST(f.subject == "/etc/convoke/app.pem");
  BOOST_TEST(f.seen.contains("2026-12-02"));
}

BOOST_AUTO_TEST_CASE(failures_of_the_network_and_of_settings_have_their_codes) {
  BOOST_TEST(assess_token(refused("timeout", errc::network), lane_of_tests()).exit_code == 5);
  BOOST_TEST(assess_token(refused("wrong URL", errc::usage), lane_of_tests()).exit_code == 2);
  BOOST_TEST(assess_permission(refused("timeout", errc::network), lane_of_tests()).status == finding_status::skipped);
}

BOOST_AUTO_TEST_CASE(a_missing_role_names_portal_and_commands) {
  auto t = good();
  t.claims.roles = {"User.Read.All"};
  const auto f = assess_permission(t, lane_of_tests());
  BOOST_TEST(f.status == finding_status::failed);
  BOOST_TEST(f.exit_code == 4);
  BOOST_TEST(f.seen == "the token lacks it; it has: User.Read.All");
  BOOST_TEST(f.advice.contains("App registrations > " + app_id + " > API permissions"));
  BOOST_TEST(f.advice.contains("Grant admin consent"));
  BOOST_TEST(has_command(f, "az ad app permission add --id " + app_id +
                                " --api 00000003-0000-0000-c000-000000000000 --api-permissions b8bb2037-6e08-44ac-a4ea-4674e010e2a4=Role"));
  BOOST_TEST(has_command(f, "az ad app permission admin-consent --id " + app_id));
  t.claims.roles.clear();
  BOOST_TEST(assess_permission(t, lane_of_tests()).seen.contains("it has: none"));
}

BOOST_AUTO_TEST_CASE(a_managed_identity_has_no_app_registration) {
  auto t = good();
  t.claims.roles.clear();
  const auto f = assess_permission(t, lane_of_tests(credential_kind::managed_identity));
  BOOST_TEST(has_command(f, "servicePrincipals/" + one_organizer + "/appRoleAssignments"));
  BOOST_TEST(!has_command(f, "az ad app permission"));
}

BOOST_AUTO_TEST_CASE(delegated_permissions) {
  auto t = good();
  t.claims.roles.clear();
  t.claims.scopes = {"openid", "OnlineMeetings.ReadWrite"};
  BOOST_TEST(assess_permission(t, lane_of_tests()).status == finding_status::ok);
  t.claims.scopes = {"openid"};
  const auto f = assess_permission(t, lane_of_tests());
  BOOST_TEST(f.status == finding_status::failed);
  BOOST_TEST(f.advice.contains("Delegated permissions > OnlineMeetings.ReadWrite"));
}

BOOST_AUTO_TEST_CASE(what_is_no_id_does_not_get_into_a_command) {
  auto lane = lane_of_tests();
  lane.app = "x; rm -rf /";
  lane.tenant = "$(reboot)";
  for (const auto& f : {assess_token(refused("AADSTS7000215: x"), lane), assess_token(refused("AADSTS700016: x"), lane)}) {
    BOOST_TEST(!f.commands.empty());
    for (const auto& one : f.commands) BOOST_TEST((!one.contains("rm -rf") && !one.contains("reboot")), one);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace convoke::test
