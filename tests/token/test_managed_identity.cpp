#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "token/managed_identity.hpp"

namespace {

using namespace convoke;
using namespace std::chrono_literals;

const token::clocks at{.ours = parse_utc("2026-09-01T08:00:00Z")};

token::refusal refused(int status, std::string_view body, std::string_view header = {}, const token::identity_choice& asked = {}) {
  auto got = token::read_managed_answer(status, body, std::nullopt, header, asked, at);
  BOOST_REQUIRE(!got.has_value());
  return got.error();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(managed_identities)

BOOST_AUTO_TEST_CASE(the_query_names_resource_and_identity) {
  BOOST_TEST(token::imds_query("https://graph.microsoft.com/", {}) == "?api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com");
  BOOST_TEST(token::imds_query("r", {.client_id = "a b"}).ends_with("&resource=r&client_id=a%20b"));
  BOOST_TEST(token::imds_query("r", {.object_id = "o"}).ends_with("&object_id=o"));
  BOOST_TEST(token::imds_query("r", {.resource_id = "/x"}).ends_with("&msi_res_id=%2Fx"));
  BOOST_TEST(token::app_service_query("r", {.resource_id = "/x"}) == "?api-version=2019-08-01&resource=r&mi_res_id=%2Fx");
}

// graph-api: IMDS writes its numbers as strings; App Service has expires_on and no expires_in.
BOOST_AUTO_TEST_CASE(both_forms_of_a_lifetime_are_read) {
  const auto imds = token::read_managed_answer(
      200, R"({"access_token":"t","expires_in":"3599","expires_on":"1506484173","not_before":"1506480273","token_type":"Bearer"})",
      std::nullopt, {}, {}, at);
  BOOST_TEST((imds.value().lifetime == 3599s));
  for (const char* end : {"1788253200", "\"1788253200\""}) {
    const auto service = token::read_managed_answer(
        200, R"({"access_token":"t","token_type":"Bearer","resource":"r","client_id":"c","expires_on":)" + std::string(end) + "}",
        std::nullopt, {}, {}, at);
    BOOST_TEST((service.value().lifetime == 1h));
  }
  BOOST_TEST(refused(200, R"({"access_token":"t","expires_on":"1788249600"})").message.contains("no time to live"));
  BOOST_TEST(refused(200, R"({"access_token":"t","expires_on":"09/14/2026 00:00:00 PM +00:00"})").message.contains("expires_in"));
}

BOOST_AUTO_TEST_CASE(what_may_pass_is_not_fatal) {
  for (const int status : {404, 408, 410, 425, 429, 500, 503, 599}) BOOST_TEST(!refused(status, "{}").fatal, status);
  for (const int status : {302, 400, 401, 403, 405}) BOOST_TEST(refused(status, "{}").fatal, status);
  BOOST_TEST(refused(400, "<html>").doubtful);
  BOOST_TEST(!refused(400, "{}").doubtful);
}

BOOST_AUTO_TEST_CASE(errors_of_both_services_are_explained) {
  const auto none = refused(400, R"({"error":"invalid_request","error_description":"Identity not found"})");
  BOOST_TEST(none.message ==
             "the managed identity endpoint answered HTTP 400: invalid_request, Identity not found. Give this resource an identity (Azure, "
             "Identity), or name the right one with --managed-identity.");
  BOOST_TEST(refused(400, R"({"error":"bad_request_102","error_description":"Required metadata header not specified"})")
                 .message.contains("A proxy has removed the header Metadata"));
  BOOST_TEST(refused(500, R"({"statusCode":500,"message":"No MSI found for specified ClientId"})").message ==
             "the managed identity endpoint answered HTTP 500: No MSI found for specified ClientId");
}

BOOST_AUTO_TEST_CASE(an_unknown_identity_and_an_unknown_resource_have_advice_of_their_own) {
  constexpr std::string_view none = R"({"error":"invalid_request","error_description":"Identity not found"})";
  BOOST_TEST(refused(400, none, {}, {.client_id = "c-1"})
                 .message.contains("The request named the identity by client_id c-1 (--managed-identity, or --client-id"));
  BOOST_TEST(refused(400, none, {}, {.object_id = "o-1"}).message.contains("by object_id o-1 "));
  BOOST_TEST(refused(400, none, {}, {.resource_id = "/r"}).message.contains("by resource id /r "));
  const auto resource = refused(400, R"({"error":"invalid_resource","error_description":"AADSTS500011: The resource was not found"})");
  BOOST_TEST(resource.message.contains("check --graph-url and --cloud"), resource.message);
  BOOST_TEST(!resource.message.contains("--managed-identity"), resource.message);
}

// App Service's secret of the endpoint, where the answer quotes it.
BOOST_AUTO_TEST_CASE(the_identity_header_is_not_shown) {
  constexpr std::string_view header = "canary-of/the+header";
  for (const int status : {200, 400, 500}) {
    for (const std::string_view sent :
         {header, std::string_view("canary-of%2Fthe%2Bheader"), std::string_view("Y2FuYXJ5LW9mL3RoZStoZWFkZXI=")}) {
      const std::string quoted(sent);
      const auto body = R"({"error":"invalid_request )" + quoted + R"(","error_description":"X-IDENTITY-HEADER was )" + quoted +
                        R"(","message":"got )" + quoted + R"(","access_token":"t","expires_in":"9","token_type":")" + quoted + R"("})";
      const auto message = refused(status, body, header).message;
      BOOST_TEST(!message.contains(quoted), message);
      BOOST_TEST(message.contains("***"), message);
    }
  }
}

BOOST_AUTO_TEST_CASE(waits_are_those_that_microsoft_recommends) {
  std::chrono::seconds total{0};
  for (unsigned n = 1; n < token::managed_tries; ++n) total += token::managed_wait(503, n);
  BOOST_TEST((total == 30s));
  BOOST_TEST((token::managed_wait(0, 1) == 2s));
  BOOST_TEST((token::managed_wait(503, 5) == 60s));
  BOOST_TEST((token::managed_wait(503, 1000000) == 60s));
  for (unsigned n = 1; n < 10; ++n) BOOST_TEST((token::managed_wait(410, n) == 10s));
}

BOOST_AUTO_TEST_SUITE_END()
