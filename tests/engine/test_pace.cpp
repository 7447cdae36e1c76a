// The control law by itself, in virtual time, against limits that it does not know.

#include "engine/pace.hpp"

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <deque>
#include <optional>
#include <random>
#include <string>

namespace convoke::engine {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t plenty = 1'000'000'000;

double seconds(std::chrono::nanoseconds d) {
  return static_cast<double>(d.count()) * 1e-9;
}

// A bucket of `depth` tokens that fills by `rate` a second, one second of Retry-After, and a round trip between call and answer.
struct bucket {
  double rate = 50, depth = 5;
  std::chrono::nanoseconds round_trip = 50ms;
  double chance = 0;  // that a call is refused for no reason
  std::uint64_t seed = 1;
};

// A lane that always has work, with as many connections as it likes.
class course {
 public:
  course(const bucket& b, const settings& s, std::optional<remembered_pace> learnt = std::nullopt)
      : limit(b), tokens_(b.depth), law(s, learnt, start) {}

  // Runs until `end` after the start; returns how many calls were accepted.
  std::uint64_t carry_out(std::chrono::nanoseconds end, std::uint64_t work = plenty) {
    const auto before = accepted;
    while (now < start + end) {
      while (!answers_.empty() && answers_.front().at <= now) answer();
      law.advance(now, work > accepted ? work - accepted : 0);
      if (now >= cooldown_ && law.next(now) <= now) call();
      auto next = std::min(now + 20ms, std::max(cooldown_, law.next(now)));
      if (!answers_.empty()) next = std::min(next, answers_.front().at);
      now = std::max(next, now + 1us);
    }
    return accepted - before;
  }
  double share(std::chrono::nanoseconds end, std::chrono::nanoseconds length) {
    (void)carry_out(end);
    return static_cast<double>(carry_out(end + length)) / (limit.rate * seconds(length));
  }

  static constexpr mono_time start{1000s};
  mono_time now = start;
  bucket limit;
  bool perhaps_one_organizers = false;
  std::uint64_t calls = 0, accepted = 0, refused = 0, cooldowns = 0, early = 0;

 private:
  struct reply {
    mono_time at, sent;
    bool refused;
  };
  void call() {
    law.take(now);
    ++calls;
    if (now < announced_) ++early;
    tokens_ = std::min(limit.depth, tokens_ + limit.rate * seconds(now - filled_));
    filled_ = now;
    const bool ok = (tokens_ >= 1 || limit.rate == 0) && part_(random_) >= limit.chance;
    if (ok) --tokens_;
    ++(ok ? accepted : refused);
    answers_.push_back({now + limit.round_trip, now, !ok});
  }
  void answer() {
    const auto r = answers_.front();
    answers_.pop_front();
    if (!r.refused) return law.on_success(r.sent, now);
    announced_ = std::max(announced_, now + 1s);
    cooldown_ = std::max(cooldown_, now + 1050ms);
    if (r.sent <= counted_) return law.on_echo();
    counted_ = now;
    ++cooldowns;
    law.on_throttle(r.sent, now, cooldown_, perhaps_one_organizers);
  }

  double tokens_;
  mono_time filled_ = start, cooldown_ = start, announced_ = start, counted_ = mono_time::min();
  std::deque<reply> answers_;
  std::mt19937_64 random_{limit.seed};
  std::uniform_real_distribution<double> part_{0, 1};

 public:
  pace law;
};

settings at_most(double rate) {
  settings s;
  s.rate = rate;
  return s;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pace_law)

BOOST_AUTO_TEST_CASE(the_start_doubles_every_half_second_up_to_the_ceiling) {
  course c({.rate = 1e6, .depth = 1e6}, at_most(300));
  BOOST_TEST(c.law.rate() == 10.0);
  (void)c.carry_out(1s);
  BOOST_TEST(c.law.rate() > 35);
  BOOST_TEST(c.law.rate() < 45);
  BOOST_TEST(c.law.learning());
  BOOST_TEST(!c.law.learnt().has_value());
  (void)c.carry_out(15s);
  BOOST_TEST(c.law.rate() == 300.0);
  // Nothing was refused at the ceiling: worth knowing tomorrow.
  BOOST_TEST(c.law.learnt().value().rate == 300.0);
}

BOOST_AUTO_TEST_CASE(a_lane_without_work_does_not_speed_up) {
  pace law(at_most(300), std::nullopt, course::start);
  auto now = course::start;
  for (int i = 0; i < 600; ++i) {  // a call a second
    if (i % 20 == 0) law.take(now);
    now += 50ms;
    law.advance(now, plenty);
  }
  BOOST_TEST(law.rate() < 30);
}

BOOST_AUTO_TEST_CASE(a_fixed_rate_stays) {
  auto s = at_most(80);
  s.fixed_rate = true;
  course c({.rate = 20, .depth = 1}, s);
  (void)c.carry_out(30s);
  BOOST_TEST(c.law.rate() == 80.0);
  BOOST_TEST(c.early == 0U);
  BOOST_TEST(!c.law.learnt().has_value());
}

BOOST_DATA_TEST_CASE(a_limit_is_found_and_held, boost::unit_test::data::make({3.0, 10.0, 50.0, 400.0}), rate) {
  course c({.rate = rate, .depth = std::max(2.0, rate / 10)}, at_most(1000));
  BOOST_TEST(c.share(60s, 600s) > 0.95);
  BOOST_TEST(c.early == 0U);
  const auto known = c.law.learnt().value();
  BOOST_TEST(known.rate > 0.9 * rate);
  BOOST_TEST(known.rate < 1.03 * rate);
}

BOOST_AUTO_TEST_CASE(few_calls_are_throttled_once_it_is_settled) {
  course c({.rate = 50, .depth = 5}, at_most(500));
  (void)c.carry_out(60s);
  const auto calls = c.calls, refused = c.refused;
  (void)c.carry_out(660s);
  BOOST_TEST(static_cast<double>(c.refused - refused) < 0.01 * static_cast<double>(c.calls - calls));
}

BOOST_AUTO_TEST_CASE(the_next_run_starts_where_the_last_one_ended) {
  course first({.rate = 50, .depth = 5}, at_most(500));
  (void)first.carry_out(60s);
  const auto known = first.law.learnt().value();
  course second({.rate = 50, .depth = 5}, at_most(500), remembered_pace{known, 23h});
  BOOST_TEST(second.law.rate() == known.rate);
  BOOST_TEST(!second.law.learning());
  // A minute's work is not worth a probe.
  const auto accepted = second.carry_out(60s, 3000);
  BOOST_TEST(accepted > 0.95 * 3000);
  BOOST_TEST(second.cooldowns <= 1U);
}

BOOST_AUTO_TEST_CASE(what_was_learnt_long_ago_counts_half) {
  pace law(at_most(500), remembered_pace{{.rate = 60, .refused = 61, .credit = 3}, 37h}, course::start);
  BOOST_TEST(law.rate() == 30.0);
  pace ceiling(at_most(20), remembered_pace{{.rate = 60, .refused = 61, .credit = 3}, 1h}, course::start);
  BOOST_TEST(ceiling.rate() == 20.0);
}

BOOST_AUTO_TEST_CASE(values_from_the_ledger_that_are_no_rates_are_ignored) {
  pace law(at_most(500), remembered_pace{{.rate = -1, .refused = 0, .credit = 0}, 1h}, course::start);
  BOOST_TEST(law.rate() == 10.0);
  BOOST_TEST(law.learning());
}

BOOST_AUTO_TEST_CASE(a_limit_that_halves_is_found_again) {
  course c({.rate = 80, .depth = 8}, at_most(500));
  (void)c.carry_out(60s);
  c.limit.rate = 40;
  c.limit.depth = 4;
  BOOST_TEST(c.share(75s, 60s) > 0.9);
  BOOST_TEST(c.early == 0U);
}

BOOST_AUTO_TEST_CASE(a_limit_that_doubles_is_found_by_a_probe) {
  course c({.rate = 40, .depth = 4}, at_most(500));
  (void)c.carry_out(60s);
  c.limit.rate = 80;
  c.limit.depth = 8;
  BOOST_TEST(c.share(105s, 60s) > 0.9);
}

BOOST_AUTO_TEST_CASE(a_limit_that_disappears_leaves_the_ceiling) {
  course c({.rate = 40, .depth = 4}, at_most(300));
  (void)c.carry_out(60s);
  c.limit.rate = 1e6;
  c.limit.depth = 1e6;
  (void)c.carry_out(120s);
  BOOST_TEST(c.law.rate() == 300.0);
}

// One call in 333 at 200/s costs a cooldown of 1.05 s every 1.7 seconds: 0.61 of the limit is left.
BOOST_AUTO_TEST_CASE(throttles_by_chance_do_not_slow_it_down) {
  constexpr unsigned worlds = 10;
  double knowing = 0, unknowing = 0;
  for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
    course c({.rate = 200, .depth = 20, .chance = 0.003, .seed = seed}, at_most(500));
    knowing += c.share(120s, 180s) / worlds;
    BOOST_TEST(c.early == 0U);
    course all_attributed_to_organizers({.rate = 200, .depth = 20, .chance = 0.003, .seed = seed}, at_most(500));
    all_attributed_to_organizers.perhaps_one_organizers = true;
    unknowing += all_attributed_to_organizers.share(120s, 180s) / worlds;
  }
  BOOST_TEST_MESSAGE("share of the limit: " << knowing << ", and where every throttle reduces the pace: " << unknowing);
  BOOST_TEST(knowing > 0.45);
  BOOST_TEST(knowing > 1.5 * unknowing);
}

BOOST_AUTO_TEST_CASE(a_limit_that_halves_is_found_among_throttles_by_chance) {
  course c({.rate = 100, .depth = 10, .chance = 0.002}, at_most(500));
  (void)c.carry_out(120s);
  c.limit.rate = 50;
  c.limit.depth = 5;
  BOOST_TEST(c.share(180s, 180s) > 0.65);
  BOOST_TEST(c.law.rate() < 55);
}

BOOST_AUTO_TEST_CASE(no_probe_where_little_is_left_to_do) {
  course c({.rate = 50, .depth = 5}, at_most(500));
  (void)c.carry_out(40s, 0);
  const auto cooldowns = c.cooldowns;
  (void)c.carry_out(300s, 0);
  BOOST_TEST(c.cooldowns <= cooldowns + 1);
}

BOOST_AUTO_TEST_CASE(a_reduction_by_another_scopes_throttle_is_reverted) {
  pace law(at_most(100), remembered_pace{{.rate = 60, .refused = 62, .credit = 0}, 1h}, course::start);
  const auto before = law;
  law.take(course::start + 1s);
  law.on_throttle(course::start + 1s, course::start + 1100ms, course::start + 3s);
  BOOST_TEST(law.rate() < 60);
  law.restore(before, course::start + 10s);
  BOOST_TEST(law.rate() == 60.0);
}

// Whatever it was at, then and now: a trial of a faster rate among others.
BOOST_AUTO_TEST_CASE(a_reduction_is_reverted_from_any_phase_to_any_phase) {
  std::mt19937_64 random(1);
  std::exponential_distribution<double> calls(1 / 200.0);
  for (int life = 0; life < 300; ++life) {
    pace law(at_most(500), std::nullopt, course::start);
    auto earlier = law;
    auto now = course::start;
    for (int i = 0; i < 60; ++i) {
      for (auto n = calls(random); n > 0; --n) {
        now = std::max(now + 1us, law.next(now));
        law.advance(now, plenty);
        law.take(now);
      }
      const auto sent = now;
      now += 50ms;
      if (random() % 10 == 0) earlier = law;
      law.on_throttle(sent, now, now + 1s);
      now += 1s;
      law.advance(now, plenty);
      if (random() % 10 == 0) law.restore(earlier, now);
      BOOST_REQUIRE(law.rate() >= 0.5);
      BOOST_REQUIRE(law.rate() <= 500);
    }
  }
}

BOOST_AUTO_TEST_CASE(faults_slow_the_pace_and_never_stop_it) {
  pace law(at_most(100), remembered_pace{{.rate = 60, .refused = 62, .credit = 0}, 1h}, course::start);
  law.on_brake(course::start + 1s);
  BOOST_TEST(law.rate() == 42.0, boost::test_tools::tolerance(1e-6));
  for (int i = 0; i < 100; ++i) law.on_brake(course::start + 2s + i * 1s);
  BOOST_TEST(law.rate() == 0.5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine
