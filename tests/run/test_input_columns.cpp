// Columns, tenants and warnings of an input, by `check`, which needs neither network nor ledger.

#include <algorithm>
#include <fstream>

#include "fixture.hpp"

using namespace convoke;
using namespace convoke::testing;

namespace {

const std::string organizer = "00000000-0000-0000-0000-000000000001";
const std::string tenant = "7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001";

struct input_fixture : fixture {
  // A job with this text as its input.
  job with(const std::string& text) const {
    const auto path = (folder / "in.csv").string();
    std::ofstream(path, std::ios::binary) << text;
    return make_job(path);
  }
  std::string row(const std::string& id, const std::string& more) const { return organizer + "," + id + "," + more + "\n"; }
};

std::uint64_t rows_of(const plan_summary& s, input_warning_kind kind) {
  const auto found = std::ranges::find(s.warnings, kind, &input_warning::kind);
  return found == s.warnings.end() ? 0 : found->rows;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(row_06_meetings_long_ago_and_far_ahead_are_counted, input_fixture) {
  const auto s =
      must(check(with("organizer,external_id,start\n" + row("A1", "1999-03-01T08:00:00Z") + row("A2", "9000-03-01T08:00:00Z")), watch));
  BOOST_TEST(rows_of(s, input_warning_kind::past_meeting) == 1U);
  BOOST_TEST(rows_of(s, input_warning_kind::far_meeting) == 1U);
}

BOOST_FIXTURE_TEST_CASE(row_10_empty_rows_and_columns_without_a_name_do_no_harm, input_fixture) {
  const auto s = must(check(with("organizer,external_id,start,,,\n" + row("A1", "2027-03-01T08:00:00Z,,,") + ",,,,,\n,,,,,\n" +
                                 row("A2", "2027-03-01T08:00:00Z,,,,,")),
                            watch));
  BOOST_TEST(s.rejected == 0U);
  BOOST_TEST(s.records == 2U);
  BOOST_TEST(s.empty_records == 2U);
}

BOOST_FIXTURE_TEST_CASE(row_22_the_configured_tenant_is_accepted_by_id_and_by_name, input_fixture) {
  auto j =
      with("organizer,external_id,start,tenant\n" + row("A1", "2027-03-01T08:00:00Z," + tenant) + row("A2", "2027-03-01T08:00:00Z,north"));
  j.lanes.front().name = "north";
  BOOST_TEST(must(check(j, watch)).rejected == 0U);
  j.lanes.front().name = "south";
  BOOST_TEST(!check(j, watch).has_value());
  BOOST_REQUIRE(watch.wrong.size() == 1U);
  BOOST_TEST(watch.wrong[0].second.find("'north': is not the tenant of this run, '" + tenant + "'") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(row_22_check_without_a_tenant_accepts_any_one_tenant, input_fixture) {
  auto j = with("organizer,external_id,start,tenant\n" + row("A1", "2027-03-01T08:00:00Z,north") + row("A2", "2027-03-01T08:00:00Z,north"));
  j.lanes.front().tenant.clear();
  BOOST_TEST(must(check(j, watch)).rejected == 0U);
}

BOOST_FIXTURE_TEST_CASE(row_25_only_compares_trimmed_cells, input_fixture) {
  auto j = with("organizer,external_id,start,room\n" + row("A1", "2027-03-01T08:00:00Z,B-201 ") + row("A2", "2027-03-01T08:00:00Z,B-202") +
                row("A3", "2027-03-01T08:00:00Z,\" B-201\""));
  j.plan.only = "room= B-201";
  BOOST_TEST(must(check(j, watch)).records == 2U);
}

BOOST_FIXTURE_TEST_CASE(the_mapping_reaches_rows_and_summary, input_fixture) {
  auto j = with("Dozent,Nr,Beginn,Thema,Semester end\n" + row("A1", "2027-03-01T08:00:00Z,Algebra,x"));
  j.plan.columns = {{"organizer", "Dozent"}, {"external_id", "Nr"}, {"start", "beginn"}, {"subject", "Thema"}};
  j.plan.carry = {"Semester end"};
  const auto s = must(check(j, watch));
  BOOST_REQUIRE(s.columns.size() == 5U);
  BOOST_TEST(s.columns[2].role == "start");
  BOOST_TEST((s.columns[4].use == column_use::kind::carried));
  BOOST_TEST(std::ranges::count(s.defaults, "no end or duration: every meeting lasts 1 h") == 1);
  j.plan.columns[2].header = "Anfang";
  const auto refused = check(j, watch);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::usage));
}

BOOST_FIXTURE_TEST_CASE(skip_invalid_is_offered_where_it_leaves_rows, input_fixture) {
  const auto why = [&](const std::string& rows) {
    const auto refused = check(with("organizer,external_id,start\n" + rows), watch);
    BOOST_REQUIRE(!refused.has_value());
    return refused.error().message;
  };
  const auto wrong = row("A1", "soon"), right = row("A2", "2027-03-01T08:00:00Z");
  BOOST_TEST(why(wrong + right)
                 .ends_with("1 of 2 rows is wrong; nothing was sent. Correct it and run the same command again, or use "
                            "--skip-invalid to provision the others."));
  BOOST_TEST(why(wrong).ends_with("1 of 1 row is wrong; nothing was sent. Correct it and run the same command again."));
}
