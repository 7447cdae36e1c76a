#include <string_view>

#include <boost/test/unit_test.hpp>

#include "graph/graph.hpp"

using namespace convoke;

BOOST_AUTO_TEST_SUITE(clouds)

BOOST_AUTO_TEST_CASE(every_cloud_has_usable_roots) {
  BOOST_TEST(graph::all_clouds().size() >= 4U);
  for (const auto& c : graph::all_clouds()) {
    BOOST_TEST(net::parse_endpoint(c.graph_root, false).has_value(), c.name);
    BOOST_TEST(net::parse_endpoint(c.authority, false).has_value(), c.name);
    BOOST_TEST((graph::find_cloud(c.name) == &c));
  }
}

BOOST_AUTO_TEST_CASE(clouds_are_found_by_name) {
  BOOST_TEST(graph::find_cloud("global")->graph_root == "https://graph.microsoft.com");
  BOOST_TEST(graph::find_cloud("dod")->graph_root == "https://dod-graph.microsoft.us");
  BOOST_TEST(graph::find_cloud("dod")->authority == graph::find_cloud("usgov")->authority);
  BOOST_TEST((graph::find_cloud("USGov") == graph::find_cloud("usgov")));
  BOOST_TEST((graph::find_cloud("moon") == nullptr));
  BOOST_TEST((graph::find_cloud("") == nullptr));
}

BOOST_AUTO_TEST_CASE(other_names_lead_to_the_cloud_that_is_meant) {
  const auto meant = [](std::string_view word) {
    const auto* const c = graph::cloud_meant_by(word);
    return c == nullptr ? std::string_view("none") : c->name;
  };
  for (const auto* word : {"gcchigh", "GCC High", "gcc-high", "AzureUSGovernment", "us-gov"}) BOOST_TEST(meant(word) == "usgov", word);
  for (const auto* word : {"GCC", "AzureCloud", "globl"}) BOOST_TEST(meant(word) == "global", word);
  BOOST_TEST(meant("USGovDoD") == "dod");
  BOOST_TEST(meant("AzureChinaCloud") == "china");
  BOOST_TEST(meant("mars") == "none");
  BOOST_TEST(meant("") == "none");
}

BOOST_AUTO_TEST_CASE(hosts_of_two_clouds_are_a_conflict_and_unknown_ones_are_not) {
  for (const auto& c : graph::all_clouds())
    BOOST_TEST(!graph::conflict_of_clouds(c.graph_root.substr(8), c.authority.substr(8)).has_value(), c.name);
  BOOST_TEST(graph::conflict_of_clouds("graph.microsoft.com", "login.microsoftonline.us").value_or("none") ==
             "graph.microsoft.com is the Graph root of global, and login.microsoftonline.us the authority of usgov and dod");
  BOOST_TEST(graph::conflict_of_clouds("dod-graph.microsoft.us", "login.microsoftonline.com").has_value());
  BOOST_TEST(!graph::conflict_of_clouds("graph.microsoft.com", "login.example").has_value());
  BOOST_TEST(!graph::conflict_of_clouds("localhost", "login.microsoftonline.us").has_value());
}

// One row each of Microsoft's list of national clouds (docs/graph.md).
namespace {

void is(std::string_view name, std::string_view graph_root, std::string_view authority, std::string_view audience, bool has_create_or_get) {
  const auto* const c = graph::find_cloud(name);
  BOOST_TEST_REQUIRE((c != nullptr), name);
  BOOST_TEST(c->graph_root == graph_root);
  BOOST_TEST(c->authority == authority);
  BOOST_TEST(c->exchange_audience == audience);
  BOOST_TEST(c->no_create_or_get.empty() == has_create_or_get);
}

}  // namespace

BOOST_AUTO_TEST_CASE(global_including_gcc) {
  is("global", "https://graph.microsoft.com", "https://login.microsoftonline.com", "api://AzureADTokenExchange", true);
  BOOST_TEST((graph::find_cloud("gcc") == nullptr));  // it uses the global endpoints
}
BOOST_AUTO_TEST_CASE(us_gov_l4_gcc_high) {
  is("usgov", "https://graph.microsoft.us", "https://login.microsoftonline.us", "api://AzureADTokenExchangeUSGov", true);
}
BOOST_AUTO_TEST_CASE(us_gov_l5_dod) {
  is("dod", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us", "api://AzureADTokenExchangeUSGov", true);
}
BOOST_AUTO_TEST_CASE(china_21vianet) {
  is("china", "https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn", "api://AzureADTokenExchangeChina", false);
}
BOOST_AUTO_TEST_CASE(bleu_france) {
  is("france", "https://graph.svc.sovcloud.fr", "https://login.sovcloud-identity.fr", "api://AzureADTokenExchangeFrance", true);
}
BOOST_AUTO_TEST_CASE(delos_germany) {
  is("germany", "https://graph.svc.sovcloud.de", "https://login.sovcloud-identity.de", "api://AzureADTokenExchangeGermany", false);
}
BOOST_AUTO_TEST_CASE(govsg_singapore) {
  is("singapore", "https://graph.svc.sovcloud.sg", "https://login.sovcloud-identity.sg", "api://AzureADTokenExchangeGovSG", false);
}

BOOST_AUTO_TEST_SUITE_END()
