// What every store promises about the runs of one ledger: beside each other, one after the other, and when they are no longer wanted.

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

using words = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(several_runs, at_work)

BOOST_AUTO_TEST_CASE(two_runs_can_be_open_at_a_time) {
  const auto one = plan(*s, header("one", "a.csv"), {row(2, 1, "a"), row(3, 1, "b")}).id;
  const auto two = plan(*s, header("two", "b.csv"), {row(2, 1, "c"), row(3, 2, "d")}).id;
  carry_out(*s, two);
  BOOST_TEST((must(r->run(one))->state == run_state::open));
  carry_out(*s, one);
  check_counts(*r, one);
  check_counts(*r, two);
  const auto counts = must(r->inventory_counts());
  BOOST_REQUIRE(counts.size() == 1u);
  BOOST_TEST(counts[0].what == "satisfied");
  BOOST_TEST(counts[0].count == 4u);
}

BOOST_AUTO_TEST_CASE(a_discarded_run_is_closed_and_owes_nothing) {
  const auto run = three_rows();
  const auto page = claim_first(*s, run, 1);
  finish(*s, {ended(page.rows[0])});
  must(s->discard(run));
  must(s->discard(run));
  const auto info = must(r->run(run)).value();
  BOOST_TEST((info.state == run_state::discarded));
  BOOST_TEST(info.counts.created == 1u);
  BOOST_TEST(info.counts.owed == 0u);
  BOOST_TEST(!s->resume(run).has_value());
  BOOST_TEST(results(*r, run) == (words{"2 created", "3 deferred", "4 deferred"}), boost::test_tools::per_element());
  BOOST_TEST(!must(r->find("one")).has_value());
  const auto again = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b")});
  BOOST_TEST(again.summary.unchanged == 1u);
  BOOST_TEST(again.summary.superseded == 0u);
  BOOST_TEST(again.summary.retried_keys == 1u);
  carry_out(*s, again.id);
  BOOST_TEST(!s->discard(again.id).has_value());
  BOOST_TEST(!s->discard(99).has_value());
}

BOOST_AUTO_TEST_CASE(a_stale_claim_survives_the_discard_of_its_run) {
  const auto run = three_rows();
  const auto page = claim_first(*s, run, 2);
  finish(*s, {ended(page.rows[0])});
  restart();
  must(s->discard(run));
  BOOST_TEST(must(r->run(run))->counts.owed == 0u);
  BOOST_TEST(must(r->status(run)).calls_left == 0u);

  // A plan without the key leaves the claim as it is; so does a plan with the key that is not opened.
  const auto other = plan(*s, header("other", "other.csv"), {row(2, 9, "z")});
  BOOST_TEST(other.summary.owed_elsewhere == 0u);
  BOOST_TEST(other.summary.superseded == 0u);
  carry_out(*s, other.id);
  plan(*s, header("look"), {row(2, 1, "b")}, false);

  const auto again = plan(*s, header("again"), {row(2, 1, "a"), row(3, 1, "b", 1), row(4, 1, "c")});
  BOOST_TEST(again.summary.superseded == 0u);
  const auto opened = must(s->resume(again.id));
  BOOST_TEST(opened.unclean);
  BOOST_REQUIRE(opened.organizers.size() == 1u);
  BOOST_TEST(opened.organizers[0].fresh == 1u);
  BOOST_TEST(opened.organizers[0].stale == 1u);
  BOOST_TEST(claim(*s, opened, opened.organizers[0].id).rows.size() == 1u);
  const auto stale = claim(*s, opened, opened.organizers[0].id, 100, true);
  BOOST_REQUIRE(stale.rows.size() == 1u);
  BOOST_TEST(stale.rows[0].token != page.rows[1].token);
  BOOST_TEST(results(*r, run) == (words{"2 created", "3 deferred", "4 deferred"}), boost::test_tools::per_element());
  restart();
  // Only the newest run has the claim.
  BOOST_TEST(must(s->resume(again.id)).organizers[0].stale == 2u);
  must(s->discard(again.id));
  // Pruning deletes what was planned, not what can still be in flight.
  must(s->prune(0));
  const auto last = plan(*s, header("last"), {row(2, 1, "b", 1), row(3, 1, "c")});
  BOOST_TEST(must(s->resume(last.id)).organizers[0].stale == 2u);
}

BOOST_AUTO_TEST_CASE(a_key_is_sent_in_the_form_in_which_it_was_first_sent) {
  const auto with_other_case = [](std::uint32_t line, const std::string& first, const std::string& now) {
    auto out = row(line, 1, now);
    auto same = wanted(1, first);
    same.external_id = now;
    out.payload = encode_spec(same);
    return out;
  };
  const auto ids_called = [](const claimed_page& page) {
    words out;
    for (const auto& row : page.rows) out.push_back(decode_spec(row.payload).value().external_id);
    return out;
  };
  const auto first = plan(*s, header("first"), {row(2, 1, "CS101-A"), row(3, 1, "CS102"), row(4, 1, "CS103")}).id;
  const auto page = claim_first(*s, first);
  finish(*s, {ended(page.rows[0]), ended(page.rows[1], outcome::failed)});
  restart();
  // Changed, failed before, still owed.
  const auto changed =
      plan(*s, header("changed"), {row(2, 1, "cs101-a"), with_other_case(3, "CS102", "Cs102"), with_other_case(4, "CS103", "cs103")});
  BOOST_TEST(changed.summary.changed_keys == 1u);
  BOOST_TEST(changed.summary.retried_keys == 2u);
  const auto opened = resume(changed.id);
  const auto id = opened.organizers.at(0).id;
  BOOST_TEST(ids_called(claim(*s, opened, id)) == (words{"CS101-A", "CS102"}), boost::test_tools::per_element());
  const auto stale = claim(*s, opened, id, 100, true);
  BOOST_TEST(ids_called(stale) == (words{"CS103"}), boost::test_tools::per_element());
  BOOST_TEST((decode_spec(stale.rows[0].payload).value().subject == wanted(1, "CS103").subject));
  restart();
  carry_out(*s, changed.id);
  // The form passes from run to run, whatever is wanted.
  const auto third = plan(*s, header("third"), {row(2, 1, "Cs101-a", 2)});
  BOOST_TEST(ids_called(claim_first(*s, third.id)) == (words{"CS101-A"}), boost::test_tools::per_element());
  restart();
  // Also if an earlier payload is wanted back, without a call.
  const auto back = plan(*s, header("back"), {with_other_case(2, "cs101-a", "cs101-A")});
  BOOST_TEST(back.summary.unchanged == 1u);
  const auto fourth = plan(*s, header("fourth"), {row(2, 1, "cS101-a", 4)});
  BOOST_TEST(ids_called(claim_first(*s, fourth.id)) == (words{"CS101-A"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(plans_that_were_never_opened_do_not_count_among_the_runs_that_are_kept) {
  const auto nothing = [](const result_row&) -> result<void> { return {}; };
  const auto early = plan(*s, header("early", "early.csv"), {row(2, 1, "e")}, false).id;
  const auto first = plan(*s, header("first", "first.csv"), {row(2, 2, "f")}).id;
  carry_out(*s, first);
  run_id look = 0;
  for (int i = 0; i < 5; ++i) {
    look = plan(*s, header("look" + std::to_string(i), "look.csv"), {row(2, 3, "l")}, false).id;
    must(s->discard(look));
  }
  must(s->prune(2));
  BOOST_TEST(r->for_each_result(first, nothing).has_value());
  BOOST_TEST(must(r->find("first")).has_value());
  BOOST_TEST(r->for_each_result(look, nothing).has_value());
  BOOST_TEST(r->for_each_result(look - 1, nothing).has_value());
  BOOST_TEST(!r->for_each_result(look - 2, nothing).has_value());
  // The run that was opened last is the last run, whenever it was planned.
  BOOST_TEST(must(r->last_run())->id == first);
  auto opening = must(s->begin_open(early));
  must(opening->classify());
  must(opening->commit(true));
  opening.reset();
  carry_out(*s, early);
  BOOST_TEST(must(r->last_run())->id == early);
  must(s->prune(1));
  BOOST_TEST(r->for_each_result(early, nothing).has_value());
  BOOST_TEST(!r->for_each_result(first, nothing).has_value());
}

BOOST_AUTO_TEST_CASE(pruning_deletes_records_and_keeps_the_inventory) {
  std::vector<run_id> ids;
  for (unsigned version = 0; version < 4; ++version) {
    const auto run = plan(*s, header("run" + std::to_string(version)), {row(2, 1, "a"), row(3, 1, "b", version), row(4, 1, "a")}).id;
    carry_out(*s, run);
    ids.push_back(run);
  }
  const auto open = plan(*s, header("open", "other.csv"), {row(2, 5, "x")}).id;
  must(s->prune(2));
  must(s->prune(2));
  const auto nothing = [](const result_row&) -> result<void> { return {}; };
  BOOST_TEST(!r->for_each_result(ids[0], nothing).has_value());
  BOOST_TEST(!r->for_each_result(ids[1], nothing).has_value());
  BOOST_TEST(r->for_each_result(ids[2], nothing).has_value());
  BOOST_TEST(!must(r->find("run0")).has_value());
  BOOST_TEST(must(r->find("run3")).has_value());
  BOOST_TEST(must(r->run(ids[0]))->counts.created == 3u);
  BOOST_TEST(results(*r, open).size() == 1u);
  std::vector<std::string> keys;
  must(r->for_each_inventory([&](const inventory_row& got) -> result<void> {
    keys.push_back(std::string(got.external_id) + " " + std::string(got.state));
    BOOST_TEST(!got.payload.empty());
    return {};
  }));
  BOOST_TEST(keys == (words{"a satisfied", "b satisfied", "x wanted"}), boost::test_tools::per_element());
  must(s->prune(0));
  BOOST_TEST(plan(*s, header("later"), {row(2, 1, "a")}).summary.vanished == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
