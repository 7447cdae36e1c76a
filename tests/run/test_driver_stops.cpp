// Stopping the driver in every phase: what is known is recorded, nothing is sent afterwards, nothing stays pending.

#include <thread>

#include <boost/test/unit_test.hpp>

#include "run/driver_world.hpp"

using namespace convoke;
using namespace convoke::testing;
using kind = fake_link::operation_kind;

namespace {

constexpr unsigned seeds = 60;

struct phase {
  const char* name;
  std::function<bool(const driver_world&)> reached;
};

const std::vector<phase>& phases() {
  static const std::vector<phase> all{
      {"at the first step", [](const driver_world&) { return true; }},
      {"connecting", [](const driver_world& w) { return w.links(kind::connecting) > 0; }},
      {"idle", [](const driver_world& w) { return w.idle() > 1; }},
      {"a call in flight", [](const driver_world& w) { return w.links(kind::calling) > 0; }},
      {"a commit under way", [](const driver_world& w) { return w.ledger.waiting() && w.calls > 0; }},
      {"without a token", [](const driver_world& w) { return w.tokens.front()->requested && w.calls > 0; }},
      {"calls made", [](const driver_world& w) { return w.calls > 15; }},
  };
  return all;
}

world_plan rough(unsigned seed) {
  return {.seed = seed,
          .connect_fails = 0.1,
          .stale = 0.05,
          .closed = 0.05,
          .times_out = 0.02,
          .unavailable = 0.05,
          .throttled = 0.05,
          .drifts = 0.2,
          .closes_idle = 0.02,
          .token_fails = 0.3,
          .token_expires = 0.01};
}

// Requests one stop when the phase is reached, and another one, where `second`, some steps later.
void stop_in(const phase& when, unsigned seed, std::stop_source driver_world::* first, bool second) {
  BOOST_TEST_CONTEXT(when.name << ", seed " << seed) {
    driver_world world(rough(seed));
    int left = -1;
    world.run([&] {
      if (left < 0 && when.reached(world)) {
        (world.*first).request_stop();
        left = static_cast<int>(world.below(6));
      } else if (second && left >= 0 && left-- == 0) {
        world.at_once.request_stop();
      }
    });
    BOOST_REQUIRE(world.result.has_value());
    if (left < 0) return;  // the run was over before
    BOOST_TEST((world.result->reason == engine::stop_reason::interrupted || world.result->reason == engine::stop_reason::finished));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(driver_stops)

BOOST_AUTO_TEST_CASE(a_drain_in_every_phase_lets_calls_finish_and_records_them) {
  for (const auto& when : phases())
    for (unsigned seed = 1; seed <= seeds; ++seed) stop_in(when, seed, &driver_world::drain, false);
}

BOOST_AUTO_TEST_CASE(a_second_stop_in_every_phase_leaves_at_once) {
  for (const auto& when : phases())
    for (unsigned seed = 1; seed <= seeds; ++seed) stop_in(when, seed, &driver_world::drain, true);
}

BOOST_AUTO_TEST_CASE(leaving_at_once_needs_no_drain_before) {
  for (const auto& when : phases())
    for (unsigned seed = 1; seed <= seeds; ++seed) stop_in(when, seed, &driver_world::at_once, false);
}

BOOST_AUTO_TEST_CASE(a_call_in_flight_at_a_stop_is_waited_for_and_no_other_begins) {
  driver_world world({.connections = 2});
  unsigned at_the_stop = 0;
  world.run([&] {
    if (world.links(kind::calling) == 2 && !world.drain.stop_requested()) {
      world.drain.request_stop();
      at_the_stop = world.calls;
    }
  });
  // One that was granted before the stop was carried out may still go out.
  BOOST_TEST(world.calls <= at_the_stop + 2);
  BOOST_TEST((world.result->reason == engine::stop_reason::interrupted));
  BOOST_TEST(world.watch.notes.size() == 1U);
  BOOST_TEST(world.watch.notes.front() == "Stopping: no new calls; those in flight may finish. A second signal leaves at once.");
  BOOST_REQUIRE(world.result->lanes.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stop_that_was_requested_before_the_run_opens_no_connection) {
  for (const bool leave : {false, true}) {
    driver_world world({});
    (leave ? world.at_once : world.drain).request_stop();
    world.run();
    BOOST_TEST(world.connects == 0U);
    BOOST_TEST(world.calls == 0U);
    BOOST_TEST((world.result->reason == engine::stop_reason::interrupted));
  }
}

BOOST_AUTO_TEST_CASE(the_note_names_a_second_stop_only_where_there_is_one) {
  driver_world world({});
  world.can_leave_at_once = false;
  world.run([&] {
    if (world.calls == 5) world.drain.request_stop();
  });
  BOOST_REQUIRE(world.watch.notes.size() == 1U);
  BOOST_TEST(world.watch.notes.front() == "Stopping: no new calls; those in flight may finish.");
}

BOOST_AUTO_TEST_CASE(a_stop_may_be_requested_on_another_thread) {
  driver_world world({});
  world.run([&] {
    if (world.calls == 5 && !world.drain.stop_requested()) std::thread([&] { world.drain.request_stop(); }).join();
  });
  BOOST_TEST((world.result->reason == engine::stop_reason::interrupted));
}

BOOST_AUTO_TEST_CASE(a_ledger_that_fails_ends_the_run_in_every_phase) {
  for (const auto& when : phases()) {
    for (unsigned seed = 1; seed <= seeds; ++seed) {
      BOOST_TEST_CONTEXT(when.name << ", seed " << seed) {
        driver_world world(rough(seed));
        bool failing = false;
        world.run([&] {
          if (!failing && when.reached(world)) {
            failing = true;
            world.ledger.fail_with("the disk is full");
          }
          // The driver knows with the first job that fails.
          world.storage_failed = world.storage_failed || std::ranges::count(world.watch.notes, "the disk is full") > 0;
        });
        BOOST_REQUIRE(world.result.has_value());
        if (world.storage_failed) {
          BOOST_TEST((world.result->reason == engine::stop_reason::storage));
          BOOST_TEST(world.result->detail == "the disk is full");
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_ledger_that_has_begun_another_session_of_the_run_is_no_storage_fault) {
  driver_world world({});
  world.run([&] {
    if (world.calls == 5) world.ledger.fail_with("the session of run 1 is over", errc::busy);
    world.storage_failed = world.storage_failed || !world.watch.notes.empty();
  });
  BOOST_REQUIRE(world.result->session_over.has_value());
  BOOST_TEST((world.result->session_over->code == errc::busy));
  BOOST_TEST(world.result->session_over->message == "the session of run 1 is over");
}

BOOST_AUTO_TEST_SUITE_END()
