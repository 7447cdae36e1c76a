// What `doctor` reads of settings that are wrong: everything else.

#include <string>

#include <boost/test/unit_test.hpp>

#include "cli/job_builder.hpp"
#include "cli/options.hpp"
#include "folder.hpp"

namespace {

using namespace cli_test;
using convoke::errc;
using convoke::cli::build_partial_job;
using convoke::cli::settings;

constexpr auto tenant = "11111111-2222-3333-4444-555555555555";

convoke::cli::partial_job build(names flags, names environment = {}) {
  environment.emplace("HOME", "/nowhere");
  const auto from = settings::resolve(flags, environment, "");
  BOOST_REQUIRE(from.has_value());
  return build_partial_job(*from, "in.csv");
}

names good() {
  return {{"tenant", tenant}, {"client-id", "66666666-7777-8888-9999-000000000005"}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(partial_jobs)

BOOST_AUTO_TEST_CASE(a_good_one_has_no_problems) {
  const auto made = build(good(), {{"AZURE_CLIENT_SECRET", "value"}});
  BOOST_TEST(made.problems.empty());
  BOOST_TEST(made.made.input == "in.csv");
  BOOST_TEST(made.made.ledger == "sqlite:/nowhere/.local/state/convoke/ledger.db");
  BOOST_TEST_REQUIRE(made.made.lanes.size() == 1U);
  BOOST_TEST(made.made.lanes[0].client_secret.reveal() == "value");
  BOOST_TEST(made.made.lanes[0].graph_url == "https://graph.microsoft.com");
}

BOOST_AUTO_TEST_CASE(a_missing_credential_leaves_the_addresses) {
  const auto made = build(good());
  BOOST_TEST_REQUIRE(made.problems.size() == 1U);
  BOOST_TEST((made.problems[0].lane == 0U));
  BOOST_TEST((made.problems[0].why.code == errc::credentials));
  BOOST_TEST(made.made.lanes[0].graph_url == "https://graph.microsoft.com");
}

BOOST_AUTO_TEST_CASE(all_that_is_wrong_is_named) {
  auto flags = good();
  flags["tenant"] = "campus";
  flags["cloud"] = "mars";
  flags["connect-timeout"] = "soon";
  flags["proxy"] = "ftp://x";
  flags["ledger"] = "sqlite:/x";
  const auto made = build(flags);
  std::string all;
  for (const auto& one : made.problems) all += one.why.message + "\n";
  for (const auto* part :
       {"--connect-timeout", "--cloud 'mars'", "'campus' is not an Entra tenant id", "'ftp://x' cannot be used", "No credential"})
    BOOST_TEST(all.contains(part), part << " is not in " << all);
  BOOST_TEST(made.made.lanes[0].graph_url.empty());
  BOOST_TEST(made.made.ledger == "sqlite:/x");
}

BOOST_AUTO_TEST_CASE(settings_that_only_a_run_uses_are_named_too) {
  auto flags = good();
  flags["keep-runs"] = "-1";
  flags["results-dialect"] = "excel";
  flags["wait-lock"] = "x";
  flags["results"] = "/nonexistent/x.csv";
  const auto made = build(flags, {{"AZURE_CLIENT_SECRET", "value"}});
  std::string all;
  for (const auto& one : made.problems) all += one.why.message + "\n";
  for (const auto* part : {"--keep-runs: '-1'", "--results-dialect: 'excel'", "--wait-lock: 'x'"})
    BOOST_TEST(all.contains(part), part << " is not in " << all);
  BOOST_TEST(made.made.results == "/nonexistent/x.csv");
}

BOOST_AUTO_TEST_CASE(a_proxy_that_cannot_be_used_is_marked) {
  auto flags = good();
  flags["proxy"] = "http://127.0.0.1:1";
  flags["proxy-credentials-file"] = "/nonexistent/login";
  const auto made = build(flags, {{"AZURE_CLIENT_SECRET", "value"}});
  BOOST_TEST_REQUIRE(made.problems.size() == 1U);
  BOOST_TEST(made.problems[0].proxy);
  BOOST_TEST((made.problems[0].lane == 0U));
}

BOOST_AUTO_TEST_CASE(organizers_come_from_the_nearest_source_that_names_any) {
  const auto list = [](const names& flags, const names& environment) {
    const auto from = settings::resolve(flags, environment, "");
    BOOST_REQUIRE(from.has_value());
    std::string out;
    for (const auto& one : from->lists().organizer) out += one.text + " ";
    return out;
  };
  BOOST_TEST(list({{"organizer", "a\nb"}}, {{"CONVOKE_ORGANIZER", "c"}}) == "a b ");
  BOOST_TEST(list({}, {{"CONVOKE_ORGANIZER", "c;d"}}) == "c d ");
  BOOST_TEST(list({}, {}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
