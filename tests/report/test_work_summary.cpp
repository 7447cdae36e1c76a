// What `convoke work` prints at its end.

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "report/summary.hpp"
#include "zone.hpp"

using namespace convoke;
using namespace convoke::report;
using namespace std::chrono_literals;

namespace {

work_report some_work() {
  work_report r;
  r.rows = 1200;
  r.calls = 1210;
  r.throttled = 3;
  r.faults = 1;
  r.sessions = 1;
  r.call_time = 24s;
  r.finished = {{.run = 3, .rows = 1200, .counts = {.created = 1195, .failed = 5}, .drift_fails = false}};
  return r;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_end_of_work_as_text) {
  BOOST_TEST(
      work_text(some_work()) ==
      "1,200 rows were ended by this worker.\n"
      "1,210 calls in 24.0 s, 3 throttled, 1 fault.\n"
      "Run 3 is finished: 1,200 rows: 1,195 created, 5 failed.\n"
      "  5 rows do not have the meeting that the input wants: `convoke status --run 3` says why, `convoke export --run 3 --failed FILE` "
      "writes them.\n"
      "Finished: no open run owes anything, but 5 rows do not have the meeting that the input wants.\n");
  auto satisfied = some_work();
  satisfied.finished.front().counts = {.created = 1200};
  BOOST_TEST(work_text(satisfied).ends_with("Run 3 is finished: 1,200 rows: 1,200 created.\nDone: no open run owes anything.\n"));
  work_report other_lanes;
  other_lanes.left = {{.run = 4, .rows = 10, .counts = {.owed = 10}, .drift_fails = false}};
  BOOST_TEST(work_text(other_lanes) ==
             "0 rows were ended by this worker.\n"
             "Run 4: 10 of 10 rows are left.\n"
             "Done: nothing is owed that this worker can carry out. 1 open run with rows of other lanes is left.\n");
}

BOOST_AUTO_TEST_CASE(rows_that_failed_in_a_run_that_stays_open_are_reported) {
  work_report r;
  r.rows = 2;
  r.left = {{.run = 1, .rows = 3, .counts = {.failed = 2, .owed = 1}, .drift_fails = false}};
  BOOST_TEST(
      work_text(r) ==
      "2 rows were ended by this worker.\n"
      "Run 1: 1 of 3 rows are left.\n"
      "  2 rows do not have the meeting that the input wants: `convoke status --run 1` says why, `convoke export --run 1 --failed "
      "FILE` writes them.\n"
      "Finished: nothing is owed that this worker can carry out, but 2 rows do not have the meeting that the input wants. 1 open run "
      "with rows of other lanes is left.\n");
  // They count for the worker that finishes the run.
  BOOST_TEST(r.exit_code() == 0);
  r.left.front().counts = {.failed = 1, .owed = 2};
  BOOST_TEST(work_text(r).contains("\n  1 row does not have the meeting that the input wants: "));
  // Also where the work was stopped.
  r.end = ending::deferred;
  BOOST_TEST(work_text(r).contains("\n  1 row does not have the meeting that the input wants: "));
}

BOOST_AUTO_TEST_CASE(work_that_is_left_says_when_to_come_back) {
  const zone here("Europe/Berlin");
  auto r = some_work();
  r.end = ending::deferred;
  r.detail = "The lane is closed.";
  r.come_back = 600s;
  r.come_back_at = utc_time(std::chrono::sys_days(2026y / 11 / 22) + 2h + 10min);
  const auto text = work_text(r);
  BOOST_TEST(text.ends_with("The lane is closed.\nWork is left. Run the same command again in 10 min 00 s, at 03:10 +01:00.\n"), text);
  const auto json = boost::json::parse(work_json(r));
  BOOST_TEST(json.at("end") == "deferred");
  BOOST_TEST(json.at("exit_code") == 5);
  BOOST_TEST(json.at("come_back_s") == 600);
}

BOOST_AUTO_TEST_CASE(the_end_of_work_for_programs) {
  auto r = some_work();
  r.end = ending::interrupted;
  const auto json = boost::json::parse(work_json(r, {.word = "terminated", .exit_code = 143}));
  BOOST_TEST(json.at("end") == "terminated");
  BOOST_TEST(json.at("exit_code") == 143);
  BOOST_TEST(json.at("finished").at(0).at("unsatisfied") == 5);
  BOOST_TEST(json.at("finished").at(0).at("outcomes").at("created") == 1195);
  BOOST_TEST(json.at("left").as_array().empty());
}

BOOST_AUTO_TEST_CASE(the_exit_code_of_work_reports_rows_that_failed_in_runs_that_it_finished) {
  auto r = some_work();
  BOOST_TEST(r.exit_code() == 3);
  BOOST_TEST(boost::json::parse(work_json(r)).at("exit_code") == 3);
  // How the work ended goes before.
  r.end = ending::deferred;
  BOOST_TEST(r.exit_code() == 5);
  r.end = ending::interrupted;
  BOOST_TEST(r.exit_code() == 130);
  r.end = ending::credentials;
  BOOST_TEST(r.exit_code() == 4);
  r.end = ending::permission;
  BOOST_TEST(r.exit_code() == 4);
  r.end = ending::storage;
  BOOST_TEST(r.exit_code() == 6);
  r.end = ending::finished;
  r.finished.front().counts = {.created = 1195, .superseded = 5};
  BOOST_TEST(r.exit_code() == 0);
  r.finished.push_back({.run = 4, .rows = 2, .counts = {.drifted = 2}, .drift_fails = false});
  BOOST_TEST(r.finished.back().unsatisfied() == 0U);
  BOOST_TEST(r.exit_code() == 0);
  r.finished.back().drift_fails = true;
  BOOST_TEST(r.finished.back().unsatisfied() == 2U);
  BOOST_TEST(r.exit_code() == 3);
}
