#include <openssl/ssl.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"

namespace data = boost::unit_test::data;
using namespace convoke;
using namespace convoke::test;

namespace {

const std::string host = "graph.test.example";

// A TLS server with this certificate, and a client that trusts `trusted`.
struct secure {
  secure(tls_settings who, const std::string& trusted, std::vector<script> scripts, const std::string& name = host)
      : ca(trusted),
        tls(net::tls_context::create(ca.path()).value()),
        server(context, std::move(scripts), std::move(who)),
        link(context.get_executor(), server.address(name), tls) {}

  net::outcome call() {
    if (!link.usable()) {
      auto connected = run(context, link.connect(5s));
      if (connected.what != failure::none) return connected;
    }
    return run(context, link.exchange(post, answer, 5s));
  }

  temporary_file ca;
  boost::asio::io_context context{1};
  net::tls_context tls;
  server server;
  net::connection link;
  net::response answer;
};

const authority& trusted() {
  static const authority made;
  return made;
}

leaf good() {
  leaf l;
  l.names = {"DNS:" + host};
  return l;
}

struct refused {
  const char* name;
  leaf certificate;
  const char* dialled;
  std::vector<std::string> says;
};

std::ostream& operator<<(std::ostream& out, const refused& r) {
  return out << r.name;
}

std::vector<refused> wrong_certificates() {
  std::vector<refused> out;
  leaf other = good();
  other.names = {"DNS:other.example", "DNS:www.other.example"};
  out.push_back({"another host", other, "graph.test.example", {"other.example, www.other.example", "not for graph.test.example"}});
  leaf cn_only = good();
  cn_only.names = {};
  cn_only.common_name = host;
  out.push_back({"the name in the CN only", cn_only, "graph.test.example", {"only subject alternative names count"}});
  leaf partial = good();
  partial.names = {"DNS:gr*.test.example"};
  out.push_back({"a partial wildcard", partial, "graph.test.example", {"is for gr*.test.example"}});
  leaf deep = good();
  deep.names = {"DNS:*.example"};
  out.push_back({"a wildcard over two labels", deep, "graph.test.example", {"is for *.example"}});
  leaf address = good();
  out.push_back({"a name for an address", address, "127.0.0.1", {"is for graph.test.example, not for 127.0.0.1"}});
  leaf other_address = good();
  other_address.names = {"IP:127.0.0.2"};
  out.push_back({"another address", other_address, "127.0.0.1", {"is for 127.0.0.2, not for 127.0.0.1"}});
  leaf expired = good();
  expired.from_hours = -48;
  expired.to_hours = -24;
  out.push_back({"expired", expired, "graph.test.example", {"expired on 20", "clock"}});
  leaf early = good();
  early.from_hours = 24;
  early.to_hours = 48;
  out.push_back({"not valid yet", early, "graph.test.example", {"is not valid before 20", "clock"}});
  leaf client = good();
  client.usage = "clientAuth";
  out.push_back({"for clients only", client, "graph.test.example", {"not for servers"}});
  leaf weak = good();
  weak.rsa_bits = 1024;
  out.push_back({"RSA 1024", weak, "graph.test.example", {"key too weak"}});
  leaf sha1 = good();
  sha1.sha1 = true;
  out.push_back({"a SHA-1 signature", sha1, "graph.test.example", {"digest algorithm too weak"}});
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tls)

BOOST_AUTO_TEST_CASE(the_right_certificate_is_taken) {
  secure s({trusted().issue(good())}, trusted().certificate(), {script().answer(answer_of(200, "x")).answer(answer_of(200, "y"))});
  BOOST_TEST(s.call().what == failure::none);
  BOOST_TEST(s.answer.body == "x");
  BOOST_TEST(s.call().what == failure::none);
  BOOST_TEST(s.answer.body == "y");
  BOOST_TEST(s.server.log().handshakes == 1U);
  BOOST_REQUIRE_EQUAL(s.server.log().server_names.size(), 1U);
  BOOST_TEST(s.server.log().server_names[0] == host);
  BOOST_TEST(s.server.log().protocols[0] == "TLSv1.3");
}

BOOST_AUTO_TEST_CASE(whole_wildcards_and_addresses_are_taken) {
  leaf wild = good();
  wild.names = {"DNS:*.test.example"};
  secure a({trusted().issue(wild)}, trusted().certificate(), {script().answer(answer_of(200, "x"))});
  BOOST_TEST(a.call().what == failure::none);
  leaf address = good();
  address.names = {"IP:127.0.0.1"};
  secure b({trusted().issue(address)}, trusted().certificate(), {script().answer(answer_of(200, "x"))}, "127.0.0.1");
  BOOST_TEST(b.call().what == failure::none);
  BOOST_TEST(b.server.log().server_names[0] == "");
}

BOOST_DATA_TEST_CASE(the_wrong_certificate_is_refused_before_a_byte_of_http, data::make(wrong_certificates()), wrong) {
  secure s({trusted().issue(wrong.certificate)}, trusted().certificate(), {script().answer(answer_of(200, "x"))}, wrong.dialled);
  const auto ended = s.call();
  BOOST_TEST(ended.what == failure::tls);
  for (const auto& part : wrong.says) BOOST_TEST(ended.message.contains(part), ended.message << " lacks: " << part);
  BOOST_TEST(ended.message.contains(std::string(wrong.dialled) + ":" + std::to_string(s.server.port())), ended.message);
  BOOST_TEST(s.server.log().requests.empty());
  BOOST_TEST(!s.link.usable());
}

BOOST_AUTO_TEST_CASE(an_unknown_authority_is_refused_with_the_way_out) {
  const authority stranger("a stranger");
  const authority remade;  // the same name, another key
  for (const auto& who : {stranger.issue(good()), remade.issue(good()), authority::self_signed(good())}) {
    secure s({who}, trusted().certificate(), {script().answer(answer_of(200, "x"))});
    const auto ended = s.call();
    BOOST_TEST(ended.what == failure::tls);
    BOOST_TEST(ended.message.contains("not trusted here"), ended.message);
    BOOST_TEST(ended.message.contains("--ca-file"));
    BOOST_TEST(s.server.log().requests.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_certificate_in_a_variable_is_not_trusted) {
  const temporary_file ca(trusted().certificate());
  ::setenv("SSL_CERT_FILE", ca.path().c_str(), 1);
  const authority other;
  secure s({trusted().issue(good())}, other.certificate(), {script().answer(answer_of(200, "x"))});
  boost::asio::io_context context(1);
  auto system = net::tls_context::create({}).value();
  BOOST_TEST(s.call().what == failure::tls);
  net::connection link(s.context.get_executor(), s.server.address(host), system);
  BOOST_TEST(run(s.context, link.connect(5s)).what == failure::tls);
  ::unsetenv("SSL_CERT_FILE");
}

BOOST_AUTO_TEST_CASE(old_protocols_are_refused) {
  secure s({trusted().issue(good()), TLS1_1_VERSION}, trusted().certificate(), {script().answer(answer_of(200, "x"))});
  const auto ended = s.call();
  BOOST_TEST(ended.what == failure::tls);
  BOOST_TEST(ended.message.contains("TLS 1.2"), ended.message);
  BOOST_TEST(s.server.log().handshakes == 0U);
}

BOOST_AUTO_TEST_CASE(a_server_that_speaks_no_tls) {
  const temporary_file ca(trusted().certificate());
  talk plain({script().silent().send("HTTP/1.1 400 Bad Request\r\n\r\n")});
  auto tls = net::tls_context::create(ca.path()).value();
  auto where = plain.server.address(host);
  where.tls = true;
  net::connection link(plain.context.get_executor(), where, tls);
  const auto ended = run(plain.context, link.connect(5s));
  BOOST_TEST(ended.what == failure::tls);
  BOOST_TEST(ended.message.contains("is the port right?"), ended.message);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_stalls_or_is_cut) {
  secure s({trusted().issue(good())}, trusted().certificate(), {script().silent(), script().silent().close(), script().silent().reset()});
  BOOST_TEST(run(s.context, s.link.connect(30ms)).what == failure::timeout);
  BOOST_TEST(s.call().what == failure::tls);
  BOOST_TEST(s.call().what == failure::tls);
}

BOOST_DATA_TEST_CASE(sessions_are_resumed, data::make({TLS1_3_VERSION, TLS1_2_VERSION}), version) {
  const auto once = script().answer(answer_of(200, "x", "Connection: close\r\n"));
  secure s({trusted().issue(good()), version}, trusted().certificate(), {once, once, once});
  for (int i = 0; i < 3; ++i) BOOST_TEST(s.call().what == failure::none);
  BOOST_TEST(s.server.log().handshakes == 3U);
  BOOST_TEST(s.server.log().resumed == 2U);
}

BOOST_AUTO_TEST_CASE(a_session_serves_no_other_name) {
  const auto once = script().answer(answer_of(200, "x", "Connection: close\r\n"));
  secure s({trusted().issue(good())}, trusted().certificate(), {once, once});
  BOOST_TEST(s.call().what == failure::none);
  net::connection other(s.context.get_executor(), s.server.address("other.test.example"), s.tls);
  const auto ended = run(s.context, other.connect(5s));
  BOOST_TEST(ended.what == failure::tls);
  BOOST_TEST(s.server.log().resumed == 0U);
}

BOOST_AUTO_TEST_CASE(bodies_over_tls_that_are_cut) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  secure s({trusted().issue(good())}, trusted().certificate(),
           {script().answer(head + "01234").close(), script().answer(head + "01234").goodbye(),
            script().answer("HTTP/1.1 200 OK\r\n\r\n{}").close(), script().answer(head + "0123456789").close()});
  BOOST_TEST(s.call().what == failure::truncated);
  BOOST_TEST(s.call().what == failure::truncated);
  BOOST_TEST(s.call().what == failure::truncated);
  BOOST_TEST(s.call().what == failure::none);
  BOOST_TEST(s.answer.body == "0123456789");
}

BOOST_AUTO_TEST_CASE(large_bodies_over_tls_both_ways) {
  const std::string body(900'000, 'b');
  const std::string request = "POST / HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'r');
  secure s({trusted().issue(good())}, trusted().certificate(), {script().answer(answer_of(200, body)).answer(answer_of(200, "small"))});
  BOOST_TEST(run(s.context, s.link.connect(5s)).what == failure::none);
  BOOST_TEST(run(s.context, s.link.exchange(request, s.answer, 10s)).what == failure::none);
  BOOST_TEST((s.answer.body == body));
  BOOST_TEST((s.server.log().requests[0] == request));
  BOOST_TEST(s.call().what == failure::none);
  BOOST_TEST(s.answer.body == "small");
  BOOST_TEST(s.server.log().connections == 1U);
}

BOOST_AUTO_TEST_CASE(files_that_hold_no_certificate) {
  const temporary_file nonsense("hello\n");
  for (const auto& path : {nonsense.path(), nonsense.path() + "/none.pem", std::string("/"), std::string("/dev/zero")}) {
    const auto made = net::tls_context::create(path);
    BOOST_REQUIRE(!made.has_value());
    BOOST_TEST((made.error().code == errc::usage));
    BOOST_TEST(made.error().message.contains(path), made.error().message);
    BOOST_TEST(made.error().message.contains("--ca-file"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
