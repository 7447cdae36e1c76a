// What is said of runs that verify or remove.

#include <string>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <convoke/job.hpp>

#include "report/summary.hpp"

using namespace convoke;

namespace {

utc_time at(std::string_view text) {
  const auto parsed = parse_utc(text);
  BOOST_REQUIRE(parsed.has_value());
  return *parsed;
}

job_report verified(outcome_counts counts, std::uint64_t rows) {
  job_report r;
  r.run = 7;
  r.kind = run_kind::verify;
  r.of_inventory = true;
  r.rows = rows;
  r.counts = counts;
  r.verified =
      verified_meetings{.rows = rows, .from = at("2026-12-01T02:00:00Z"), .to = at("2026-12-01T02:03:10Z"), .results_sha256 = "ab12"};
  return r;
}

std::string last_line_of(const std::string& text) {
  const auto end = text.find_last_not_of('\n');
  const auto begin = text.rfind('\n', end);
  return text.substr(begin + 1, end - begin);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kinds)

BOOST_AUTO_TEST_CASE(a_run_that_verifies_attests_the_inventory) {
  auto r = verified({.drifted = 8, .unchanged = 1190, .lost = 2}, 1200);
  r.verified->expired = 3;
  const auto text = report::report_text(r);
  BOOST_TEST(
      text.contains(
          "Verified: 1,200 meetings, between 2026-12-01T02:00:00Z and 2026-12-01T02:03:10Z: 1,190 unchanged, 8 drifted (3 of "
          "them expired), 2 lost.\n3 meetings have expired: their links are dead. `convoke verify --repair` makes them again, and so "
          "does the next `convoke apply` of their rows.\nSHA-256 of the results: ab12\n"),
      text);
  BOOST_TEST(last_line_of(text) == "Finished: 1,198 of 1,200 known meetings exist, 8 of them different from what is wanted; 2 are lost.");
  BOOST_TEST(r.exit_code() == 3);

  const auto object = boost::json::parse(report::report_json(r)).as_object();
  BOOST_TEST(object.at("kind").as_string() == "verify");
  const auto& found = object.at("verified").as_object();
  BOOST_TEST(found.at("rows").to_number<int>() == 1200);
  BOOST_TEST(found.at("expired").to_number<int>() == 3);
  BOOST_TEST(found.at("lost").to_number<int>() == 2);
  BOOST_TEST(found.at("from").as_string() == "2026-12-01T02:00:00Z");
  BOOST_TEST(found.at("results_sha256").as_string() == "ab12");
}

BOOST_AUTO_TEST_CASE(what_was_not_read_is_not_said_to_be_missing) {
  auto r = verified({.unchanged = 5, .failed = 2, .superseded = 1}, 8);
  r.verified->rows = 5;
  r.verified->unread = 3;
  BOOST_TEST(last_line_of(report::report_text(r)) == "Finished: 5 of 8 known meetings exist; 3 could not be read.");
  r.verified->repairs = true;
  BOOST_TEST(last_line_of(report::report_text(r)) == "Finished: 5 of 8 known meetings exist; 3 could not be read or repaired.");
  const auto found = boost::json::parse(report::report_json(r)).at("verified").as_object();
  BOOST_TEST(found.at("failed").to_number<int>() == 2);
  BOOST_TEST(found.at("unread").to_number<int>() == 3);
  BOOST_TEST(found.at("unknown").to_number<int>() == 0);
  r.verified->rows = 0;
  BOOST_TEST(report::report_text(r).contains("Verified: no meeting: 3 could not be read or repaired.\n"));

  // Of a file: rows may have no meeting at all.
  r = verified({.unchanged = 4, .failed = 2, .rejected = 1, .lost = 1, .removed = 2}, 10);
  r.of_inventory = false;
  r.verified->rows = 5;
  r.verified->unknown = r.verified->unread = 1;
  BOOST_TEST(last_line_of(report::report_text(r)) ==
             "Finished: 4 of the 10 rows have their meeting; 1 is lost; 2 were removed before; 1 could not be read; 1 is not known to this "
             "ledger; 1 is wrong.");
}

BOOST_AUTO_TEST_CASE(where_all_is_well_it_says_so) {
  auto r = verified({.unchanged = 1}, 1);
  r.verified->to = r.verified->from;
  r.verified->results_sha256.clear();
  const auto text = report::report_text(r);
  BOOST_TEST(text.contains("Verified: 1 meeting, at 2026-12-01T02:00:00Z: 1 unchanged.\n"), text);
  BOOST_TEST(!text.contains("SHA-256"));
  BOOST_TEST(last_line_of(text) == "Done: 1 of 1 known meeting exists.");
  r.of_inventory = false;
  BOOST_TEST(report::report_text(r).contains("Verified: the meetings of 1 row, at"));
  BOOST_TEST(last_line_of(report::report_text(r)) == "Done: the row has its meeting.");
}

BOOST_AUTO_TEST_CASE(nothing_to_verify) {
  auto r = verified({}, 0);
  r.verified->from = r.verified->to = std::nullopt;
  const auto text = report::report_text(r);
  BOOST_TEST(text.contains("Verified: no meeting.\n"), text);
  BOOST_TEST(last_line_of(text) == "Done: this ledger knows no meeting.");
  BOOST_TEST(boost::json::parse(report::report_json(r)).at("verified").at("from").is_null());
}

BOOST_AUTO_TEST_CASE(a_run_that_makes_meetings_verifies_none) {
  job_report r;
  r.run = 1;
  r.rows = r.counts.created = 3;
  BOOST_TEST(boost::json::parse(report::report_json(r)).at("verified").is_null());
  BOOST_TEST(!report::report_text(r).contains("Verified"));
}

BOOST_AUTO_TEST_CASE(a_run_that_removes) {
  job_report r;
  r.run = 8;
  r.kind = run_kind::remove;
  r.rows = r.counts.removed = 4;
  BOOST_TEST(last_line_of(report::report_text(r)) == "Done: 4 meetings are removed.");
  r.rows = 6;
  r.counts.failed = 2;
  r.failed = "cancelled.csv.remove.failed.csv";
  const auto text = report::report_text(r);
  BOOST_TEST(last_line_of(text) == "Finished: 4 of 6 rows are removed.");
  BOOST_TEST(text.contains("Failed rows: cancelled.csv.remove.failed.csv\n"), text);
  BOOST_TEST(!text.contains("apply"), text);
}

BOOST_AUTO_TEST_CASE(counts_of_plans) {
  plan_summary s{
      .kind = run_kind::remove, .rows = 9, .remove_keys = 3, .gone = 1, .unknown = 2, .other_feed = 1, .rejected = 1, .duplicates = 1};
  s.organizers = {{.organizer = "a", .calls = 2}, {.organizer = "b", .calls = 1}};
  BOOST_TEST(
      report::plan_counts(s) ==
      "9 rows: 3 meetings to delete, of 2 organizers, 1 row of meetings that were removed before, 2 rows of meetings that this ledger "
      "does not know, 1 row of meetings of another feed, 1 row the same as an earlier one, 1 row wrong.");
  // Such a plan removes nothing of a feed, and nothing bars it.
  BOOST_TEST(boost::json::parse(report::plan_json(0, s, {}, {})).at("removals") == 3);
  BOOST_TEST(boost::json::parse(report::plan_json(0, s, {}, {})).at("removals_barred").is_null());
  const plan_summary v{.kind = run_kind::verify, .rows = 5, .get_keys = 4, .repaired_keys = 1};
  BOOST_TEST(report::plan_counts(v) == "5 rows: 4 meetings to read, 1 known to be lost to make again.");
}

BOOST_AUTO_TEST_CASE(what_a_verify_run_leaves_out_is_counted_and_the_runs_are_named) {
  plan_summary s{.kind = run_kind::verify, .rows = 5, .get_keys = 2, .left_out = 3, .left_out_runs = {4, 7, 9}};
  BOOST_TEST(report::plan_counts(s) == "5 rows: 2 meetings to read, 3 rows of meetings for which another run still owes a call.");
  auto warnings = report::plan_warnings(s);
  BOOST_REQUIRE(warnings.size() == 1U);
  BOOST_TEST(warnings[0].starts_with("3 meetings are left out, because runs 4, 7 and 9 still owe a call for them: they are not read"));
  s.left_out = 1;
  s.left_out_runs = {4};
  warnings = report::plan_warnings(s);
  BOOST_TEST(warnings.at(0).starts_with("1 meeting is left out, because run 4 still owes a call for it: it is not read"));
}

BOOST_AUTO_TEST_CASE(the_question_names_counts_and_three_examples) {
  removal_question q{.input = "x.csv", .meetings = 5};
  q.plan = {.kind = run_kind::remove, .rows = 6, .remove_keys = 5, .unknown = 1};
  for (const auto* id : {"a-1", "a-2", "a-3"})
    q.examples.push_back({.organizer = "org", .external_id = id, .subject = "Algebra", .start = at("2026-10-05T08:00:00Z")});
  BOOST_TEST(report::removal_text(q) ==
             "5 meetings would be deleted, 1 row of meetings that this ledger does not know.\n"
             "  a-1 of org: Algebra, 2026-10-05T08:00:00Z\n"
             "  a-2 of org: Algebra, 2026-10-05T08:00:00Z\n"
             "  a-3 of org: Algebra, 2026-10-05T08:00:00Z\n"
             "  and 2 more\n");
  q.run = 4;
  q.meetings = 1;
  q.examples = {{.organizer = "o\x1b[2J", .external_id = "a", .subject = "", .start = at("2026-10-05T08:00:00Z")}};
  const auto text = report::removal_text(q);
  BOOST_TEST(text.starts_with("Run 4 is resumed: 1 meeting would be deleted.\n"), text);
  BOOST_TEST(text.contains("(no subject)"), text);
  BOOST_TEST(!text.contains('\x1b'));
}

BOOST_AUTO_TEST_SUITE_END()
