// What the ledger's description of an input says of its columns.

#include <boost/test/unit_test.hpp>

#include "fake_reader.hpp"
#include "report/dialect.hpp"

namespace {

convoke::report::dialect dialect_of(std::string header, std::string settings = R"({"external_id":""})") {
  auto info = run_with(std::move(header));
  info.header.settings = std::move(settings);
  const auto read = convoke::report::read_dialect(info.header);
  BOOST_REQUIRE(read.has_value());
  return *read;
}

using columns = std::vector<std::size_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(report_dialect)

BOOST_AUTO_TEST_CASE(the_mapping_of_the_run_says_which_columns_are_carried) {
  const auto d = dialect_of("Dozent,Nr,Beginn,Thema,Raum,start,title,Semester end\n",
                            R"({"external_id":"","columns":[{"role":"organizer","header":"dozent"},{"role":"external_id","header":"Nr"},)"
                            R"({"role":"start","header":"Beginn"},{"role":"title","header":"Thema"}],"carry":["Semester end"]})");
  BOOST_TEST(d.organizer == 0U);
  BOOST_TEST(d.external_id == 1U);
  BOOST_TEST(d.subject == 3U);
  BOOST_TEST((d.carried == columns{4, 5, 6, 7}));
}

BOOST_AUTO_TEST_CASE(columns_without_a_name_and_those_of_a_failed_file_are_not_carried) {
  const auto d = dialect_of("user_id,external_id,start,,room,convoke_line,,convoke_error\r\n");
  BOOST_TEST((d.carried == columns{4}));
  BOOST_TEST(d.organizer == 0U);
  BOOST_TEST(d.subject == convoke::report::dialect::npos);
}

BOOST_AUTO_TEST_CASE(the_header_of_a_run_that_was_planned_is_read_although_it_would_be_refused_now) {
  const auto d = dialect_of("organizer,external_id,start,end_tiem,duration,minutes,start_time\n");
  BOOST_TEST((d.carried == columns{3, 5}));
}

BOOST_AUTO_TEST_CASE(a_description_that_cannot_be_read_is_a_fault_of_the_ledger) {
  auto info = run_with("organizer,external_id,start\n");
  info.header.settings = "[]";
  const auto read = convoke::report::read_dialect(info.header);
  BOOST_REQUIRE(!read.has_value());
  BOOST_TEST((read.error().code == convoke::errc::storage));
}

BOOST_AUTO_TEST_SUITE_END()
