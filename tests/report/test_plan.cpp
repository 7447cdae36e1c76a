// What check, plan and dry run print: counts, the use of columns, warnings.

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "report/summary.hpp"

using namespace convoke;
using namespace convoke::report;

namespace {

const utc_time now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};

plan_summary checked() {
  plan_summary s;
  s.feed = "in.csv";
  s.records = s.rows = 4;
  s.calls = s.new_keys = 3;
  s.duplicates = 1;
  s.empty_records = 1;
  s.organizers = {{.organizer = "a", .calls = 2, .new_keys = 2}, {.organizer = "b", .calls = 1, .new_keys = 1}};
  s.columns = {{1, "organizer", column_use::kind::used, "organizer"},
               {2, "Titel", column_use::kind::used, "subject"},
               {3, "r\x1boom", column_use::kind::carried, ""},
               {4, "", column_use::kind::ignored, ""}};
  s.defaults = {"no end or duration: every meeting lasts 1 h"};
  return s;
}

std::string only_warning(const plan_summary& s) {
  const auto all = plan_warnings(s);
  BOOST_REQUIRE(all.size() == 1U);
  return all.front();
}

std::string warning_of(input_warning w) {
  plan_summary s;
  s.warnings = {std::move(w)};
  return only_warning(s);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_check_prints_the_use_of_each_column) {
  auto s = checked();
  BOOST_TEST(check_text(s) ==
             "4 rows: 3 meetings of 2 organizers, 1 the same as an earlier row.\n"
             "Feed: in.csv. 1 empty row is skipped.\n"
             "Columns:\n"
             "    1  organizer  organizer\n"
             "    2  Titel      subject\n"
             "    3  r\\x1boom   carried to the results\n"
             "    4  (no name)  ignored\n"
             "Defaults:\n"
             "  no end or duration: every meeting lasts 1 h\n");
  s = {};
  s.rows = s.records = s.calls = 1;
  s.organizers = {{.organizer = "a", .calls = 1}};
  BOOST_TEST(check_text(s) == "1 row: 1 meeting of 1 organizer.\n");
  s.rows = s.calls = 180;
  s.records = 12;
  s.rejected = 2;
  s.empty_records = 30;
  BOOST_TEST(check_text(s) == "12 rows (180 with every repetition): 180 meetings of 1 organizer, 2 wrong.\n30 empty rows are skipped.\n");
}

BOOST_AUTO_TEST_CASE(a_plan_prints_no_columns) {
  const auto text = plan_text(checked(), now);
  BOOST_TEST(text ==
             "4 rows: 3 calls owed (3 new, 0 changed, 0 tried before), 0 unchanged, 1 the same as an earlier row, by 2 organizers.\n"
             "Feed: in.csv. 1 empty row is skipped.\n");
}

BOOST_AUTO_TEST_CASE(rows_of_other_tenants_are_counted) {
  auto s = checked();
  s.other_tenants = 12;
  BOOST_TEST(input_text(s) == "Feed: in.csv. 1 empty row is skipped.\n12 rows of other tenants are left out.\n");
  s.lanes = {{.name = "north", .tenant = "11111111-2222-3333-4444-555555555555"}};
  s.other_tenants = 1;
  BOOST_TEST(plan_text(s, now).contains("\n1 row of other tenants is left out (--tenant north).\n"), plan_text(s, now));
  BOOST_TEST(boost::json::parse(plan_json(0, s, now)).at("other_tenants") == 1);
}

BOOST_AUTO_TEST_CASE(rows_of_removed_meetings_are_counted) {
  auto s = checked();
  s.removed_before = 2;
  BOOST_TEST(input_text(s).ends_with(
      "\n2 rows are left out, because they are of convoke's results and their column 'outcome' says that the meeting is removed.\n"));
  BOOST_TEST(boost::json::parse(plan_json(0, s, now)).at("removed_before") == 2);
}

BOOST_AUTO_TEST_CASE(a_plan_counts_the_organizers_that_owe_calls) {
  auto s = checked();
  s.organizers.push_back({.organizer = "c", .vanished = 3});
  BOOST_TEST(plan_counts(s).ends_with(", by 2 organizers."), plan_counts(s));
  s.organizers.front().calls = s.organizers[1].calls = s.calls = s.duplicates = 0;
  BOOST_TEST(plan_counts(s).ends_with(", 0 unchanged."), plan_counts(s));
}

BOOST_AUTO_TEST_CASE(a_plan_for_programs_has_columns_defaults_warnings_and_keys) {
  auto s = checked();
  s.warnings = {{input_warning_kind::past_meeting, 7, 3, "2020-01-01T08:00"}};
  s.changed_ids = 1;
  s.changed_ids_sample = {{{"a", "new"}, {"a", "old"}}};
  s.moved = 1;
  s.moved_sample = {{{"b", "x"}, {"a", "x"}}};
  const auto json = boost::json::parse(plan_json(0, s, now));
  BOOST_TEST(json.at("run").is_null());
  BOOST_TEST(json.at("feed") == "in.csv");
  BOOST_TEST(json.at("records") == 4);
  BOOST_TEST(json.at("empty_rows") == 1);
  BOOST_TEST(json.at("rejected_records") == 0);
  BOOST_TEST(json.at("columns").at(1) == boost::json::value({{"column", 2}, {"header", "Titel"}, {"use", "used"}, {"role", "subject"}}));
  BOOST_TEST(json.at("columns").at(2).at("use") == "carried");
  BOOST_TEST(json.at("columns").at(3).at("role").is_null());
  BOOST_TEST(json.at("defaults").at(0) == "no end or duration: every meeting lasts 1 h");
  BOOST_TEST(json.at("input_warnings").at(0) ==
             boost::json::value({{"kind", "past_meeting"}, {"rows", 7}, {"line", 3}, {"example", "2020-01-01T08:00"}}));
  BOOST_TEST(json.at("changed_ids") == 1);
  BOOST_TEST(json.at("changed_ids_sample").at(0).at("before").at("external_id") == "old");
  BOOST_TEST(json.at("moved_sample").at(0).at("now").at("organizer") == "b");
  BOOST_TEST(json.at("warnings").as_array().size() == 3U);
  BOOST_TEST(json.at("wrong_rows").as_array().empty());
  BOOST_TEST(json.at("wrong_rows_left_out") == 0);
  BOOST_TEST(json.at("notes").as_array().empty());
}

BOOST_AUTO_TEST_CASE(row_16_wrong_rows_are_listed_for_programs) {
  reported more;
  more.wrong_rows = {{2, "column 'start': 'n/a'"}, {7, "no \xff"}};
  more.wrong_rows_left_out = 3;
  more.notes = {"a note"};
  BOOST_TEST(boost::json::parse(plan_json(0, checked(), now, more)).at("wrong_rows").at(0).at("line") == 2);
  more.refused = checked();
  const auto error = boost::json::parse(error_json({errc::input, "5 of 9 rows are wrong"}, 8, {}, more));
  BOOST_TEST(error.at("exit_code") == 8);
  BOOST_TEST(error.at("wrong_rows").at(0) == boost::json::value({{"line", 2}, {"error", "column 'start': 'n/a'"}}));
  BOOST_TEST(error.at("wrong_rows").at(1).at("error") == "no \\xff");
  BOOST_TEST(error.at("wrong_rows_left_out") == 3);
  BOOST_TEST(error.at("plan").at("columns").as_array().size() == 4U);
  BOOST_TEST(error.at("notes").at(0) == "a note");
  // Other errors have nothing of it.
  BOOST_TEST(boost::json::parse(error_json({errc::usage, "no"}, 2, {})).as_object().size() == 2U);
  const auto closed = boost::json::parse(
      error_json({.code = errc::network, .message = "closed", .come_back = std::chrono::minutes(20)}, 5, utc_time(std::chrono::days(365))));
  BOOST_TEST(closed.at("come_back_s").as_int64() == 1200);
  BOOST_TEST(std::string_view(closed.at("come_back_at").as_string()).starts_with("1971-01-01T"));
}

BOOST_AUTO_TEST_CASE(every_kind_of_warning_says_how_many_where_and_what_to_do) {
  using enum input_warning_kind;
  for (const auto kind : {id_null_word, id_scientific, id_apostrophe, id_decimal, long_meeting, short_meeting, past_meeting, far_meeting,
                          fixed_offset_zone, utf8_in_windows_1252, unnamed_column, role_not_kept, lasting_option, beta_endpoint}) {
    const auto one = warning_of({kind, 1, 7, "x"}), many = warning_of({kind, 1200, 7, "x"});
    BOOST_TEST(one.starts_with("1 "), one);
    BOOST_TEST(one.contains(", in line 7 (x). "), one);
    BOOST_TEST(many.starts_with("1,200 "), many);
    BOOST_TEST(many.contains(", first in line 7 (x). "), many);
    BOOST_TEST((one.ends_with('.') || one.ends_with('?')), one);
  }
  BOOST_TEST(
      warning_of({id_null_word, 3, 4, "#N"}).starts_with("3 rows have a word for nothing as their external id, first in line 4 (#N). "));
  BOOST_TEST(warning_of({past_meeting, 1, 2, ""}).starts_with("1 meeting has ended already, in line 2. "));
}

BOOST_AUTO_TEST_CASE(row_8_changed_ids_and_moves_are_warned_about) {
  plan_summary s;
  s.changed_ids = 2;
  s.changed_ids_sample = {{{"a", "123"}, {"a", "00123"}}, {{"a", "124"}, {"a", "00124"}}};
  BOOST_TEST(only_warning(s) ==
             "2 new ids want meetings that this ledger knows under other ids: 123 of a (known as 00123 of a), 124 of a (known as 00124 of "
             "a); they would become second meetings. If that is wrong, put the old ids back; --max-new N refuses such a plan.");
  s.changed_ids = 1;
  s.changed_ids_sample.pop_back();
  BOOST_TEST(only_warning(s) ==
             "1 new id wants a meeting that this ledger knows under another id: 123 of a (known as 00123 of a); it would become a second "
             "meeting. If that is wrong, put the old ids back; --max-new N refuses such a plan.");
  s = {};
  s.moved = 1;
  s.moved_sample = {{{"b", "00123"}, {"a", "00123"}}};
  BOOST_TEST(
      only_warning(s) ==
      "1 external id has moved to another organizer: 00123 to b, known under a. A meeting cannot change its organizer, so a second one is "
      "made, and the old one stays. --max-new N refuses a plan with more new meetings than expected.");
}

BOOST_AUTO_TEST_CASE(full_months_are_warned_about_once) {
  plan_summary s;
  s.organizers = {{.organizer = "a", .new_keys = 2000}, {.organizer = "b", .new_keys = 1, .made_this_month = 2000}};
  BOOST_TEST(only_warning(s) ==
             "Organizer b: 1 new meeting, 2,000 made this month already; Graph documents 2,000 per user, app and month, and may refuse the "
             "others.");
  for (int i = 0; i < 5; ++i) s.organizers.push_back({.organizer = "c", .new_keys = 2001});
  BOOST_TEST(only_warning(s) ==
             "6 organizers get more meetings than the 2,000 that Graph documents per user, app and month, and it may refuse the others. "
             "b: 1 new meeting, 2,000 made this month already; c: 2,001 new meetings; c: 2,001 new meetings; and 3 more.");
}

BOOST_AUTO_TEST_CASE(keys_that_tenant_left_out_are_not_said_to_be_missing) {
  plan_summary s;
  s.owed_elsewhere = 3;
  s.owed_elsewhere_sample = {{"a", "x"}, {"a", "y"}, {"b", "z"}};
  BOOST_TEST(only_warning(s).contains("not in this input"));
  BOOST_TEST(only_warning(s).contains("`convoke discard` it"));
  s.other_tenants = 3;
  BOOST_TEST(
      only_warning(s) ==
      "3 keys that older runs still owe are not planned here and stay owed there: x of a, y of a, z of b. --tenant leaves the rows of "
      "other tenants out, and they can be among these: the same command without --tenant plans them too. `convoke runs` lists the older "
      "runs; discard one only where nothing of it is wanted any more.");
}

BOOST_AUTO_TEST_CASE(row_9_vanished_keys_are_those_of_the_feed) {
  plan_summary s;
  s.feed = "classes";
  s.vanished = 2;
  s.vanished_sample = {{"a", "x"}, {"b", "y"}};
  BOOST_TEST(
      only_warning(s) ==
      "2 keys of the feed 'classes' whose meetings have not ended are not in this input any more: x of a, y of b. Nothing happens to "
      "their meetings: --on-vanished remove would delete them.");
  s.vanished = 1;
  s.vanished_sample.pop_back();
  BOOST_TEST(
      only_warning(s) ==
      "1 key of the feed 'classes' whose meeting has not ended is not in this input any more: x of a. Nothing happens to its meeting: "
      "--on-vanished remove would delete it.");
  s.vanished = 1000;
  s.vanished_sample.assign(20, {"a", "x"});
  BOOST_TEST(only_warning(s).find(": x of a, x of a, x of a and 997 more. Nothing") != std::string::npos, only_warning(s));
  s.vanished = 1;
  // Equal numbers of new and vanished keys are no sign of changed ids: the meetings are compared.
  s.organizers = {{.organizer = "a", .calls = 1, .new_keys = 1, .vanished = 1}};
  BOOST_TEST(plan_warnings(s).size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_summary_of_a_run_counts_repetitions_and_empty_rows_once) {
  job_report r;
  r.run = 3;
  r.rows = r.counts.created = 180;
  r.plan = plan_summary{};
  r.plan->feed = "in.csv";
  r.plan->records = 12;
  r.plan->rows = 180;
  r.plan->empty_records = 2;
  BOOST_TEST(report_text(r) ==
             "Run 3: 12 rows (180 with every repetition): 180 created.\n"
             "Feed: in.csv. 2 empty rows are skipped.\n"
             "Done: all 180 rows have their meeting.\n");
  BOOST_TEST(boost::json::parse(report_json(r)).at("plan").at("feed") == "in.csv");
}

BOOST_AUTO_TEST_CASE(a_plan_counts_updates_apart_from_calls_that_were_tried_before) {
  plan_summary s;
  s.rows = s.records = 9;
  s.calls = 9;
  s.new_keys = 2;
  s.retried_keys = 7;
  s.update_keys = 4;
  BOOST_TEST(plan_counts(s) == "9 rows: 9 calls owed (2 new, 0 changed, 3 tried before, 4 to update), 0 unchanged.");
  s.settings_keys = 2;
  BOOST_TEST(
      plan_counts(s).ends_with(" After 2 of the calls an update sets options or the roles of attendees, unless they are set already."));
  const auto object = boost::json::parse(plan_json(1, s, now, {})).as_object();
  BOOST_TEST(object.at("updates").to_number<int>() == 4);
  BOOST_TEST(object.at("updates_for_settings").to_number<int>() == 2);
}

BOOST_AUTO_TEST_CASE(the_reasons_of_calls_add_up) {
  plan_summary s;
  s.rows = s.records = 30;
  s.calls = 21;
  s.new_keys = 1;
  s.changed_keys = 2;
  s.retried_keys = 7;
  s.update_keys = 4;
  s.extended_keys = 5;
  s.expired_keys = 6;
  s.unchanged = 8;
  s.drifted = 1;
  BOOST_TEST(plan_counts(s) ==
             "30 rows: 21 calls owed (1 new, 2 changed, 3 tried before, 4 to update, 5 to extend, 6 expired), 8 unchanged, 1 known to "
             "have drifted.");
}

BOOST_AUTO_TEST_CASE(a_report_names_the_fields_that_updates_changed) {
  job_report r;
  r.run = 1;
  r.rows = 1200;
  r.counts.updated = 1200;
  r.updated_fields = {{"start", 500}, {"subject", 1100}};
  BOOST_TEST(report_text(r).contains("\n1,200 meetings were updated: start 500, subject 1,100.\n"), report_text(r));
  const auto object = boost::json::parse(report_json(r)).as_object();
  BOOST_TEST(object.at("updated_fields").at("subject").to_number<int>() == 1100);
  r.counts = {.created = 1200};
  r.updated_fields.clear();
  BOOST_TEST(!report_text(r).contains("updated:"));
}
