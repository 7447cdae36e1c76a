// What a PostgreSQL store adds to the conformance suite: lost connections, plans at the same time, rehearsals.

#include <atomic>
#include <thread>

#include "ledger/postgres_database.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

// Ends all other connections to the database.
void cut_connections(const postgres_database& at) {
  at.ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postgres_stores)

BOOST_AUTO_TEST_CASE(a_plan_whose_connection_is_lost_leaves_nothing) {
  const postgres_database at;
  const auto s = at.open();
  for (const bool before_classify : {true, false}) {
    auto planning = must(s->begin_plan(header()));
    must(planning->add_rows({row(2, 1, "a"), row(3, 1, "b")}));
    if (!before_classify) must(planning->classify(before_any_meeting));
    cut_connections(at);
    const auto failed = before_classify ? planning->classify(before_any_meeting).error() : planning->commit(true).error();
    BOOST_TEST((failed.code == errc::storage));
    planning.reset();
    BOOST_TEST(at.ask("SELECT count(*) FROM convoke.run") == "0");
  }
  BOOST_TEST(plan(*s, header(), {row(2, 1, "a")}).summary.calls == 1U);
}

// It could take rows over that a plan ends too.
BOOST_AUTO_TEST_CASE(rows_that_wait_are_not_ended_while_a_plan_is_under_way) {
  const postgres_database at;
  const auto s = at.open();
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b")}).id;
  at.ask("UPDATE convoke.owed SET operation = 6 WHERE number = 3");
  finish(*s, {ended(claim_first(*s, run).rows.at(0), outcome::failed)});
  auto planner = at.connect();
  must(planner.begin());
  must(planner.run("SELECT pg_advisory_xact_lock(1668247158, 1)"));
  BOOST_TEST((must(s->finish_run(run)) == run_state::open));
  BOOST_TEST(at.ask("SELECT count(*) FROM convoke.owed") == "1");
  planner.roll_back();
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  BOOST_TEST(at.ask("SELECT count(*) FROM convoke.owed") == "0");
}

BOOST_AUTO_TEST_CASE(a_plan_that_lost_its_connection_changes_no_other_run) {
  const postgres_database at;
  const auto s = at.open();
  const auto first = plan(*s, header(), {row(2, 1, "a")}).id;
  auto planning = must(s->begin_plan(header("two")));
  must(planning->add_rows({row(2, 1, "a", 1), wrong_row(3, "wrong")}));
  must(planning->classify(before_any_meeting));
  cut_connections(at);
  BOOST_TEST(!planning->for_each_rejected([](std::uint32_t, std::string_view, std::string_view) {}).has_value());
  BOOST_TEST(!planning->commit(true).has_value());
  planning.reset();
  BOOST_TEST(at.ask("SELECT run FROM convoke.owed") == std::to_string(first));
  BOOST_TEST(at.ask("SELECT count(*) FROM convoke.outcome") == "0");
}

BOOST_AUTO_TEST_CASE(an_idle_connection_that_was_lost_is_replaced_for_a_plan) {
  const postgres_database at;
  const auto s = at.open();
  cut_connections(at);
  BOOST_TEST(plan(*s, header(), {row(2, 1, "a")}).summary.calls == 1U);
  cut_connections(at);
  must(s->discard(1));
}

BOOST_AUTO_TEST_CASE(plans_at_the_same_time_follow_each_other) {
  const postgres_database at;
  constexpr unsigned count = 4;
  {
    std::vector<std::jthread> all;
    for (unsigned n = 0; n < count; ++n) {
      all.emplace_back([&, n] {
        const auto s = at.open();
        std::vector<planned_row> rows;
        for (unsigned i = 0; i < 200; ++i) rows.push_back(row(2 + i, i % 5, "id-" + std::to_string(i), n));
        plan(*s, header("plan " + std::to_string(n)), std::move(rows));
      });
    }
  }
  BOOST_TEST(at.ask("SELECT count(*) FROM convoke.run") == std::to_string(count));
  BOOST_TEST(at.ask("SELECT count(*) FROM convoke.inventory") == "200");
  BOOST_TEST(at.ask("SELECT count(*) FROM convoke.owed") == "200");
  BOOST_TEST(at.ask("SELECT count(DISTINCT run) FROM convoke.owed") == "1");
  BOOST_TEST(at.ask("SELECT sum(n) FROM convoke.tally WHERE outcome = 8") == std::to_string(200 * (count - 1)));
}

BOOST_AUTO_TEST_CASE(a_row_that_takes_over_a_held_row_inherits_its_token_and_its_session) {
  const postgres_database at;
  const auto s = at.open();
  const auto first = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b")}).id;
  at.ask("UPDATE convoke.owed SET token = 77, session = 7 WHERE number = 2");
  const auto second = plan(*s, header("two"), {row(2, 1, "a", 1), row(3, 1, "b", 1)}).id;
  BOOST_TEST(first != second);
  BOOST_TEST(at.ask("SELECT string_agg(concat_ws(' ', run, number, token, session), ', ' ORDER BY number) FROM convoke.owed") ==
             "2 2 77 7, 2 3 0 0");
}

BOOST_AUTO_TEST_CASE(a_rehearsal_makes_no_ledger) {
  const postgres_database at;
  {
    const auto s = at.open({.program_version = "test", .rehearsal = true});
    for (int i = 0; i < 2; ++i) {
      const auto planning = must(s->begin_plan(header()));
      must(planning->add_rows({row(2, 1, "a"), wrong_row(3, "wrong")}));
      const auto summary = must(planning->classify(before_any_meeting));
      BOOST_TEST(summary.calls == 1U);
      BOOST_TEST(summary.rejected == 1U);
      std::size_t rejected = 0;
      must(planning->for_each_rejected([&](std::uint32_t, std::string_view, std::string_view) { ++rejected; }));
      BOOST_TEST(rejected == 1U);
      BOOST_TEST(!must(s->read()->find(header().identity)).has_value());
      BOOST_TEST(must(s->read()->memory(header().lanes.front())).cooldowns.empty());
    }
  }
  BOOST_TEST(at.ask("SELECT to_regnamespace('convoke') IS NULL") == "true");
}

BOOST_AUTO_TEST_CASE(a_rehearsal_writes_nothing_to_a_ledger) {
  const postgres_database at;
  const auto s = at.open();
  plan(*s, header(), {row(2, 1, "a")});
  {
    const auto dry = at.open({.program_version = "test", .rehearsal = true});
    const auto planning = must(dry->begin_plan(header("two")));
    must(planning->add_rows({row(2, 1, "a", 1), row(3, 2, "b")}));
    const auto summary = must(planning->classify(before_any_meeting));
    BOOST_TEST(summary.calls == 2U);
    BOOST_TEST(summary.superseded == 1U);
    must(planning->commit(true));
  }
  BOOST_TEST(at.ask("SELECT count(*) FROM convoke.run") == "1");
  BOOST_TEST(at.ask("SELECT count(*) FROM convoke.organizer") == "1");
  BOOST_TEST(at.ask("SELECT run FROM convoke.owed") == "1");
  BOOST_TEST(plan(*s, header("three"), {row(2, 1, "a", 2)}).summary.superseded == 1U);
}

BOOST_AUTO_TEST_CASE(a_plan_that_waits_for_another_one_can_be_interrupted) {
  const postgres_database at;
  const auto s = at.open();
  const auto planning = must(s->begin_plan(header()));
  std::atomic<bool> stop{false};
  const auto other = at.open({.program_version = "test", .interrupted = [&] { return stop.load(); }});
  std::jthread later([&] {
    auto admin = at.connect();
    const auto waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
    while (must(admin.run(waits)).integer(0, 0) == 0) std::this_thread::yield();
    stop = true;
  });
  const auto refused = other->begin_plan(header("two"));
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::interrupted));
}

BOOST_AUTO_TEST_SUITE_END()
