// Copies of ledgers: what is kept, what is refused, and copies that are interrupted.

#include <algorithm>
#include <filesystem>
#include <utility>

#include "ledger/copied_ledgers.hpp"
#include "ledger/raw_file.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

struct two_ledgers {
  temp_folder folder;
  std::string from_path = folder.file("from.db"), to_path = folder.file("to.db");
  std::string from = "sqlite:" + from_path, to = "sqlite:" + to_path;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(copy_of_a_ledger, two_ledgers)

BOOST_AUTO_TEST_CASE(a_copy_has_every_meeting_in_its_state_with_feeds_paces_and_cooldowns) {
  make_all_states(from);
  const auto copied = copy(from, to);
  BOOST_TEST(copied.keys == 14u);
  BOOST_TEST(copied.added == 14u);
  const auto mine = inventory_of(from), other = inventory_of(to);
  BOOST_TEST(mine == other, boost::test_tools::per_element());
  for (const std::string state : {"satisfied", "drifted", "failed", "lost", "removed", "wanted"})
    BOOST_TEST(std::ranges::any_of(mine, [&](const auto& one) { return one.contains("|" + state + "|"); }), state);
  const auto before = must(read_ledger(from)), after = must(read_ledger(to));
  const auto lane = header().lanes[0];
  const auto kept = must(after->memory(lane)), had = must(before->memory(lane));
  BOOST_TEST_REQUIRE(kept.learnt.has_value());
  BOOST_TEST((kept.learnt->pace == had.learnt->pace));
  BOOST_TEST((kept.learnt->saved_at == had.learnt->saved_at));
  BOOST_TEST_REQUIRE(kept.cooldowns.size() == 2u);
  BOOST_TEST((kept.cooldowns[0].until == had.cooldowns[0].until));
  BOOST_TEST(kept.cooldowns[1].organizer == had.cooldowns[1].organizer);
  BOOST_TEST(must(after->inventory_feeds()).size() == must(before->inventory_feeds()).size());
}

BOOST_AUTO_TEST_CASE(a_plan_of_the_same_file_decides_the_same_about_the_copy) {
  make_all_states(from);
  copy(from, to);
  const auto source = open_url(from), target = open_url(to);
  for (const unsigned version : {0u, 1u}) {
    const auto mine = would_plan(*source, version), other = would_plan(*target, version);
    BOOST_TEST(mine.unchanged == other.unchanged);
    BOOST_TEST(mine.drifted == other.drifted);
    BOOST_TEST(mine.calls == other.calls);
    BOOST_TEST(mine.new_keys == other.new_keys);
    BOOST_TEST(mine.changed_keys == other.changed_keys);
    BOOST_TEST(mine.retried_keys == other.retried_keys);
    BOOST_TEST(mine.vanished == other.vanished);
    for (std::size_t i = 0; i < mine.organizers.size() && i < other.organizers.size(); ++i)
      BOOST_TEST(mine.organizers[i].made_this_month == other.organizers[i].made_this_month);
  }
}

BOOST_AUTO_TEST_CASE(a_plan_of_a_file_whose_meetings_are_satisfied_owes_nothing_on_the_copy) {
  make_large(from, 300);
  copy(from, to);
  const auto target = open_url(to);
  std::vector<planned_row> rows;
  for (unsigned i = 0; i < 300; ++i) rows.push_back(row(i + 2, i % 50, "e" + std::to_string(i)));
  const auto planned = plan(*target, header("large"), rows);
  BOOST_TEST(planned.summary.calls == 0u);
  BOOST_TEST(planned.summary.unchanged == 300u);
  BOOST_TEST((must(target->read()->run(planned.id))->state == run_state::finished));
}

BOOST_AUTO_TEST_CASE(payloads_of_a_copy_go_when_something_else_is_wanted) {
  make_large(from, 20);
  copy(from, to);
  {
    const auto target = open_url(to);
    std::vector<planned_row> rows;
    for (unsigned i = 0; i < 20; ++i) rows.push_back(row(i + 2, i % 50, "e" + std::to_string(i), 1));
    carry_out(*target, plan(*target, header("changed"), rows).id);
    must(target->prune(1));
  }
  BOOST_TEST(ask(to_path, "SELECT count(*) FROM record WHERE raw IS NULL") == "0");
  BOOST_TEST(ask(to_path, "SELECT count(*) FROM inventory JOIN record ON record.id = source") == "20");
}

BOOST_AUTO_TEST_CASE(a_copy_that_was_interrupted_is_completed_by_the_next_one) {
  make_large(from, 2500);
  const auto stopped = try_copy(from, to, [](const copy_progress& done) -> result<void> {
    if (done.keys < 2000) return {};
    return fail(errc::interrupted, "stop");
  });
  BOOST_TEST_REQUIRE(!stopped.has_value());
  BOOST_TEST((stopped.error().code == errc::interrupted));
  BOOST_TEST(ask(to_path, "SELECT count(*) FROM inventory") == "2048");
  const auto copied = copy(from, to);
  BOOST_TEST(copied.keys == 2500u);
  BOOST_TEST(copied.added == 452u);
  BOOST_TEST(inventory_of(from) == inventory_of(to), boost::test_tools::per_element());
  BOOST_TEST(ask(to_path, "SELECT count(*) FROM run") == "1");
  // A complete copy changes nothing.
  BOOST_TEST(copy(from, to).added == 0u);
}

BOOST_AUTO_TEST_CASE(a_meeting_that_differs_in_the_target_is_refused_by_name) {
  make_all_states(from);
  copy(from, to);
  ask(to_path,
      "UPDATE observation SET passcode = 'other' WHERE id IN (SELECT i.id FROM inventory i JOIN record r ON r.id = i.source "
      "WHERE instr(r.payload, 'drifted') > 0)");
  const auto refused = try_copy(from, to);
  BOOST_TEST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::usage));
  BOOST_TEST(mentions(refused.error(), "'drifted'"), refused.error().message);
}

BOOST_AUTO_TEST_CASE(a_row_that_changes_after_it_was_copied_is_found_by_the_digests) {
  make_all_states(from);
  for (const char* damage :
       {"UPDATE inventory SET ends_at = 1 WHERE id = (SELECT min(id) FROM inventory)", "UPDATE observation SET state = 1 WHERE state = 3",
        "UPDATE record SET update_rule = 2 WHERE id = (SELECT max(id) FROM record)",
        "DELETE FROM inventory_key WHERE id = (SELECT max(id) FROM inventory)", "DELETE FROM observation WHERE state = 2"}) {
    const auto target = folder.file("damaged.db");
    bool done = false;
    const auto found = try_copy(from, "sqlite:" + target, [&](const copy_progress&) -> result<void> {
      if (!std::exchange(done, true)) ask(target, damage);
      return {};
    });
    BOOST_TEST_REQUIRE(!found.has_value(), damage);
    BOOST_TEST((found.error().code == errc::storage));
    BOOST_TEST(mentions(found.error(), "digest"), found.error().message);
    std::filesystem::remove(target);
  }
}

BOOST_AUTO_TEST_CASE(what_the_target_has_besides_stays) {
  make_large(to, 10);
  make_all_states(from);
  BOOST_TEST(copy(from, to).added == 14u);
  BOOST_TEST(inventory_of(to).size() == 24u);
  BOOST_TEST(must(must(read_ledger(to))->runs()).size() == 2u);
}

BOOST_AUTO_TEST_CASE(open_runs_that_owe_calls_are_refused_on_both_sides) {
  {
    const auto s = open_url(from);
    plan(*s, header(), {row(2, 1, "a")});
  }
  const auto refused = try_copy(from, to);
  BOOST_TEST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::usage));
  BOOST_TEST(mentions(refused.error(), "still owe calls: 1"), refused.error().message);
  make_large(to, 3);
  BOOST_TEST(!try_copy(to, from).has_value());
}

BOOST_AUTO_TEST_CASE(a_ledger_that_a_process_uses_is_not_copied) {
  make_large(from, 3);
  const auto s = open_url(from);
  const auto refused = try_copy(from, to);
  BOOST_TEST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::busy));
}

BOOST_AUTO_TEST_CASE(a_source_that_does_not_exist_is_not_made) {
  const auto refused = try_copy(from, to);
  BOOST_TEST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::storage));
  BOOST_TEST(!std::filesystem::exists(from_path));
}

BOOST_AUTO_TEST_SUITE_END()
