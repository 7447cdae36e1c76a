#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "sim/server/http_answer.hpp"
#include "sim/server/http_request.hpp"
#include "sim/service/random_source.hpp"

namespace {

using namespace convoke::sim;

constexpr std::string_view good =
    "POST /v1.0/x?y=1 HTTP/1.1\r\nHost: localhost:1\r\nAUTHORIZATION:  Bearer abc \r\nContent-Type: application/json\r\nclient-request-id: "
    "7\r\nContent-Length: "
    "5\r\n\r\nhello";

BOOST_AUTO_TEST_SUITE(requests)

BOOST_AUTO_TEST_CASE(a_request_is_read) {
  http_request r;
  const auto found = parse_request(good, {}, r);
  BOOST_TEST((found.state == parse_state::complete));
  BOOST_TEST(found.used == good.size());
  BOOST_TEST(r.method == "POST");
  BOOST_TEST(r.target == "/v1.0/x?y=1");
  BOOST_TEST(r.host == "localhost:1");
  BOOST_TEST(r.authorization == "Bearer abc");
  BOOST_TEST(r.client_request_id == "7");
  BOOST_TEST(r.body == "hello");
  BOOST_TEST(r.keep_alive);
}

BOOST_AUTO_TEST_CASE(every_prefix_is_incomplete) {
  for (std::size_t n = 0; n < good.size(); ++n) {
    http_request r;
    BOOST_TEST((parse_request(good.substr(0, n), {}, r).state == parse_state::incomplete));
  }
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_taken_one_by_one) {
  const auto both = std::string(good) + "\r\nGET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n";
  http_request r;
  const auto first = parse_request(both, {}, r);
  BOOST_TEST(first.used == good.size());
  const auto second = parse_request(std::string_view(both).substr(first.used), {}, r);
  BOOST_TEST((second.state == parse_state::complete));
  BOOST_TEST(second.used == both.size() - good.size());
  BOOST_TEST(r.method == "GET");
  BOOST_TEST(r.body.empty());
  BOOST_TEST(!r.keep_alive);
}

BOOST_AUTO_TEST_CASE(chunks_are_put_together) {
  const std::string chunked =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n";
  http_request r;
  for (std::size_t n = 0; n < chunked.size(); ++n)
    BOOST_TEST((parse_request(std::string_view(chunked).substr(0, n), {}, r).state == parse_state::incomplete));
  const auto found = parse_request(chunked, {}, r);
  BOOST_TEST((found.state == parse_state::complete));
  BOOST_TEST(found.used == chunked.size());
  BOOST_TEST(r.body == "abc0123456789");
}

BOOST_AUTO_TEST_CASE(a_client_that_expects_an_interim_answer_gets_one) {
  http_request r;
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  BOOST_TEST((parse_request(head, {}, r).state == parse_state::expects_continue));
  BOOST_TEST((parse_request(head + "a", {}, r).state == parse_state::incomplete));
  BOOST_TEST((parse_request(head + "ab", {}, r).state == parse_state::complete));
}

BOOST_AUTO_TEST_CASE(a_connection_of_http_1_0_closes_after_one_answer) {
  http_request r;
  BOOST_TEST((parse_request("GET / HTTP/1.0\r\n\r\n", {}, r).state == parse_state::complete));
  BOOST_TEST(!r.keep_alive);
}

struct bad_request {
  std::string bytes;
  int status;
};
std::ostream& operator<<(std::ostream& out, const bad_request& b) {
  return out << b.bytes.substr(0, 80);
}

const std::vector<bad_request> bad_requests = {
    {"hello\r\n\r\n", 400},
    {"GET  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n folded: x\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xbc\r\n\r\n", 400},
    {"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /\xc3\xbc HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", 413},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n", 413},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", 417},
    {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40000, 'a') + "\r\n\r\n", 431},
    {std::string(40000, 'a'), 431},
};
BOOST_DATA_TEST_CASE(doubtful_requests_are_refused, boost::unit_test::data::make(bad_requests), b) {
  http_request r;
  const auto found = parse_request(b.bytes, {}, r);
  BOOST_TEST((found.state == parse_state::refused));
  BOOST_TEST(found.status == b.status);
  BOOST_TEST(reason_phrase(found.status) != "Unknown");
}

BOOST_AUTO_TEST_CASE(random_bytes_are_complete_or_refused_requests) {
  random_source random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(good);
    if (round % 2 == 0) bytes = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (auto changes = random.below(4); changes > 0; --changes)
      bytes[random.below(bytes.size())] = "\r\n :;09aFgZ\0\xff"[random.below(13)];
    bytes.resize(random.below(bytes.size() + 1));
    http_request r;
    const auto found = parse_request(bytes, {}, r);
    if (found.state == parse_state::complete) BOOST_REQUIRE(found.used <= bytes.size());
    if (found.state == parse_state::refused) BOOST_REQUIRE(found.status >= 400);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(answers)

BOOST_AUTO_TEST_CASE(answers_are_framed_or_cut) {
  reply r;
  r.headers = "A: 1\r\n";
  r.body = "0123456789";
  std::string out = "left over";
  write_answer(out, r, false, false);
  BOOST_TEST(out == "HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 10\r\n\r\n0123456789");
  write_answer(out, r, true, true);
  BOOST_TEST(out == "HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 10\r\nConnection: close\r\n\r\n");
  reply empty;
  empty.status = 204;
  empty.headers = "A: 1\r\n";
  write_answer(out, empty, false, false);
  BOOST_TEST(out == "HTTP/1.1 204 No Content\r\nA: 1\r\n\r\n");
  write_answer(out, empty, false, true);
  BOOST_TEST(out == "HTTP/1.1 204 No Content\r\nA: 1\r\nConnection: close\r\n\r\n");
  r.how = delivery::cut_length;
  write_answer(out, r, false, true);
  BOOST_TEST(out == "HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 10\r\n\r\n01234");
  r.how = delivery::cut_chunked;
  write_answer(out, r, false, true);
  BOOST_TEST(out == "HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n");
  r.how = delivery::cut_close;
  write_answer(out, r, false, true);
  BOOST_TEST(out == "HTTP/1.1 200 OK\r\nA: 1\r\nConnection: close\r\n\r\n01234");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
