// Why rows of a run have no meeting as wanted.

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

std::string text_of(const failure_reason& reason) {
  return std::to_string(reason.rows) + " " + std::string(to_string(reason.result)) + " " + reason.code + " " +
         std::to_string(reason.http_status) + " from line " + std::to_string(reason.line);
}

std::vector<std::string> reasons(reader& r, run_id run, std::size_t most = 20) {
  std::vector<std::string> out;
  for (const auto& reason : must(r.reasons(run, most))) out.push_back(text_of(reason));
  return out;
}

finished_row failed(const claimed_row& row, const std::string& code, int status) {
  auto out = ended(row, outcome::failed);
  out.error_code = code;
  out.http_status = status;
  out.error_message = "because of " + code;
  return out;
}

using texts = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reasons_of_runs, at_work)

BOOST_AUTO_TEST_CASE(reasons_are_counted_by_outcome_code_status_and_message) {
  auto h = header();
  h.drift_fails = true;
  const auto run = plan(*s, h,
                        joined({weekly(2, 1, "a", 3),
                                {row(3, 1, "b"), wrong_row(4, "column 'start': 'x': no date"), row(5, 1, "c"), row(6, 1, "c"),
                                 row(7, 1, "d", 1), row(8, 1, "d", 2), wrong_row(9, "column 'start': 'y': no date"), row(10, 1, "e"),
                                 row(11, 1, "f"), row(12, 1, "g"), wrong_row(13, "column 'end': 'z': no date")}}))
                       .id;
  const auto page = claim_first(*s, run).rows;
  BOOST_REQUIRE(page.size() == 8u);
  finish(*s, {ended(page[0]), failed(page[1], "Forbidden", 403), failed(page[2], "Forbidden", 403), failed(page[3], "Forbidden", 404),
              failed(page[4], "BadRequest", 400), ended(page[5], outcome::drifted), ended(page[6], outcome::lost), ended(page[7])});
  BOOST_TEST(reasons(*r, run) == (texts{
                                     "2 failed Forbidden 403 from line 2",
                                     "2 rejected invalid 0 from line 4",
                                     "2 failed BadRequest 400 from line 5",
                                     "2 rejected conflict 0 from line 7",
                                     "1 failed Forbidden 404 from line 3",
                                     "1 drifted subject;end 200 from line 10",
                                     "1 lost  200 from line 11",
                                     "1 rejected invalid 0 from line 13",
                                 }),
             boost::test_tools::per_element());
  BOOST_TEST(reasons(*r, run, 1).size() == 1u);
  BOOST_TEST(reasons(*r, run, 0).empty());
  // What the first row of a reason says of itself.
  const auto all = must(r->reasons(run, 20));
  BOOST_TEST(all[0].organizer == organizer_name(1));
  BOOST_TEST(all[0].external_id == "a-20260914");
  BOOST_TEST(all[0].message == "because of Forbidden");
  BOOST_TEST(all[1].organizer == "");
  BOOST_TEST(all[1].message == "column 'start': 'x': no date");
  BOOST_TEST(all[3].external_id == "d");
  BOOST_TEST(all[3].message.starts_with("the same organizer and external id as line 8"));
}

BOOST_AUTO_TEST_CASE(drifted_rows_are_no_reason_where_drift_does_not_fail) {
  const auto run = three_rows();
  carry_out(*s, run, outcome::drifted);
  BOOST_TEST(reasons(*r, run).empty());
  // Known to differ: no call, and the fields are known from before.
  auto h = header("again");
  h.drift_fails = true;
  const auto again = plan(*s, h, {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c")}).id;
  BOOST_TEST(reasons(*r, again) == (texts{"3 drifted subject;end 0 from line 2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_lane_of_a_run_has_reasons_of_its_own) {
  auto h = header();
  h.lanes.push_back({"https://graph.example/v1.0", "tenant-2", "app-2"});
  auto of_second = row(3, 2, "b"), wrong_of_second = wrong_row(5, "column 'start': 'x': no date");
  of_second.lane = wrong_of_second.lane = 1;
  const auto run = plan(*s, h, {row(2, 1, "a"), of_second, wrong_row(4, "column 'start': 'y': no date"), wrong_of_second}).id;
  const auto opened = must(s->resume(run));
  BOOST_REQUIRE(opened.organizers.size() == 2u);
  for (const auto& organizer : opened.organizers) finish(*s, {failed(claim(*s, opened, organizer.id).rows.at(0), "Forbidden", 403)});
  std::vector<std::string> found;
  for (const auto& one : must(r->reasons(run, 20))) found.push_back(text_of(one) + " of lane " + std::to_string(one.lane));
  BOOST_TEST(found == (texts{"1 failed Forbidden 403 from line 2 of lane 0", "1 failed Forbidden 403 from line 3 of lane 1",
                             "1 rejected invalid 0 from line 4 of lane 0", "1 rejected invalid 0 from line 5 of lane 1"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(reasons_of_a_run_under_way_and_of_none) {
  const auto run = three_rows();
  BOOST_TEST(reasons(*r, run).empty());
  finish(*s, {ended(claim_first(*s, run).rows.at(1), outcome::failed)});
  BOOST_TEST(reasons(*r, run) == (texts{"1 failed BadRequest 400 from line 3"}), boost::test_tools::per_element());
  BOOST_TEST((r->reasons(77, 20).error().code == errc::usage));
  carry_out(*s, run);
  must(s->prune(0));
  BOOST_TEST((r->reasons(run, 20).error().code == errc::usage));
}

BOOST_AUTO_TEST_SUITE_END()
