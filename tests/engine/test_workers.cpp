// Several workers carry out the same runs: leases, other workers' cooldowns, rows that come and go, and a part of the rate.

#include <map>
#include <string>

#include "engine/script.hpp"

namespace convoke::engine::test {

namespace {

settings shared() {
  auto s = script::quick();
  s.shared = true;
  return s;
}
settings following() {
  auto s = shared();
  s.follow = true;
  return s;
}

// A script whose only row was carried out, and that looks for more now.
script used_up(const settings& s = shared()) {
  auto t = script::started({1}, 1, s);
  t.finish(t.next<send_call>(), ok());
  t.next<look_for_rows>();
  t.recorded(outcome::created);
  t.quiet();
  return t;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(workers)

// ---- the lease

BOOST_AUTO_TEST_CASE(nothing_is_sent_in_the_last_seconds_of_a_lease) {
  auto t = script::started({3}, 1, shared());
  t.lease(t.now() + 60s);
  const auto a = t.next<send_call>();
  t.pass(55s);
  t.finish(a, ok());
  t.recorded(outcome::created);  // its outcome is recorded all the same
  t.quiet();
  t.pass(60s);
  t.quiet();
  t.lease(t.now() + 60s);
  t.one_success();
}

BOOST_AUTO_TEST_CASE(it_is_sent_until_then) {
  auto t = script::started({3}, 1, shared());
  t.lease(t.now() + 60s);
  const auto a = t.next<send_call>();
  t.pass(55s - 1ns);
  t.finish(a, ok());
  t.recorded(outcome::created);
  t.next<send_call>();
}

BOOST_AUTO_TEST_CASE(a_heartbeat_that_failed_stops_sending_at_once) {
  auto t = script::started({3}, 1, shared());
  t.lease(t.now() + 60s);
  const auto a = t.next<send_call>();
  t.lease(mono_time::min());
  t.finish(a, ok());
  t.recorded(outcome::created);
  t.pass(10min);
  t.quiet();
  t.lease(t.now() + 60s);
  t.next<send_call>();
}

BOOST_AUTO_TEST_CASE(the_end_of_the_lease_wakes_the_engine) {
  script t({{0, 1, 0}}, shared());
  t.lease(t.now() + 60s);
  BOOST_TEST((t.wake().value() == t.now() + 55s));
}

BOOST_AUTO_TEST_CASE(nothing_is_claimed_or_looked_for_while_the_lease_may_be_over) {
  script t({{0, 5, 0}}, shared());
  t.next<refresh_token>();
  t.lease(t.now() + 60s);
  t.pass(56s);
  t.token(1);
  t.quiet();
  t.lease(t.now() + 60s);
  t.next<fetch_rows>();

  auto u = used_up();
  u.lease(u.now() + 5s);
  u.available({}, 3);
  u.pass(1min);
  u.quiet();
  u.lease(u.now() + 60s);
  u.next<look_for_rows>();
}

// ---- rows

BOOST_AUTO_TEST_CASE(a_lane_ends_when_nothing_is_left_and_others_hold_nothing) {
  auto t = used_up();
  t.available({}, 0);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(it_looks_again_less_and_less_often_while_others_hold_rows) {
  auto t = used_up();
  std::vector<std::chrono::nanoseconds> waits;
  for (int i = 0; i < 5; ++i) {
    t.available({}, 2);
    const auto asked = t.now();
    while (t.all<look_for_rows>().empty()) t.pass(100ms);
    waits.push_back(t.now() - asked);
  }
  BOOST_TEST((waits == std::vector<std::chrono::nanoseconds>{1s, 2s, 4s, 5s, 5s}));
  t.available({}, 0);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(rows_that_others_released_are_claimed) {
  auto t = used_up();
  t.available({{0, 2, 0}}, 0);
  t.page(2, true);
  t.one_success();
  const auto last = t.next<send_call>();
  t.quiet();
  t.finish(last, ok());
  t.recorded(outcome::created);
  t.pass(1s);
  t.next<look_for_rows>();  // others may have released more since
  t.available({}, 0);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_new_organizer_joins_the_round) {
  auto t = used_up();
  t.available({{9, 1, 0}}, 0);
  const auto claim = t.next<fetch_rows>();
  BOOST_TEST(claim.pages.at(0).organizer == 9U);
  t.arrive(false, {{9, {{50, 50, 9, 1, 0}}, true}});
  BOOST_TEST(t.next<send_call>().row == 50U);
}

BOOST_AUTO_TEST_CASE(a_lane_that_began_with_nothing_requests_its_token_when_rows_come) {
  script t(std::vector<organizer_setup>{}, following());
  t.next<look_for_rows>();
  t.quiet();
  t.available({{4, 1, 0}}, 0);
  t.next<refresh_token>();
  t.quiet();
  t.token(1);
  t.next<fetch_rows>();
}

BOOST_AUTO_TEST_CASE(rows_that_became_stale_wait_an_attempt_timeout) {
  auto t = used_up();
  t.pass(5min);  // the wait of the beginning is over
  t.available({{0, 0, 2}}, 0);
  t.pass(20s - 1ns);
  t.quiet();
  t.pass(1ns);
  BOOST_TEST(t.next<fetch_rows>().stale);
}

BOOST_AUTO_TEST_CASE(fresh_rows_go_before_stale_ones) {
  auto t = used_up();
  t.pass(5min);
  t.available({{0, 0, 1}, {3, 1, 0}}, 0);
  t.page(1, true);
  t.one_success();
  t.pass(20s);
  BOOST_TEST(t.next<fetch_rows>().stale);
}

BOOST_AUTO_TEST_CASE(an_organizer_that_was_closed_is_tried_again_when_it_has_rows) {
  auto t = script::started({20}, 1, shared());
  for (int i = 0; i < 2; ++i) {
    auto refused = http(403, "Forbidden");
    t.finish(t.next<send_call>(), refused);
    t.pass(10s);
    if (!t.all<look_for_rows>().empty()) break;
  }
  t.all<record_outcome>();
  for (const auto& c : t.all<close_organizer>()) t.closed(c.organizer, 1);
  t.all<look_for_rows>();
  t.available({{0, 1, 0}}, 0);
  const auto claims = t.all<fetch_rows>();
  BOOST_REQUIRE(claims.size() == 1);
  BOOST_TEST(claims[0].pages.at(0).organizer == 0U);
}

BOOST_AUTO_TEST_CASE(a_follower_never_ends_by_itself) {
  auto t = used_up(following());
  t.available({}, 0);
  for (int i = 0; i < 10; ++i) {
    t.pass(5s);
    t.next<look_for_rows>();
    t.quiet();
    t.available({}, 0);
  }
  t.stop(stop_reason::interrupted);
  t.over(stop_reason::interrupted);
}

BOOST_AUTO_TEST_CASE(a_long_cooldown_ends_the_run_and_what_is_claimed_is_released_first) {
  auto t = script::started({3}, 1, shared());
  t.finish(t.next<send_call>(), throttling(2h));
  t.next<save_cooldown>();
  // Others would wait for these rows.
  for (int i = 0; i < 3; ++i) t.released(false);
  t.pass(1s);
  t.all<look_for_rows>();
  t.available({}, 0);
  t.all<look_for_rows>();
  const auto f = t.over(stop_reason::deferred);
  BOOST_TEST((f.come_back.value() > 119min));
}

BOOST_AUTO_TEST_CASE(a_follower_waits_for_the_end_of_a_long_cooldown) {
  auto t = script::started({3}, 1, following());
  t.finish(t.next<send_call>(), throttling(2h));
  t.next<save_cooldown>();
  t.pass(20min);
  t.all<look_for_rows>();
  t.quiet();
}

BOOST_AUTO_TEST_CASE(without_other_workers_nothing_is_looked_for) {
  auto t = script::started({1}, 1);
  t.finish(t.next<send_call>(), ok());
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

// ---- cooldowns

BOOST_AUTO_TEST_CASE(an_announced_cooldown_closes_the_lane_and_is_not_saved_again) {
  auto t = script::started({3}, 1, shared());
  const auto a = t.next<send_call>();
  t.announce({}, t.now() + 30s);
  t.finish(a, ok());
  t.recorded(outcome::created);
  t.pass(30s - 1ns);
  t.quiet();
  t.pass(1ns);
  t.next<send_call>();
  t.quiet();
}

BOOST_AUTO_TEST_CASE(an_announced_cooldown_of_an_organizer_closes_that_one_only) {
  auto t = script::started({2, 2}, 1, shared());
  const auto a = t.next<send_call>();
  t.announce(1, t.now() + 30s);
  t.finish(a, ok());
  t.recorded(outcome::created);
  const auto other = t.next<send_call>();
  BOOST_TEST(other.row == 2U);
  t.finish(other, ok());
  t.all<look_for_rows>();
  t.recorded(outcome::created);
  t.pass(29s);
  t.all<look_for_rows>();
  t.quiet();
  t.pass(1s);
  t.all<look_for_rows>();
  BOOST_TEST(t.next<send_call>().row == 3U);
}

BOOST_AUTO_TEST_CASE(an_announced_cooldown_of_an_organizer_without_rows_is_kept_for_later) {
  auto t = used_up();
  t.announce(8, t.now() + 30s);
  t.available({{8, 1, 0}}, 0);
  t.pass(29s);
  t.all<look_for_rows>();
  t.quiet();
  t.pass(1s);
  t.all<look_for_rows>();
  t.next<fetch_rows>();
}

BOOST_AUTO_TEST_CASE(an_announced_cooldown_longer_than_the_limit_is_cut) {
  auto t = script::started({3}, 1, following());
  const auto a = t.next<send_call>();
  t.announce({}, t.now() + 48h);
  t.next<cooldown_cut>();
  t.finish(a, ok());
  t.recorded(outcome::created);
  BOOST_TEST((t.numbers().cooldown_until.value() == t.now() + 24h));
}

// ---- the rate

namespace {

settings paced() {
  settings s;
  s.shared = true;
  s.rate = 100;
  s.start_rate = 40;
  s.organizer_concurrency = 100;
  s.connections = 100;
  return s;
}

lane_share followed(double rate, double part, mono_time until = mono_time::max()) {
  return {.leads = false, .part = part, .safe_part = part / 2, .until = until, .rate = rate, .learnt = learnt_pace{rate, rate * 1.03, 0}};
}

// Calls granted in that time.
std::size_t calls_in(script& t, std::chrono::nanoseconds d) {
  t.all<send_call>();
  t.pass(d);
  return t.all<send_call>().size();
}

script paced_script() {
  return script::started({1000}, 100, paced());
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_worker_calls_at_its_part_of_the_published_rate) {
  auto t = paced_script();
  t.share(followed(20, 0.25));
  const auto calls = calls_in(t, 8s);
  BOOST_TEST(calls >= 38U);
  BOOST_TEST(calls <= 41U);
  BOOST_TEST(t.numbers().rate == 5.0);
}

BOOST_AUTO_TEST_CASE(without_a_new_share_it_falls_back_to_the_safe_part) {
  auto t = paced_script();
  t.share(followed(20, 0.5, t.now() + 2s));
  t.pass(2s);
  const auto calls = calls_in(t, 8s);
  BOOST_TEST(calls >= 38U);
  BOOST_TEST(calls <= 41U);
  t.share(followed(20, 0.1, t.now() + 60s));
  BOOST_TEST(calls_in(t, 10s) <= 21U);
}

BOOST_AUTO_TEST_CASE(without_a_part_nothing_is_sent) {
  auto t = paced_script();
  t.share(followed(20, 0));
  BOOST_TEST(calls_in(t, 60s) == 0U);
  t.share(followed(20, 0.5));
  BOOST_TEST(calls_in(t, 4s) >= 38U);
}

BOOST_AUTO_TEST_CASE(after_a_throttle_a_higher_rate_is_not_followed_before_a_lower_one_is_published) {
  auto t = paced_script();
  t.all<send_call>();
  auto share = followed(30, 0.5);
  share.learnt->rate = 20;
  t.share(share);
  t.pass(1s);
  const auto calls = t.all<send_call>();
  t.finish(calls.back(), throttling(1s));
  t.all<save_cooldown>();
  BOOST_TEST(t.numbers().rate == 10.0);
  share.rate = 31;
  t.share(share);
  BOOST_TEST(t.numbers().rate == 10.0);
  share.rate = 25;
  t.share(share);
  BOOST_TEST(t.numbers().rate == 12.5);
}

BOOST_AUTO_TEST_CASE(a_report_says_what_happened_since_the_last_one) {
  auto t = paced_script();
  t.share(followed(30, 0.5));
  (void)t.report();
  t.pass(1s);
  const auto calls = t.all<send_call>();
  for (std::size_t i = 0; i + 1 < calls.size(); ++i) t.finish(calls[i], ok());
  t.finish(calls.back(), throttling(1s));
  const auto said = t.report();
  BOOST_TEST(said.calls + 1 >= calls.size());  // the first ones were made before
  BOOST_TEST(said.successes == calls.size() - 1);
  BOOST_REQUIRE(said.throttles.size() == 1);
  BOOST_TEST((said.throttles[0].until > t.now() + 1s));
  BOOST_TEST(said.rate == 0.0);  // it does not lead
  BOOST_TEST(!said.learnt.has_value());
  const auto again = t.report();
  BOOST_TEST(again.calls == 0U);
  BOOST_TEST(again.throttles.empty());
}

BOOST_AUTO_TEST_CASE(what_a_worker_wants) {
  auto t = paced_script();
  t.share(followed(30, 0.5));
  (void)t.report();
  t.pass(2s);
  BOOST_TEST(t.report().wants == 100.0);  // its part is used up, so as much as it may have

  auto slow = script::started({1000}, 1, paced());
  slow.share(followed(30, 0.5));
  slow.pass(2s);
  (void)slow.report();
  slow.finish(slow.next<send_call>(), ok());
  slow.pass(2s);
  const auto wants = slow.report().wants;  // its connection is busy
  BOOST_TEST(wants >= 1);
  BOOST_TEST(wants < 5);

  auto none = used_up();
  BOOST_TEST(none.report().wants == 0.0);
}

BOOST_AUTO_TEST_CASE(the_worker_that_leads_learns_of_the_throttles_of_others) {
  auto t = paced_script();
  t.share({.leads = true, .part = 0.5, .safe_part = 0.25});
  (void)t.report();
  t.pass(1s);
  const auto before = t.report().rate;
  t.share({.leads = true, .part = 0.5, .safe_part = 0.25, .calls = 20, .throttles = {{t.now() - 500ms, t.now() + 500ms}}});
  const auto after = t.report();
  BOOST_TEST(after.rate < 0.6 * before);
  BOOST_TEST(after.learnt.has_value());
  // A second one of the same cooldown, or of calls that did not know of the change, changes nothing.
  t.share({.leads = true, .part = 0.5, .safe_part = 0.25, .calls = 20, .throttles = {{t.now() - 200ms, t.now() + 800ms}}});
  BOOST_TEST(t.report().rate == after.rate);
}

BOOST_AUTO_TEST_CASE(a_worker_that_begins_to_lead_goes_on_where_the_last_one_was) {
  auto t = paced_script();
  t.share(followed(30, 0.5));
  BOOST_TEST(t.report().rate == 0.0);
  t.share({.leads = true, .part = 0.5, .safe_part = 0.25, .rate = 30, .learnt = learnt_pace{30, 31, 2}});
  const auto said = t.report();
  BOOST_TEST(said.rate == 30.0);
  BOOST_REQUIRE(said.learnt.has_value());
  BOOST_TEST(said.learnt->rate == 30.0);
  BOOST_TEST(said.learnt->refused == 31.0);
}

namespace {

// What one engine does in a run with throttles, errors and a pace. `exchange`: it gets the events of a worker that is alone.
std::vector<std::string> deeds(bool exchange) {
  settings s;
  s.rate = 200;
  auto now = mono_time{} + 1000s;
  engine e(s, {lane_setup{.lane = 0, .organizers = {{0, 900, 0}, {1, 900, 0}}, .cooldowns = {}}}, now);
  std::vector<std::string> seen;
  std::vector<send_call> in_flight;
  std::map<organizer_id, row_id> next{{0, 1}, {1, 1'000'001}};
  std::uint64_t calls = 0;
  const auto carry_out = [&] {
    for (auto& a : e.take_actions()) {
      if (std::holds_alternative<wake_at>(a)) continue;
      auto line = std::to_string(now.time_since_epoch().count()) + ' ' + name_of(a);
      if (const auto* c = std::get_if<send_call>(&a)) in_flight.push_back(*c), line += ' ' + std::to_string(c->row);
      if (const auto* p = std::get_if<save_pace>(&a)) line += ' ' + std::to_string(p->pace.rate);
      if (const auto* c = std::get_if<save_cooldown>(&a)) line += ' ' + std::to_string(c->until.time_since_epoch().count());
      if (const auto* r = std::get_if<record_outcome>(&a)) e.committed(std::vector{r->row}, {}, now);
      if (const auto* f = std::get_if<fetch_rows>(&a)) {
        std::vector<claimed_page> pages;
        for (const auto& p : f->pages) {
          auto& page = pages.emplace_back(claimed_page{p.organizer, {}, false});
          for (auto n = p.count; n > 0; --n, ++next[p.organizer])
            page.rows.push_back({next[p.organizer], next[p.organizer], p.organizer, 1, 0});
        }
        e.rows_arrived(0, false, pages, now);
      }
      seen.push_back(std::move(line));
    }
  };
  carry_out();
  e.token_ready(0, 1, now);
  for (connection_id c = 0; c < 16; ++c) e.connection_ready(0, c, false, now);
  for (int step = 0; step < 12'000; ++step, now += 5ms) {
    if (step % 200 == 0 && !exchange) {
      e.tick(now);
    } else if (step % 200 == 0) {
      const auto said = e.report(0, now);
      e.lease_until(now + 60s, now);
      e.share_changed(0, {.until = now + 5s, .rate = said.rate, .learnt = said.learnt}, now);
    }
    if (step % 4 == 0)
      for (const auto& c : std::exchange(in_flight, {})) {
        ++calls;
        e.answered(c.row, calls % 211 == 0 ? throttling(1s) : calls % 97 == 0 ? http(500) : ok(), now);
        e.connection_ready(0, c.connection, true, now);
      }
    e.tick(now);
    for (int i = 0; i < 3; ++i) carry_out();
  }
  return seen;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_worker_that_is_alone_does_exactly_the_same_as_without_sharing) {
  const auto alone = deeds(false), sharing = deeds(true);
  BOOST_TEST(alone.size() > 3000U);
  BOOST_TEST((alone == sharing));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
