// Meetings that are possible but improbable.

#include <boost/test/unit_test.hpp>

#include "rows_for_tests.hpp"
#include "spec/row_warnings.hpp"

using namespace spec_test;
using convoke::input_warning_kind;

namespace {

convoke::spec::row_settings at(std::string_view now) {
  convoke::spec::row_settings s;
  s.now = convoke::parse_utc(now);
  return s;
}

// `kind rows first-line example` of each.
std::vector<std::string> described(const std::vector<convoke::input_warning>& warnings) {
  std::vector<std::string> out;
  for (const auto& w : warnings)
    out.push_back(std::string(to_string(w.kind)) + " " + std::to_string(w.rows) + " " + std::to_string(w.first_line) + " " + w.example);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_warnings)

BOOST_AUTO_TEST_CASE(row_06_terms_and_wrong_years_are_counted) {
  table t("organizer|external_id|start|end", at("2027-02-01T00:00:00Z"));
  BOOST_TEST(t.why(ada + "|a|2027-03-01T08:00Z|2027-07-16T10:00Z") == "");
  BOOST_TEST(t.why(ada + "|b|2207-03-01T08:00Z|2207-03-01T09:00Z") == "");
  BOOST_TEST(t.why(ada + "|c|2026-03-01T08:00Z|2026-03-01T09:00Z") == "");
  BOOST_TEST(t.why(ada + "|d|2026-03-02T08:00Z|2026-03-02T09:00Z") == "");
  BOOST_TEST(t.why(ada + "|e|2027-03-01T08:00Z|2027-03-02T14:00Z") == "");  // 30 h
  const std::vector<std::string> wanted{"long_meeting 1 2 2027-03-01T08:00:00Z to 2027-07-16T10:00:00Z",
                                        "past_meeting 2 2 2026-03-01T08:00:00Z", "far_meeting 1 2 2207-03-01T08:00:00Z"};
  BOOST_TEST(described(t.builder.warnings()) == wanted);
}

// A duration of 2 that means hours.
BOOST_AUTO_TEST_CASE(row_06_very_short_meetings_are_counted) {
  table t("organizer|external_id|start|duration");
  BOOST_TEST(t.why(ada + "|a|2027-03-01T08:00Z|2") == "");
  BOOST_TEST(t.why(ada + "|b|2027-03-01T08:00Z|1") == "");
  BOOST_TEST(t.why(ada + "|c|2027-03-01T08:00Z|5") == "");
  const std::vector<std::string> wanted{"short_meeting 2 2 2027-03-01T08:00:00Z to 2027-03-01T08:02:00Z"};
  BOOST_TEST(described(t.builder.warnings()) == wanted);
}

BOOST_AUTO_TEST_CASE(row_06_without_the_time_nothing_is_in_the_past) {
  table t("organizer|external_id|start");
  BOOST_TEST(t.why(ada + "|a|1970-03-01T08:00Z") == "");
  BOOST_TEST(t.why(ada + "|b|2970-03-01T08:00Z") == "");
  BOOST_TEST(t.builder.warnings().empty());
}

BOOST_AUTO_TEST_CASE(row_06_a_meeting_that_is_going_on_and_one_in_two_years_are_usual) {
  table t("organizer|external_id|start", at("2027-02-01T08:30:00Z"));
  BOOST_TEST(t.why(ada + "|a|2027-02-01T08:00Z") == "");
  BOOST_TEST(t.why(ada + "|b|2029-02-01T08:30Z") == "");
  BOOST_TEST(t.builder.warnings().empty());
}

BOOST_AUTO_TEST_CASE(the_example_of_a_warning_is_escaped_and_shortened) {
  convoke::spec::row_warnings w(std::nullopt);
  w.add(input_warning_kind::unnamed_column, "\x1b[2J" + std::string(500, 'x'), 7);
  w.add(input_warning_kind::unnamed_column, "second", 8);
  BOOST_REQUIRE(w.all().size() == 1U);
  BOOST_TEST(w.all()[0].example.starts_with("\\x1b[2Jxx"));
  BOOST_TEST(w.all()[0].example.size() < 100U);
  BOOST_TEST(w.all()[0].rows == 2U);
  BOOST_TEST(w.all()[0].first_line == 7U);
}

BOOST_AUTO_TEST_CASE(roles_that_create_or_get_does_not_keep_are_counted_unless_they_are_enforced) {
  const auto warned = [](bool keep_roles) {
    convoke::spec::row_settings settings;
    settings.keep_roles = keep_roles;
    table t("organizer|external_id|start|attendees", settings);
    BOOST_TEST(t.row(ada + "|a|2027-03-01T08:00Z|a@x.org:attendee;b@x.org").wanted.keep_roles == keep_roles);
    BOOST_TEST(t.row(ada + "|b|2027-03-01T08:00Z|a@x.org;b@x.org:presenter;c@x.org:coorganizer").wanted.keep_roles == keep_roles);
    BOOST_TEST(t.row(ada + "|c|2027-03-01T08:00Z|c@x.org:coorganizer").wanted.keep_roles == keep_roles);
    // A row does not inherit it from the row before.
    BOOST_TEST(!t.row(ada + "|d|2027-03-01T08:00Z|").wanted.keep_roles);
    BOOST_TEST(!t.row(ada + "|e|2027-03-01T08:00Z|a@x.org").wanted.keep_roles);
    return described(t.builder.warnings());
  };
  BOOST_TEST((warned(false) == std::vector<std::string>{"role_not_kept 2 2 b@x.org"}));
  BOOST_TEST(warned(true).empty());
}

BOOST_AUTO_TEST_SUITE_END()
