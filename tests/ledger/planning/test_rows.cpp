// The numbers of rows.

#include <rapidcheck.h>

#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "ledger/planning/rows.hpp"

using namespace convoke;
using namespace convoke::ledger::planning;

BOOST_AUTO_TEST_SUITE(planning_rows)

BOOST_AUTO_TEST_CASE(rows_have_the_numbers_of_their_lines_until_a_record_repeats) {
  row_numbers numbers;
  BOOST_TEST(numbers.next(2, false).value() == 2u);
  BOOST_TEST(numbers.next(5, true).value() == 5u);
  BOOST_TEST(numbers.next(5, true).value() == 6u);
  BOOST_TEST(numbers.next(5, true).value() == 7u);
  BOOST_TEST(numbers.next(6, false).value() == 8u);
  BOOST_TEST(numbers.next(8, false).value() == 9u);
  BOOST_TEST(numbers.next(20, false).value() == 20u);
  // A row of an earlier line, and a second row of a line that is no occurrence.
  BOOST_TEST((numbers.next(19, true).error().code == errc::internal));
  BOOST_TEST((numbers.next(20, false).error().code == errc::internal));
}

BOOST_AUTO_TEST_CASE(a_row_number_is_never_that_of_another_row) {
  BOOST_TEST(rc::check("numbers ascend, are not below the lines, and are the lines where nothing repeats",
                       [](const std::vector<std::uint8_t>& records) {
                         row_numbers numbers;
                         std::uint32_t line = 0, last = 0;
                         bool repeated = false;
                         for (const auto record : records) {
                           line += 1 + record % 4U;
                           const unsigned occurrences = record / 64U;
                           for (unsigned i = 0; i < std::max(occurrences, 1U); ++i) {
                             const auto number = numbers.next(line, occurrences > 0);
                             RC_ASSERT(number.has_value());
                             RC_ASSERT(*number > last);
                             RC_ASSERT(*number >= line);
                             RC_ASSERT((repeated || i > 0 || *number == line));
                             last = *number;
                           }
                           repeated = repeated || occurrences > 1;
                         }
                       }));
}

BOOST_AUTO_TEST_SUITE_END()
