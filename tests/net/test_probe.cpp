#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"
#include "net/probe.hpp"
#include "net/resolver.hpp"

using namespace convoke;
using namespace convoke::test;

namespace {

const std::string host = "graph.test.example";

struct probing {
  probing(tls_settings who, const std::string& trusted, unsigned connections = 1, const std::string& name = host)
      : ca(trusted),
        tls(net::tls_context::create(ca.path()).value()),
        server(context, std::vector<script>(connections), std::move(who)),
        prober(context.get_executor(), tls),
        to(server.address(name)) {}

  net::probed probe() { return run(context, prober.probe(to, 5s)); }

  temporary_file ca;
  boost::asio::io_context context{1};
  net::tls_context tls;
  server server;
  net::prober prober;
  net::endpoint to;
};

leaf wanted(long to_hours = 24) {
  leaf l;
  l.names = {"DNS:" + host};
  l.to_hours = to_hours;
  if (to_hours < 0) l.from_hours = to_hours - 24;
  return l;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(probing_addresses)

BOOST_AUTO_TEST_CASE(what_is_seen_of_a_certificate) {
  const authority ca("Authority of the test");
  probing p({.who = ca.issue(wanted())}, ca.certificate(), 2);
  for (int i = 0; i < 2; ++i) {
    const auto seen = p.probe();
    BOOST_TEST((seen.ended.what == failure::none), seen.ended.message);
    BOOST_TEST_REQUIRE(seen.peer.has_value());
    BOOST_TEST(seen.peer->tls_version == "TLSv1.3");
    BOOST_TEST(seen.peer->subject.contains("test server"));
    BOOST_TEST(seen.peer->issuer.contains("Authority of the test"));
    const auto left = seen.peer->expires.value() - net::wall_now();
    BOOST_TEST((left > std::chrono::hours(23) && left <= std::chrono::hours(24)));
  }
  // A certificate is verified each time: no session is resumed.
  BOOST_TEST(p.server.log().resumed == 0U);
}

BOOST_AUTO_TEST_CASE(why_a_certificate_was_refused) {
  const authority ca("Right"), other("Interception");
  probing untrusted({.who = other.issue(wanted())}, ca.certificate());
  auto seen = untrusted.probe();
  BOOST_TEST((seen.ended.what == failure::tls));
  BOOST_TEST((seen.flaw == net::certificate_flaw::untrusted));
  BOOST_TEST(seen.refused_issuer.contains("Interception"));
  BOOST_TEST(!seen.peer.has_value());

  probing expired({.who = ca.issue(wanted(-1))}, ca.certificate());
  BOOST_TEST((expired.probe().flaw == net::certificate_flaw::expired));

  probing elsewhere({.who = ca.issue(wanted())}, ca.certificate(), 1, "other.test.example");
  BOOST_TEST((elsewhere.probe().flaw == net::certificate_flaw::wrong_name));

  leaf early = wanted(48);
  early.from_hours = 24;
  probing later({.who = ca.issue(early)}, ca.certificate());
  BOOST_TEST((later.probe().flaw == net::certificate_flaw::not_yet_valid));
}

BOOST_AUTO_TEST_CASE(an_old_version_of_tls_is_no_flaw_of_the_certificate) {
  const authority ca;
  probing p({.who = ca.issue(wanted()), .most_version = 0x0302}, ca.certificate());
  const auto seen = p.probe();
  BOOST_TEST((seen.ended.what == failure::tls));
  BOOST_TEST((seen.flaw == net::certificate_flaw::none));
}

BOOST_AUTO_TEST_CASE(an_address_where_no_server_listens) {
  const authority ca;
  probing p({.who = ca.issue(wanted())}, ca.certificate());
  p.to.dial = {"127.0.0.2"};
  BOOST_TEST((p.probe().ended.what == failure::connect));
  BOOST_TEST(p.server.log().connections == 0U);
}

BOOST_AUTO_TEST_CASE(names) {
  const authority ca;
  probing p({.who = ca.issue(wanted())}, ca.certificate());
  using address = net::resolver::address;
  boost::asio::use_service<net::resolver>(p.context).use([](const std::string& name, std::uint16_t port, const auto& done) {
    if (name == "two.example")
      done({}, {address(boost::asio::ip::make_address("192.0.2.1"), port), address(boost::asio::ip::make_address("2001:db8::1"), port)});
    else
      done(boost::asio::error::host_not_found, {});
  });
  const auto two = run(p.context, p.prober.look_up("two.example", 443, 5s));
  BOOST_TEST(two.problem.empty());
  BOOST_TEST((two.addresses == std::vector<std::string>{"192.0.2.1", "2001:db8::1"}));
  const auto none = run(p.context, p.prober.look_up("none.example", 443, 5s));
  BOOST_TEST(none.problem == "there is no host of this name");
  BOOST_TEST(none.addresses.empty());
}

BOOST_AUTO_TEST_CASE(after_a_stop_nothing_is_tried) {
  const authority ca;
  probing p({.who = ca.issue(wanted())}, ca.certificate());
  p.prober.stop();
  BOOST_TEST((p.probe().ended.what == failure::cancelled));
  BOOST_TEST(run(p.context, p.prober.look_up("x.example", 443, 5s)).addresses.empty());
  BOOST_TEST(p.server.log().connections == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
