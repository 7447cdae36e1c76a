// What every store promises about runs that verify and remove: which rows they have, what these owe, and what is observed by them.

#include <algorithm>

#include "ledger/kinds_fixture.hpp"
#include "ledger/planning/kinds.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;
using namespace std::chrono_literals;

namespace {

constexpr utc_time now = before_any_meeting;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(kinds_of_runs, with_kinds)

BOOST_AUTO_TEST_CASE(a_run_keeps_its_kind) {
  const auto before = made();
  const auto verified = verify_all("two", {.update_drifted = true, .repair = true}).id;
  const auto removed = plan(*s, of_kind(run_kind::remove, "three"), {row(2, 1, "a")}, false).id;
  BOOST_TEST((must(r->run(before))->header.kind == run_kind::provision));
  const auto stored = must(r->run(verified))->header;
  BOOST_TEST((stored.kind == run_kind::verify));
  BOOST_TEST(stored.operations.repair);
  BOOST_TEST(stored.operations.update_drifted);
  BOOST_TEST((must(r->run(removed))->header.kind == run_kind::remove));
  BOOST_TEST((resume(verified).info.header.kind == run_kind::verify));
}

BOOST_AUTO_TEST_CASE(runs_of_one_kind_do_not_push_out_the_records_of_another) {
  const auto before = made();
  const auto first = verify_all("two").id;
  carry_out(*s, first, outcome::unchanged);
  const auto second = verify_all("three").id;
  carry_out(*s, second, outcome::unchanged);
  must(s->prune(1));
  const auto kept = [&](run_id run) { return r->for_each_result(run, [](const result_row&) -> result<void> { return {}; }).has_value(); };
  BOOST_TEST(kept(before));
  BOOST_TEST(!kept(first));
  BOOST_TEST(kept(second));
  BOOST_TEST(inventory() == (words{"a satisfied", "b satisfied", "c satisfied"}), boost::test_tools::per_element());
  BOOST_TEST(verify_all("four", {}, false).summary.get_keys == 3u);
}

BOOST_AUTO_TEST_CASE(only_a_verify_run_takes_rows_from_the_inventory) {
  made();
  for (const auto kind : {run_kind::provision, run_kind::remove}) {
    auto planning = must(s->begin_plan(of_kind(kind, "two")));
    const auto refused = planning->add_inventory(now);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == errc::usage));
  }
}

BOOST_AUTO_TEST_CASE(every_known_meeting_owes_a_get_and_the_answer_is_observed) {
  made();
  const auto [run, summary] = verify_all("two");
  BOOST_TEST(summary.rows == 3u);
  BOOST_TEST(summary.calls == 3u);
  BOOST_TEST(summary.get_keys == 3u);
  BOOST_TEST(summary.vanished == 0u);
  const auto rows = claimed(run);
  BOOST_REQUIRE(rows.size() == 3u);
  for (const auto& row : rows) {
    BOOST_TEST((row.op == operation::get));
    BOOST_TEST(!row.repairs);
    BOOST_TEST((row.update == update_rule::never));
    BOOST_TEST(row.meeting_id == "m" + std::to_string(row.key));
    BOOST_TEST(row.line == 0u);
  }
  BOOST_TEST(must(decode_spec(rows[1].payload)).external_id == "b");
  auto agrees = ended(rows[0], outcome::unchanged);
  agrees.stored->expires_at = now + 1h;
  BOOST_TEST(finish(*s, {agrees, ended(rows[1], outcome::drifted), gone(rows[2], outcome::lost)}) == 3u);
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  BOOST_TEST(inventory() == (words{"a satisfied", "b drifted subject;end", "c lost"}), boost::test_tools::per_element());
  BOOST_TEST(results(*r, run) == (words{"0 unchanged", "0 drifted", "0 lost"}), boost::test_tools::per_element());
  check_counts(*r, run);
  must(r->for_each_result(run, [&](const result_row& got) -> result<void> {
    BOOST_TEST(got.raw.empty());
    BOOST_TEST(!got.payload.empty());
    BOOST_TEST(got.meeting_id != "");
    if (got.result == outcome::unchanged) BOOST_TEST((got.expires_at == now + 1h));
    return {};
  }));
  // They are no records of an input, so there is nothing to write into a failed file; their reasons are known.
  must(r->for_each_failed(run, [&](const result_row&) -> result<void> {
    BOOST_ERROR("no row has a record");
    return {};
  }));
  const auto reasons = must(r->reasons(run, 20));
  BOOST_REQUIRE(reasons.size() == 1u);
  BOOST_TEST((reasons[0].result == outcome::lost));
  BOOST_TEST(reasons[0].external_id == "c");
  BOOST_TEST(reasons[0].line == 0u);
}

BOOST_AUTO_TEST_CASE(a_plan_of_the_whole_inventory_can_be_opened_later) {
  made();
  const auto stored = verify_all("two", {}, false).id;
  BOOST_TEST(inventory() == (words{"a satisfied", "b satisfied", "c satisfied"}), boost::test_tools::per_element());
  auto planning = must(s->begin_open(stored));
  BOOST_TEST(must(planning->classify(now)).get_keys == 3u);
  must(planning->commit(true));
  planning.reset();
  carry_out(*s, stored, outcome::unchanged);
  BOOST_TEST(results(*r, stored) == (words{"0 unchanged", "0 unchanged", "0 unchanged"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(more_meetings_than_a_page_are_verified_once_each) {
  std::vector<planned_row> rows;
  for (std::uint32_t n = 0; n < 1000; ++n) rows.push_back(row(n + 2, n % 5, "id" + std::to_string(n)));
  carry_out(*s, plan(*s, header(), std::move(rows)).id);
  const auto [run, summary] = verify_all("two");
  BOOST_TEST(summary.get_keys == 1000u);
  carry_out(*s, run, outcome::unchanged);
  BOOST_TEST(must(r->run(run))->counts.unchanged == 1000u);
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(a_file_names_the_meetings_to_verify_and_the_inventory_says_what_is_wanted) {
  made();
  const std::vector<planned_row> rows{row(2, 1, "c", 9), row(3, 1, "A", 8), row(4, 1, "a", 7), row(5, 1, "unknown"), wrong_row(6, "bad")};
  const auto [run, summary] = plan(*s, of_kind(run_kind::verify, "two"), rows);
  BOOST_TEST(summary.get_keys == 2u);
  BOOST_TEST(summary.duplicates == 1u);
  BOOST_TEST(summary.unknown == 1u);
  BOOST_TEST(summary.rejected == 1u);
  const auto held = claimed(run);
  BOOST_REQUIRE(held.size() == 2u);
  BOOST_TEST(held[0].line == 2u);
  BOOST_TEST((must(decode_spec(held[0].payload)) == wanted(1, "c")));
  BOOST_TEST((must(decode_spec(held[1].payload)) == wanted(1, "a")));
  BOOST_TEST(finish(*s, {ended(held[0], outcome::unchanged), gone(held[1], outcome::lost)}) == 3u);
  must(s->finish_run(run));
  BOOST_TEST(results(*r, run) == (words{"2 unchanged", "3 lost", "4 lost", "5 failed", "6 rejected"}), boost::test_tools::per_element());
  check_counts(*r, run);
  std::vector<std::uint32_t> failed;
  must(r->for_each_failed(run, [&](const result_row& got) -> result<void> {
    failed.push_back(got.line);
    if (got.line == 5) {
      BOOST_TEST(got.error_code == planning::unknown_meeting);
      BOOST_TEST(got.error_message.contains("knows no meeting"));
    }
    return {};
  }));
  BOOST_TEST(failed == (std::vector<std::uint32_t>{3, 4, 5, 6}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_run_that_owes_nothing_is_finished_at_once) {
  const auto nothing = verify_all("one");
  BOOST_TEST(nothing.summary.rows == 0u);
  BOOST_TEST((must(r->run(nothing.id))->state == run_state::finished));
  const auto unknown = plan(*s, of_kind(run_kind::remove, "two"), {row(2, 1, "a")});
  BOOST_TEST((must(r->run(unknown.id))->state == run_state::finished));
  BOOST_TEST(results(*r, unknown.id) == (words{"2 failed"}), boost::test_tools::per_element());
  check_counts(*r, unknown.id);
}

BOOST_AUTO_TEST_CASE(what_is_lost_is_wanted_again_and_verified_again) {
  made();
  const auto first = verify_all("two").id;
  const auto rows = claimed(first);
  finish(*s, {ended(rows[0], outcome::unchanged), ended(rows[1], outcome::unchanged), gone(rows[2], outcome::lost)});
  must(s->finish_run(first));
  BOOST_TEST(verify_all("three", {}, false).summary.get_keys == 3u);
  const auto repairing = verify_all("four", {.repair = true}, false);
  BOOST_TEST(repairing.summary.get_keys == 2u);
  BOOST_TEST(repairing.summary.repaired_keys == 1u);
  const auto again = plan(*s, header("five"), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c")});
  BOOST_TEST(again.summary.unchanged == 2u);
  BOOST_TEST(again.summary.retried_keys == 1u);
  const auto owed = claimed(again.id);
  BOOST_REQUIRE(owed.size() == 1u);
  BOOST_TEST((owed[0].op == operation::create_or_get));
}

BOOST_AUTO_TEST_CASE(a_repair_goes_on_after_a_restart) {
  made();
  const auto run = verify_all("two", {.update_drifted = true, .repair = true}).id;
  auto rows = claimed(run);
  BOOST_REQUIRE(rows.size() == 3u);
  for (const auto& row : rows) {
    BOOST_TEST(row.repairs);
    BOOST_TEST((row.update == update_rule::if_different));
  }
  auto lost = advanced(rows[0], operation::create_or_get);
  lost.stored.reset();
  write(*s, {.finished = {}, .advanced = {lost, advanced(rows[1], operation::update)}, .released = {}});
  BOOST_TEST(inventory() == (words{"a wanted", "b wanted", "c satisfied"}), boost::test_tools::per_element());
  restart();
  rows = claimed(run, true);
  BOOST_REQUIRE(rows.size() == 3u);
  BOOST_TEST((rows[0].op == operation::create_or_get));
  BOOST_TEST(!rows[0].repairs);
  BOOST_TEST((rows[1].op == operation::update));
  BOOST_TEST(rows[1].meeting_id == "m" + std::to_string(rows[1].key));
  BOOST_TEST(rows[1].drift == "subject");
  BOOST_TEST((rows[2].op == operation::get));
  BOOST_TEST(rows[2].repairs);
  finish(*s, {ended(rows[0], outcome::created), ended(rows[1], outcome::updated), ended(rows[2], outcome::unchanged)});
  must(s->finish_run(run));
  BOOST_TEST(inventory() == (words{"a satisfied", "b satisfied", "c satisfied"}), boost::test_tools::per_element());
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(a_get_that_failed_observed_nothing) {
  made();
  const auto before = inventory();
  const auto run = verify_all("two").id;
  const auto opened = resume(run);
  const auto page = claim(*s, opened, opened.organizers.at(0).id, 1);
  finish(*s, {ended(page.rows.at(0), outcome::failed)});
  const auto answer = std::make_shared<std::promise<result<closed_rows>>>();
  s->close_organizer(
      {.run = run, .lane = 0, .lease = opened.lease, .organizer = opened.organizers[0].id, .like = ended(page.rows[0], outcome::failed)},
      [answer](result<closed_rows> a) { answer->set_value(std::move(a)); });
  BOOST_TEST(must(answer->get_future().get()).rows == 2u);
  must(s->finish_run(run));
  BOOST_TEST(results(*r, run) == (words{"0 failed", "0 failed", "0 failed"}), boost::test_tools::per_element());
  BOOST_TEST(inventory() == before, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_difference_does_not_hide_that_a_key_is_still_to_be_called) {
  made();
  // Another run was to change `a`, and was given up.
  must(s->discard(plan(*s, header("two"), {row(2, 1, "a", 1)}).id));
  const auto [run, summary] = verify_all("three");
  BOOST_TEST(summary.get_keys == 3u);
  BOOST_TEST(summary.left_out == 0u);
  const auto rows = claimed(run);
  BOOST_REQUIRE(rows.size() == 3u);
  BOOST_TEST((must(decode_spec(rows[0].payload)) == wanted(1, "a", 1)), "it is compared with what is wanted now");
  finish(*s, {ended(rows[0], outcome::drifted), ended(rows[1], outcome::drifted), ended(rows[2], outcome::unchanged)});
  must(s->finish_run(run));
  BOOST_TEST(inventory() == (words{"a wanted", "b drifted subject;end", "c satisfied"}), boost::test_tools::per_element());
  const auto again = plan(*s, header("four"), {row(2, 1, "a", 1), row(3, 1, "b"), row(4, 1, "c")}, false);
  BOOST_TEST(again.summary.calls == 1u);
  BOOST_TEST(again.summary.drifted == 1u);
  BOOST_TEST(again.summary.unchanged == 1u);
}

BOOST_AUTO_TEST_CASE(a_remove_run_deletes_what_it_knows) {
  made();
  const std::vector<planned_row> rows{row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "new")};
  const auto [run, summary] = plan(*s, of_kind(run_kind::remove, "two"), rows);
  BOOST_TEST(summary.remove_keys == 2u);
  BOOST_TEST(summary.unknown == 1u);
  BOOST_TEST(summary.new_keys == 0u);
  auto held = claimed(run);
  BOOST_REQUIRE(held.size() == 2u);
  for (const auto& row : held) {
    BOOST_TEST((row.op == operation::remove));
    BOOST_TEST(row.meeting_id == "m" + std::to_string(row.key));
  }
  restart();
  held = claimed(run, true);
  BOOST_REQUIRE(held.size() == 2u);
  finish(*s, {gone(held[0], outcome::removed), gone(held[1], outcome::removed)});
  must(s->finish_run(run));
  BOOST_TEST(results(*r, run) == (words{"2 removed", "3 removed", "4 failed"}), boost::test_tools::per_element());
  BOOST_TEST(inventory() == (words{"a removed", "b removed", "c satisfied"}), boost::test_tools::per_element());
  check_counts(*r, run);

  // It is not removed once more, not verified, and made again where it is wanted.
  const auto again = plan(*s, of_kind(run_kind::remove, "three"), {row(2, 1, "a")});
  BOOST_TEST(again.summary.gone == 1u);
  BOOST_TEST(results(*r, again.id) == (words{"2 removed"}), boost::test_tools::per_element());
  BOOST_TEST(verify_all("four", {}, false).summary.get_keys == 1u);
  const auto wanted_again = plan(*s, header("five"), {row(2, 1, "a")});
  BOOST_TEST(wanted_again.summary.unchanged == 0u);
  BOOST_TEST(wanted_again.summary.calls == 1u);
  BOOST_TEST((claimed(wanted_again.id).at(0).op == operation::create_or_get));
}

BOOST_AUTO_TEST_CASE(a_remove_run_with_a_feed_leaves_others_alone) {
  made();
  auto of_feed = of_kind(run_kind::remove, "two");
  of_feed.feed = "evening.csv";
  const auto [run, summary] = plan(*s, of_feed, {row(2, 1, "a")});
  BOOST_TEST(summary.other_feed == 1u);
  BOOST_TEST((must(r->run(run))->state == run_state::finished));
  must(r->for_each_failed(run, [&](const result_row& got) -> result<void> {
    BOOST_TEST(got.error_code == planning::other_feed);
    return {};
  }));
  of_feed.identity = "three";
  of_feed.feed = "classes.csv";
  BOOST_TEST(plan(*s, of_feed, {row(2, 1, "a")}, false).summary.remove_keys == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
