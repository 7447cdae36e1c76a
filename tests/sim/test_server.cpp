#include <atomic>
#include <thread>
#include <vector>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "sim/client.hpp"

namespace {

using namespace sim_test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(tls)

BOOST_AUTO_TEST_CASE(the_certificate_names_localhost) {
  const auto server = start();
  for (const auto* name : {"localhost", "127.0.0.1", "::1"}) {
    client c(*server, "localhost");
    BOOST_TEST(!c.connected);
    auto* const certificate = SSL_get1_peer_certificate(c.native());
    BOOST_REQUIRE(certificate != nullptr);
    const bool named = X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1 ||
                       X509_check_ip_asc(certificate, name, 0) == 1;
    BOOST_TEST(named, name);
    X509_free(certificate);
  }
  client wrong(*server, "graph.microsoft.com");
  BOOST_TEST(wrong.connected.failed());
  const auto stranger = start();
  BOOST_TEST(stranger->ca_pem() != server->ca_pem());
}

BOOST_AUTO_TEST_CASE(the_certificate_can_name_another_host) {
  options how;
  how.certificate_host = "graph.example";
  const auto server = start(how);
  client wrong(*server, "localhost");
  BOOST_TEST(wrong.connected.failed());
  client right(*server, "graph.example");
  BOOST_TEST(!right.connected);
  how.certificate_host = "a,DNS:b";
  BOOST_TEST(!simulator::start(how).has_value());
}

BOOST_AUTO_TEST_CASE(old_versions_are_refused) {
  const auto server = start();
  asio::io_context io;
  asio::ssl::context context(asio::ssl::context::tls_client);
  SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_1_VERSION);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_VERSION);
  SSL_CTX_set_cipher_list(context.native_handle(), "ALL:@SECLEVEL=0");
  asio::ssl::stream<asio::ip::tcp::socket> stream(io, context);
  stream.next_layer().connect({asio::ip::address_v4::loopback(), server->port()});
  error_code ec;
  stream.handshake(asio::ssl::stream_base::client, ec);
  BOOST_TEST(ec.failed());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(calls)

BOOST_AUTO_TEST_CASE(a_meeting_is_made_and_found_again) {
  const auto server = start();
  client c(*server);
  const auto secret = server->client_secret();
  const auto token = c.get_token(*server, secret.reveal());
  const auto made = c.create(token, "algebra");
  BOOST_REQUIRE(!made.ec);
  BOOST_TEST(made.status() == 201);
  BOOST_TEST(made.message["OData-Version"] == "4.0");
  BOOST_TEST(made.message.keep_alive());
  const auto found = c.create(token, "algebra");
  BOOST_TEST(found.status() == 200);
  BOOST_TEST((found.message.body() == made.message.body()));
  BOOST_TEST(c.create("wrong", "algebra").status() == 401);
  BOOST_TEST(c.get_token(*server, "wrong").empty());

  const auto seen = boost::json::parse(c.ask(http::verb::get, "/_sim/stats").message.body());
  BOOST_TEST(seen.at("created").as_int64() == 1);
  BOOST_TEST(seen.at("got").as_int64() == 1);
  BOOST_TEST(seen.at("requests").as_int64() == 3);
  BOOST_TEST(seen.at("unauthorized").as_int64() == 1);
  BOOST_TEST(seen.at("tokens").as_int64() == 1);
  BOOST_TEST(seen.at("connections").as_int64() == 1);
  BOOST_TEST(c.ask(http::verb::get, "/_sim/meetings").message.body() == server->meetings_json_lines());
}

BOOST_AUTO_TEST_CASE(a_meeting_is_read_changed_and_deleted) {
  const auto server = start();
  const auto token = token_for(*server);
  client c(*server);
  const std::string id(boost::json::parse(c.create(token, "algebra").message.body()).at("id").as_string());
  const auto changed = c.meeting(http::verb::patch, token, id, R"({"subject":"Algebra II","allowedPresenters":"organizer"})");
  BOOST_REQUIRE(!changed.ec);
  BOOST_TEST(changed.status() == 200);
  const auto read = c.meeting(http::verb::get, token, id);
  BOOST_TEST(read.status() == 200);
  BOOST_TEST((read.message.body() == changed.message.body()));
  BOOST_TEST(boost::json::parse(read.message.body()).at("subject").as_string() == "Algebra II");
  const auto gone = c.meeting(http::verb::delete_, token, id);
  BOOST_TEST(!gone.ec);
  BOOST_TEST(gone.status() == 204);
  BOOST_TEST(!gone.message.has_content_length());
  BOOST_TEST(gone.message.keep_alive());
  BOOST_TEST(c.meeting(http::verb::get, token, id).status() == 404);
  const auto wrong = c.meeting(http::verb::post, token, id, "{}");
  BOOST_TEST(wrong.status() == 405);
  BOOST_TEST(wrong.message[http::field::allow] == "GET, PATCH, DELETE");

  const auto seen = stats(*server);
  BOOST_TEST(seen.at("updated").as_int64() == 1);
  BOOST_TEST(seen.at("read").as_int64() == 1);
  BOOST_TEST(seen.at("removed").as_int64() == 1);
  BOOST_TEST(seen.at("meetings").as_int64() == 0);
  BOOST_TEST(seen.at("operations").at("get").as_int64() == 2);
  BOOST_TEST(seen.at("connections").as_int64() == 2);  // the first one was for the token
}

BOOST_AUTO_TEST_CASE(many_connections_are_served_at_once) {
  const auto server = start();
  const auto token = token_for(*server);
  std::vector<std::thread> callers;
  std::atomic<int> made = 0, found = 0;
  for (int n = 0; n < 8; ++n) {
    callers.emplace_back([&] {
      client c(*server);
      for (int i = 0; i < 50; ++i) {
        const auto status = c.create(token, "m" + std::to_string(i)).status();
        made += status == 201;
        found += status == 200;
      }
    });
  }
  for (auto& caller : callers) caller.join();
  BOOST_TEST(made == 50);
  BOOST_TEST(found == 350);
  BOOST_TEST(stats(*server).at("duplicates").as_int64() == 0);
}

BOOST_AUTO_TEST_CASE(plain_http_is_possible) {
  options how;
  how.plain = true;
  const auto server = start(how);
  BOOST_TEST(server->graph_url().starts_with("http://localhost:"));
  BOOST_TEST(server->ca_pem().empty());
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), server->port()});
  http::request<http::empty_body> q(http::verb::get, "/_sim/stats", 11);
  q.set(http::field::host, "localhost");
  q.keep_alive(false);
  http::write(socket, q);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> r;
  http::read(socket, buffer, r);
  BOOST_TEST(r.result_int() == 200U);
  BOOST_TEST(!r.keep_alive());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(deliveries)

struct ending {
  fault what;
  error_code expected;
};
std::ostream& operator<<(std::ostream& out, const ending& e) {
  return out << convoke::sim::to_string(e.what);
}

const std::vector<ending> endings = {
    {fault::lost_reply, asio::ssl::error::stream_truncated},
    {fault::reset, asio::error::connection_reset},
    {fault::cut_length, asio::ssl::error::stream_truncated},
    {fault::cut_chunked, http::error::partial_message},
    {fault::cut_close, {}},
};
BOOST_DATA_TEST_CASE(a_connection_ends_as_the_fault_says, boost::unit_test::data::make(endings), e) {
  const auto server = start(faulty(e.what));
  const auto token = token_for(*server);
  {
    client c(*server);
    const auto hit = c.create(token, "hit");
    BOOST_TEST(hit.ec == e.expected);
    if (e.what == fault::cut_close) {
      BOOST_TEST(hit.status() == 201);
      boost::system::error_code ec;
      boost::json::parse(hit.message.body(), ec);
      BOOST_TEST(ec.failed());
      BOOST_TEST(!hit.message.has_content_length());
    }
    BOOST_TEST(c.create(token, "hit").ec.failed());  // the connection is gone
  }
  client again(*server);
  BOOST_TEST(again.create(token, "hit").status() == (e.what == fault::reset ? 201 : 200));
  BOOST_TEST(stats(*server).at("meetings").as_int64() == 1);
  BOOST_TEST(stats(*server).at("faults").at(convoke::sim::to_string(e.what)).as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(the_answer_to_a_delete_can_be_lost_after_it_was_carried_out) {
  options how;
  how.service.script = {{"hit", 1, fault::lost_reply, convoke::operation::remove}};
  const auto server = start(how);
  const auto token = token_for(*server);
  std::string id;
  {
    client c(*server);
    id = boost::json::parse(c.create(token, "hit").message.body()).at("id").as_string();
    BOOST_TEST(c.meeting(http::verb::delete_, token, id).ec.failed());
  }
  BOOST_TEST(stats(*server).at("meetings").as_int64() == 0);
  client again(*server);
  BOOST_TEST(again.meeting(http::verb::delete_, token, id).status() == 404);
}

BOOST_AUTO_TEST_CASE(a_slow_answer_comes_later) {
  auto how = faulty(fault::slow);
  how.service.slow_seconds = 0.2;
  const auto server = start(how);
  const auto token = token_for(*server);
  client c(*server);
  const auto before = std::chrono::steady_clock::now();
  BOOST_TEST(c.create(token, "hit").status() == 201);
  BOOST_TEST((std::chrono::steady_clock::now() - before >= 200ms));
}

BOOST_AUTO_TEST_CASE(a_caller_that_gives_up_is_not_in_flight_for_ever) {
  auto how = faulty(fault::slow);
  how.service.slow_seconds = 60;
  const auto server = start(how);
  const auto token = token_for(*server);
  {
    client c(*server);
    BOOST_TEST(!c.create(token, "hit", false).ec);
    while (stats(*server).at("created").as_int64() == 0) std::this_thread::sleep_for(5ms);
  }
  std::this_thread::sleep_for(200ms);  // it looks every 50 ms
  client again(*server);
  BOOST_TEST(again.create(token, "hit").status() == 200);
  BOOST_TEST(stats(*server).at("max_in_flight_per_key").as_int64() == 1);
}

BOOST_AUTO_TEST_CASE(a_gateways_503_closes_the_connection) {
  const auto server = start(faulty(fault::html_503));
  const auto token = token_for(*server);
  client c(*server);
  const auto hit = c.create(token, "hit");
  BOOST_TEST(hit.status() == 503);
  BOOST_TEST(!hit.message.keep_alive());
  BOOST_TEST(hit.message[http::field::content_type] == "text/html");
  BOOST_TEST(c.create(token, "hit").ec.failed());
}

BOOST_AUTO_TEST_CASE(keep_alive_has_a_limit) {
  options how;
  how.keep_alive_requests = 2;
  const auto server = start(how);
  const auto token = token_for(*server);
  client c(*server);
  BOOST_TEST(c.create(token, "a").message.keep_alive());
  BOOST_TEST(!c.create(token, "b").message.keep_alive());
  BOOST_TEST(c.create(token, "c").ec.failed());
}

BOOST_AUTO_TEST_CASE(idle_connections_are_dropped) {
  options how;
  how.drop_idle_seconds = 0.1;
  const auto server = start(how);
  client c(*server);
  BOOST_TEST(c.ask(http::verb::get, "/_sim/stats").status() == 200);
  std::this_thread::sleep_for(400ms);
  BOOST_TEST(c.ask(http::verb::get, "/_sim/stats").ec.failed());
}

BOOST_AUTO_TEST_CASE(a_throttled_caller_that_returns_at_once_is_early) {
  options how;
  how.service.script = {{"hit", 1, fault::throttle}};
  how.service.throttle.form = convoke::sim::retry_after_form::constant;
  how.service.throttle.constant_seconds = 30;
  const auto server = start(how);
  const auto token = token_for(*server);
  client c(*server);
  const auto hit = c.create(token, "hit");
  BOOST_TEST(hit.status() == 429);
  BOOST_TEST(hit.message[http::field::retry_after] == "30");
  std::this_thread::sleep_for(150ms);
  BOOST_TEST(c.create(token, "other").status() == 429);
  BOOST_TEST(stats(*server).at("early").as_int64() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(wrong_callers)

BOOST_AUTO_TEST_CASE(bytes_that_are_not_http_are_refused) {
  const auto server = start();
  BOOST_TEST(client(*server).raw("hello\r\n\r\n").starts_with("HTTP/1.1 400 "));
  BOOST_TEST(client(*server).raw("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'x')).starts_with("HTTP/1.1 431 "));
  BOOST_TEST(client(*server).raw("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n").starts_with("HTTP/1.1 413 "));
  BOOST_TEST(stats(*server).at("bad_requests").as_int64() == 3);
  BOOST_TEST(stats(*server).at("requests").as_int64() == 0);
}

BOOST_AUTO_TEST_CASE(interim_answers_chunks_and_pipelines_work) {
  const auto server = start();
  const auto answered = client(*server).raw(
      "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nHEAD /_sim/stats HTTP/1.1\r\nHost: "
      "a\r\n\r\nPOST / HTTP/1.1\r\nHost: "
      "a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
      "100 Continue\r\n\r\n");
  BOOST_TEST(answered.starts_with("HTTP/1.1 401 "));
  BOOST_TEST(answered.find("HTTP/1.1 200 OK") != std::string::npos);
  BOOST_TEST(answered.ends_with("HTTP/1.1 100 Continue\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_large_body_is_read_in_pieces) {
  const auto server = start();
  const auto token = token_for(*server);
  client c(*server);
  BOOST_TEST(c.create(token, std::string(900'000, 'x')).status() == 400);
  BOOST_TEST(c.create(token, "x").status() == 201);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
