// --max-cooldown: implausible waits are cut, and end with one call alone.

#include "engine/scopes.hpp"
#include "engine/script.hpp"

namespace convoke::engine::test {

namespace {

constexpr auto absurd = std::chrono::hours(24 * 365 * 100);  // what twenty 9s are read as

settings with_limit(std::chrono::nanoseconds limit) {
  auto s = script::quick();
  s.max_cooldown = limit;
  s.row_deadline = 48h;
  return s;
}

answer twenty_nines(std::string scope = {}) {
  auto a = throttling(absurd, std::move(scope));
  a.retry_after_text = "99999999999999999999";
  return a;
}

// One call is sent, alone; it succeeds, and the other of two rows follows.
void a_probe_opens_it(script& t) {
  const auto probe = t.next<send_call>();
  t.pass(1s);
  t.quiet();
  t.finish(probe, ok());
  t.next<forget_cooldown>();
  t.recorded(outcome::created);
  t.one_success();
  t.over(stop_reason::finished);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(max_cooldown)

BOOST_AUTO_TEST_CASE(an_absurd_retry_after_closes_for_a_day_and_not_for_years) {
  auto t = script::started({3}, 1);
  t.finish(t.next<send_call>(), twenty_nines());
  const auto cut = t.next<cooldown_cut>();
  BOOST_TEST(cut.retry_after_text == "99999999999999999999");
  BOOST_TEST(!cut.organizer.has_value());
  BOOST_TEST(!cut.app);
  BOOST_TEST((t.next<save_cooldown>().until > t.now() + 27h));  // it can be seen that this was cut
  for (int i = 0; i < 3; ++i) t.released(false);
  const auto back = t.over(stop_reason::deferred).come_back.value();
  BOOST_TEST((back >= 24h));
  BOOST_TEST((back <= 24h + 144min));
}

BOOST_AUTO_TEST_CASE(only_a_value_above_the_limit_is_cut) {
  auto t = script::started({1}, 1, with_limit(60s));
  t.finish(t.next<send_call>(), throttling(60s));
  t.next<save_cooldown>();
  t.pass(60s - 1ns);
  t.quiet();
  t.pass(6s + 1ns);
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(when_it_is_over_one_call_is_made_alone_and_a_success_opens_the_lane) {
  auto t = script::started({4, 4}, 4, with_limit(60s));
  const auto sent = t.all<send_call>();
  BOOST_TEST_REQUIRE(sent.size() == 4U);
  for (const auto& c : sent) t.finish(c, twenty_nines());
  BOOST_TEST(t.all<cooldown_cut>().size() == 1U);  // a line for each cooldown, not for each answer
  t.all<save_cooldown>();
  t.pass(60s - 1ns);
  t.quiet();
  t.pass(7s);
  const auto probe = t.next<send_call>();
  t.pass(10s);
  t.quiet();
  t.finish(probe, ok());
  BOOST_TEST(!t.next<forget_cooldown>().organizer.has_value());
  t.recorded(outcome::created);
  BOOST_TEST(t.all<send_call>().size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_probe_that_is_throttled_starts_the_cooldown_again) {
  auto t = script::started({4}, 4, with_limit(60s));
  for (const auto& c : t.all<send_call>()) t.finish(c, twenty_nines());
  t.all<cooldown_cut>();
  t.all<save_cooldown>();
  t.pass(67s);
  t.finish(t.next<send_call>(), twenty_nines());
  t.next<cooldown_cut>();
  t.next<forget_cooldown>();  // before the new one is saved: of two ends the ledger keeps the later
  t.next<save_cooldown>();
  t.pass(59s);
  t.quiet();
  t.pass(8s);
  const auto probe = t.next<send_call>();
  t.quiet();
  t.finish(probe, http(500));  // says nothing of the cooldown: the next is alone as well
  const auto again = t.next<send_call>();
  t.quiet();
  t.finish(again, ok());
  t.next<forget_cooldown>();
  t.recorded(outcome::created);
  BOOST_TEST(t.all<send_call>().size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_probe_of_an_organizer_delays_no_other) {
  auto t = script::started({3, 40}, 2, with_limit(30s));
  const auto first = t.all<send_call>();
  BOOST_TEST_REQUIRE(first.size() == 2U);
  t.finish(first[0], twenty_nines("User/x"));
  BOOST_TEST(t.next<cooldown_cut>().organizer.value() == 0U);
  t.next<save_cooldown>();
  t.pass(33s);
  std::size_t of_limited = 0, of_other = 0;
  for (const auto& c : t.all<send_call>()) ++(c.row <= 3 ? of_limited : of_other);
  BOOST_TEST(of_limited == 0U);  // no connection was idle when its time came
  BOOST_TEST(of_other == 1U);
  for (connection_id c = 2; c < 6; ++c) t.connect(c);
  for (const auto& c : t.all<send_call>()) ++(c.row <= 3 ? of_limited : of_other);
  BOOST_TEST(of_limited == 1U);
  BOOST_TEST(of_other == 3U);  // with the one before it is at its concurrency
}

BOOST_AUTO_TEST_CASE(a_saved_cooldown_of_the_year_2286_is_cut) {
  for (const bool organizer : {false, true}) {
    const auto until = mono_time{} + std::chrono::hours(24 * 365 * 260);
    script t({{0, 2, 0}}, with_limit(60s), {{organizer ? std::optional<organizer_id>(0) : std::nullopt, until}});
    BOOST_TEST((t.next<cooldown_cut>().announced > std::chrono::hours(24 * 365 * 200)));
    t.next<refresh_token>();
    t.token(1);
    t.connect(0);
    t.connect(1);
    if (!organizer) t.page(2, true);
    t.pass(60s - 1ns);
    t.quiet();
    t.pass(1ns);
    if (organizer) t.page(2, true);
    a_probe_opens_it(t);
  }
}

BOOST_AUTO_TEST_CASE(the_probe_is_owed_also_where_the_cut_cooldown_ended_between_two_runs) {
  script t({{0, 2, 0}}, with_limit(60s), {{std::nullopt, mono_time{} + 999s, true}});
  t.next<refresh_token>();
  t.token(1);
  t.connect(0);
  t.connect(1);
  t.page(2, true);
  a_probe_opens_it(t);
}

BOOST_AUTO_TEST_CASE(the_application_is_cut_in_every_lane) {
  auto e = two_lanes(with_limit(30s));
  e.answered(1, twenty_nines("Application/ReadWrite/app"), mono_time{});
  std::size_t saved = 0, cut = 0;
  for (const auto& a : e.take_actions()) {
    saved += std::holds_alternative<save_cooldown>(a) ? 1U : 0U;
    if (const auto* one = std::get_if<cooldown_cut>(&a)) cut += one->app ? 1U : 0U;
  }
  BOOST_TEST(saved == 2U);
  BOOST_TEST(cut == 1U);
  for (connection_id c = 0; c < 2; ++c) e.connection_ready(1, c, false, mono_time{} + 33s);
  std::size_t sent = 0;
  for (const auto& a : e.take_actions()) sent += std::holds_alternative<send_call>(a) ? 1U : 0U;
  BOOST_TEST(sent == 1U);
}

BOOST_AUTO_TEST_CASE(a_faults_wait_is_cut_as_well) {
  auto s = with_limit(60s);
  auto t = script::started({1}, 1, s);
  auto a = http(500);
  a.retry_after = std::chrono::nanoseconds::max();
  t.finish(t.next<send_call>(), a);
  t.pass(60s - 1ns);
  t.quiet();
  t.pass(6s + 1ns);
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(no_wait_and_no_limit_overflows) {
  for (const auto limit : {std::chrono::nanoseconds::max(), std::chrono::nanoseconds::min(), 0ns}) {
    auto t = script::started({1}, 1, with_limit(limit));
    t.finish(t.next<send_call>(), throttling(std::chrono::nanoseconds::max()));
    t.all<cooldown_cut>();
    t.all<save_cooldown>();
    t.pass(1s);
    if (limit > 1h) {
      t.released(false);
      BOOST_TEST((t.over(stop_reason::deferred).come_back.value() > 24h * 365));
    } else {
      t.next<send_call>();
    }
  }
}

BOOST_AUTO_TEST_CASE(what_was_saved_is_obeyed_up_to_the_limit_from_when_it_was_saved) {
  const auto saved = utc_time{} + std::chrono::hours(24 * 365 * 56);
  const auto whole = obey_saved(saved + 26h, saved, 24h);  // with its jitter
  BOOST_TEST((whole.until == saved + 26h));
  BOOST_TEST(!whole.cut);
  const auto cut = obey_saved(saved + std::chrono::hours(24 * 365 * 260), saved, 24h);
  BOOST_TEST((cut.until == saved + 24h));
  BOOST_TEST(cut.cut);
  BOOST_TEST(obey_saved(utc_time::max(), saved, std::chrono::nanoseconds::max()).cut);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
