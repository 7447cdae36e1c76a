// Which connection connects, rests, is woken and is replaced.

#include <random>
#include <set>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "run/connection_pool.hpp"

using namespace convoke;
using namespace std::chrono_literals;
using run::connection_pool;
using check = connection_pool::check_result;

namespace {

constexpr mono_time begin{100h};

// All of them connected and idle at `begin`.
connection_pool all_idle(unsigned size) {
  connection_pool pool(size);
  for (unsigned c = 0; c < size; ++c) {
    BOOST_REQUIRE(pool.ask_to_connect(c, mono_time::min(), begin).connect);
    pool.ready(c, begin);
  }
  return pool;
}

void rest(connection_pool& pool, engine::connection_id c, mono_time now) {
  BOOST_REQUIRE((pool.check_idle(c, false, now) == check::rest));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connection_pool_rules)

BOOST_AUTO_TEST_CASE(at_the_start_all_connections_connect_once_the_engine_allows_it) {
  connection_pool pool(3);
  for (unsigned c = 0; c < 3; ++c) {
    const auto early = pool.ask_to_connect(c, begin + 600ms, begin);
    BOOST_TEST(!early.connect);
    BOOST_TEST((early.ask_again == begin + 600ms));
    BOOST_TEST(pool.ask_to_connect(c, begin + 600ms, begin + 600ms).connect);
  }
}

BOOST_AUTO_TEST_CASE(where_one_is_to_succeed_first_the_others_wait_for_it) {
  connection_pool pool(3, true);
  // The request for a token is the first one that logs in.
  for (unsigned c = 0; c < 3; ++c) BOOST_TEST(!pool.ask_to_connect(c, begin, begin).connect);
  BOOST_TEST(pool.token_ended());
  BOOST_TEST(!pool.token_ended());
  BOOST_TEST(pool.ask_to_connect(0, begin, begin).connect);
  BOOST_TEST(!pool.ask_to_connect(1, begin, begin).connect);
  pool.connect_failed(0);
  BOOST_TEST(pool.ask_to_connect(1, begin, begin).connect);
  BOOST_TEST(!pool.ask_to_connect(0, begin, begin).connect);
  BOOST_TEST(pool.ready(1, begin));
  BOOST_TEST(pool.ask_to_connect(0, begin, begin).connect);
  BOOST_TEST(pool.ask_to_connect(2, begin, begin).connect);
  BOOST_TEST(!pool.ready(0, begin));
}

BOOST_AUTO_TEST_CASE(without_a_login_nothing_waits_for_the_token) {
  connection_pool pool(2);
  for (unsigned c = 0; c < 2; ++c) BOOST_TEST(pool.ask_to_connect(c, begin, begin).connect);
  BOOST_TEST(!pool.token_ended());
}

BOOST_AUTO_TEST_CASE(a_long_wait_is_asked_about_again_because_it_may_become_shorter) {
  connection_pool pool(1);
  BOOST_TEST((pool.ask_to_connect(0, begin + 60s, begin).ask_again == begin + connection_pool::check_interval));
  BOOST_TEST((pool.ask_to_connect(0, mono_time::max(), begin).ask_again == begin + connection_pool::check_interval));
}

BOOST_AUTO_TEST_CASE(a_failed_connection_asks_again_and_does_not_rest) {
  connection_pool pool(1);
  BOOST_TEST(pool.ask_to_connect(0, begin, begin).connect);
  pool.connect_failed(0);
  BOOST_TEST((pool.ask_to_connect(0, begin + 1s, begin).ask_again == begin + 1s));
  BOOST_TEST(pool.ask_to_connect(0, begin + 1s, begin + 1s).connect);
}

BOOST_AUTO_TEST_CASE(a_connection_beyond_the_limit_closes_when_idle_and_does_not_connect) {
  auto pool = all_idle(2);
  pool.limit(1);
  BOOST_TEST((pool.check_idle(0, true, begin + 1s) == check::keep));
  BOOST_TEST((pool.check_idle(1, true, begin + 1s) == check::rest));
  BOOST_TEST(!pool.ask_to_connect(1, begin, begin + 2s).connect);
  BOOST_TEST((pool.ask_to_connect(1, begin, begin + 2s).ask_again == begin + 3s));
  pool.limit(2);
  BOOST_TEST(pool.ask_to_connect(1, begin, begin + 3s).connect);
}

BOOST_AUTO_TEST_CASE(while_suspended_none_connects_and_idle_ones_close) {
  auto pool = all_idle(2);
  pool.suspend(true);
  BOOST_TEST((pool.check_idle(0, true, begin) == check::rest));
  BOOST_TEST((pool.check_idle(1, true, begin) == check::rest));
  BOOST_TEST(!pool.ask_to_connect(0, begin, begin).connect);
  pool.suspend(false);
  BOOST_TEST(pool.ask_to_connect(0, begin, begin).connect);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_before_the_network_layer_would_refuse_it) {
  auto pool = all_idle(1);
  BOOST_TEST((pool.check_idle(0, true, begin + connection_pool::idle_limit - 1ns) == check::keep));
  BOOST_TEST((pool.check_idle(0, true, begin + connection_pool::idle_limit) == check::rest));
}

BOOST_AUTO_TEST_CASE(two_idle_connections_are_kept_and_the_others_rest) {
  auto pool = all_idle(6);
  const auto now = begin + 30s;
  for (unsigned c = 0; c < 6; ++c) rest(pool, c, now);
  // All of them ask at the same time: those that are connecting count as idle, or all six would connect.
  unsigned connected = 0;
  for (unsigned c = 0; c < 6; ++c) connected += pool.ask_to_connect(c, begin, now).connect ? 1U : 0U;
  BOOST_TEST(connected == connection_pool::kept_idle);
  pool.ready(0, now);
  pool.ready(1, now);
  BOOST_TEST(!pool.ask_to_connect(2, begin, now).connect);
}

BOOST_AUTO_TEST_CASE(a_grant_wakes_a_resting_connection_where_few_are_idle) {
  auto pool = all_idle(5);
  for (const unsigned c : {3U, 1U, 4U}) rest(pool, c, begin + 30s);
  // Two are idle; the first grant leaves one.
  BOOST_TEST(pool.granted(0).value() == 1U);
  BOOST_TEST(pool.granted(2).value() == 3U);
  BOOST_TEST(pool.ask_to_connect(1, begin, begin + 30s).connect);
  pool.ready(1, begin + 30s);
  pool.limit(4);
  BOOST_TEST(!pool.granted(1).has_value());  // number 4 is beyond the limit
}

BOOST_AUTO_TEST_CASE(a_grant_wakes_nothing_while_two_others_are_idle) {
  auto pool = all_idle(4);
  rest(pool, 3, begin);
  BOOST_TEST(!pool.granted(0).has_value());
  BOOST_TEST(pool.granted(1).value() == 3U);
}

BOOST_AUTO_TEST_CASE(a_connection_to_be_replaced_closes_when_idle_or_after_its_call_and_connects_at_once) {
  auto pool = all_idle(4);
  pool.replace(0);
  BOOST_TEST((pool.check_idle(0, true, begin) == check::replace));
  BOOST_TEST(pool.ask_to_connect(0, begin, begin).connect);
  pool.ready(0, begin);
  BOOST_TEST((pool.check_idle(0, true, begin) == check::keep));  // the new one is another connection

  BOOST_TEST(!pool.granted(1).has_value());
  BOOST_TEST(pool.keep_after_call(1, true));
  pool.replace(1);
  BOOST_TEST(!pool.keep_after_call(1, true));
  pool.closed(1);
  BOOST_TEST(pool.ask_to_connect(1, begin, begin).connect);
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_idle_for_long_is_checked_before_its_call) {
  auto pool = all_idle(1);
  BOOST_TEST(!pool.check_before_call(0, begin + 1s));
  BOOST_TEST(pool.check_before_call(0, begin + 1s + 1ns));
}

namespace {

enum class is : std::uint8_t { closed, connecting, idle, busy };

// A pool and what its owner believes of each connection.
struct history {
  static constexpr unsigned size = 6;
  explicit history(unsigned seed) : random(seed) {}

  void step() {
    const auto c = static_cast<engine::connection_id>(random() % size);
    now += std::chrono::milliseconds(random() % 3000);
    if (random() % 40 == 0) pool.limit(1 + static_cast<unsigned>(random() % size));
    if (random() % 40 == 0) pool.suspend(random() % 2 == 0);
    switch (state[c]) {
      case is::closed:
        if (pool.ask_to_connect(c, begin, now).connect) state[c] = is::connecting;
        break;
      case is::connecting:
        state[c] = random() % 3 == 0 ? is::closed : is::idle;
        state[c] == is::idle ? static_cast<void>(pool.ready(c, now)) : pool.connect_failed(c);
        break;
      case is::idle:
        if (random() % 2 == 0) return grant(c);
        if (random() % 4 == 0) pool.replace(c);
        if (pool.check_idle(c, random() % 4 != 0, now) != check::keep) state[c] = is::closed;
        break;
      case is::busy:
        const bool keep = pool.keep_after_call(c, random() % 4 != 0);
        state[c] = keep ? is::idle : is::closed;
        keep ? static_cast<void>(pool.ready(c, now)) : pool.closed(c);
        break;
    }
  }
  void grant(engine::connection_id c) {
    state[c] = is::busy;
    static_cast<void>(pool.granted(c));
  }
  // Everything succeeds, and every idle connection gets a call.
  void round_without_trouble() {
    for (unsigned c = 0; c < size; ++c) {
      if (state[c] == is::closed && pool.ask_to_connect(c, begin, now).connect) state[c] = is::connecting;
      if (state[c] == is::connecting) {
        pool.ready(c, now);
        state[c] = is::idle;
      }
      if (state[c] == is::idle) grant(c);
    }
  }

  std::mt19937 random;
  connection_pool pool{size};
  mono_time now = begin;
  std::vector<is> state = std::vector(size, is::closed);
};

}  // namespace

// After any sequence of events every connection can connect again, and the counts are right.
BOOST_AUTO_TEST_CASE(after_any_history_every_connection_below_the_limit_comes_back_for_work) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      history one(seed);
      for (int i = 0; i < 400; ++i) one.step();
      one.pool.limit(history::size);
      one.pool.suspend(false);
      for (int i = 0; i < 20; ++i) one.round_without_trouble();
      BOOST_TEST((one.state == std::vector(history::size, is::busy)));
    }
  }
}

// Its socket is as old as before, so the next call is checked for.
BOOST_AUTO_TEST_CASE(a_call_that_was_not_sent_makes_no_connection_younger) {
  connection_pool pool(1, false);
  static_cast<void>(pool.ask_to_connect(0, begin, begin));
  pool.ready(0, begin);
  static_cast<void>(pool.granted(0));
  BOOST_TEST(pool.check_before_call(0, begin + 2s));
  pool.ready(0, begin + 2s, false);
  static_cast<void>(pool.granted(0));
  BOOST_TEST(pool.check_before_call(0, begin + 2s));
  pool.ready(0, begin + 2s, true);
  BOOST_TEST(!pool.check_before_call(0, begin + 2s));
}

BOOST_AUTO_TEST_SUITE_END()
