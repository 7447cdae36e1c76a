// --column and --carry, and how columns and defaults are reported.

#include <boost/test/unit_test.hpp>

#include "rows_for_tests.hpp"

using namespace spec_test;
using convoke::spec::row_settings;

namespace {

row_settings with(std::vector<convoke::spec::role_of_header> columns, std::vector<std::string> carry = {}) {
  row_settings s;
  s.columns = std::move(columns);
  s.carry = std::move(carry);
  return s;
}

// `1 used start; 2 carried; …`
std::string uses(const convoke::spec::row_builder& b) {
  std::string out;
  for (const auto& c : b.columns_used()) {
    out += (out.empty() ? "" : "; ") + c.header + "=";
    out += c.use == convoke::column_use::kind::used ? c.role : c.use == convoke::column_use::kind::carried ? "carried" : "ignored";
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_column_mapping)

BOOST_AUTO_TEST_CASE(a_column_gets_the_role_that_the_settings_give_it) {
  table t("Dozent|Nr|Beginn|Ende|Raum|Thema",
          with({{"organizer", "dozent"}, {"External-ID", "NR"}, {"start", "Beginn"}, {"end_date_time", "Ende"}, {"title", "Thema"}}));
  BOOST_TEST(uses(t.builder) == "Dozent=organizer; Nr=external_id; Beginn=start; Ende=end; Raum=carried; Thema=subject");
  BOOST_TEST(t.why(ada + "|x|2026-09-01T08:00Z|2026-09-01T11:15Z|B1|Algebra") == "");
  BOOST_TEST(utc(t.built.wanted.end) == "2026-09-01T11:15:00Z");
  BOOST_TEST(t.built.wanted.subject.value_or("") == "Algebra");
  BOOST_TEST((t.builder.find("start") == 2U));
  BOOST_TEST((t.builder.find("beginn") == 2U));
  BOOST_TEST((t.builder.find("topic") == 5U));
}

BOOST_AUTO_TEST_CASE(the_mapping_wins_over_the_name) {
  table t("organizer|external_id|start|real start|title|subject", with({{"start", "real start"}, {"subject", "title"}}));
  BOOST_TEST(uses(t.builder) ==
             "organizer=organizer; external_id=external_id; start=carried; real start=start; title=subject; subject=carried");
  BOOST_TEST((t.builder.find("start") == 3U));
  BOOST_TEST(t.row(ada + "|x|never|2026-09-01T08:00Z|Algebra|MATH").wanted.subject.value_or("") == "Algebra");
}

BOOST_AUTO_TEST_CASE(a_mapped_column_loses_the_role_of_its_name) {
  table t("organizer|external_id|start|subject|title", with({{"attendees", "subject"}}));
  BOOST_TEST(uses(t.builder) == "organizer=organizer; external_id=external_id; start=start; subject=attendees; title=subject");
}

BOOST_AUTO_TEST_CASE(a_template_finds_mapped_columns_by_role_and_by_name) {
  auto s = with({{"start", "Beginn"}});
  s.external_id_template = "{Kurs}-{start:%Y}-{beginn:%m}";
  table t("organizer|Kurs|Beginn|start", s);
  BOOST_TEST(t.row(ada + "|ALG|2026-09-01T08:00Z|").wanted.external_id == "ALG-2026-09");
}

BOOST_AUTO_TEST_CASE(a_column_is_carried_although_its_name_is_a_role_or_near_one) {
  table t("organizer|external_id|start|Semester end|title|subject", with({}, {"semester-end", "title"}));
  BOOST_TEST(uses(t.builder) ==
             "organizer=organizer; external_id=external_id; start=start; Semester end=carried; title=carried; subject=subject");
  BOOST_TEST((t.builder.find("title") == 4U));
}

BOOST_AUTO_TEST_CASE(options_are_shown_by_their_exact_names) {
  table t("organizer|external_id|start|Option.Allow_Recording|Warteraum|option.allowWhiteboard",
          with({{"option.lobbybypasssettings.scope", "Warteraum"}}));
  BOOST_TEST(uses(t.builder) ==
             "organizer=organizer; external_id=external_id; start=start; Option.Allow_Recording=option.allowRecording; "
             "Warteraum=option.lobbyBypassSettings.scope; option.allowWhiteboard=option.allowWhiteboard");
  table mapped("organizer|external_id|start|option.allowRecording|Aufnahme", with({{"option.allow_recording", "Aufnahme"}}));
  BOOST_TEST(uses(mapped.builder) ==
             "organizer=organizer; external_id=external_id; start=start; option.allowRecording=carried; Aufnahme=option.allowRecording");
}

BOOST_AUTO_TEST_CASE(settings_that_do_not_fit_are_refused) {
  const std::string header = "organizer|external_id|start|Beginn|Ende";
  const auto why = [&](std::vector<convoke::spec::role_of_header> columns, std::vector<std::string> carry = {}) {
    const auto e = refusal(header, with(std::move(columns), std::move(carry)));
    BOOST_TEST((e.code == convoke::errc::usage));
    return e.message;
  };
  BOOST_TEST(
      holds(why({{"strat", "Beginn"}}), "--column strat='Beginn': there is no role 'strat'; is 'start' meant?; the roles are organizer, "));
  BOOST_TEST(holds(why({{"convoke_line", "Beginn"}}), "there is no role"));
  BOOST_TEST(holds(why({{"start", "Begin"}}),
                   "--column start='Begin': the input has no column 'Begin'; is 'Beginn' meant?; its columns are "
                   "'organizer', 'external_id', 'start', 'Beginn', 'Ende'"));
  BOOST_TEST(holds(why({{"start", ""}}), "the input has no column ''"));
  BOOST_TEST(holds(why({{"end", "Beginn"}, {"end", "Ende"}}), "give the same role to two columns"));
  BOOST_TEST(
      holds(why({{"end", "Ende"}, {"end_date_time", "Beginn"}}), "--column end_date_time='Beginn' and --column end='Ende' give the same"));
  BOOST_TEST(holds(why({{"end", "Ende"}, {"duration", "ende"}}), "a column can have one role only"));
  BOOST_TEST(holds(why({}, {"Anfang"}), "--carry 'Anfang': the input has no column 'Anfang'"));
  BOOST_TEST(holds(why({{"end", "Ende"}}, {"Ende"}), "--carry 'Ende' and --column end='Ende' contradict each other"));
  table repeated(header, with({{"end", "Ende"}, {"end", "ENDE"}}, {"Beginn", "beginn"}));
  BOOST_TEST((repeated.builder.carried() == std::vector<std::size_t>{3}));
}

// 2 h are not 2 min.
BOOST_AUTO_TEST_CASE(row_02_a_number_in_a_column_of_hours_is_not_read_as_minutes) {
  table t("organizer|external_id|start|length_in_hours", with({{"duration", "length_in_hours"}}));
  BOOST_TEST(t.why(ada + "|x|2026-09-01T08:00Z|2") ==
             "column 'length_in_hours': '2': is read as minutes, but the column's name says hours; write '2 h', or minutes with 'min'");
  BOOST_TEST(t.why(ada + "|x|2026-09-01T08:00Z|2 h") == "");
  BOOST_TEST(utc(t.built.wanted.end) == "2026-09-01T10:00:00Z");
  BOOST_TEST(t.why(ada + "|x|2026-09-01T08:00Z|PT2H") == "");
  BOOST_TEST(t.why(ada + "|x|2026-09-01T08:00Z|120 min") == "");
  BOOST_TEST(t.why(ada + "|x|2026-09-01T08:00Z|") == "");
}

BOOST_AUTO_TEST_CASE(a_required_column_that_the_settings_take_away_is_named) {
  BOOST_TEST(
      holds(refusal("organizer|external_id|start", with({}, {"start"})).message,
            "the header has no column 'start' (or start_date_time, or date and start_time), as column 3 ('start') is only carried by "
            "--carry 'start'"));
  BOOST_TEST(holds(refusal("organizer|external_id|start", with({{"subject", "external_id"}})).message,
                   "as column 2 ('external_id') has another role by --column subject='external_id'"));
}

BOOST_AUTO_TEST_CASE(columns_and_defaults_are_reported) {
  row_settings s;
  s.default_zone = "East";
  table t("organizer|external_id|start|room||convoke_line", s);
  BOOST_TEST(uses(t.builder) == "organizer=organizer; external_id=external_id; start=start; room=carried; =ignored; convoke_line=ignored");
  BOOST_TEST(t.builder.columns_used()[3].column == 4U);
  const std::vector<std::string> defaults{"no subject: meetings get no subject", "no end or duration: every meeting lasts 1 h",
                                          "no time_zone column: --time-zone East is used",
                                          "no attendees: meetings have only their organizer"};
  BOOST_TEST(t.builder.defaults_used() == defaults);
  table full("organizer|external_id|subject|start|minutes|tz|attendees");
  BOOST_TEST(full.builder.defaults_used().empty());
  s.external_id_template = "{subject}";
  table made("organizer|subject|start|end|tz|attendees", s);
  const std::vector<std::string> two{"no external_id column: the ids are made by --external-id '{subject}'",
                                     "where time_zone is empty, --time-zone East is used"};
  BOOST_TEST(made.builder.defaults_used() == two);
}

BOOST_AUTO_TEST_SUITE_END()
