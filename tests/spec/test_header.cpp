#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/text.hpp"
#include "rows_for_tests.hpp"
#include "spec/column_names.hpp"

using namespace spec_test;
namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(spec_header)

BOOST_DATA_TEST_CASE(names_match_without_case_and_dashes,
                     bdata::make({"organizer|external_id|start", "Organizer|External-ID|START", "user_id|externalid|startDateTime",
                                  "ORGANIZER-ID|ExternalId|start_date_time", " organizer | external_id |start "}),
                     header) {
  table t(header);
  const auto& row = t.row(ada + "|x1|2026-09-01T08:00Z");
  BOOST_TEST(row.errors.empty());
  BOOST_TEST(row.wanted.external_id == "x1");
}

BOOST_DATA_TEST_CASE(every_name_of_a_role_is_known, bdata::make(convoke::spec::role_names()), name) {
  const auto role = convoke::spec::role_named(convoke::core::fold_name(name));
  const std::vector<std::string_view> fields{name};
  const auto h = convoke::spec::read_header(fields, {.columns = {}, .carry = {}, .accepted_before = true});
  BOOST_REQUIRE(h.has_value());
  BOOST_TEST((h->place(role) == 0U));
  BOOST_TEST((h->find(convoke::spec::name_of(role)) == 0U));
  BOOST_TEST(h->carried.empty());
}

BOOST_AUTO_TEST_CASE(names_of_several_roles_work_together) {
  table t("organizer_id|external_id|start|end_date_time|tz|participants");
  const auto& row = t.row(ada + "|x1|2026-09-01 08:00|2026-09-01 10:00|East|a@b.org");
  BOOST_TEST(convoke::spec::describe(row.errors) == "");
  BOOST_TEST(utc(row.wanted.end) == "2026-09-01T08:00:00Z");
  BOOST_TEST(row.wanted.attendees.size() == 1U);
  BOOST_TEST(t.builder.carried().empty());
}

BOOST_AUTO_TEST_CASE(all_missing_columns_are_named_at_once) {
  const auto e = refusal("Organiser|title|begin");
  BOOST_TEST((e.code == convoke::errc::input));
  BOOST_TEST(holds(e.message, "--column organizer='Organiser'"));
  BOOST_TEST(holds(e.message, "--column start='begin'"));
  BOOST_TEST(holds(e.message, "no column 'external_id'"));
  const auto none = refusal("Person|title|when");
  BOOST_TEST(holds(none.message, "no column 'organizer'"));
  BOOST_TEST(holds(none.message, "no column 'external_id'"));
  BOOST_TEST(holds(none.message, "no column 'start'"));
}

BOOST_DATA_TEST_CASE(two_columns_with_one_meaning_are_refused,
                     bdata::make({"organizer|start|external_id|Room|room", "organizer|start|external_id|user_id",
                                  "organizer|start|external_id|START", "organizer|start|external_id|title|Subject",
                                  "organizer|start|external_id|option.a|OPTION.A"}),
                     header) {
  BOOST_TEST(holds(refusal(header).message, "mean the same"));
}

BOOST_AUTO_TEST_CASE(duplicates_are_named_by_number_and_name) {
  BOOST_TEST(holds(refusal("organizer|start|external_id|user_id").message, "column 1 ('organizer') and column 4 ('user_id')"));
  BOOST_TEST(holds(refusal("organizer|start|external_id|user_id").message, "--column organizer='organizer'"));
}

BOOST_AUTO_TEST_CASE(a_failed_file_is_an_input_and_so_is_the_failed_file_of_it) {
  table t("organizer|external_id|start|room|convoke_line|convoke_error|convoke_line|convoke_error");
  BOOST_TEST(t.why(ada + "|x1|2026-09-01T08:00Z|A1|7|no good|3|bad") == "");
  BOOST_TEST((t.builder.carried() == std::vector<std::size_t>{3}));
}

BOOST_AUTO_TEST_CASE(other_columns_are_carried_in_order) {
  table t("room|organizer|external_id|building|start|");
  BOOST_TEST((t.builder.carried() == std::vector<std::size_t>{0, 3}));
  BOOST_TEST(t.builder.columns() == 6U);
}

BOOST_AUTO_TEST_CASE(columns_are_found_by_name_as_headers_are) {
  table t("Room_No|user_id|external_id|start");
  BOOST_TEST((t.builder.find("roomno") == 0U));
  BOOST_TEST((t.builder.find("organizer") == 1U));
  BOOST_TEST((t.builder.find("User-Id") == 1U));
  BOOST_TEST(!t.builder.find("subject").has_value());
  BOOST_TEST(!t.builder.find("nothing").has_value());
}

BOOST_DATA_TEST_CASE(a_start_is_said_in_one_of_three_ways,
                     bdata::make({"organizer|external_id|start", "organizer|external_id|date|start_time|end_time|end_date",
                                  "organizer|external_id|start_time", "organizer|external_id|start_date"}),
                     header) {
  three_zones zones;
  BOOST_TEST(convoke::spec::row_builder::create(split(header), {}, zones).has_value());
}

BOOST_AUTO_TEST_CASE(row_10_columns_without_a_name_are_ignored_and_their_values_counted) {
  table t("organizer|external_id|start|||");
  BOOST_TEST(t.builder.carried().empty());
  BOOST_TEST(t.why(ada + "|x|2026-09-01T08:00Z|||") == "");
  BOOST_TEST(t.builder.warnings().empty());
  BOOST_TEST(t.why(ada + "|y|2026-09-01T08:00Z|| B\t2 |z") == "");
  BOOST_TEST(t.why(ada + "|z|2026-09-01T08:00Z|||q") == "");
  const auto warnings = t.builder.warnings();
  BOOST_REQUIRE(warnings.size() == 1U);
  BOOST_TEST((warnings[0].kind == convoke::input_warning_kind::unnamed_column));
  BOOST_TEST(warnings[0].rows == 2U);
  BOOST_TEST(warnings[0].example == "B\\t2");
}

BOOST_AUTO_TEST_CASE(row_22_results_are_an_input_again) {
  const std::string columns =
      "line|occurrence|tenant|organizer|external_id|outcome|meeting_id|join_web_url|join_meeting_id|passcode|dial_in_number|conference_id|"
      "options_url|expires_at|subject|start|end|drift|http_status|error_code|error_message|attempts|request_id|client_request_id|"
      "finished_at";
  convoke::spec::row_settings s;
  s.tenants = {{"11111111-2222-3333-4444-555555555555", "north"}};
  table t(columns, s);
  const std::string cells = "|" + ada + "|A-1|created|MSo1|https://t|1|2|3|4|https://o|2026-11-01T00:00:00Z|Algebra|" +
                            "2026-09-01T08:00:00Z|2026-09-01T09:00:00Z||201|||1|r|c|2026-08-01T00:00:00Z";
  BOOST_TEST(t.why("2||11111111-2222-3333-4444-555555555555" + cells) == "");
  BOOST_TEST(t.why("2||NORTH" + cells) == "");
  BOOST_TEST(t.why("2||south" + cells) != "");
  BOOST_TEST(t.why("2||north" + cells) == "");
  BOOST_TEST(t.builder.carried().size() == 19U);
  // The results of results have some columns twice.
  three_zones zones;
  const std::string twice = columns + "|line|outcome|input_line";
  BOOST_TEST(convoke::spec::row_builder::create(split(twice), s, zones).has_value());
}

BOOST_AUTO_TEST_CASE(row_22_without_a_known_tenant_all_rows_name_the_same) {
  table t("organizer|external_id|start|tenant");
  BOOST_TEST(t.why(ada + "|x|2026-09-01T08:00Z|") == "");
  BOOST_TEST(t.why(ada + "|y|2026-09-01T08:00Z|North") == "");
  BOOST_TEST(t.why(ada + "|z|2026-09-01T08:00Z|north") == "");
  BOOST_TEST(t.why(ada + "|u|2026-09-01T08:00Z|") == "");
  BOOST_TEST(holds(t.why(ada + "|v|2026-09-01T08:00Z|south"),
                   "column 'tenant': 'south': is another tenant than 'North' in line 2; which tenants there are is not known here: name "
                   "them in the configuration"));
}

BOOST_AUTO_TEST_CASE(an_unknown_default_zone_is_a_usage_error) {
  convoke::spec::row_settings s;
  s.default_zone = "Mars/Olympus";
  const auto e = refusal("organizer|external_id|start", s);
  BOOST_TEST((e.code == convoke::errc::usage));
  BOOST_TEST(holds(e.message, "--time-zone 'Mars/Olympus'"));
}

BOOST_AUTO_TEST_SUITE_END()
