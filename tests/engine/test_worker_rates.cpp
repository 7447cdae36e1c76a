// A worker's part of the rate of a lane, and what it reports to the others.

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "engine/script.hpp"

namespace convoke::engine::test {

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

BOOST_AUTO_TEST_SUITE(worker_rates)

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

// What it claims no other worker can send.
BOOST_AUTO_TEST_CASE(without_a_part_nothing_is_claimed) {
  script t({{0, 1000, 0}, {1, 0, 20}}, paced());
  t.lease(t.now() + 1h);
  t.share(followed(20, 0));
  t.next<refresh_token>();
  t.token(1);
  t.pass(1min);
  t.quiet();
  t.share(followed(20, 0.5));
  BOOST_TEST(t.next<fetch_rows>().pages.size() == 1U);
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

  auto none = script::started({1}, 1, paced());
  none.finish(none.next<send_call>(), ok());
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
