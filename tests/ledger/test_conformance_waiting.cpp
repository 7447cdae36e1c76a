// What every store promises about rows that wait until all others of their run have succeeded.

#include <algorithm>

#include "ledger/kinds_fixture.hpp"
#include "ledger/planning/kinds.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

BOOST_FIXTURE_TEST_SUITE(rows_that_wait, at_work)

BOOST_AUTO_TEST_CASE(a_removal_waits_until_all_other_rows_have_succeeded) {
  const auto run = three_rows();
  at->make_wait(run, 3);
  auto opened = resume(run);
  BOOST_REQUIRE(opened.organizers.size() == 1u);
  BOOST_TEST(opened.organizers[0].fresh == 2u);
  BOOST_TEST(opened.waiting == 1u);
  const auto page = claim(*s, opened, opened.organizers[0].id);
  BOOST_TEST(page.exhausted);
  BOOST_REQUIRE(page.rows.size() == 2u);
  finish(*s, {ended(page.rows[0]), ended(page.rows[1], outcome::drifted)});
  BOOST_TEST((must(s->finish_run(run)) == run_state::open));
  opened = resume(run);
  BOOST_TEST(opened.waiting == 0u);
  BOOST_REQUIRE(opened.organizers.size() == 1u);
  const auto last = claim(*s, opened, opened.organizers[0].id);
  BOOST_REQUIRE(last.rows.size() == 1u);
  BOOST_TEST((last.rows[0].op == operation::remove));
  BOOST_TEST(number_of(last.rows[0].row) == 3u);
  finish(*s, {gone(last.rows[0], outcome::removed)});
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  BOOST_TEST(results(*r, run) == (words{"2 created", "3 removed", "4 drifted"}), boost::test_tools::per_element());
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(a_removal_does_not_follow_a_row_that_failed) {
  const auto run = three_rows();
  at->make_wait(run, 3);
  const auto rows = claim_first(*s, run).rows;
  BOOST_REQUIRE(rows.size() == 2u);
  finish(*s, {ended(rows[0])});
  BOOST_TEST((must(s->finish_run(run)) == run_state::open));
  BOOST_TEST(resume(run).waiting == 1u);
  restart();
  const auto opened = resume(run);
  const bool stale = opened.organizers.at(0).stale > 0;
  const auto held = claim(*s, opened, opened.organizers[0].id, 10, stale);
  BOOST_REQUIRE(held.rows.size() == 1u);
  finish(*s, {ended(held.rows[0], outcome::failed)});
  const auto after = resume(run);
  BOOST_TEST(after.organizers.empty());
  BOOST_TEST(after.waiting == 1u);
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  BOOST_TEST(results(*r, run) == (words{"2 created", "3 failed", "4 failed"}), boost::test_tools::per_element());
  check_counts(*r, run);
  must(r->for_each_result(run, [&](const result_row& got) -> result<void> {
    if (got.line != 3) return {};
    BOOST_TEST(got.error_code == planning::not_removed);
    BOOST_TEST(got.error_message.contains("not removed"));
    return {};
  }));
  words states;
  must(r->for_each_inventory([&](const inventory_row& got) -> result<void> {
    states.push_back(std::string(got.external_id) + " " + std::string(got.state));
    return {};
  }));
  std::ranges::sort(states);
  BOOST_TEST(states == (words{"a satisfied", "b wanted", "c failed"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_closed_organizer_does_not_close_rows_that_wait) {
  const auto run = three_rows();
  at->make_wait(run, 3);
  const auto opened = resume(run);
  const auto page = claim(*s, opened, opened.organizers.at(0).id, 1);
  const auto answer = std::make_shared<std::promise<result<closed_rows>>>();
  s->close_organizer(
      {.run = run, .lane = 0, .lease = opened.lease, .organizer = opened.organizers[0].id, .like = ended(page.rows.at(0), outcome::failed)},
      [answer](result<closed_rows> a) { answer->set_value(std::move(a)); });
  BOOST_TEST(must(answer->get_future().get()).calls == 2u);
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  BOOST_TEST(results(*r, run) == (words{"2 failed", "3 failed", "4 failed"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(drift_that_fails_a_run_keeps_its_removals_back) {
  auto strict = header();
  strict.drift_fails = true;
  const auto run = plan(*s, strict, {row(2, 1, "a"), row(3, 1, "b")}).id;
  at->make_wait(run, 3);
  const auto rows = claim_first(*s, run).rows;
  BOOST_REQUIRE(rows.size() == 1u);
  finish(*s, {ended(rows[0], outcome::drifted)});
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  BOOST_TEST(results(*r, run) == (words{"2 drifted", "3 failed"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
