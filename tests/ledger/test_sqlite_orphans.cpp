// What nothing refers to any more is deleted.

#include <filesystem>

#include "ledger/raw_file.hpp"
#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

struct fixture : sqlite_ledger {
  std::unique_ptr<store> s = open();

  std::string count(const std::string& table) const { return ask(path, "SELECT count(*) FROM " + table); }
  run_id carried_out(const std::string& identity, const std::string& input, std::vector<planned_row> rows) const {
    const auto run = plan(*s, header(identity, input), std::move(rows)).id;
    carry_out(*s, run);
    return run;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(orphans, fixture)

BOOST_AUTO_TEST_CASE(inputs_that_alternate_leave_no_payload_behind) {
  // Each run changes a key of its own input only; the run before it, of the other input, is pruned by then.
  for (unsigned turn = 0; turn < 16; ++turn) {
    const std::string file = turn % 2 == 0 ? "even" : "odd";
    carried_out("turn" + std::to_string(turn), file + ".csv", {row(2, 1, file, turn)});
    must(s->prune(1));
    // The record of the run that is kept, and the payload that the inventory has from the one before.
    BOOST_TEST(count("record") == (turn == 0 ? "1" : "2"));
  }
  unsigned keys = 0;
  must(s->read()->for_each_inventory([&](const inventory_row& got) -> result<void> {
    ++keys;
    BOOST_TEST(!got.payload.empty());
    return {};
  }));
  BOOST_TEST(keys == 2u);
  BOOST_TEST(count("record WHERE NOT EXISTS(SELECT 1 FROM inventory WHERE source = record.id) AND raw IS NULL") == "0");
}

BOOST_AUTO_TEST_CASE(a_plan_that_is_not_committed_deletes_nothing) {
  carried_out("first", "classes.csv", {row(2, 1, "a")});
  must(s->prune(0));
  BOOST_TEST(count("record") == "1");
  plan(*s, header("look"), {row(2, 1, "a", 1)}, false);
  BOOST_TEST(count("record WHERE raw IS NULL") == "1");
  {
    auto dropped = must(s->begin_plan(header("dropped")));
    must(dropped->add_rows({row(2, 1, "a", 2)}));
    must(dropped->classify());
  }
  BOOST_TEST(count("record WHERE raw IS NULL") == "1");
  BOOST_TEST(plan(*s, header("back"), {row(2, 1, "a")}).summary.unchanged == 1u);
}

BOOST_AUTO_TEST_CASE(payloads_that_an_older_version_left_behind_are_deleted_once) {
  carried_out("first", "classes.csv", {row(2, 1, "a"), row(3, 1, "b")});
  must(s->prune(0));
  carried_out("second", "other.csv", {row(2, 2, "c")});
  s.reset();
  // As that version wrote it.
  ask(path,
      "DELETE FROM meta WHERE name = 'no_orphans';"
      "INSERT INTO record(id, lane, payload) SELECT id + 100, lane, payload FROM record WHERE raw IS NULL");
  BOOST_TEST(count("record WHERE raw IS NULL") == "4");
  s = open();
  must(s->prune(1));
  BOOST_TEST(count("record WHERE raw IS NULL") == "2");
  BOOST_TEST(count("record WHERE raw IS NOT NULL") == "1");
  BOOST_TEST(count("meta WHERE name = 'no_orphans'") == "1");
}

BOOST_AUTO_TEST_CASE(decisions_of_pruned_runs_are_deleted_and_what_vanished_is_known_all_the_same) {
  const auto first = carried_out("first", "classes.csv", {row(2, 1, "a"), row(3, 1, "b")});
  must(s->prune(0));
  BOOST_TEST(count("decision WHERE id >> 32 = " + std::to_string(first)) == "0");
  BOOST_TEST(plan(*s, header("look"), {row(2, 1, "a")}, false).summary.vanished == 1u);
}

BOOST_AUTO_TEST_CASE(decisions_that_an_older_version_kept_of_a_pruned_run_are_deleted) {
  const auto first = carried_out("first", "classes.csv", {row(2, 1, "a")});
  carried_out("second", "classes.csv", {row(2, 1, "b")});
  must(s->prune(1));
  s.reset();
  const auto of_first = std::to_string(first);
  ask(path, "UPDATE run SET pruned = 2 WHERE id = " + of_first + "; INSERT INTO decision(id, key) SELECT (" + of_first +
                " << 32) + 2, id FROM inventory LIMIT 1");
  BOOST_TEST(count("decision WHERE id >> 32 = " + of_first) == "1");
  s = open();
  must(s->prune(1));
  BOOST_TEST(count("decision WHERE id >> 32 = " + of_first) == "0");
  BOOST_TEST(count("run WHERE pruned = 1 AND id = " + of_first) == "1");
}

BOOST_AUTO_TEST_CASE(a_run_stays_overtaken_when_the_decisions_of_the_later_run_are_gone) {
  const auto changed = plan(*s, header("changed", "first.csv"), {row(2, 1, "a"), row(3, 1, "b")}).id;
  const auto retried = plan(*s, header("retried", "second.csv"), {row(2, 2, "c"), row(3, 2, "f")}).id;
  const auto untouched = plan(*s, header("untouched", "third.csv"), {row(2, 3, "d")}).id;
  carried_out("later", "later.csv", {row(2, 1, "a", 1), row(3, 2, "c")});
  for (unsigned again = 0; again < 2; ++again) {
    for (const auto run : {changed, retried}) BOOST_TEST(must(s->read()->overtaken(run)));
    BOOST_TEST(!must(s->read()->overtaken(untouched)));
    carried_out("newer" + std::to_string(again), "later.csv", {row(2, 4, "e", again)});
    must(s->prune(0));
  }
  BOOST_TEST(count("run WHERE identity = 'later' AND pruned = 1") == "1");
  for (const auto run : {changed, retried}) BOOST_TEST(must(s->read()->overtaken(run)));
  BOOST_TEST(!must(s->read()->overtaken(untouched)));
}

BOOST_AUTO_TEST_SUITE_END()
