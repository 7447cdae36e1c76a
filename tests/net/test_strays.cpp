// Unsolicited answers. An exchange that accepted one would give a row the meeting of another row.

#include <algorithm>
#include <random>

#include <openssl/ssl.h>

#include <boost/asio/this_coro.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"
#include "net/support/stray_server.hpp"

namespace data = boost::unit_test::data;
using namespace convoke;
using namespace convoke::test;

namespace {

const std::string host = "stray.test.example";

const authority& trusted() {
  static const authority made;
  return made;
}

const identity& served() {
  static const identity made = [] {
    leaf l;
    l.names = {"DNS:" + host};
    return trusted().issue(l);
  }();
  return made;
}

struct totals {
  std::array<unsigned, stray_places> sent{};
  unsigned refused = 0;  // exchanges that sent nothing
  unsigned raced = 0;    // strays that came when the request was on its way: only their content shows what they are
  unsigned answered = 0;
};

// Calls one after the other over one connection at a time, as the driver makes them.
class seeded {
 public:
  seeded(std::uint64_t seed, std::optional<tls_settings> how)
      : random_(seed), ca_(trusted().certificate()), tls_(net::tls_context::create(ca_.path()).value()), server_(context_, seed, how) {
    link_ = std::make_unique<net::connection>(context_.get_executor(), server_.address(how ? host : "127.0.0.1"), tls_);
  }

  void play(totals& all) {
    for (int i = 0; i < 12; ++i) call("m" + std::to_string(i), all);
    for (const auto& s : server_.sent())
      if (s.stray) ++all.sent[static_cast<std::size_t>(*s.stray)];
    auto marks = server_.marks();
    std::ranges::sort(marks);
    BOOST_TEST((std::ranges::adjacent_find(marks) == marks.end()), "a request was sent twice");
    for (const auto& mark : unsent_) BOOST_TEST(!std::ranges::binary_search(marks, mark), mark << " was sent");
  }

 private:
  bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random_) < p; }

  boost::asio::awaitable<net::outcome> exchange(std::string request) {
    started_ = server_.tick();
    auto ended = co_await link_->exchange(request, answer_, 5s);
    co_return ended;
  }

  void call(const std::string& mark, totals& all) {
    if (!open_ || (chance(0.5) && !link_->usable())) BOOST_REQUIRE(run(context_, link_->connect(5s)).what == failure::none);
    // Wait until everything that the server sends by itself has come.
    const bool patient = chance(0.5);
    BOOST_REQUIRE(run_until(context_, [&] { return (!patient || server_.waits()) && server_.delivered(); }));
    const auto ended = run(context_, exchange("GET /x HTTP/1.1\r\nmark: " + mark + "\r\n\r\n"));
    open_ = ended.what == failure::none && answer_.keep_alive;
    if (ended.what != failure::none) {
      BOOST_TEST(ended.what == failure::stale);
      BOOST_TEST(!ended.sent);
      BOOST_TEST(ended.message.contains("belongs to no request"), ended.message);
      BOOST_TEST(ended.message.contains("nothing was sent"), ended.message);
      unsent_.push_back(mark);
      ++all.refused;
      return;
    }
    BOOST_TEST(ended.sent);
    if (answer_.request_id == mark) {
      ++all.answered;
      return;
    }
    // Also the answer to a request that a stray had answered already.
    const auto found = std::ranges::find(server_.sent(), answer_.request_id, &sent_answer::id);
    BOOST_REQUIRE(found != server_.sent().end());
    BOOST_TEST(found->at > started_, mark << " was answered with " << found->id << ", which had come before it was sent");
    ++all.raced;
  }

  std::mt19937_64 random_;
  temporary_file ca_;
  boost::asio::io_context context_{1};
  net::tls_context tls_;
  stray_server server_;
  std::unique_ptr<net::connection> link_;
  net::response answer_;
  std::uint64_t started_ = 0;
  bool open_ = false;
  std::vector<std::string> unsent_;
};

// Over TLS, with a connection that was not checked for being usable.
struct secure {
  explicit secure(std::vector<script> scripts, int version = 0)
      : ca(trusted().certificate()),
        tls(net::tls_context::create(ca.path()).value()),
        server(context, std::move(scripts), tls_settings{served(), version}),
        link(context.get_executor(), server.address(host), tls) {}

  net::outcome connect() { return run(context, link.connect(5s)); }
  net::outcome exchange() { return run(context, link.exchange(post, answer, 5s)); }
  void settle() {
    context.restart();
    context.run_for(10ms);
  }

  temporary_file ca;
  boost::asio::io_context context{1};
  net::tls_context tls;
  server server;
  net::connection link;
  net::response answer;
};

void settle(talk& t) {
  t.context.restart();
  t.context.run_for(10ms);
}

void refused(const net::outcome& ended) {
  BOOST_TEST(ended.what == failure::stale);
  BOOST_TEST(!ended.sent);
  BOOST_TEST(ended.message.contains("belongs to no request"), ended.message);
}

const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

}  // namespace

BOOST_AUTO_TEST_SUITE(stray_answers)

BOOST_DATA_TEST_CASE(no_stray_of_any_status_at_any_point_is_taken_for_an_answer, data::make({0, TLS1_2_VERSION, TLS1_3_VERSION}), version) {
  totals all;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      seeded s(seed, version == 0 ? std::nullopt : std::optional(tls_settings{served(), version}));
      s.play(all);
    }
  }
  BOOST_TEST_MESSAGE("refused " << all.refused << ", answered " << all.answered << ", raced " << all.raced);
  BOOST_TEST(all.refused > 50U);
  BOOST_TEST(all.answered > 500U);
  for (const auto n : all.sent) BOOST_TEST(n > 20U);
}

BOOST_AUTO_TEST_CASE(an_unsolicited_answer_before_any_request_is_refused_and_nothing_is_sent) {
  talk t({script().send(answer_of(200, "stray")), script().answer(answer_of(200, "own"))});
  BOOST_TEST(t.connect().what == failure::none);
  settle(t);
  refused(t.exchange());
  BOOST_TEST(t.answer.status == 0);
  BOOST_TEST(t.server.log().requests.empty());
  BOOST_TEST(!t.link.usable());
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body == "own");
  for (const int version : versions) {
    secure s({script().send(answer_of(200, "stray"))}, version);
    BOOST_TEST(s.connect().what == failure::none);
    s.settle();
    refused(s.exchange());
    BOOST_TEST(s.server.log().requests.empty());
  }
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_while_the_connection_is_idle_is_refused_and_nothing_is_sent) {
  talk t({script().answer(answer_of(200, "x")).wait(1ms).send(answer_of(404, "stray"))});
  BOOST_TEST(t.call().what == failure::none);
  settle(t);
  refused(t.exchange());
  BOOST_TEST(t.server.log().requests.size() == 1U);
  for (const int version : versions) {
    secure s({script().answer(answer_of(200, "x")).wait(1ms).send(answer_of(201, "stray"))}, version);
    BOOST_TEST(s.connect().what == failure::none);
    BOOST_TEST(s.exchange().what == failure::none);
    s.settle();
    refused(s.exchange());
    BOOST_TEST(s.server.log().requests.size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_in_the_next_record_of_the_same_segment_ends_the_connection) {
  for (const int version : versions) {
    secure s({script().request().records({answer_of(200, "own"), answer_of(200, "stray")}), script().answer(answer_of(200, "next"))},
             version);
    BOOST_TEST(s.connect().what == failure::none);
    BOOST_TEST(s.exchange().what == failure::none);
    BOOST_TEST(s.answer.body == "own");
    BOOST_TEST(!s.answer.keep_alive);
    BOOST_TEST(s.exchange().what == failure::closed);
  }
}

BOOST_AUTO_TEST_CASE(a_part_of_a_record_is_enough_to_refuse) {
  // The first bytes of a record that carries data: its type, version and length, and then some of it.
  const std::string record = "\x17\x03\x03\x01\x10" + std::string(20, 'x');
  for (const std::size_t part : {1U, 4U, 5U, 6U, 25U}) {
    secure s({script().answer(answer_of(200, "x")).wait(1ms).send_raw(record.substr(0, part))});
    BOOST_TEST(s.connect().what == failure::none);
    BOOST_TEST(s.exchange().what == failure::none);
    s.settle();
    refused(s.exchange());
    BOOST_TEST(s.server.log().requests.size() == 1U);
  }
}

BOOST_AUTO_TEST_CASE(a_peer_that_closed_before_the_request_is_stale_and_nothing_was_sent) {
  talk t({script().answer(answer_of(200, "x")).close(), script().close()});
  BOOST_TEST(t.call().what == failure::none);
  settle(t);
  for (int i = 0; i < 2; ++i) {
    const auto ended = t.exchange();
    BOOST_TEST(ended.what == failure::stale);
    BOOST_TEST(!ended.sent);
    BOOST_TEST(ended.message.contains("closed"), ended.message);
    BOOST_TEST(t.connect().what == failure::none);
    settle(t);
  }
}

BOOST_AUTO_TEST_CASE(a_success_before_the_request_is_complete_is_no_answer_to_it) {
  const std::string large = "POST / HTTP/1.1\r\nContent-Length: 30000000\r\n\r\n" + std::string(30'000'000, 'r');
  for (const int status : {200, 201, 204, 299}) {
    talk t({script().wait(5ms).send(answer_of(status, status == 204 ? "" : "early")), script().answer(answer_of(200, "own"))});
    BOOST_TEST(t.connect().what == failure::none);
    const auto ended = t.exchange(5s, large);
    BOOST_TEST(ended.what == failure::malformed);
    BOOST_TEST(ended.message.contains("before it had the whole request"), ended.message);
    BOOST_TEST(!t.link.usable());
    BOOST_TEST(t.call().what == failure::none);
    BOOST_TEST(t.answer.body == "own");
  }
  secure s({script().wait(5ms).send(answer_of(200, "early"))});
  BOOST_TEST(s.connect().what == failure::none);
  BOOST_TEST(run(s.context, s.link.exchange(large, s.answer, 5s)).what == failure::malformed);
}

BOOST_AUTO_TEST_CASE(a_refusal_before_the_request_is_complete_is_an_answer) {
  const std::string large = "POST / HTTP/1.1\r\nContent-Length: 30000000\r\n\r\n" + std::string(30'000'000, 'r');
  for (const int status : {307, 413, 429, 503}) {
    talk t({script().wait(5ms).send(answer_of(status, "no"))});
    BOOST_TEST(t.connect().what == failure::none);
    BOOST_TEST(t.exchange(5s, large).what == failure::none);
    BOOST_TEST(t.answer.status == status);
    BOOST_TEST(t.answer.body == "no");
    BOOST_TEST(!t.answer.keep_alive);
    BOOST_TEST(!t.link.usable());
  }
  secure s({script().wait(5ms).send(answer_of(413, "no"))});
  BOOST_TEST(s.connect().what == failure::none);
  BOOST_TEST(run(s.context, s.link.exchange(large, s.answer, 5s)).what == failure::none);
  BOOST_TEST(s.answer.status == 413);
}

BOOST_AUTO_TEST_CASE(an_interim_answer_before_the_request_is_complete_does_not_stop_it) {
  const std::string large = "POST / HTTP/1.1\r\nContent-Length: 8000000\r\n\r\n" + std::string(8'000'000, 'r');
  talk t({script().wait(5ms).send("HTTP/1.1 103 Early Hints\r\n\r\n").wait(5ms).answer(answer_of(200, "own"))});
  BOOST_TEST(t.connect().what == failure::none);
  BOOST_TEST(t.exchange(10s, large).what == failure::none);
  BOOST_TEST(t.answer.body == "own");
  BOOST_REQUIRE_EQUAL(t.server.log().requests.size(), 1U);
  BOOST_TEST((t.server.log().requests[0] == large));
}

BOOST_AUTO_TEST_SUITE_END()
