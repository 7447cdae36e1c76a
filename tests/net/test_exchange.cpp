#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"

using namespace convoke;
using namespace convoke::test;

BOOST_AUTO_TEST_SUITE(exchanges)

BOOST_AUTO_TEST_CASE(a_request_arrives_as_written_and_the_answer_is_understood) {
  talk t({script().answer(answer_of(201, "hello",
                                    "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nrequest-id: r1\r\nClient-Request-Id: c1\r\n"
                                    "X-MS-Throttle-Scope: Tenant/Write\r\nRetry-After: 3\r\nretry-after: 9\r\n"))});
  BOOST_TEST(t.connect().what == failure::none);
  BOOST_TEST(!t.link.reused());
  BOOST_TEST(t.exchange().what == failure::none);
  BOOST_REQUIRE_EQUAL(t.server.log().requests.size(), 1U);
  BOOST_TEST(t.server.log().requests[0] == post);
  BOOST_TEST(t.answer.status == 201);
  BOOST_TEST(t.answer.body == "hello");
  BOOST_TEST(t.answer.date == "Mon, 01 Jan 2024 00:00:00 GMT");
  BOOST_TEST(t.answer.request_id == "r1");
  BOOST_TEST(t.answer.client_request_id == "c1");
  BOOST_TEST(t.answer.throttle_scope == "Tenant/Write");
  BOOST_REQUIRE_EQUAL(t.answer.retry_after.size(), 2U);
  BOOST_TEST(t.answer.retry_after[0] == "3");
  BOOST_TEST(t.answer.retry_after[1] == "9");
  BOOST_TEST(t.answer.keep_alive);
  BOOST_TEST(t.link.reused());
}

BOOST_AUTO_TEST_CASE(one_connection_carries_many_exchanges_and_keeps_nothing_of_them) {
  script plot;
  for (int i = 0; i < 20; ++i)
    plot.answer(answer_of(i % 2 == 0 ? 200 : 429, std::string(static_cast<std::size_t>(i), 'x'), i % 2 == 0 ? "" : "Retry-After: 1\r\n"));
  talk t({plot});
  BOOST_TEST(t.connect().what == failure::none);
  for (std::size_t i = 0; i < 20; ++i) {
    BOOST_TEST(t.link.usable());
    BOOST_TEST(t.exchange().what == failure::none);
    BOOST_TEST(t.answer.body.size() == i);
    BOOST_TEST(t.answer.retry_after.size() == i % 2);
  }
  BOOST_TEST(t.server.log().connections == 1U);
}

BOOST_AUTO_TEST_CASE(the_request_is_on_its_way_before_anything_is_awaited) {
  talk t({script().answer(answer_of(200, "x"))});
  BOOST_TEST(t.connect().what == failure::none);
  // The io_context runs nothing but the start of the coroutine: the bytes must be in the server's socket all the same.
  bool started = false;
  auto call = [](talk& self, bool& begun) -> boost::asio::awaitable<void> {
    begun = true;
    const auto ended = co_await self.link.exchange(post, self.answer, 5s);
    BOOST_TEST(ended.what == failure::none);
  };
  boost::asio::co_spawn(t.context, call(t, started), [](const std::exception_ptr& e) { BOOST_TEST(!e); });
  t.context.restart();
  while (!started) t.context.run_one();
  BOOST_TEST(run_until(t.context, [&] { return t.server.log().requests.size() == 1; }));
  BOOST_TEST(run_until(t.context, [&] { return t.answer.status == 200; }));
}

BOOST_AUTO_TEST_CASE(chunked_bodies_are_joined_and_trailers_are_ignored) {
  talk t({script()
              .answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\nRetry-After: "
                      "99\r\nDate: x\r\n\r\n")
              .answer(answer_of(200, "next"))});
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body == "hello world");
  BOOST_TEST(t.answer.retry_after.empty());
  BOOST_TEST(t.answer.date == "");
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body == "next");
  BOOST_TEST(t.server.log().connections == 1U);
}

BOOST_AUTO_TEST_CASE(answers_in_single_bytes) {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nrequest-id: abc\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";
  talk t({script().request().send_slowly(answer_of(200, "0123456789", "request-id: abc\r\n")).request().send_slowly(chunked)});
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body == "0123456789");
  BOOST_TEST(t.answer.request_id == "abc");
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body == "abc0123456789abcdef");
  BOOST_TEST(t.answer.request_id == "abc");
}

BOOST_AUTO_TEST_CASE(a_body_of_almost_the_limit_in_pieces) {
  const std::string big(1000 * 1000, 'b');
  const std::string chunk = std::string(50'000, 'c');
  std::string chunked = "HTTP/1.1 200 OK\r\nrequest-id: abc\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20; ++i) chunked += "c350\r\n" + chunk + "\r\n";
  talk t({script().answer(answer_of(200, big, "request-id: one\r\n")).answer(chunked + "0\r\n\r\n")});
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST((t.answer.body == big));
  BOOST_TEST(t.answer.request_id == "one");
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body.size() == 1'000'000U);
  BOOST_TEST(t.answer.body.find_first_not_of('c') == std::string_view::npos);
  BOOST_TEST(t.answer.request_id == "abc");
  BOOST_TEST(t.server.log().connections == 1U);
}

BOOST_AUTO_TEST_CASE(a_request_larger_than_the_sockets_buffers_gets_through) {
  const std::string body(8 * 1000 * 1000, 'r');
  const std::string request = "POST / HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  talk t({script().answer(answer_of(200, "ok"))});
  BOOST_TEST(t.connect().what == failure::none);
  BOOST_TEST(t.exchange(10s, request).what == failure::none);
  BOOST_REQUIRE_EQUAL(t.server.log().requests.size(), 1U);
  BOOST_TEST((t.server.log().requests[0] == request));
}

BOOST_AUTO_TEST_CASE(interim_answers_are_skipped) {
  std::string interims;
  for (int i = 0; i < 5; ++i) interims += "HTTP/1.1 103 Early Hints\r\nRetry-After: 7\r\n\r\n";
  talk t(
      {script().answer(interims + answer_of(200, "final")).answer("HTTP/1.1 100 Continue\r\n\r\n").wait(5ms).send(answer_of(201, "late"))});
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.status == 200);
  BOOST_TEST(t.answer.body == "final");
  BOOST_TEST(t.answer.retry_after.empty());
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.status == 201);
  BOOST_TEST(t.answer.body == "late");
}

BOOST_AUTO_TEST_CASE(six_interim_answers_are_too_many_and_a_change_of_protocol_is_refused) {
  std::string interims;
  for (int i = 0; i < 6; ++i) interims += "HTTP/1.1 100 Continue\r\n\r\n";
  talk t({script().answer(interims + answer_of(200, "x")), script().answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")});
  BOOST_TEST(t.call().what == failure::malformed);
  BOOST_TEST(!t.link.usable());
  BOOST_TEST(t.call().what == failure::malformed);
}

BOOST_AUTO_TEST_CASE(redirects_are_answers) {
  talk t({script().answer(answer_of(307, "", "Location: http://127.0.0.1:1/\r\n"))});
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.status == 307);
  BOOST_TEST(t.server.log().connections == 1U);
  BOOST_TEST(t.server.log().requests.size() == 1U);
}

BOOST_AUTO_TEST_CASE(connection_close_is_obeyed) {
  talk t({script().answer(answer_of(200, "x", "Connection: close\r\n")), script().answer("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\ny"),
          script().answer(answer_of(200, "z"))});
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body == "x");
  BOOST_TEST(!t.answer.keep_alive);
  BOOST_TEST(!t.link.usable());
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body == "y");
  BOOST_TEST(!t.link.usable());
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.link.usable());
  BOOST_TEST(t.server.log().connections == 3U);
}

BOOST_AUTO_TEST_CASE(bytes_after_the_answer_end_the_connection) {
  talk t({script().answer(answer_of(200, "x") + "HTTP/1.1 200 OK\r\n"), script().answer(answer_of(200, "y"))});
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body == "x");
  BOOST_TEST(!t.link.usable());
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body == "y");
}

BOOST_AUTO_TEST_CASE(empty_bodies) {
  talk t({script().answer("HTTP/1.1 204 No Content\r\n\r\n").answer(answer_of(503, "")).answer(answer_of(200, "x"))});
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.status == 204);
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.status == 503);
  BOOST_TEST(t.answer.body == "");
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.server.log().connections == 1U);
}

BOOST_AUTO_TEST_CASE(a_refusal_without_length_is_read_to_its_end) {
  talk t({script().answer("HTTP/1.1 429 Too Many\r\nRetry-After: 4\r\n\r\nslow down").close()});
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.status == 429);
  BOOST_TEST(t.answer.body == "slow down");
  BOOST_REQUIRE_EQUAL(t.answer.retry_after.size(), 1U);
  BOOST_TEST(!t.answer.keep_alive);
  BOOST_TEST(!t.link.usable());
}

BOOST_AUTO_TEST_SUITE_END()
