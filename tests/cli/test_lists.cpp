// Settings with several values, and those that say how an input is read.

#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "cli/job_builder.hpp"
#include "cli/lists.hpp"
#include "cli/options.hpp"
#include "folder.hpp"

namespace {

using namespace cli_test;
using convoke::errc;
using convoke::cli::build_job;
using convoke::cli::settings;

constexpr auto tenant = "11111111-2222-3333-4444-555555555555";

// `start=Beginn` and the source, for each column; then each header that is carried.
std::vector<std::string> lists_of(const settings& from) {
  std::vector<std::string> out;
  for (const auto& one : from.lists().column) out.push_back(one.text + " " + one.source);
  for (const auto& one : from.lists().carry) out.push_back(one.text + " " + one.source);
  return out;
}

std::string complaint(const names& flags, const names& environment = {}) {
  const auto from = settings::resolve(flags, environment, "");
  if (!from) return from.error().message;
  const auto j = build_job(*from, "in.csv", {});
  if (!j) return j.error().message;
  return "accepted";
}

void check_all(const std::vector<std::string>& got, const std::vector<std::string>& wanted) {
  BOOST_TEST(got == wanted, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_variable_has_a_value_a_line_or_separates_them_by_semicolons) {
  using convoke::cli::values_of_variable;
  check_all(values_of_variable("Raum; Campus ;"), {"Raum", "Campus"});
  check_all(values_of_variable("Raum\r\nTage; Zeiten\n"), {"Raum", "Tage; Zeiten"});
  check_all(values_of_variable(" ;\n"), {";"});
  check_all(values_of_variable(" "), {});
}

BOOST_FIXTURE_TEST_CASE(columns_of_all_sources_are_merged_by_role, folder) {
  const auto file = write("c.toml", "carry = [\"Raum\", \"Campus\"]\n[columns]\nstart = \"Beginn\"\ntitle = \"Titel\"\nend = \"Ende\"\n");
  const auto from = settings::resolve({{"config", file}, {"column", "start=Anfang\nexternal id = Nr. = 1"}, {"carry", "Titel 2"}},
                                      {{"CONVOKE_COLUMN", "subject=Fach;start=Zeit"}, {"CONVOKE_CARRY", "raum"}}, "");
  BOOST_REQUIRE(from.has_value());
  check_all(lists_of(*from), {"start=Anfang --column", "external id = Nr. = 1 --column", "subject=Fach CONVOKE_COLUMN", "end=Ende " + file,
                              "Titel 2 --carry", "raum CONVOKE_CARRY", "Campus " + file});
  const auto j = build_job(*from, "in.csv", {});
  BOOST_REQUIRE(j.has_value());
  BOOST_REQUIRE(j->plan.columns.size() == 4U);
  BOOST_TEST(j->plan.columns[0].role == "start");
  BOOST_TEST(j->plan.columns[0].header == "Anfang");
  BOOST_TEST(j->plan.columns[1].role == "external id");
  BOOST_TEST(j->plan.columns[1].header == "Nr. = 1");
  check_all(j->plan.carry, {"Titel 2", "raum", "Campus"});
}

BOOST_FIXTURE_TEST_CASE(the_nearer_source_also_wins_for_a_column, folder) {
  const auto file = write("c.toml", "carry = [\"Ende\"]\n[columns]\nstart = \"Beginn\"\n");
  const auto carried = settings::resolve({{"config", file}, {"carry", "beginn"}}, {}, "");
  BOOST_REQUIRE(carried.has_value());
  check_all(lists_of(*carried), {"beginn --carry", "Ende " + file});
  const auto used = settings::resolve({{"config", file}, {"column", "end=ENDE"}}, {}, "");
  BOOST_REQUIRE(used.has_value());
  check_all(lists_of(*used), {"end=ENDE --column", "start=Beginn " + file});
  const auto other = settings::resolve({{"config", file}, {"column", "date=Beginn"}}, {}, "");
  BOOST_REQUIRE(other.has_value());
  check_all(lists_of(*other), {"date=Beginn --column", "Ende " + file});
}

BOOST_FIXTURE_TEST_CASE(lists_in_a_file_are_arrays_or_single_texts, folder) {
  const auto file = write("c.toml",
                          "column = [\"start=Beginn\", \"end=Ende\"]\ncarry = \"Raum\"\ncolumns.option.lobby = \"Warteraum\"\n"
                          "columns.\"option.record\" = \"Aufnahme\"\n");
  const auto from = settings::resolve({{"config", file}}, {}, "");
  BOOST_REQUIRE(from.has_value());
  check_all(lists_of(*from), {"option.lobby=Warteraum " + file, "option.record=Aufnahme " + file, "start=Beginn " + file,
                              "end=Ende " + file, "Raum " + file});
  const auto shown = from->show();
  BOOST_TEST(shown.contains("columns.start = Beginn  # " + file + "\n"), shown);
  BOOST_TEST(shown.contains("columns.option.lobby = Warteraum  # " + file + "\n"), shown);
  BOOST_TEST(shown.contains("carry = Raum  # " + file + "\n"), shown);
}

BOOST_FIXTURE_TEST_CASE(a_wrong_column_names_its_source_and_the_nearest_role, folder) {
  const auto of_file = [&](const std::string& text) { return complaint({{"config", write("c.toml", text)}}); };
  const auto file = (path / "c.toml").string();
  BOOST_TEST(of_file("[columns]\nsubjcet = \"Titel\"\n") ==
             file + ", line 2: columns.subjcet: there is no role 'subjcet' of columns. Did you mean 'subject'?");
  BOOST_TEST(of_file("\n[columns]\nBeginn = \"start\"\n")
                 .contains("line 3: columns.Beginn: there is no role 'Beginn' of columns. Write the role first: "
                           "start=Beginn."));
  BOOST_TEST(of_file("[columns]\nqqqqqqqq = \"Titel\"\n").contains("The roles are organizer, external_id, subject, start,"));
  BOOST_TEST(of_file("[columns]\nend = \"\"\n").contains("line 2: columns.end: 'end=' needs the form ROLE=HEADER"));
  BOOST_TEST(of_file("[columns]\nend = 3\n").contains("line 2: 'end' in [columns] needs the name of a column: end = \"HEADER\"."));
  BOOST_TEST(of_file("columns = \"start=Beginn\"\n").contains("line 1: 'columns' is a table"));
  BOOST_TEST(of_file("\ncarry = [1]\n").contains("line 2: 'carry' needs a list of texts, such as [\"Room\"]."));
  BOOST_TEST(of_file("column = [[\"a\"]]\n").contains("such as [\"start=Beginn\"]."));
  BOOST_TEST(of_file("column = [\"start\"]\n").contains("line 1: column: 'start' needs the form ROLE=HEADER"));
  BOOST_TEST(complaint({{"column", "begin"}}) == "--column: 'begin' needs the form ROLE=HEADER, such as start=Beginn.");
  BOOST_TEST(complaint({{"column", ""}}).contains("--column: '' needs the form"));
  BOOST_TEST(complaint({}, {{"CONVOKE_COLUMN", "start=Beginn;organiser=Wer"}}) ==
             "CONVOKE_COLUMN: there is no role 'organiser' of columns. Did you mean 'organizer'?");
  BOOST_TEST(complaint({{"column", "subjec=title"}}) == "--column: there is no role 'subjec' of columns. Did you mean 'subject'?");
  BOOST_TEST(complaint({{"column", "Ende=end"}}) == "--column: there is no role 'Ende' of columns. Write the role first: end=Ende.");
  BOOST_TEST(complaint({{"column", "convoke_line=Zeile"}}).contains("there is no role 'convoke_line'"));
  BOOST_TEST(complaint({{"column", "User-ID=Dozent"}}) == "accepted");
}

BOOST_FIXTURE_TEST_CASE(settings_of_an_input_are_flags_keys_and_variables, folder) {
  const auto file =
      write("c.toml", "date_format = \"%d.%m.%Y\"\nskip_dates = \"holidays.txt\"\nfeed = \"nightly\"\nresults_dialect = \"rfc4180\"\n");
  const auto from = settings::resolve({{"config", file}}, {}, "");
  BOOST_REQUIRE(from.has_value());
  const auto j = build_job(*from, "in.csv", {});
  BOOST_REQUIRE(j.has_value());
  BOOST_TEST(j->plan.date_format == "%d.%m.%Y");
  BOOST_TEST(j->plan.skip_dates == (path / "holidays.txt").string());
  BOOST_TEST(j->feed.value_or("none") == "nightly");
  BOOST_CHECK(j->dialect == convoke::results_dialect::rfc4180);
  const auto nearer = settings::resolve({{"config", file}, {"skip-dates", "own.txt"}, {"results-dialect", "input"}},
                                        {{"CONVOKE_DATE_FORMAT", "%m/%d/%Y"}, {"CONVOKE_FEED", "weekly"}}, "");
  BOOST_REQUIRE(nearer.has_value());
  const auto k = build_job(*nearer, "in.csv", {});
  BOOST_REQUIRE(k.has_value());
  BOOST_TEST(k->plan.date_format == "%m/%d/%Y");
  BOOST_TEST(k->plan.skip_dates == "own.txt");
  BOOST_TEST(k->feed.value_or("none") == "weekly");
  BOOST_CHECK(k->dialect == convoke::results_dialect::input);
  BOOST_TEST(!build_job(*settings::resolve({}, {}, "-"), "in.csv", {})->feed.has_value());
  BOOST_TEST(complaint({{"results-dialect", "excel"}}).contains("'excel' is not one of input, rfc4180"));
  BOOST_TEST(complaint({{"on-vanished", "delete"}}).contains("'delete' is not one of report, remove"));
  BOOST_TEST(complaint({{"max-remove", "many"}}).contains("--max-remove: 'many' is not a whole number"));
  BOOST_TEST(complaint({{"on-vanished", "report"}, {"max-remove", "0"}}) == "accepted");
  BOOST_TEST(complaint({{"encoding", "latin2"}}).contains("also cp1252, latin1 or iso-8859-1"));
}

BOOST_FIXTURE_TEST_CASE(row_22_rows_may_name_the_configured_tenant, folder) {
  const auto file = write("c.toml", std::string("[tenants.north]\ntenant = \"") + tenant +
                                        "\"\nclient_id = \"66666666-7777-8888-9999-000000000003\"\n[tenants.south]\ntenant = "
                                        "\"22222222-2222-3333-4444-555555555555\"\n");
  const auto lane = [&](const names& flags, convoke::cli::needs what) {
    const auto from = settings::resolve(flags, {{"HOME", path.string()}}, "-");
    BOOST_REQUIRE(from.has_value());
    const auto j = build_job(*from, "in.csv", what);
    BOOST_REQUIRE(j.has_value());
    return std::pair(j->lanes.front().tenant, j->lanes.front().name);
  };
  for (const auto* chosen : {"north", tenant}) {
    for (const bool with_lane : {false, true}) {
      const auto named = lane({{"config", file}, {"tenant", chosen}}, {.lane = with_lane});
      BOOST_TEST(named.second == "north");
      BOOST_TEST(named.first == tenant);
    }
  }
  BOOST_TEST(lane({}, {}).first.empty());
  BOOST_TEST(lane({{"tenant", tenant}}, {}).first == tenant);
  // A check needs no tenant, and a name that is no id of one is no reason to refuse it.
  BOOST_TEST(lane({{"tenant", "contoso.example"}}, {}).first.empty());
}
