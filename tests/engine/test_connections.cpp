// Which connection a call goes out on, where a server closes them at their second request.

#include <set>

#include "engine/script.hpp"

namespace convoke::engine::test {

namespace {

// A server that answers once on each connection. Makes `rows` calls; returns how many met a dead connection.
std::size_t once_only(script& t, std::size_t rows, std::set<connection_id>& used) {
  std::size_t dead = 0, done = 0;
  while (done < rows) {
    for (const auto& d : t.all<drop_connection>()) {
      used.erase(d.connection);
      t.connect(d.connection);
    }
    const auto sent = t.all<send_call>();
    BOOST_TEST_REQUIRE(!sent.empty());
    for (const auto& c : sent) {
      if (used.contains(c.connection)) {
        ++dead;
        used.erase(c.connection);
        t.reply(c, broken(attempt_error::stale));
        t.connect(c.connection);
        continue;
      }
      used.insert(c.connection);
      t.reply(c, ok());
      ++done;
      bool dropped = false;
      for (const auto& d : t.all<drop_connection>()) {
        dropped = dropped || d.connection == c.connection;
        used.erase(d.connection);
        t.connect(d.connection);
      }
      if (!dropped) t.connect(c.connection, true);
      for (const auto& r : t.all<record_outcome>()) t.commit({r.row});
    }
  }
  return dead;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(used_connections)

BOOST_AUTO_TEST_CASE(a_dead_connection_is_followed_by_a_new_one_although_used_ones_are_idle) {
  auto s = script::quick();
  s.organizer_concurrency = 1;
  auto t = script::started({9, 9, 9}, 3, s);
  for (const auto& c : t.all<send_call>()) t.finish(c, ok());
  t.all<record_outcome>();
  const auto second = t.all<send_call>();
  BOOST_TEST_REQUIRE(second.size() == 3U);
  t.finish(second[1], ok());
  t.finish(second[2], ok());
  t.all<record_outcome>();
  t.all<send_call>();
  t.reply(second[0], broken(attempt_error::stale));
  t.quiet();  // its own connection is being made
  t.connect(second[0].connection);
  const auto again = t.next<send_call>();
  BOOST_TEST(again.row == second[0].row);
  BOOST_TEST(again.connection == second[0].connection);
  t.finish(again, ok());
  t.recorded(outcome::created);
  BOOST_TEST(t.numbers().faults == 0U);
}

BOOST_AUTO_TEST_CASE(a_used_idle_connection_is_closed_to_get_a_new_one) {
  auto s = script::quick();
  s.rate = 1;
  auto t = script::started({1, 1, 1}, 1, s);
  t.finish(t.next<send_call>(), ok());
  t.recorded(outcome::created);
  t.pass(1s);
  const auto c = t.next<send_call>();
  t.reply(c, broken(attempt_error::stale));
  t.connect(1, true);  // another one, used before; that of the call does not come back
  t.pass(1s);
  const auto other = t.next<send_call>();
  BOOST_TEST(other.row != c.row);  // other rows use the connections that there are
  t.finish(other, ok());
  t.recorded(outcome::created);
  t.disconnect(c.connection);
  t.pass(1s);
  BOOST_TEST(t.next<drop_connection>().connection == 1U);
  t.quiet();
  t.connect(1);
  BOOST_TEST(t.next<send_call>().row == c.row);
}

BOOST_AUTO_TEST_CASE(a_connection_that_may_not_come_back_is_not_waited_for) {
  auto t = script::started({2}, 2);
  const auto sent = t.all<send_call>();
  t.reply(sent[1], broken(attempt_error::local_resources));
  BOOST_TEST(t.next<set_connections>().count == 4U);
  t.reply(sent[0], broken(attempt_error::stale));
  t.quiet();
  t.connect(2, true);  // used: closed to get a new one, if the one on its way does not come
  t.quiet();
  t.connect_failed(0, attempt_error::local_resources);
  t.pass(1s);
  t.connect_failed(0, attempt_error::local_resources);
  t.pass(2s);
  t.connect_failed(0, attempt_error::local_resources);
  t.all<set_connections>();
  t.connect(0);
  BOOST_TEST(t.all<send_call>().size() >= 1U);
}

// Eight calls; that of connection 7 met a dead one, and there is no descriptor to open it again. The others are idle, 6 for longest.
BOOST_AUTO_TEST_CASE(to_get_a_new_one_a_connection_is_closed_that_may_come_back) {
  auto t = script::started({1, 1, 1, 1, 1, 1, 1, 1}, 8);
  const auto sent = t.all<send_call>();
  BOOST_TEST_REQUIRE(sent.size() == 8U);
  for (std::size_t i = 7; i > 0; --i) t.finish(sent[i - 1], ok());
  for (const auto& r : t.all<record_outcome>()) t.commit({r.row});
  const auto& stale = sent[7];
  t.reply(stale, broken(attempt_error::stale));
  t.quiet();  // 7 is connecting
  t.connect_failed(7, attempt_error::local_resources);
  BOOST_TEST(t.next<set_connections>().count == 4U);
  for (connection_id c = 4; c < 7; ++c) t.disconnect(c);
  const auto closed = t.next<drop_connection>().connection;
  BOOST_TEST(closed < 4U);
  t.quiet();
  t.connect(closed);
  const auto again = t.next<send_call>();
  BOOST_TEST(again.row == stale.row);
  t.finish(again, ok());
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

// The only idle connection is one that may not come back; then one comes back from its call.
BOOST_AUTO_TEST_CASE(a_used_connection_that_becomes_idle_is_closed_for_a_new_one) {
  auto t = script::started({1, 1, 1, 1, 1, 1, 1, 1}, 8);
  send_call stale{}, slow{};
  for (const auto& c : t.all<send_call>()) {
    if (c.connection == 7)
      stale = c;
    else if (c.connection == 0)
      slow = c;
    else if (c.connection >= 4)
      t.finish(c, ok());
    else
      t.reply(c, ok());  // closed by the server, and not open again
  }
  for (const auto& r : t.all<record_outcome>()) t.commit({r.row});
  t.reply(stale, broken(attempt_error::stale));
  t.connect_failed(7, attempt_error::local_resources);
  BOOST_TEST(t.next<set_connections>().count == 4U);
  t.quiet();
  t.finish(slow, ok());
  t.recorded(outcome::created);
  BOOST_TEST(t.next<drop_connection>().connection == 0U);
  t.connect(0);
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(after_a_few_connections_are_used_once) {
  auto t = script::started({100, 100, 100, 100}, 8);
  std::set<connection_id> used;
  const auto dead = once_only(t, 400, used);
  BOOST_TEST(dead >= 3U);
  BOOST_TEST(dead <= 8U + 3U);  // those in flight when that was recognized
  BOOST_TEST(t.numbers().faults == 0U);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(reuse_is_tried_again_after_a_minute_with_one_connection) {
  auto t = script::started({4000}, 4);
  std::set<connection_id> used;
  once_only(t, 100, used);
  auto before = t.numbers().stale;
  t.pass(61s);
  once_only(t, 100, used);
  BOOST_TEST(t.numbers().stale == before + 1);
  t.pass(61s);
  once_only(t, 100, used);
  BOOST_TEST(t.numbers().stale == before + 1);  // twice as long until the next
  t.pass(61s);
  once_only(t, 100, used);
  BOOST_TEST(t.numbers().stale == before + 2);
  BOOST_TEST(t.numbers().faults == 0U);
}

BOOST_AUTO_TEST_CASE(a_server_that_keeps_connections_again_has_them_used_again) {
  auto t = script::started({4000}, 1);
  std::set<connection_id> used;
  once_only(t, 50, used);
  t.pass(61s);
  for (int i = 0; i < 50; ++i) {
    const auto c = t.next<send_call>();
    t.reply(c, ok());
    if (t.all<drop_connection>().empty()) {
      t.connect(c.connection, true);
    } else {
      t.connect(c.connection);
    }
    for (const auto& r : t.all<record_outcome>()) t.commit({r.row});
  }
  const auto c = t.next<send_call>();
  t.reply(c, ok());
  BOOST_TEST(t.all<drop_connection>().empty());
}

// As with a server that sends something unrequested on every new connection.
BOOST_AUTO_TEST_CASE(calls_that_never_left_are_never_charged) {
  auto t = script::started({1}, 1);
  auto unsent = broken(attempt_error::stale);
  unsent.sent = false;
  for (int i = 0; i < 5; ++i) t.finish(t.next<send_call>(), unsent);  // again at once
  for (int i = 0; i < 12; ++i) {
    t.finish(t.next<send_call>(), unsent);
    t.quiet();  // a wait each
    t.pass(60s);
  }
  BOOST_TEST(t.numbers().faults == 0U);
  BOOST_TEST(t.numbers().calls == 1U);  // the next one
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_row_whose_connection_never_comes_is_given_up_with_the_lane) {
  auto s = script::quick();
  s.max_outage = 5min;
  auto t = script::started({1}, 1, s);
  t.reply(t.next<send_call>(), broken(attempt_error::stale));
  t.pass(5min - 1s);
  t.quiet();
  t.pass(1s);
  t.released(false);
  t.over(stop_reason::deferred);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
