#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "rows_for_tests.hpp"

using namespace spec_test;
namespace bdata = boost::unit_test::data;

namespace {

convoke::spec::row_settings with(std::string text, std::string zone = {}) {
  convoke::spec::row_settings s;
  s.external_id_template = std::move(text);
  s.default_zone = std::move(zone);
  return s;
}

const std::string head = "organizer|course|section|start|duration|tz";

// The external id of a row, or its errors.
std::string made(std::string text, std::string_view cells, std::string zone = {}) {
  table t(head, with(std::move(text), std::move(zone)));
  const auto& row = t.row(ada + "|" + std::string(cells));
  return row.errors.empty() ? row.wanted.external_id : convoke::spec::describe(row.errors);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_template)

BOOST_AUTO_TEST_CASE(an_external_id_is_made_of_columns_and_dates) {
  BOOST_TEST(made("{course}-{section}-{start:%Y%m%d}", " ALG | 1|2026-09-01T08:00Z||") == "ALG-1-20260901");
  BOOST_TEST(made("{Course}{{{section}}}", "ALG|1|2026-09-01T08:00Z||") == "ALG{1}");
  BOOST_TEST(made("{start_date_time:%F_%H%M%S%%}", "ALG|1|2026-09-01T08:05:09Z||") == "2026-09-01_080509%");
  BOOST_TEST(made("{start:%y/%j/%u}", "ALG|1|2026-12-31T08:00Z||") == "26/365/4");
  BOOST_TEST(made("{start:%G-W%V}", "ALG|1|2027-01-01T08:00Z||") == "2026-W53");
  BOOST_TEST(made("{start:%G-W%V}", "ALG|1|2024-12-30T08:00Z||") == "2025-W01");
  BOOST_TEST(made("{start:%d}-{course}", "ALG|1|0001-02-03T08:00Z||") == "03-ALG");
}

BOOST_AUTO_TEST_CASE(dates_in_the_template_are_local_to_the_rows_zone) {
  BOOST_TEST(made("{start:%Y%m%d%H}", "A|1|2026-09-01 00:30||East") == "2026090100");
  BOOST_TEST(made("{start:%Y%m%d%H}", "A|1|2026-08-31T22:30Z||East") == "2026090100");
  BOOST_TEST(made("{start:%Y%m%d%H}", "A|1|2026-08-31T22:30Z||", "East") == "2026090100");
  BOOST_TEST(made("{start:%Y%m%d%H}", "A|1|2026-09-01T00:30+05:00||") == "2026090100");
  BOOST_TEST(made("{start:%Y%m%d%H}", "A|1|2026-03-29T01:30+01:00||Odd") == "2026032901");
}

BOOST_AUTO_TEST_CASE(the_end_may_come_from_the_duration) {
  table t("organizer|start|duration|end|tz", with("{end:%d%H}"));
  BOOST_TEST(t.row(ada + "|2026-09-01 23:00|2h||East").wanted.external_id == "0201");
  BOOST_TEST(t.row(ada + "|2026-09-01 23:00||2026-09-03 04:00|East").wanted.external_id == "0304");
}

BOOST_AUTO_TEST_CASE(an_empty_field_of_the_template_is_an_error) {
  BOOST_TEST(made("{course}-{section}", "ALG| |2026-09-01T08:00Z||") ==
             "column 'section': is empty, but the external-id template needs it");
}

BOOST_AUTO_TEST_CASE(a_wrong_time_is_reported_once) {
  BOOST_TEST(made("{course}-{start:%Y}", "ALG|1|01/09/2026||").find("template") == std::string::npos);
  BOOST_TEST(!made("{course}-{start:%Y}", "ALG|1|01/09/2026||").empty());
}

BOOST_AUTO_TEST_CASE(the_result_of_the_template_must_be_an_external_id) {
  BOOST_TEST(
      holds(made("{course}", "Alge bra|1|2026-09-01T08:00Z||"), "'Alge bra': the external id that the template makes must be 1 to 128"));
  BOOST_TEST(holds(made("{course}", std::string(129, 'x') + "|1|2026-09-01T08:00Z||"), "the external id that the template makes"));
}

BOOST_AUTO_TEST_CASE(a_filled_cell_is_used_in_place_of_the_template) {
  table t("organizer|external_id|course|start", with("T-{course}"));
  BOOST_TEST(t.row(ada + "|own|ALG|2026-09-01T08:00Z").wanted.external_id == "own");
  BOOST_TEST(t.row(ada + "||ALG|2026-09-01T08:00Z").wanted.external_id == "T-ALG");
  BOOST_TEST(t.why(ada + "|own||2026-09-01T08:00Z") == "");
}

BOOST_AUTO_TEST_CASE(times_may_come_from_other_columns) {
  table t("organizer|course|date|start_time|end_time|tz", with("{course}-{start:%Y%m%d.%H}-{end:%d.%H}-{date}-{start_time:%M}"));
  BOOST_TEST(t.row(ada + "|ALG|2026-09-01|08:15|10:00|East").wanted.external_id == "ALG-20260901.08-01.10-2026-09-01-15");
  table by_length("organizer|start|duration|tz", with("{end:%d%H}"));
  BOOST_TEST(by_length.row(ada + "|2026-09-01 23:00|2h|East").wanted.external_id == "0201");
}

BOOST_DATA_TEST_CASE(wrong_templates_are_refused,
                     bdata::make({"fixed", "{course", "course}", "{course}}", "{start}", "{start:}", "{start:%Q}", "{start:%}",
                                  "{course:%Y}", "{external_id}x"}),
                     text) {
  const auto e = refusal("organizer|course|start|external_id", with(text));
  BOOST_TEST((e.code == convoke::errc::usage));
  BOOST_TEST(holds(e.message, "external-id template"));
}

BOOST_AUTO_TEST_CASE(a_column_that_the_input_lacks_is_refused) {
  const auto e = refusal("organizer|course|start", with("{course}-{room}"));
  BOOST_TEST((e.code == convoke::errc::input));
  BOOST_TEST(holds(e.message, "'room' is no column of the input"));
  BOOST_TEST(holds(refusal("organizer|course|start", with("{}")).message, "is no column"));
}

BOOST_AUTO_TEST_SUITE_END()
