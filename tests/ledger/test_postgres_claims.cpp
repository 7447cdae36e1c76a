// What several workers claim of one PostgreSQL ledger at the same time.

#include <algorithm>
#include <set>
#include <thread>

#include "ledger/postgres_worker.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

std::vector<std::uint32_t> numbers(const claimed_page& page) {
  std::vector<std::uint32_t> out;
  for (const auto& row : page.rows) out.push_back(number_of(row.row));
  return out;
}

using list = std::vector<std::uint32_t>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_claims, database)

BOOST_AUTO_TEST_CASE(rows_are_claimed_once_and_in_order) {
  const auto run = add_run(10, [](unsigned n) { return n % 2 + 1; });
  worker one(*this), two(*this);
  const auto opened = one.join(run);
  two.join();
  BOOST_REQUIRE(opened.organizers.size() == 2u);
  const auto a = opened.organizers[0].id, b = opened.organizers[1].id;
  const auto first = one.claim(a, 2);
  BOOST_TEST(numbers(first) == (list{2, 4}), boost::test_tools::per_element());
  BOOST_TEST(!first.exhausted);
  BOOST_TEST(first.rows[0].payload == "payload");
  const auto second = two.claim(a, 2);
  BOOST_TEST(numbers(second) == (list{6, 8}), boost::test_tools::per_element());
  BOOST_TEST(!second.exhausted);
  const auto rest = one.try_claim({{a, 5}, {b, 5}, {77, 3}});
  BOOST_REQUIRE(rest.has_value());
  BOOST_TEST(numbers(rest->pages.at(0)) == (list{10}), boost::test_tools::per_element());
  BOOST_TEST(numbers(rest->pages.at(1)) == (list{1, 3, 5, 7, 9}), boost::test_tools::per_element());
  for (const auto& page : rest->pages) BOOST_TEST(page.exhausted);
  BOOST_TEST(two.claim(b, 5).rows.empty());
  BOOST_TEST(one.write({.finished = all_finished(first), .advanced = {}, .released = {}}).calls.size() == 2u);
  BOOST_TEST(number("SELECT count(*) FROM convoke.outcome") == 2);
  BOOST_TEST(number("SELECT sum(n)::bigint FROM convoke.tally") == 2);
}

BOOST_AUTO_TEST_SUITE_END()
