// What plans, summaries and results say of meetings that vanished from a feed and are removed.

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "report/remedies.hpp"
#include "report/summary.hpp"

using namespace convoke;
using namespace convoke::report;

namespace {

std::string only_warning(const plan_summary& s) {
  const auto all = plan_warnings(s);
  BOOST_REQUIRE(all.size() == 1U);
  return all.front();
}

// 10 rows of the input, two of them new, and 12 meetings to remove.
plan_summary removing() {
  plan_summary s;
  s.feed = "nightly";
  s.records = 10;
  s.rows = 22;
  s.calls = 14;
  s.new_keys = 2;
  s.unchanged = 8;
  s.barred = removal_bar::none;
  s.vanished = s.remove_keys = 12;
  s.remove_sample.assign(12, {"a", "x"});
  s.vanished_sample = s.remove_sample;
  return s;
}

job_report ended() {
  job_report r;
  r.run = 3;
  r.plan = removing();
  r.rows = 22;
  r.counts.unchanged = 8;
  r.counts.created = 2;
  r.counts.removed = 12;
  return r;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(removals)

BOOST_AUTO_TEST_CASE(a_plan_names_what_is_to_be_removed) {
  auto s = removing();
  BOOST_TEST(plan_counts(s) == "10 rows: 14 calls owed (2 new, 0 changed, 0 tried before, 12 to remove), 8 unchanged.");
  BOOST_TEST(only_warning(s) ==
             "12 meetings of the feed 'nightly' are to be removed, because this input does not have them any more: x of a, x of a, x of a "
             "and 9 more. They are deleted only once every other row of the run has succeeded.");
  BOOST_TEST(removals_text(s) == "x of a, x of a, x of a and 9 more");
  BOOST_TEST(removals_of(s) == 12U);
  const auto object = boost::json::parse(plan_json(0, s, {}, {})).as_object();
  BOOST_TEST(object.at("removals").to_number<int>() == 12);
  BOOST_TEST(object.at("removals_barred") == "none");
  BOOST_TEST(object.at("removals_sample").as_array().size() == 12U);
  s.remove_keys = 1;
  s.vanished = 3;
  s.remove_sample.resize(1);
  const auto both = plan_warnings(s);
  BOOST_REQUIRE(both.size() == 2U);
  BOOST_TEST(both[0].starts_with(
      "1 meeting of the feed 'nightly' is to be removed, because this input does not have it any more: x of a. It is "));
  BOOST_TEST(both[1] ==
             "2 keys more that are not in this input any more have no meeting that this ledger knows: nothing is removed of them.");
}

BOOST_AUTO_TEST_CASE(a_plan_says_why_nothing_is_removed) {
  auto s = removing();
  s.remove_keys = 0;
  s.remove_sample.clear();
  BOOST_TEST(only_warning(s).ends_with(" Nothing happens to their meetings: this ledger has seen no meetings of them."));
  s.barred = removal_bar::wrong_rows;
  s.rejected = 1;
  BOOST_TEST(only_warning(s).ends_with(
      " Nothing happens to their meetings: 1 row of this input is wrong, and meetings are removed only where every row succeeds."));
  s.barred = removal_bar::no_rows;
  BOOST_TEST(only_warning(s).ends_with(" Nothing happens to their meetings: this input has no rows."));
  s.barred = removal_bar::other_tenants;
  s.other_tenants = 1;
  BOOST_TEST(only_warning(s).ends_with(
      " Nothing happens to their meetings: 1 row of other tenants is left out, and a row that moved could be among "
      "them; the same command without --tenant deletes them."));
  BOOST_TEST(boost::json::parse(plan_json(0, s, {}, {})).at("removals_barred") == "other_tenants");
  // A plan that is opened later has not counted them.
  s.other_tenants = 0;
  BOOST_TEST(only_warning(s).contains(": rows of other tenants are left out, and"));
  s.barred = removal_bar::drifted_rows;
  s.drifted = 2;
  BOOST_TEST(
      only_warning(s).ends_with(" 2 meetings are known to differ, which --on-drift fail counts as a failure, and meetings are removed "
                                "only where every row succeeds."));
  BOOST_TEST(to_string(s.barred) == "drifted_rows");
  s.vanished = 0;
  BOOST_TEST(plan_warnings(s).empty());
  s.barred = removal_bar::no_feed;
  BOOST_TEST(only_warning(s) ==
             "Nothing is removed, although --on-vanished remove is set: this input belongs to no feed. --feed NAME names one.");
  s.barred = removal_bar::part_of_input;
  BOOST_TEST(only_warning(s).contains("--limit, --only and failed files leave out rows of the feed"));
  s.barred = removal_bar::not_wanted;
  BOOST_TEST(plan_warnings(s).empty());
  // A run that deletes the meetings of a file is another matter.
  s.remove_keys = 5;
  BOOST_TEST(removals_of(s) == 0U);
}

BOOST_AUTO_TEST_CASE(moves_and_changed_ids_say_what_becomes_of_the_old_meetings) {
  plan_summary s;
  s.moved = 3;
  s.moved_sample = {{{"b", "1"}, {"a", "1"}}};
  const auto all = [&] { return only_warning(s); };
  BOOST_TEST(all().contains("so second ones are made, and the old ones stay. --max-new"));
  s.moved_removed = 3;
  BOOST_TEST(all().contains("and the old ones are removed once every other row of the run has succeeded. --max-new"));
  s.moved_removed = 1;
  BOOST_TEST(
      all().contains("and 1 of the old ones is removed once every other row of the run has succeeded, and the others stay. --max-new"));
  s.moved = 1;
  BOOST_TEST(
      all().contains("so a second one is made, and the old one is removed once every other row of the run has succeeded. --max-new"));
  s = {};
  s.changed_ids = s.changed_ids_removed = 1;
  s.changed_ids_sample = {{{"a", "2"}, {"a", "1"}}};
  BOOST_TEST(
      all().contains("it would become a second meeting, and the old one is removed once every other row of the run has succeeded. If"));
}

BOOST_AUTO_TEST_CASE(the_summary_counts_rows_and_removed_meetings_apart) {
  auto r = ended();
  const auto text = report_text(r);
  BOOST_TEST(text.starts_with("Run 3: 10 rows and 12 meetings to remove: 2 created, 8 unchanged, 12 removed.\n"));
  BOOST_TEST(text.ends_with("Done: all 10 rows have their meeting, and 12 meetings that vanished are removed.\n"));
  BOOST_TEST(text.contains("12 meetings of the feed 'nightly' were removed, because"), text);
  BOOST_TEST(!text.contains("to be removed"), text);
  BOOST_TEST(r.exit_code() == 0);
  // Where the run is resumed or known, its plan is not there.
  r.plan.reset();
  BOOST_TEST(report_text(r).ends_with("Done: all 10 rows have their meeting, and 12 meetings that vanished are removed.\n"));
}

BOOST_AUTO_TEST_CASE(the_summary_says_that_nothing_was_removed) {
  auto r = ended();
  r.counts.removed = 0;
  r.counts.created = 1;
  r.counts.failed = 13;
  r.reasons = {{.code = "not_removed", .rows = 12, .organizer = "a", .external_id = "x"},
               {.code = "BadRequest", .http_status = 400, .rows = 1}};
  add_remedies(r.reasons, {}, {});
  const auto text = report_text(r);
  BOOST_TEST(text.contains("12 rows failed: not_removed\n    The first is: x of a\n"), text);
  BOOST_TEST(text.contains("deleted only where every other row of the run succeeds"), text);
  BOOST_TEST(text.ends_with("Finished: 9 of 22 rows are done as wanted.\n"), text);
  BOOST_TEST(r.exit_code() == 3);
}

BOOST_AUTO_TEST_SUITE_END()
