#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "net/net.hpp"

namespace data = boost::unit_test::data;
using namespace convoke;

BOOST_AUTO_TEST_SUITE(endpoints)

BOOST_AUTO_TEST_CASE(a_root_is_split_into_its_parts) {
  const auto e = net::parse_endpoint("https://Graph.Microsoft.com", false);
  BOOST_REQUIRE(e.has_value());
  BOOST_TEST(e->tls);
  BOOST_TEST(e->host == "graph.microsoft.com");
  BOOST_TEST(e->port == 443);
  BOOST_TEST(e->base_path == "");
  BOOST_TEST(e->host_header == "graph.microsoft.com");
}

BOOST_AUTO_TEST_CASE(port_path_and_trailing_slashes) {
  const auto e = net::parse_endpoint("HTTPS://a.example:8443/x/y//", false);
  BOOST_REQUIRE(e.has_value());
  BOOST_TEST(e->port == 8443);
  BOOST_TEST(e->base_path == "/x/y");
  BOOST_TEST(e->host_header == "a.example:8443");
}

BOOST_AUTO_TEST_CASE(the_usual_port_is_not_repeated_in_the_host_header) {
  BOOST_TEST(net::parse_endpoint("https://a.example:443/", false)->host_header == "a.example");
  BOOST_TEST(net::parse_endpoint("http://127.0.0.1:80/", true)->host_header == "127.0.0.1");
  BOOST_TEST(net::parse_endpoint("https://a.example:/", false)->port == 443);
  BOOST_TEST(net::parse_endpoint("https://a.example./", false)->host == "a.example");
}

BOOST_AUTO_TEST_CASE(ipv6_has_brackets_only_in_the_header) {
  const auto e = net::parse_endpoint("http://[::1]:8080", true);
  BOOST_REQUIRE(e.has_value());
  BOOST_TEST(e->host == "::1");
  BOOST_TEST(e->host_header == "[::1]:8080");
  BOOST_TEST(!e->tls);
}

BOOST_DATA_TEST_CASE(http_reaches_this_machine_only_when_allowed,
                     data::make({"http://127.0.0.1:1/", "http://127.9.9.9", "http://localhost:8080", "http://LOCALHOST", "http://[::1]"}),
                     url) {
  BOOST_TEST(net::parse_endpoint(url, true).has_value());
  const auto refused = net::parse_endpoint(url, false);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::usage));
  BOOST_TEST(refused.error().message.contains("--allow-http"));
}

BOOST_DATA_TEST_CASE(what_is_refused,
                     data::make({"",
                                 "graph.microsoft.com",
                                 "ftp://a.example",
                                 "file:///etc/passwd",
                                 "https://",
                                 "https:///x",
                                 "https://user@a.example",
                                 "https://user:secret@a.example",
                                 "https://user:sec@secret@a.example/x",
                                 "user:secret@a.example",
                                 "https://user:secret@a b.example:x",
                                 "https://a.example/?x=1",
                                 "https://a.example/#x",
                                 "https://a.example:0",
                                 "https://a.example:65536",
                                 "https://a.example:99999999999999999999",
                                 "https://a b.example",
                                 "https://a%0d%0a.example",
                                 "http://a.example",
                                 "http://128.0.0.1",
                                 "http://localhost.example",
                                 "http://127.0.0.1.example",
                                 "http://[::2]",
                                 "http://0.0.0.0",
                                 "https://a.example/x y",
                                 "https://a.example/\r\nX: y"}),
                     url) {
  const auto refused = net::parse_endpoint(url, true);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::usage));
  BOOST_TEST(!refused.error().message.contains('\n'));
  BOOST_TEST(!refused.error().message.contains("secret"));
}

BOOST_AUTO_TEST_CASE(header_values_and_targets) {
  BOOST_TEST(net::safe_header_value("Bearer abc.def-_~ x"));
  BOOST_TEST(net::safe_header_value(""));
  for (const std::string_view bad : {"a\r\nb", "a\n", "\ta", "a\x7f", "caf\xc3\xa9"}) BOOST_TEST(!net::safe_header_value(bad));
  BOOST_TEST(!net::safe_header_value(std::string_view("a\0b", 3)));
  BOOST_TEST(!net::safe_header_value(std::string(3000, 'a') + "\n"));
  BOOST_TEST(net::safe_target("/v1.0/users/1/x?y=%20"));
  for (const std::string_view bad : {"", "x", "/a b", "/a\r\nb", "/a#b", "/\xc3\xa9"}) BOOST_TEST(!net::safe_target(bad));
}

BOOST_AUTO_TEST_CASE(clocks) {
  const auto first = net::boot_now();
  BOOST_TEST((net::boot_now() >= first));
  BOOST_TEST((net::wall_now() > utc_time(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1).time_since_epoch())));
}

BOOST_DATA_TEST_CASE(a_managed_identitys_endpoint_is_near,
                     data::make({"http://169.254.169.254", "http://169.254.129.2:8081/msi/token", "http://localhost:4141/MSI/token/",
                                 "http://127.0.0.1:41741/msi/token"}),
                     url) {
  const auto e = net::parse_metadata_endpoint(url);
  BOOST_REQUIRE(e.has_value());
  BOOST_TEST(!e->tls);
  BOOST_TEST(e->link_local == std::string(url).contains("169.254"));
}

BOOST_DATA_TEST_CASE(clear_text_goes_no_further_for_a_managed_identity,
                     data::make({"https://169.254.169.254", "http://169.255.0.1", "http://169.254.169.254.example", "http://example.org",
                                 "http://10.0.0.1/msi/token", "http://[fe80::1]", "http://169.254.1", "169.254.169.254"}),
                     url) {
  const auto e = net::parse_metadata_endpoint(url);
  BOOST_REQUIRE(!e.has_value());
  BOOST_TEST((e.error().code == errc::usage));
}

BOOST_AUTO_TEST_CASE(other_endpoints_do_not_use_clear_text_on_the_link) {
  BOOST_TEST(!net::parse_endpoint("http://169.254.169.254", true).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
