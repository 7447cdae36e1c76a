#include <array>
#include <string>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"
#include "net/proxy.hpp"

namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using asio::ip::tcp;
using namespace convoke;
using namespace convoke::test;

namespace {

// A proxy that makes tunnels to one port of this machine, whatever it is asked for.
class relay {
 public:
  relay(asio::io_context& context, std::uint16_t to)
      : acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), to_(asio::ip::address_v4::loopback(), to) {
    asio::co_spawn(context, serve(), asio::detached);
  }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::vector<std::string> requests;

 private:
  static asio::awaitable<void> copy(tcp::socket& from, tcp::socket& into) {
    std::array<char, 4096> bytes{};
    for (;;) {
      const auto [bad, count] = co_await from.async_read_some(asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
      if (bad) break;
      const auto [lost, written] = co_await asio::async_write(into, asio::buffer(bytes.data(), count), asio::as_tuple(asio::use_awaitable));
      if (lost) break;
    }
    boost::system::error_code ignored;
    into.shutdown(tcp::socket::shutdown_send, ignored);
  }
  asio::awaitable<void> serve() {
    using namespace asio::experimental::awaitable_operators;
    auto near = co_await acceptor_.async_accept(asio::use_awaitable);
    std::string head;
    co_await asio::async_read_until(near, asio::dynamic_buffer(head), "\r\n\r\n", asio::use_awaitable);
    requests.push_back(head);
    tcp::socket far(near.get_executor());
    co_await far.async_connect(to_, asio::use_awaitable);
    const std::string granted = "HTTP/1.1 200 Connection established\r\n\r\n";
    co_await asio::async_write(near, asio::buffer(granted), asio::use_awaitable);
    co_await (copy(near, far) && copy(far, near));
  }

  tcp::acceptor acceptor_;
  tcp::endpoint to_;
};

std::shared_ptr<const net::proxy> proxy_at(std::uint16_t port, std::string_view credentials = {}) {
  return std::make_shared<const net::proxy>(net::parse_proxy("http://127.0.0.1:" + std::to_string(port), credentials).value());
}

// A connection to graph.example:443 through a proxy that answers CONNECT with these bytes.
struct refused_tunnel {
  explicit refused_tunnel(script answer) : server(context, {std::move(answer)}) {}
  net::outcome connect(std::string_view credentials = {}, std::chrono::nanoseconds limit = 5s) {
    auto to = net::parse_endpoint("https://graph.example", false).value();
    to.through = proxy_at(server.port(), credentials);
    net::connection link(context.get_executor(), to, tls);
    return run(context, link.connect(limit));
  }
  asio::io_context context{1};
  net::tls_context tls = net::tls_context::create({}).value();
  server server;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(proxies)

BOOST_AUTO_TEST_CASE(a_url_is_split_into_its_parts) {
  const auto whole = net::parse_proxy("http://us%40er:p%3Aass@Proxy.Example:3128/").value();
  BOOST_TEST(whole.host == "proxy.example");
  BOOST_TEST(whole.port == 3128);
  BOOST_TEST(whole.name() == "proxy.example:3128");
  BOOST_TEST(whole.authorization.reveal() == "Basic dXNAZXI6cDphc3M=");  // us@er:p:ass
  const auto bare = net::parse_proxy("proxy.example").value();
  BOOST_TEST(bare.port == 80);
  BOOST_TEST(bare.authorization.empty());
  BOOST_TEST(net::parse_proxy("http://[::1]:8080").value().name() == "[::1]:8080");
}

// RFC 7617 has this example.
BOOST_AUTO_TEST_CASE(credentials_from_elsewhere_come_first) {
  const auto p = net::parse_proxy("http://other:other@proxy.example:3128", "Aladdin:open sesame").value();
  BOOST_TEST(p.authorization.reveal() == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  BOOST_TEST(net::parse_proxy("http://proxy.example", "a:b").value().authorization.reveal() == "Basic YTpi");
  BOOST_TEST(net::parse_proxy("http://proxy.example", "a:").value().authorization.reveal() == "Basic YTo=");
}

BOOST_DATA_TEST_CASE(what_names_no_proxy_is_refused,
                     data::make({"https://proxy.example", "socks5://proxy.example", "http://", "http://proxy.example/path", "http://a b",
                                 "http://proxy.example:0", "http://proxy.example:70000", "http://proxy.example?x", "http://:hunter2@"}),
                     url) {
  const auto p = net::parse_proxy(url);
  BOOST_REQUIRE(!p.has_value());
  BOOST_TEST((p.error().code == errc::usage));
  BOOST_TEST(!p.error().message.contains("hunter2"), p.error().message);
}

BOOST_AUTO_TEST_CASE(a_user_and_a_password_are_not_shown) {
  BOOST_TEST(net::shown_proxy("http://user:hunter2@proxy.example:3128") == "http://…@proxy.example:3128");
  BOOST_TEST(net::shown_proxy("user:hunter2@proxy.example") == "…@proxy.example");
  BOOST_TEST(net::shown_proxy("http://user:hun@ter2@proxy.example") == "http://…@proxy.example");
  BOOST_TEST(net::shown_proxy("http://proxy.example:3128") == "http://proxy.example:3128");
  BOOST_TEST(net::shown_proxy("user:hun//ter2@proxy.example:1") == "…@proxy.example:1");
  BOOST_TEST(net::shown_proxy("user:hun://ter2@proxy.example:1") == "…@proxy.example:1");
  BOOST_TEST(net::shown_proxy("hunter2://ter2@proxy.example:1") == "…@proxy.example:1");
  BOOST_TEST(net::shown_proxy("HTTP://user:hun//t@er2@proxy.example:1") == "HTTP://…@proxy.example:1");
  BOOST_TEST(!net::parse_proxy("https://user:hunter2@proxy.example").error().message.contains("hunter2"));
  BOOST_TEST(!net::parse_proxy("http://proxy.example", "hunter2").error().message.contains("hunter2"));
}

BOOST_DATA_TEST_CASE(a_special_character_in_a_password_must_be_encoded,
                     data::make({"user:hunt//er2@proxy.example:1", "http://user:hunt/er2@proxy.example",
                                 "http://user:hunt#er2@proxy.example", "http://user:hunt?er2@proxy.example",
                                 "http://user:hunt@er2@proxy.example"}),
                     url) {
  const auto p = net::parse_proxy(url);
  BOOST_REQUIRE(!p.has_value());
  BOOST_TEST(p.error().message.contains("percent-encode them"), p.error().message);
  BOOST_TEST(p.error().message.contains("--proxy-credentials-file"), p.error().message);
  BOOST_TEST(!p.error().message.contains("hunt"), p.error().message);
  BOOST_TEST(!p.error().message.contains("er2"), p.error().message);
}

struct listing {
  const char* list;
  const char* host;
  bool named;
};
std::ostream& operator<<(std::ostream& out, const listing& l) {
  return out << l.list << " and " << l.host;
}

BOOST_DATA_TEST_CASE(hosts_are_listed_by_name_suffix_address_and_range,
                     data::make(std::vector<listing>{{"graph.microsoft.com", "graph.microsoft.com", true},
                                                     {"GRAPH.microsoft.COM", "graph.microsoft.com", true},
                                                     {"microsoft.com", "graph.microsoft.com", true},
                                                     {".microsoft.com", "graph.microsoft.com", true},
                                                     {"*.microsoft.com", "graph.microsoft.com", true},
                                                     {"microsoft.com.", "graph.microsoft.com", true},
                                                     {"soft.com", "graph.microsoft.com", false},
                                                     {"graph.microsoft.com.example", "graph.microsoft.com", false},
                                                     {"a.example, ,graph.microsoft.com", "graph.microsoft.com", true},
                                                     {"a.example b.example", "b.example", true},
                                                     {"*", "anything", true},
                                                     {"", "anything", false},
                                                     {",, ,", "anything", false},
                                                     {".", "anything", false},
                                                     {"graph.microsoft.com:443", "graph.microsoft.com", true},
                                                     {"graph.microsoft.com:8443", "graph.microsoft.com", false},
                                                     {"10.0.0.0/8", "10.255.0.1", true},
                                                     {"10.0.0.0/8", "11.0.0.1", false},
                                                     {"10.1.2.128/25", "10.1.2.127", false},
                                                     {"10.1.2.128/25", "10.1.2.129", true},
                                                     {"0.0.0.0/0", "203.0.113.9", true},
                                                     {"0.0.0.0/33", "203.0.113.9", false},
                                                     {"10.0.0.0/x", "10.0.0.1", false},
                                                     {"10.0.0.0/8", "ten.example", false},
                                                     {"127.0.0.1", "127.0.0.1", true},
                                                     {"127.0.0.1:443", "127.0.0.1", true},
                                                     {"127.0.0.1", "127.0.0.10", false},
                                                     {"0.0.1", "127.0.0.1", false},
                                                     {".0.0.1", "127.0.0.1", false},
                                                     {"localhost:443x", "localhost", false},
                                                     {"localhost:", "localhost", false},
                                                     {"[::1]443", "::1", false},
                                                     {"[fd00::]/8", "fd12::5", true},
                                                     {"[fd00::]/8", "fe80::5", false},
                                                     {"[fd00::]/x", "fd00::", false},
                                                     {"::1", "::1", true},
                                                     {"[::1]:443", "::1", true},
                                                     {"[::1]:444", "::1", false},
                                                     {"fd00::/8", "fd12::5", true},
                                                     {"fd00::/8", "fe80::5", false},
                                                     {"10.0.0.0/8", "fd12::5", false}}),
                     l) {
  BOOST_TEST(net::listed(l.list, l.host, 443) == l.named);
}

BOOST_AUTO_TEST_CASE(tls_goes_through_the_tunnel_to_the_named_host) {
  asio::io_context context{1};
  const authority ca;
  const temporary_file bundle(ca.certificate());
  auto tls = net::tls_context::create(bundle.path()).value();
  server graph(context, {script().answer(answer_of(200, "{}"))}, tls_settings{.who = ca.issue({.names = {"DNS:graph.example"}})});
  relay between(context, graph.port());
  auto to = graph.address("graph.example");
  to.dial.clear();  // the name is not looked up here
  to.through = proxy_at(between.port(), "user:hunter2");
  net::connection link(context.get_executor(), to, tls);
  const auto connected = run(context, link.connect(5s));
  BOOST_TEST(connected.what == failure::none, connected.message);
  net::response answer;
  BOOST_TEST(run(context, link.exchange(post, answer, 5s)).what == failure::none);
  BOOST_TEST(answer.status == 200);
  const auto name = "graph.example:" + std::to_string(graph.port());
  BOOST_REQUIRE_EQUAL(between.requests.size(), 1U);
  BOOST_TEST(between.requests[0] ==
             "CONNECT " + name + " HTTP/1.1\r\nHost: " + name + "\r\nProxy-Authorization: Basic dXNlcjpodW50ZXIy\r\n\r\n");
  BOOST_TEST(graph.log().server_names == std::vector<std::string>{"graph.example"}, boost::test_tools::per_element());
  BOOST_TEST(!graph.log().requests.at(0).contains("Proxy-Authorization"));
}

struct refusal {
  const char* answer;
  const char* credentials;
  const char* expected;
};
std::ostream& operator<<(std::ostream& out, const refusal& r) {
  return out << r.expected;
}

BOOST_DATA_TEST_CASE(
    a_refusal_of_the_proxy_is_explained,
    data::make(std::vector<refusal>{
        {"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 3\r\n\r\nxyz", "",
         "with HTTP 407 Proxy Authentication Required: it requires a user name and a password; give them with --proxy-credentials-file"},
        {"HTTP/1.1 407 No\r\n\r\n", "user:hunter2", "with HTTP 407 No: it does not accept the user name and password"},
        {"HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n", "user:hunter2",
         "with HTTP 407 No: it accepts Negotiate, NTLM only, and convoke can log in with Basic only; ask its administrator"},
        {"HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"a, b\", nonce=\"Basic\"\r\n\r\n", "", "No: it accepts Digest"},
        {"HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM, basic realm=\"x\"\r\n\r\n", "user:hunter2",
         "with HTTP 407 No: it does not accept the user name and password"},
        {"HTTP/1.0 401 Unauthorized\r\n\r\n", "user:hunter2", "with HTTP 401 Unauthorized: it does not accept the user name and password"},
        {"HTTP/1.0 403 Filtered\r\n\r\n<html>", "", "with HTTP 403 Filtered: it does not allow this connection; ask its administrator"},
        {"HTTP/1.1 503 \r\n\r\n", "", "with HTTP 503 Service Unavailable: it cannot reach the host"},
        {"HTTP/1.1 200 OK\r\n\r\nearly", "", "sent data before the tunnel was used"},
        {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "", "did not answer as an HTTP proxy does; check its address and port"},
        {"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "", "with HTTP 302 Found: is it an HTTP proxy?"}}),
    r) {
  refused_tunnel t(script().request().send(r.answer));
  const auto connected = t.connect(r.credentials);
  const std::string_view answer = r.answer;
  BOOST_TEST(connected.what == (answer.contains("407") || answer.contains("401") ? failure::proxy_login : failure::connect));
  BOOST_TEST(connected.message.starts_with("the proxy 127.0.0.1:" + std::to_string(t.server.port()) + " "), connected.message);
  BOOST_TEST(connected.message.contains(r.expected), connected.message);
  BOOST_TEST(!connected.message.contains("hunter2"));
}

// A proxy may quote what it refuses: as it came, decoded, or the password alone.
BOOST_AUTO_TEST_CASE(the_login_is_not_shown_where_the_proxy_quotes_it) {
  for (const std::string_view quoted : {"Basic dXM6aHVudGVyMg==", "dXM6aHVudGVyMg==", "us:hunter2", "hunter2"}) {
    refused_tunnel t(script().request().send("HTTP/1.1 403 denied for " + std::string(quoted) + " here\r\n\r\n"));
    const auto said = t.connect("us:hunter2").message;
    BOOST_TEST(said.contains("denied for "), said);
    BOOST_TEST(said.contains("*** here"), said);
    BOOST_TEST(!said.contains("hunter2"), said);
    BOOST_TEST(!said.contains("dXM6"), said);
  }
}

BOOST_AUTO_TEST_CASE(a_proxy_that_closes_or_says_nothing_is_named) {
  refused_tunnel closes(script().request().close());
  BOOST_TEST(closes.connect().message.contains("closed the connection instead of connecting to graph.example:443"));
  refused_tunnel silent(script().request());
  const auto late = silent.connect({}, 100ms);
  BOOST_TEST(late.what == failure::timeout);
  BOOST_TEST(late.message.contains("did not connect to graph.example:443 within the time to connect"), late.message);
  refused_tunnel endless(script().request().send("HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x')));
  BOOST_TEST(endless.connect().message.contains("sent a header without an end"));
}

BOOST_AUTO_TEST_CASE(a_proxy_that_cannot_be_reached_is_named) {
  asio::io_context context{1};
  auto tls = net::tls_context::create({}).value();
  auto to = net::parse_endpoint("https://graph.example", false).value();
  to.through = proxy_at(1);
  net::connection link(context.get_executor(), to, tls);
  const auto connected = run(context, link.connect(5s));
  BOOST_TEST(connected.what == failure::connect);
  BOOST_TEST(connected.message.starts_with("cannot connect to the proxy 127.0.0.1:1: "), connected.message);
}

BOOST_AUTO_TEST_SUITE_END()
