// Copies between SQLite and PostgreSQL, in both directions.

#include <algorithm>

#include "ledger/copied_ledgers.hpp"
#include "ledger/postgres_database.hpp"
#include "ledger/raw_file.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

struct ledgers_of_both_kinds {
  temp_folder folder;
  postgres_database database;
  std::string from_path = folder.file("from.db"), back_path = folder.file("back.db");
  std::string from = "sqlite:" + from_path, back = "sqlite:" + back_path, server = database.url();
};

std::chrono::seconds apart(utc_time a, utc_time b) {
  return std::chrono::duration_cast<std::chrono::seconds>(a < b ? b - a : a - b);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(copy_to_postgres, ledgers_of_both_kinds)

BOOST_AUTO_TEST_CASE(a_round_trip_keeps_every_meeting_in_its_state) {
  make_all_states(from);
  const auto there = copy(from, server), and_back = copy(server, back);
  BOOST_TEST(there.keys == 14u);
  BOOST_TEST(there.added == 14u);
  BOOST_TEST(and_back.added == 14u);
  BOOST_TEST(there.source_digest == and_back.target_digest);
  const auto mine = inventory_of(from);
  BOOST_TEST(inventory_of(server) == mine, boost::test_tools::per_element());
  BOOST_TEST(inventory_of(back) == mine, boost::test_tools::per_element());
  for (const std::string state : {"satisfied", "drifted", "failed", "lost", "removed", "wanted"})
    BOOST_TEST(std::ranges::any_of(mine, [&](const auto& one) { return one.contains("|" + state + "|"); }), state);
  const auto lane = header().lanes[0];
  const auto had = must(must(read_ledger(from))->memory(lane));
  for (const auto& url : {server, back}) {
    const auto kept = must(must(read_ledger(url))->memory(lane));
    BOOST_TEST_REQUIRE(kept.learnt.has_value());
    BOOST_TEST((kept.learnt->pace == had.learnt->pace));
    BOOST_TEST((kept.learnt->saved_at == had.learnt->saved_at));
    BOOST_TEST_REQUIRE(kept.cooldowns.size() == 2u);
    for (std::size_t i = 0; i < 2; ++i) {
      // By way of the database's clock.
      BOOST_TEST(apart(kept.cooldowns[i].until, had.cooldowns[i].until).count() < 2);
      BOOST_TEST(kept.cooldowns[i].organizer == had.cooldowns[i].organizer);
    }
    BOOST_TEST(must(must(read_ledger(url))->inventory_feeds()).size() == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_plan_of_the_same_file_decides_the_same_in_postgres) {
  make_all_states(from);
  copy(from, server);
  const auto source = open_url(from), target = open_url(server);
  for (const unsigned version : {0u, 1u}) {
    const auto mine = would_plan(*source, version), other = would_plan(*target, version);
    BOOST_TEST(mine.unchanged == other.unchanged);
    BOOST_TEST(mine.drifted == other.drifted);
    BOOST_TEST(mine.calls == other.calls);
    BOOST_TEST(mine.new_keys == other.new_keys);
    BOOST_TEST(mine.changed_keys == other.changed_keys);
    BOOST_TEST(mine.retried_keys == other.retried_keys);
    BOOST_TEST(mine.vanished == other.vanished);
  }
}

BOOST_AUTO_TEST_CASE(a_plan_of_satisfied_meetings_owes_nothing_in_postgres_and_later_ones_forget_old_payloads) {
  make_large(from, 300);
  copy(from, server);
  const auto target = open_url(server);
  const auto rows = [](unsigned version) {
    std::vector<planned_row> out;
    for (unsigned i = 0; i < 300; ++i) out.push_back(row(i + 2, i % 50, "e" + std::to_string(i), version));
    return out;
  };
  const auto planned = plan(*target, header("large"), rows(0));
  BOOST_TEST(planned.summary.calls == 0u);
  BOOST_TEST(planned.summary.unchanged == 300u);
  carry_out(*target, plan(*target, header("changed"), rows(1)).id);
  must(target->prune(1));
  BOOST_TEST(database.ask("SELECT count(*)::text FROM convoke.record WHERE raw IS NULL") == "0");
}

BOOST_AUTO_TEST_CASE(a_copy_that_was_interrupted_is_completed_by_the_next_one) {
  make_large(from, 2500);
  const auto stopped = try_copy(from, server, [](const copy_progress& done) -> result<void> {
    if (done.keys < 2000) return {};
    return fail(errc::interrupted, "stop");
  });
  BOOST_TEST_REQUIRE(!stopped.has_value());
  BOOST_TEST(database.ask("SELECT count(*)::text FROM convoke.inventory") == "2048");
  BOOST_TEST(copy(from, server).added == 452u);
  BOOST_TEST(copy(from, server).added == 0u);
  BOOST_TEST(database.ask("SELECT count(*)::text FROM convoke.run") == "1");
  BOOST_TEST(copy(server, back).added == 2500u);
  BOOST_TEST(inventory_of(back) == inventory_of(from), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_copy_goes_on_after_its_connection_was_lost) {
  make_large(from, 2500);
  const auto copied = must(try_copy(from, server, [&](const copy_progress&) -> result<void> {
    database.ask(
        "SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity WHERE application_name = 'convoke copy' AND datname = "
        "current_database()");
    return {};
  }));
  BOOST_TEST(copied.added == 2500u);
  BOOST_TEST(copied.source_digest == copied.target_digest);
}

BOOST_AUTO_TEST_CASE(a_row_that_changes_after_it_was_copied_is_found_by_the_digests) {
  make_all_states(from);
  for (const char* damage : {"UPDATE convoke.observation SET pending = NOT pending WHERE state = 3",
                             "DELETE FROM convoke.inventory_key WHERE id = (SELECT max(id) FROM convoke.inventory)"}) {
    const postgres_database damaged;
    bool done = false;
    const auto found = try_copy(from, damaged.url(), [&](const copy_progress&) -> result<void> {
      if (!std::exchange(done, true)) damaged.ask(damage);
      return {};
    });
    BOOST_TEST_REQUIRE(!found.has_value(), damage);
    BOOST_TEST((found.error().code == errc::storage));
    BOOST_TEST(mentions(found.error(), "digest"), found.error().message);
  }
}

BOOST_AUTO_TEST_CASE(a_meeting_that_differs_in_the_target_is_refused_by_name) {
  make_all_states(from);
  copy(from, server);
  database.ask("UPDATE convoke.observation SET passcode = 'other' WHERE state = 2");
  const auto refused = try_copy(from, server);
  BOOST_TEST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::usage));
  BOOST_TEST(mentions(refused.error(), "'drifted'"), refused.error().message);
}

BOOST_AUTO_TEST_CASE(a_ledger_with_live_sessions_is_not_copied) {
  make_large(from, 3);
  copy(from, server);
  const auto s = open_url(server);
  const auto run = plan(*s, header("another"), {row(2, 1, "e-new")}).id;
  BOOST_TEST(mentions(try_copy(server, back).error(), "still owe calls"));
  must(s->resume(run));
  const auto refused = try_copy(server, back);
  BOOST_TEST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::busy));
}

BOOST_AUTO_TEST_SUITE_END()
