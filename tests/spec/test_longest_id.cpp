// External ids that the service was seen to refuse.

#include <string>

#include <boost/test/unit_test.hpp>

#include "spec/longest_id.hpp"

namespace {

using namespace convoke::spec;

built_row row_with(const std::string& id) {
  built_row out;
  out.wanted.external_id = id;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(longest_id)

BOOST_AUTO_TEST_CASE(an_id_of_the_greatest_length_is_right_and_one_byte_more_is_not) {
  auto row = row_with(std::string(64, 'x'));
  refuse_long_id(row, 64);
  BOOST_TEST(row.errors.empty());
  BOOST_TEST(row.present.empty());
  refuse_long_id(row, 63);
  BOOST_REQUIRE(row.errors.size() == 1U);
  BOOST_TEST(row.errors.front().reason.contains("64 bytes"));
  BOOST_TEST(row.errors.front().reason.contains("takes 63"));
  BOOST_REQUIRE(row.present.size() == 1U);
  BOOST_TEST(row.present.front() == std::string(64, 'x'));
}

BOOST_AUTO_TEST_CASE(one_long_id_makes_all_meetings_of_a_row_wrong_and_none_of_them_vanishes) {
  auto row = row_with("a");
  row.occurrences = {{.external_id = "a-1"}, {.external_id = "a-22"}};
  refuse_long_id(row, 3);
  BOOST_TEST(row.errors.size() == 1U);
  BOOST_TEST(row.occurrences.empty());
  BOOST_TEST(row.present.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_row_that_is_wrong_already_keeps_its_ids) {
  auto row = row_with("abcd");
  row.errors.push_back({"start", "", "is missing"});
  row.present = {"abcd"};
  refuse_long_id(row, 3);
  BOOST_TEST(row.errors.size() == 2U);
  BOOST_TEST(row.present.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
