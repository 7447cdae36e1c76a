#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "rows_for_tests.hpp"

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

BOOST_AUTO_TEST_CASE(every_alias_of_a_role_is_known) {
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
  BOOST_TEST(holds(e.message, "no column 'organizer'"));
  BOOST_TEST(holds(e.message, "is 'Organiser' meant?"));
  BOOST_TEST(holds(e.message, "no column 'external_id'"));
  BOOST_TEST(holds(e.message, "no column 'start'"));
}

BOOST_DATA_TEST_CASE(two_columns_with_one_meaning_are_refused,
                     bdata::make({"organizer|start|external_id|Room|room", "organizer|start|external_id|user_id",
                                  "organizer|start|external_id|START", "organizer|start|external_id||",
                                  "organizer|start|external_id|option.a|OPTION.A"}),
                     header) {
  BOOST_TEST(holds(refusal(header).message, "mean the same"));
}

BOOST_AUTO_TEST_CASE(duplicates_are_named_by_number_and_name) {
  BOOST_TEST(holds(refusal("organizer|start|external_id|user_id").message, "column 1 ('organizer') and column 4 ('user_id')"));
  BOOST_TEST(holds(refusal("organizer||external_id|").message, "column 2 (which has no name) and column 4 (which has no name)"));
}

BOOST_AUTO_TEST_CASE(a_failed_file_is_an_input_and_so_is_the_failed_file_of_it) {
  table t("organizer|external_id|start|room|convoke_line|convoke_error|convoke_line|convoke_error");
  BOOST_TEST(t.why(ada + "|x1|2026-09-01T08:00Z|A1|7|no good|3|bad") == "");
  BOOST_TEST((t.builder.carried() == std::vector<std::size_t>{3}));
}

BOOST_AUTO_TEST_CASE(other_columns_are_carried_in_order) {
  table t("room|organizer|external_id|building|start|");
  BOOST_TEST((t.builder.carried() == std::vector<std::size_t>{0, 3, 5}));
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

BOOST_AUTO_TEST_CASE(an_unknown_default_zone_is_a_usage_error) {
  convoke::spec::row_settings s;
  s.default_zone = "Mars/Olympus";
  const auto e = refusal("organizer|external_id|start", s);
  BOOST_TEST((e.code == convoke::errc::usage));
  BOOST_TEST(holds(e.message, "--time-zone 'Mars/Olympus'"));
}

BOOST_AUTO_TEST_SUITE_END()
