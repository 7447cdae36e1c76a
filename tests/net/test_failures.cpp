#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"

namespace data = boost::unit_test::data;
using namespace convoke;
using namespace convoke::test;

namespace {

struct wrong_answer {
  const char* name;
  std::string bytes;
  failure what;
  int status;  // that is known all the same
};

std::ostream& operator<<(std::ostream& out, const wrong_answer& w) {
  return out << w.name;
}

const std::string ok = "HTTP/1.1 200 OK\r\n";

const std::vector<wrong_answer> wrong_answers = {
    {"nothing", "", failure::closed, 0},
    {"half a status line", "HTTP/1.1 20", failure::truncated, 0},
    {"half a header", ok + "Content-Length: 5\r\n", failure::truncated, 0},
    {"a cut body", ok + "Content-Length: 5\r\n\r\nhell", failure::truncated, 200},
    {"a cut refusal", "HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\nhell", failure::truncated, 403},
    {"no body at all", ok + "Content-Length: 5\r\n\r\n", failure::truncated, 200},
    {"chunks cut within", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", failure::truncated, 200},
    {"chunks without an end", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", failure::truncated, 200},
    {"no length", ok + "\r\n{\"id\":1}", failure::truncated, 200},
    {"two lengths", ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", failure::malformed, 0},
    {"length and chunks", ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", failure::malformed, 0},
    {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", failure::malformed, 0},
    {"a bad chunk", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", failure::malformed, 200},
    {"zipped", ok + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", failure::malformed, 200},
    {"a header of 70 KB", ok + "X: " + std::string(70'000, 'x') + "\r\nContent-Length: 5\r\n\r\nhello", failure::too_large, 0},
    {"many header lines",
     ok +
         [] {
           std::string s;
           for (int i = 0; i < 9000; ++i) s += "X: y" + std::to_string(i) + "\r\n";
           return s;
         }() +
         "\r\n",
     failure::too_large, 0},
    {"a length over the limit", ok + "Content-Length: 1048577\r\n\r\nhello", failure::too_large, 200},
    {"a length of 2^64", ok + "Content-Length: 18446744073709551616\r\n\r\nhello", failure::malformed, 0},
    {"chunks over the limit", ok + "Transfer-Encoding: chunked\r\n\r\n100001\r\n" + std::string(0x100001, 'x') + "\r\n0\r\n\r\n",
     failure::too_large, 200},
    {"many chunks over the limit",
     ok + "Transfer-Encoding: chunked\r\n\r\n" +
         [] {
           std::string s;
           for (int i = 0; i < 17; ++i) s += "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
           return s;
         }(),
     failure::too_large, 200},
    {"an endless chunk line", ok + "Transfer-Encoding: chunked\r\n\r\n5;" + std::string(100'000, 'x'), failure::too_large, 200},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(failures)

BOOST_DATA_TEST_CASE(wrong_answers_are_never_accepted, data::make(wrong_answers), wrong) {
  talk t({script().answer(wrong.bytes).close(), script().answer(answer_of(200, "good"))});
  const auto ended = t.call();
  BOOST_TEST(ended.what == wrong.what);
  BOOST_TEST(!ended.message.empty());
  BOOST_TEST(t.answer.status == wrong.status);
  BOOST_TEST(!t.answer.keep_alive);
  BOOST_TEST(!t.link.usable());
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body == "good");
}

BOOST_AUTO_TEST_CASE(the_body_limit_is_the_one_given) {
  net::limits l;
  l.body = 10;
  talk t({script().answer(answer_of(200, "0123456789")).answer(answer_of(200, "0123456789a"))}, l);
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.call().what == failure::too_large);
}

BOOST_AUTO_TEST_CASE(one_exchange_may_have_a_larger_answer) {
  net::limits l;
  l.body = 10;
  const std::string body(20, 'x');
  talk t({script().answer(answer_of(200, body)).answer(answer_of(200, body + "x")), script().answer(answer_of(200, body))}, l);
  const auto exchange = [&t] { return run(t.context, t.link.exchange(post, t.answer, 5s, 20)).what; };
  BOOST_TEST(t.connect().what == failure::none);
  BOOST_TEST(exchange() == failure::none);
  BOOST_TEST(t.answer.body == body);
  BOOST_TEST(exchange() == failure::too_large);
  // It holds for that exchange only.
  BOOST_TEST(t.call().what == failure::too_large);
}

BOOST_AUTO_TEST_CASE(a_reused_connection_that_closes_first_is_stale) {
  talk t({script().answer(answer_of(200, "x")).request().close(), script().answer(answer_of(200, "x")).request().reset(),
          script().answer(answer_of(200, "y"))});
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(t.call().what == failure::none);
    BOOST_TEST(t.call().what == failure::stale);
    BOOST_TEST(!t.link.usable());
  }
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.server.log().connections == 3U);
}

BOOST_AUTO_TEST_CASE(a_write_into_a_connection_that_was_reset_is_stale) {
  talk t({script().answer(answer_of(200, "x")).reset()});
  BOOST_TEST(t.call().what == failure::none);
  // Without asking usable() first: the peer's reset comes in the very moment of the call.
  t.context.restart();
  t.context.run_for(5ms);
  BOOST_TEST(t.exchange().what == failure::stale);
}

BOOST_AUTO_TEST_CASE(a_fresh_connection_that_closes_is_not_stale) {
  talk t({script().request().close(), script().request().reset()});
  BOOST_TEST(t.call().what == failure::closed);
  BOOST_TEST(t.call().what == failure::closed);
}

BOOST_AUTO_TEST_CASE(a_connection_that_closes_after_the_first_byte_is_not_stale) {
  talk t({script().answer(answer_of(200, "x")).answer("H").close(), script().answer(answer_of(200, "x")).answer("H").wait(5ms).reset()});
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.call().what == failure::truncated);
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.call().what == failure::closed);
}

BOOST_AUTO_TEST_CASE(silence_ends_at_the_deadline) {
  talk t({script().request()});
  const auto begin = std::chrono::steady_clock::now();
  const auto ended = t.call(30ms);
  const auto took = std::chrono::steady_clock::now() - begin;
  BOOST_TEST(ended.what == failure::timeout);
  BOOST_TEST(ended.message.ends_with("did not answer within 30 ms"));
  BOOST_TEST((took >= 30ms && took < 2s));
  BOOST_TEST(!t.link.usable());
}

BOOST_AUTO_TEST_CASE(a_slow_answer_is_bound_by_one_deadline_for_the_whole) {
  talk t({script().request().send_slowly(answer_of(200, std::string(2000, 'x'))),
          script().request().send_slowly(ok + "X: " + std::string(2000, 'x') + "\r\n")});
  BOOST_TEST(t.call(60ms).what == failure::timeout);
  BOOST_TEST(t.call(60ms).what == failure::timeout);
}

BOOST_AUTO_TEST_CASE(a_late_answer_is_not_taken_for_the_answer_to_the_next_request) {
  talk t({script().request().wait(60ms).send(answer_of(200, "late")), script().answer(answer_of(200, "right"))});
  BOOST_TEST(t.call(20ms).what == failure::timeout);
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body == "right");
}

BOOST_AUTO_TEST_CASE(calls_under_one_clock_each_end_at_their_own_deadline) {
  talk t({script().request(), script().request(), script().answer(answer_of(200, "x"))});
  std::vector<std::unique_ptr<net::connection>> links;
  std::vector<net::response> answers(3);
  std::vector<net::outcome> ends;
  for (int i = 0; i < 3; ++i) {
    links.push_back(std::make_unique<net::connection>(t.context.get_executor(), t.server.address(), t.tls));
    BOOST_TEST(run(t.context, links.back()->connect(5s)).what == failure::none);
  }
  const std::chrono::milliseconds limits[] = {60ms, 20ms, 5s};
  for (std::size_t i = 0; i < 3; ++i) {
    boost::asio::co_spawn(t.context, links[i]->exchange(post, answers[i], limits[i]),
                          [&](const std::exception_ptr&, net::outcome o) { ends.push_back(std::move(o)); });
  }
  BOOST_TEST(run_until(t.context, [&] { return ends.size() == 3; }));
  BOOST_TEST(ends[0].what == failure::none);
  BOOST_TEST(answers[2].body == "x");
  BOOST_TEST(ends[1].message.ends_with("within 20 ms"));
  BOOST_TEST(ends[2].message.ends_with("within 60 ms"));
}

BOOST_AUTO_TEST_CASE(close_ends_a_call_that_waits) {
  talk t({script().request()});
  BOOST_TEST(t.connect().what == failure::none);
  boost::asio::steady_timer soon(t.context, 10ms);
  soon.async_wait([&](const boost::system::error_code&) { t.link.close(); });
  BOOST_TEST(t.exchange().what == failure::cancelled);
  BOOST_TEST(!t.link.usable());
}

BOOST_AUTO_TEST_CASE(an_idle_connection_leaves_the_context_without_work) {
  boost::asio::io_context servers(1);
  boost::asio::io_context clients(1);
  server there(servers, {script().answer(answer_of(200, "x"))});
  std::thread serving([&] { servers.run(); });
  auto tls = net::tls_context::create({}).value();
  net::connection link(clients.get_executor(), there.address(), tls);
  net::response answer;
  BOOST_TEST(run(clients, link.connect(5s)).what == failure::none);
  BOOST_TEST(run(clients, link.exchange(post, answer, 20s)).what == failure::none);
  clients.restart();
  const auto begin = std::chrono::steady_clock::now();
  clients.run();  // returns at once, although the deadline was 20 s away
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 2s));
  BOOST_TEST(link.usable());
  servers.stop();
  serving.join();
}

BOOST_AUTO_TEST_CASE(an_exchange_without_a_connection) {
  talk t({});
  const auto ended = t.exchange();
  BOOST_TEST(ended.what == failure::closed);
  BOOST_TEST(t.answer.status == 0);
}

BOOST_AUTO_TEST_SUITE_END()
