#include <boost/test/unit_test.hpp>

#include "diagnosis/assess.hpp"
#include "diagnosis/findings.hpp"

namespace convoke::test {
namespace {

using namespace std::chrono_literals;
using diagnosis::assess;
using diagnosis::certificate_seen;
using diagnosis::clock_seen;
using diagnosis::connect_failure;
using diagnosis::connection_seen;

const utc_time now = at("2026-11-30T20:00:00Z");

connection_seen works(std::string address, utc_time expires = now + std::chrono::days(60)) {
  return {.host = "graph.microsoft.com",
          .address = std::move(address),
          .message = {},
          .issuer = {},
          .certificate = certificate_seen{.version = "TLSv1.3", .subject = "CN = graph", .issuer = "CN = DigiCert", .expires = expires}};
}
connection_seen fails(std::string address, connect_failure why, std::string issuer = {}) {
  return {.host = "graph.microsoft.com",
          .address = std::move(address),
          .what = why,
          .message = "it does not work",
          .issuer = std::move(issuer),
          .certificate = {}};
}
std::vector<finding> assessed(const std::vector<connection_seen>& attempts) {
  return assess(attempts, "campus", now);
}

BOOST_AUTO_TEST_SUITE(diagnosis_of_the_network)

BOOST_AUTO_TEST_CASE(routes) {
  const auto direct = assess({.host = "graph", .proxy = {}}, "campus");
  BOOST_TEST(direct.seen == "directly: no proxy is set");
  BOOST_TEST(assess({.host = "graph", .proxy = {}, .configured = true}, "campus").seen.contains("NO_PROXY"));
  BOOST_TEST(assess({.host = "graph", .proxy = "proxy:3128", .configured = true}, "campus").seen == "through the proxy proxy:3128");
}

BOOST_AUTO_TEST_CASE(names) {
  const auto found = assess({.host = "graph", .addresses = {"192.0.2.1", "2001:db8::1"}, .problem = {}}, "campus");
  BOOST_TEST(found.status == finding_status::ok);
  BOOST_TEST(found.seen == "192.0.2.1, 2001:db8::1");
  const auto lost = assess({.host = "graph.micros\x1b[2Jt.com", .addresses = {}, .problem = "there is no host of this name"}, "campus");
  BOOST_TEST(lost.status == finding_status::failed);
  BOOST_TEST(lost.exit_code == 5);
  BOOST_TEST(lost.advice.contains("getent ahosts"));
  BOOST_TEST(!lost.advice.contains('\x1b'));
}

BOOST_AUTO_TEST_CASE(all_addresses_work) {
  const auto all = assessed({works("192.0.2.1"), works("192.0.2.2")});
  BOOST_TEST_REQUIRE(all.size() == 3U);
  BOOST_TEST(all[0].check == "address");
  BOOST_TEST(all[0].subject == "graph.microsoft.com 192.0.2.1");
  BOOST_TEST(all[2].check == "tls");
  BOOST_TEST(all[2].status == finding_status::ok);
  BOOST_TEST(all[2].seen.contains("TLSv1.3; certificate of CN = graph, issued by CN = DigiCert, valid until 2027-01-29"));
}

BOOST_AUTO_TEST_CASE(one_bad_address_among_several_is_a_warning) {
  const auto all = assessed({fails("192.0.2.1", connect_failure::timeout), works("192.0.2.2")});
  BOOST_TEST_REQUIRE(all.size() == 3U);
  BOOST_TEST(all[0].status == finding_status::warning);
  BOOST_TEST(all[0].exit_code == 0);
  BOOST_TEST(all[0].advice.contains("fall back to another address"));
}

BOOST_AUTO_TEST_CASE(no_address_works) {
  for (const auto why : {connect_failure::network, connect_failure::timeout, connect_failure::resources}) {
    const auto all = assessed({fails("192.0.2.1", why)});
    BOOST_TEST_REQUIRE(all.size() == 1U);
    BOOST_TEST(all[0].check == "address");
    BOOST_TEST(all[0].status == finding_status::failed);
    BOOST_TEST(all[0].exit_code == 5);
    BOOST_TEST(!all[0].advice.empty());
  }
  BOOST_TEST(assessed({fails("", connect_failure::proxy)})[0].check == "proxy");
  BOOST_TEST(assessed({fails("", connect_failure::proxy)})[0].subject == "graph.microsoft.com");
}

BOOST_AUTO_TEST_CASE(a_login_that_the_proxy_refuses_is_a_credential) {
  const auto all = assessed({fails("", connect_failure::proxy_login)});
  BOOST_TEST_REQUIRE(all.size() == 1U);
  BOOST_TEST(all[0].check == "proxy");
  BOOST_TEST(all[0].status == finding_status::failed);
  BOOST_TEST(all[0].exit_code == 4);
  BOOST_TEST(all[0].advice.contains("--proxy-credentials-file"));
  BOOST_TEST(assessed({fails("", connect_failure::proxy)})[0].exit_code == 5);
}

BOOST_AUTO_TEST_CASE(an_interception_names_the_issuer) {
  const auto f = assessed({fails("192.0.2.1", connect_failure::untrusted, "O = Campus Proxy")})[0];
  BOOST_TEST(f.check == "tls");
  BOOST_TEST(f.advice.contains("O = Campus Proxy"));
  BOOST_TEST(f.advice.contains("--ca-file"));
}

BOOST_AUTO_TEST_CASE(each_flaw_of_a_certificate_has_its_advice) {
  std::vector<std::string> seen;
  for (const auto why : {connect_failure::untrusted, connect_failure::expired, connect_failure::wrong_name, connect_failure::tls}) {
    const auto f = assessed({fails("192.0.2.1", why)})[0];
    BOOST_TEST(f.check == "tls");
    BOOST_TEST((std::ranges::find(seen, f.advice) == seen.end()));
    seen.push_back(f.advice);
  }
}

BOOST_AUTO_TEST_CASE(a_certificate_that_ends_soon_is_a_warning) {
  using std::chrono::days;
  BOOST_TEST(assessed({works("a", now + days(14))}).back().status == finding_status::ok);
  const auto soon = assessed({works("a"), works("b", now + days(14) - 1s)}).back();
  BOOST_TEST(soon.status == finding_status::warning);
  BOOST_TEST(soon.seen.contains("(in 13 days)"));
  BOOST_TEST(assessed({works("a", now + 1h)}).back().seen.contains("(in less than a day)"));
}

// `ahead`: how far this machine's clock is ahead; Date cuts what lies below a second.
clock_seen clocks(std::chrono::milliseconds ahead, std::chrono::milliseconds took = 200ms) {
  const auto sent = now + 300ms;
  const auto theirs = std::chrono::floor<std::chrono::seconds>(sent + took / 2 - ahead);
  return {.host = "login", .sent = sent, .received = sent + took, .theirs = theirs, .problem = {}};
}

BOOST_AUTO_TEST_CASE(clocks_that_agree) {
  for (const auto ahead : {-900ms, -500ms, 0ms, 500ms, 900ms}) {
    const auto f = assess(clocks(ahead), "campus");
    BOOST_TEST(f.status == finding_status::ok);
    BOOST_TEST(f.seen == "this machine's clock agrees with the server's");
  }
}

BOOST_AUTO_TEST_CASE(clocks_that_differ) {
  BOOST_TEST(assess(clocks(30s), "campus").status == finding_status::ok);
  BOOST_TEST(assess(clocks(30s), "campus").seen.contains("30 s ahead of the server's"));
  BOOST_TEST(assess(clocks(62s), "campus").status == finding_status::warning);
  BOOST_TEST(assess(clocks(-62s), "campus").status == finding_status::warning);
  BOOST_TEST(assess(clocks(-62s), "campus").seen.contains("behind"));
  const auto far = assess(clocks(302s), "campus");
  BOOST_TEST(far.status == finding_status::failed);
  BOOST_TEST(far.exit_code == 2);
  BOOST_TEST(has_command(far, "timedatectl"));
  BOOST_TEST(assess(clocks(-302s), "campus").status == finding_status::failed);
  BOOST_TEST(assess(clocks(298s), "campus").status == finding_status::warning);
}

BOOST_AUTO_TEST_CASE(only_a_certain_difference_counts) {
  // The answer took 40 s: the clock may be 50 or 90 s ahead.
  auto slow = clocks(70s, 40s);
  BOOST_TEST(assess(slow, "campus").status == finding_status::ok);
  BOOST_TEST(assess(clocks(90s, 40s), "campus").status == finding_status::warning);
}

BOOST_AUTO_TEST_CASE(without_a_date_nothing_is_known) {
  BOOST_TEST(assess({.host = "login", .theirs = {}, .problem = {}}, "campus").status == finding_status::skipped);
  BOOST_TEST(assess({.host = "login", .theirs = {}, .problem = "closed"}, "campus").seen == "closed");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace convoke::test
