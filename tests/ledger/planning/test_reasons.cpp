// Rows have the same reason where their messages differ only in values.

#include <boost/test/unit_test.hpp>

#include "ledger/planning/reasons.hpp"

using namespace convoke;
using convoke::ledger::planning::shape_of_reason;

namespace {

std::string of_row(std::string_view message) {
  return shape_of_reason(outcome::rejected, "invalid", 0, message);
}

std::string of_answer(std::string_view message) {
  return shape_of_reason(outcome::failed, "Forbidden", 403, message);
}

}  // namespace

BOOST_AUTO_TEST_CASE(row_16_values_are_no_part_of_a_reason) {
  const auto late = of_row("column 'end': '2027-03-01 07:00': the end must be after the start");
  BOOST_TEST(late == "column 'end': #: the end must be after the start");
  BOOST_TEST(of_row("column 'end': 'x: y': the end must be after the start") == late);
  BOOST_TEST(of_row("column 'Ende': '2027-03-01 07:00': the end must be after the start") != late);
  BOOST_TEST(of_row("column 'end': missing") != late);
  const auto refused = of_answer("No policy found for this app: 2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002 on the user: anna@example.org.");
  BOOST_TEST(refused == "No policy found for this app: # on the user: #");
  BOOST_TEST(of_answer("No policy found for this app: 3 on the user: ben@example.org.") == refused);
  BOOST_TEST(of_answer("The organizer's licence is missing") == "The organizer's licence is missing");
  BOOST_TEST(of_answer("not closed: 'abc") == "not closed: 'abc");
  BOOST_TEST(of_answer("").empty());
}

BOOST_AUTO_TEST_CASE(messages_of_other_outcomes_are_not_compared) {
  BOOST_TEST(shape_of_reason(outcome::rejected, "conflict", 0, "the same as line 3").empty());
  BOOST_TEST(shape_of_reason(outcome::failed, "retries", 503, "busy").empty());
  BOOST_TEST(shape_of_reason(outcome::lost, "", 404, "gone").empty());
  BOOST_TEST(shape_of_reason(outcome::drifted, "subject", 200, "x").empty());
}

BOOST_AUTO_TEST_CASE(a_shape_is_short) {
  BOOST_TEST(of_row(std::string(10'000, 'x')).size() == 160U);
  BOOST_TEST(of_row(std::string(10'000, ',')).size() == 160U);
}
