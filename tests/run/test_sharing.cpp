// A session under a lease: when it may send, what it says to the other workers and learns from them, and how it ends.

#include <boost/test/unit_test.hpp>

#include "run/driver_world.hpp"
#include "run/lane_terms.hpp"

using namespace convoke;
using namespace convoke::testing;
using state = fake_ledger::row_state;

namespace {

constexpr mono_time start{1000h};
constexpr unsigned seeds = 20;

// Slow enough to last for minutes.
world_plan shared_plan(unsigned seed = 1, unsigned rows = 400) {
  return {.seed = seed, .rows = rows, .connections = 2, .shared = true};
}

void slow_down(driver_world& world, double rate) {
  world.settings.pace.rate = rate;
}

// Notes when calls are made.
struct call_times {
  explicit call_times(driver_world& w) : world(w) {}
  void look() {
    for (; seen < world.calls; ++seen) at.push_back(world.clock.now() - start);
  }
  [[nodiscard]] std::size_t between(std::chrono::nanoseconds from, std::chrono::nanoseconds to) const {
    return static_cast<std::size_t>(std::ranges::count_if(at, [&](auto t) { return t > from && t < to; }));
  }
  driver_world& world;
  unsigned seen = 0;
  std::vector<std::chrono::nanoseconds> at;
};

// From then on nothing may be sent, and nothing more can be recorded.
void note_end_of_session(driver_world& world, std::string_view why) {
  world.storage_failed = world.storage_failed || std::ranges::count(world.watch.notes, why) > 0;
}

bool noted(const driver_world& world, std::string_view beginning) {
  return std::ranges::any_of(world.watch.notes, [&](const std::string& line) { return line.starts_with(beginning); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(driver_sharing)

BOOST_AUTO_TEST_CASE(a_worker_alone_carries_out_all_rows_as_without_a_lease) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      driver_world alone({.seed = seed, .shared = true}), without({.seed = seed});
      alone.run();
      without.run();
      BOOST_TEST((alone.result->reason == engine::stop_reason::finished), alone.result->detail);
      BOOST_TEST(alone.calls == without.calls);
      BOOST_TEST(alone.result->rows_ended == 24U);
      for (const auto& row : alone.ledger.rows()) BOOST_TEST((row.state == state::recorded));
      BOOST_TEST(without.ledger.shared.requests.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(the_lease_is_extended_in_time_and_the_lanes_are_exchanged_each_second) {
  driver_world world(shared_plan(1, 200));
  slow_down(world, 2);
  world.run();
  const auto& requests = world.ledger.shared.requests;
  BOOST_TEST(requests.size() >= 95U);
  BOOST_TEST(requests.size() <= 110U);
  const auto extended = std::ranges::count_if(requests, &ledger::renewal_request::extend);
  BOOST_TEST(extended >= 4);
  BOOST_TEST(extended <= 5);
  // All calls are reported, and none twice.
  std::uint64_t calls = 0;
  for (const auto& one : requests) calls += one.lanes.front().calls;
  BOOST_TEST(calls <= world.calls);
  BOOST_TEST(calls + 4 >= world.calls);
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_in_the_last_seconds_of_a_lease_that_is_not_renewed) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      driver_world world(shared_plan(seed));
      slow_down(world, 3);
      world.ledger.shared.answer = [](const auto&) -> result<ledger::renewal> { return fail(errc::busy, "the lease has ended"); };
      call_times calls(world);
      world.run([&] {
        calls.look();
        world.ledger.shared.answers = world.clock.now() > start + 100s;
        note_end_of_session(world, "the lease has ended");
      });
      BOOST_TEST(calls.between(0s, 55s) > 100U);
      BOOST_TEST(calls.between(55s, 200s) == 0U);
      BOOST_REQUIRE(world.result->session_over.has_value());
      BOOST_TEST(world.result->session_over->message == "the lease has ended");
    }
  }
}

BOOST_AUTO_TEST_CASE(after_a_heartbeat_that_failed_nothing_is_sent_until_one_succeeds) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      driver_world world(shared_plan(seed, 200));
      slow_down(world, 3);
      auto failed_at = 0ns, back_at = 0ns;
      world.ledger.shared.answer = [&](const ledger::renewal_request& wanted) -> result<ledger::renewal> {
        const auto now = world.clock.now() - start;
        if (now > 25s && now < 50s) {
          if (wanted.extend && failed_at == 0ns) failed_at = now;
          return fail(errc::storage, "the connection was closed");
        }
        if (wanted.extend && failed_at != 0ns && back_at == 0ns) back_at = now;
        return world.ledger.terms();
      };
      call_times calls(world);
      world.run([&] { calls.look(); });
      BOOST_TEST((failed_at != 0ns && failed_at < 28s));
      BOOST_TEST((back_at != 0ns && back_at < 53s));
      BOOST_TEST(calls.between(failed_at + 1s, back_at) == 0U);
      BOOST_TEST(calls.between(0s, 25s) > 20U);
      BOOST_TEST((world.result->reason == engine::stop_reason::finished));
      BOOST_TEST(noted(world, "The lease of this session could not be renewed, so nothing is sent until it is: the connection was closed"));
      BOOST_TEST(noted(world, "The lease is renewed again"));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_a_renewal_that_failed_was_to_deliver_comes_with_the_next_one) {
  driver_world world(shared_plan(1, 100));
  slow_down(world, 5);
  std::uint64_t delivered = 0;
  unsigned n = 0;
  world.ledger.shared.answer = [&](const ledger::renewal_request& wanted) -> result<ledger::renewal> {
    if (++n % 3 == 0) return fail(errc::storage, "no");
    delivered += wanted.lanes.front().calls;
    return world.ledger.terms();
  };
  world.run();
  BOOST_TEST(delivered <= world.calls);
  BOOST_TEST(delivered + 12 >= world.calls);
}

BOOST_AUTO_TEST_CASE(a_lease_that_ends_before_it_could_be_renewed_ends_the_session) {
  driver_world world(shared_plan());
  slow_down(world, 3);
  world.ledger.shared.answer = [](const auto&) -> result<ledger::renewal> { return fail(errc::storage, "no route to host"); };
  world.run([&] { note_end_of_session(world, "The lease of this session ended before it could be renewed: no route to host"); });
  BOOST_REQUIRE(world.result->session_over.has_value());
  BOOST_TEST((world.result->session_over->code == errc::busy));
  BOOST_TEST(world.result->session_over->message == "The lease of this session ended before it could be renewed: no route to host");
  BOOST_TEST((world.clock.now() - start < 63s));
}

BOOST_AUTO_TEST_CASE(a_cooldown_that_comes_with_a_write_closes_the_lane) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      driver_world world(shared_plan(seed, 100));
      slow_down(world, 5);
      auto closed_at = 0ns;
      call_times calls(world);
      world.run([&] {
        calls.look();
        const auto now = world.clock.now() - start;
        if (closed_at == 0ns && now > 5s && world.ledger.waiting()) {
          closed_at = now;
          world.ledger.shared.cooldowns = {{.lane = 0, .organizer = {}, .until = world.clock.wall_now() + 40s}};
        }
      });
      BOOST_TEST(calls.between(closed_at + 3s, closed_at + 40s) == 0U);
      BOOST_TEST((world.result->reason == engine::stop_reason::finished));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cooldown_that_comes_with_a_renewal_closes_an_organizer) {
  driver_world world(shared_plan(1, 90));
  slow_down(world, 5);
  bool announced = false;
  auto closed_at = 0ns;
  std::vector<std::chrono::nanoseconds> times;
  world.ledger.shared.answer = [&](const auto&) -> result<ledger::renewal> {
    auto out = world.ledger.terms();
    if (!std::exchange(announced, true)) {
      closed_at = world.clock.now() - start;
      out.cooldowns = {{.lane = 0, .organizer = 2, .until = world.clock.wall_now() + 60s}};
    }
    return out;
  };
  world.script = [&](const fake_link& link) -> std::optional<engine::answer> {
    if (world.ledger.rows()[link.row].organizer == 2) times.push_back(world.clock.now() - start);
    return std::nullopt;
  };
  world.run();
  BOOST_TEST(std::ranges::none_of(times, [&](auto t) { return t > closed_at + 2s && t < closed_at + 60s; }));
  BOOST_TEST(times.back() >= closed_at + 60s);
}

BOOST_AUTO_TEST_CASE(rows_that_others_hold_are_waited_for_and_taken_when_they_come_back) {
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      driver_world world({.seed = seed, .shared = true});
      for (std::size_t i = 0; i < 12; ++i) world.ledger.hold_elsewhere(world.ledger.rows()[i]);
      world.run([&] {
        if (world.clock.now() < start + 70s) return;
        for (std::size_t i = 0; i < 12; ++i) {
          auto& row = world.ledger.rows()[i];
          // Its holder ended half of them; the lease of the others ran out.
          if (row.state == state::elsewhere) row.state = i < 6 ? state::recorded : state::unclaimed;
        }
      });
      BOOST_TEST((world.result->reason == engine::stop_reason::finished));
      BOOST_TEST(world.calls == 18U);
      BOOST_TEST(world.ledger.shared.surveys > 1U);
      for (const auto& row : world.ledger.rows()) BOOST_TEST((row.state == state::recorded));
      BOOST_TEST(world.nothing_left == 1U);
    }
  }
}

// The last row of their run was ended by a worker that was killed then.
BOOST_AUTO_TEST_CASE(a_worker_that_follows_ends_rows_that_wait_for_a_row_of_another_worker) {
  driver_world world({.shared = true, .follow = true});
  unsigned before = 0, after_change = 0;
  world.run([&] {
    const auto now = world.clock.now();
    if (now > start + 300s && world.ledger.shared.waiting == 0) {
      before = world.nothing_left;
      world.ledger.shared.waiting = 3;
    }
    if (now > start + 600s && world.ledger.shared.waiting == 3) {
      after_change = world.nothing_left;
      world.ledger.shared.waiting = 2;
    }
    if (now > start + 630s && !world.drain.stop_requested()) world.drain.request_stop();
  });
  BOOST_TEST(before == 1U);
  // At once, then not more than once a minute.
  BOOST_TEST(after_change > before + 1);
  BOOST_TEST(after_change <= before + 6);
  BOOST_TEST(world.nothing_left == after_change + 1);
  BOOST_TEST(world.result->waiting == 2U);
}

BOOST_AUTO_TEST_CASE(a_worker_that_follows_waits_for_more_until_it_is_stopped) {
  driver_world world({.shared = true, .follow = true});
  for (std::size_t i = 0; i < 12; ++i) world.ledger.hold_elsewhere(world.ledger.rows()[i]);
  bool came = false;
  world.run([&] {
    if (!came && world.clock.now() > start + 300s) {
      came = true;
      for (std::size_t i = 0; i < 12; ++i) world.ledger.rows()[i].state = state::unclaimed;
    }
    if (world.clock.now() > start + 600s && !world.drain.stop_requested()) world.drain.request_stop();
  });
  BOOST_TEST((world.result->reason == engine::stop_reason::interrupted));
  BOOST_TEST(world.calls == 24U);
  BOOST_TEST(world.nothing_left == 1U);
}

BOOST_AUTO_TEST_CASE(a_lane_without_rows_opens_no_connection_before_rows_come) {
  driver_world world({.shared = true, .follow = true});
  for (auto& row : world.ledger.rows()) world.ledger.hold_elsewhere(row);
  bool came = false;
  world.run([&] {
    if (!came) BOOST_TEST(world.connects == 0U);
    if (!came && world.clock.now() > start + 100s) {
      came = true;
      for (auto& row : world.ledger.rows()) row.state = state::unclaimed;
    }
    if (world.clock.now() > start + 200s && !world.drain.stop_requested()) world.drain.request_stop();
  });
  BOOST_TEST(world.connects > 0U);
  BOOST_TEST(world.calls == 24U);
}

BOOST_AUTO_TEST_CASE(a_worker_that_does_not_lead_calls_at_its_part_of_the_published_rate) {
  driver_world world(shared_plan(1, 200));
  world.settings.pace.fixed_rate = false;
  world.settings.pace.rate = 500;
  world.ledger.shared.answer = [&](const auto&) -> result<ledger::renewal> {
    auto out = world.ledger.terms();
    out.lanes.front() = {.lane = 0, .leads = false, .part = 0.25, .safe_part = 0.125, .workers = 2, .rate = 20};
    return out;
  };
  call_times calls(world);
  world.run([&] { calls.look(); });
  const auto n = calls.between(10s, 30s);
  BOOST_TEST(n >= 90U);
  BOOST_TEST(n <= 105U);
  for (const auto& request : world.ledger.shared.requests)
    if (&request != &world.ledger.shared.requests.front()) BOOST_TEST(!request.lanes.front().leads.has_value());
}

BOOST_AUTO_TEST_CASE(the_worker_that_leads_publishes_the_rate_and_divides_it) {
  driver_world world(shared_plan(1, 100));
  slow_down(world, 10);
  world.ledger.shared.answer = [&](const auto&) -> result<ledger::renewal> {
    auto out = world.ledger.terms();
    out.lanes.front().part = 0.5;
    out.lanes.front().workers = 2;
    out.lanes.front().members = {{.session = world.ledger.opened().lease, .wants = 10, .part = 0.5},
                                 {.session = 77, .wants = 10, .part = 0.5}};
    return out;
  };
  world.run();
  const auto& last = world.ledger.shared.requests.back().lanes.front();
  BOOST_REQUIRE(last.leads.has_value());
  BOOST_TEST(last.leads->rate > 0);
  BOOST_REQUIRE(last.leads->grants.size() == 2U);
  const auto& other = last.leads->grants[0].session == 77 ? last.leads->grants[0] : last.leads->grants[1];
  BOOST_TEST(other.session == 77U);
  BOOST_TEST(other.part > 0.3);
}

// Another worker has to lead it then: this one would publish for ever what it knew when it stopped.
BOOST_AUTO_TEST_CASE(a_lane_that_stopped_is_reported_once_and_then_left) {
  driver_world world({.lanes = 2, .rows = 40, .connections = 2, .wrong_credentials = {0}, .shared = true});
  slow_down(world, 2);
  world.run();
  BOOST_REQUIRE(world.result->lanes.size() == 2U);
  BOOST_TEST((world.result->lanes[0].reason == engine::stop_reason::credentials));
  std::size_t with_both = 0;
  const auto& requests = world.ledger.shared.requests;
  for (const auto& one : requests) {
    const bool both = one.lanes.size() == 2;
    BOOST_TEST(one.lanes.back().lane == 1U);
    if (both) BOOST_TEST(one.lanes.front().wants == 0.0);
    with_both += both ? 1 : 0;
  }
  BOOST_TEST(requests.size() > 10U);
  BOOST_TEST(with_both >= 1U);
  BOOST_TEST(with_both <= 3U);
  BOOST_TEST(requests.front().lanes.size() == 2U);
  BOOST_TEST(requests.back().lanes.size() == 1U);
}

BOOST_AUTO_TEST_CASE(terms_are_translated_by_both_clocks) {
  const run::two_clocks at{.now = start, .wall = utc_time(std::chrono::seconds(1'790'000'000))};
  ledger::lane_terms terms{.lane = 0, .leads = false, .part = 0.5, .safe_part = 0.25, .rate = 40, .pace = ledger::lane_pace{40, 50, 3}};
  terms.throttles = {{.sent = at.wall - 2s, .until = at.wall + 8s}};
  const auto share = run::share_of(terms, start - 1s, at);
  BOOST_TEST((share.until == start + 4s));
  BOOST_TEST(share.part == 0.5);
  BOOST_TEST(share.learnt->refused == 50);
  BOOST_REQUIRE(share.throttles.size() == 1U);
  BOOST_TEST((share.throttles.front().sent == start - 2s));
  BOOST_TEST((share.throttles.front().until == start + 8s));
  BOOST_TEST((run::opens_at({.lane = 0, .organizer = {}, .until = at.wall + 10min}, 1min, at) == start + 2min));
  BOOST_TEST((run::opens_at({.lane = 0, .organizer = {}, .until = at.wall + std::chrono::years(9000)}, 1h, at) == start + 2h));
  BOOST_TEST((run::opens_at({.lane = 0, .organizer = {}, .until = at.wall + 10s}, 1min, at) == start + 10s));
  BOOST_TEST(!run::publication({.rate = 5}, false, {}, 1).has_value());
  BOOST_TEST(!run::publication({.rate = 0}, true, {}, 1).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
