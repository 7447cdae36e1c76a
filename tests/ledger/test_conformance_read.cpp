// What every store promises to readers.

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

BOOST_FIXTURE_TEST_SUITE(readers, at_work)

BOOST_AUTO_TEST_CASE(the_failed_file_has_every_row_that_did_not_succeed) {
  auto h = header();
  h.drift_fails = true;
  const auto run = plan(*s, h, {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c"), wrong_row(5, "no"), row(6, 1, "d")}).id;
  const auto page = claim_first(*s, run, 3);
  finish(*s, {ended(page.rows[0]), ended(page.rows[1], outcome::failed), ended(page.rows[2], outcome::drifted)});
  std::vector<std::uint32_t> lines;
  must(r->for_each_failed(run, [&](const result_row& got) -> result<void> {
    lines.push_back(got.line);
    return {};
  }));
  BOOST_TEST(lines == (std::vector<std::uint32_t>{3, 4, 5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_error_of_the_callback_ends_the_read_and_is_returned) {
  const auto run = three_rows();
  unsigned calls = 0;
  const auto failed = r->for_each_result(run, [&](const result_row&) -> result<void> {
    ++calls;
    return fail(errc::output, "full");
  });
  BOOST_REQUIRE(!failed.has_value());
  BOOST_TEST((failed.error().code == errc::output));
  BOOST_TEST(calls == 1u);
  BOOST_TEST(results(*r, run).size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_reader_works_while_a_run_is_under_way) {
  const auto run = three_rows();
  const auto page = claim_first(*s, run);
  unsigned rows = 0;
  must(r->for_each_result(run, [&](const result_row& got) -> result<void> {
    if (rows++ == 0) finish(*s, {ended(page.rows[2])});
    BOOST_TEST(!got.result.has_value());  // one snapshot from beginning to end
    return {};
  }));
  BOOST_TEST(results(*at->read(), run)[2] == "4 created");
}

BOOST_AUTO_TEST_CASE(a_known_meeting_whose_change_failed_is_failed_and_still_known) {
  carry_out(*s, three_rows());
  const auto change = plan(*s, header("change"), {row(2, 1, "a", 1), row(3, 1, "b")}).id;
  std::vector<std::string> states;
  const auto look = [&] {
    states.clear();
    must(r->for_each_inventory([&](const inventory_row& got) -> result<void> {
      states.push_back(std::string(got.external_id) + " " + std::string(got.state));
      BOOST_TEST(got.join_web_url.starts_with("https://teams.example/"));
      return {};
    }));
    return states;
  };
  BOOST_TEST(look()[0] == "a wanted");
  finish(*s, {ended(claim_first(*s, change).rows.at(0), outcome::failed)});
  BOOST_TEST(look()[0] == "a failed");
  BOOST_TEST(look()[1] == "b satisfied");
  std::uint64_t failed = 0;
  for (const auto& [what, n] : must(r->inventory_counts())) failed += what == "failed" ? n : 0;
  BOOST_TEST(failed == 1u);
  // The same payload is tried again; the payload before it is wanted back with a call.
  BOOST_TEST(plan(*s, header("again"), {row(2, 1, "a", 1)}, false).summary.retried_keys == 1u);
  const auto back = plan(*s, header("back"), {row(2, 1, "a")});
  BOOST_TEST(back.summary.changed_keys == 1u);
  BOOST_TEST(look()[0] == "a wanted");
  carry_out(*s, back.id, outcome::existing);
  BOOST_TEST(look()[0] == "a satisfied");
}

BOOST_AUTO_TEST_CASE(an_unknown_run_is_an_error_of_usage) {
  three_rows();
  BOOST_TEST(!must(r->run(77)).has_value());
  BOOST_TEST(!r->status(77).has_value());
  BOOST_TEST(!r->overtaken(77).has_value());
  BOOST_TEST(!must(r->find("nothing")).has_value());
  BOOST_TEST(!s->resume(77).has_value());
}

BOOST_AUTO_TEST_CASE(keys_ignore_case_and_keep_their_first_form) {
  plan(*s, header(), {row(2, 1, "Week-A")});
  const auto second = plan(*s, header("two"), {row(2, 1, "week-a")});
  BOOST_TEST(second.summary.new_keys == 0u);
  BOOST_TEST(second.summary.changed_keys == 1u);
  must(r->for_each_inventory([](const inventory_row& got) -> result<void> {
    BOOST_TEST(got.external_id == "Week-A");
    return {};
  }));
}

BOOST_AUTO_TEST_SUITE_END()
