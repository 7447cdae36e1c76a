// What every store promises about meetings that vanished from a feed: extra rows of a run that wait for all others, and what is known of
// the meetings before, while and after they are removed.

#include <algorithm>

#include "ledger/fixture.hpp"
#include "ledger/planning/kinds.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

using words = std::vector<std::string>;

run_header removing(const std::string& identity, const std::string& input = "classes.csv") {
  auto out = header(identity, input);
  out.operations.remove_vanished = true;
  return out;
}

struct removals : at_work {
  // Meetings `a`, `b` and `c` of one organizer, made by an earlier run of the feed.
  void made() { carry_out(*s, plan(*s, removing("first"), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c")}).id); }
  // `a` stays, `new` is another organizer's.
  planned_run next(const std::string& identity = "next", bool open = true) {
    return plan(*s, removing(identity), {row(2, 1, "a"), row(5, 2, "new")}, open);
  }
  // `external id state` of every key.
  words inventory() {
    words out;
    must(r->for_each_inventory([&](const inventory_row& got) -> result<void> {
      out.push_back(std::string(got.external_id) + " " + std::string(got.state));
      return {};
    }));
    std::ranges::sort(out);
    return out;
  }
  // Ends all rows but those that wait, and claims these in a further session.
  std::vector<claimed_row> claimed_removals(run_id run) {
    const auto rows = claim_first(*s, run).rows;
    BOOST_REQUIRE(rows.size() == 1u);
    finish(*s, {ended(rows[0])});
    BOOST_TEST((must(s->finish_run(run)) == run_state::open));
    return claim_first(*s, run).rows;
  }
};

finished_row gone(const claimed_row& row) {
  auto out = ended(row, outcome::removed);
  out.http_status = 204;
  out.stored.reset();
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(removals_of_a_feed, removals)

BOOST_AUTO_TEST_CASE(a_run_keeps_whether_it_removes) {
  const auto one = plan(*s, removing("one"), {row(2, 1, "a")}), two = plan(*s, header("two"), {row(2, 1, "a")});
  BOOST_TEST(must(r->run(one.id))->header.operations.remove_vanished);
  BOOST_TEST(!must(r->run(two.id))->header.operations.remove_vanished);
}

BOOST_AUTO_TEST_CASE(what_vanished_is_removed_after_all_other_rows) {
  made();
  const auto [run, summary] = next();
  BOOST_CHECK(summary.barred == removal_bar::none);
  BOOST_TEST(summary.vanished == 2u);
  BOOST_TEST(summary.remove_keys == 2u);
  BOOST_TEST(summary.rows == 4u);
  BOOST_TEST(must(r->run(run))->rows == 4u);
  const auto opened = resume(run);
  BOOST_TEST(opened.waiting == 2u);
  BOOST_REQUIRE(opened.organizers.size() == 1u);
  BOOST_TEST(opened.organizers[0].organizer == organizer_name(2));
  check_counts(*r, run);

  const auto rows = claimed_removals(run);
  BOOST_REQUIRE(rows.size() == 2u);
  for (const auto& row : rows) {
    BOOST_TEST((row.op == operation::remove));
    BOOST_TEST(row.line == 0u);
    BOOST_TEST(number_of(row.row) > 5u);
    BOOST_TEST(row.meeting_id == "m" + std::to_string(row.key));
    BOOST_TEST(decode_spec(row.payload)->organizer == organizer_name(1));
  }
  finish(*s, {gone(rows[0]), gone(rows[1])});
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  BOOST_TEST(results(*r, run) == (words{"2 unchanged", "5 created", "0 removed", "0 removed"}), boost::test_tools::per_element());
  BOOST_TEST(inventory() == (words{"a satisfied", "b removed", "c removed", "new satisfied"}), boost::test_tools::per_element());
  check_counts(*r, run);

  // They do not vanish once more; where they are wanted again they are made again.
  BOOST_TEST(next("again").summary.vanished == 0u);
  BOOST_TEST(plan(*s, removing("back"), {row(2, 1, "a"), row(3, 1, "b"), row(5, 2, "new")}, false).summary.retried_keys == 1u);
}

BOOST_AUTO_TEST_CASE(nothing_is_removed_where_a_row_failed_and_the_next_plan_decides_again) {
  made();
  const auto run = next().id;
  const auto rows = claim_first(*s, run).rows;
  finish(*s, {ended(rows.at(0), outcome::failed)});
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  BOOST_TEST(results(*r, run) == (words{"2 unchanged", "5 failed", "0 failed", "0 failed"}), boost::test_tools::per_element());
  BOOST_TEST(inventory() == (words{"a satisfied", "b satisfied", "c satisfied", "new failed"}), boost::test_tools::per_element());
  check_counts(*r, run);
  words failed;
  must(r->for_each_failed(run, [&](const result_row& got) -> result<void> {
    failed.emplace_back(std::to_string(got.line));
    return {};
  }));
  BOOST_TEST(failed == (words{"5"}), boost::test_tools::per_element());
  std::uint64_t not_removed = 0;
  for (const auto& why : must(r->reasons(run, 9)))
    if (why.code == planning::not_removed) not_removed += why.rows;
  BOOST_TEST(not_removed == 2u);
  BOOST_TEST(next("again").summary.remove_keys == 2u);
}

BOOST_AUTO_TEST_CASE(a_run_that_only_removes_is_carried_out_too) {
  made();
  const auto [run, summary] = plan(*s, removing("less"), {row(2, 1, "a")});
  BOOST_TEST(summary.calls == 2u);
  carry_out(*s, run, outcome::removed);
  BOOST_TEST(inventory() == (words{"a satisfied", "b removed", "c removed"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_plan_that_is_not_opened_keeps_no_removals) {
  made();
  const auto [run, summary] = next("later", false);
  BOOST_TEST(summary.remove_keys == 2u);
  BOOST_TEST(must(r->run(run))->rows == 2u);
  BOOST_TEST(inventory() == (words{"a satisfied", "b satisfied", "c satisfied"}), boost::test_tools::per_element());
  // What vanished is found anew when the plan is opened: b is there again by then, in another feed.
  carry_out(*s, plan(*s, removing("other", "webinars.csv"), {row(2, 1, "b")}).id);
  auto planning = must(s->begin_open(run));
  BOOST_TEST(must(planning->classify(before_any_meeting)).remove_keys == 1u);
  must(planning->commit(true));
  BOOST_TEST(must(r->run(run))->rows == 3u);
  const auto rows = claimed_removals(run);
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(decode_spec(rows[0].payload)->external_id == "c");
}

BOOST_AUTO_TEST_CASE(a_key_that_comes_back_is_taken_from_a_removal_that_waits) {
  made();
  const auto run = next().id;
  const auto back = plan(*s, removing("back"), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c"), row(5, 2, "new")});
  BOOST_TEST(back.summary.superseded == 3u);
  BOOST_TEST(back.summary.unchanged == 3u);
  BOOST_TEST(back.summary.remove_keys == 0u);
  BOOST_TEST(results(*r, run) == (words{"2 unchanged", "5 superseded", "0 superseded", "0 superseded"}), boost::test_tools::per_element());
  BOOST_TEST((must(r->run(run))->state == run_state::finished));
  BOOST_TEST(inventory() == (words{"a satisfied", "b satisfied", "c satisfied", "new wanted"}), boost::test_tools::per_element());
}

// Of the row nothing else is known than that the meeting is to exist.
BOOST_AUTO_TEST_CASE(a_wrong_row_takes_its_key_from_a_removal) {
  made();
  const auto run = next().id;
  auto wrong = wrong_row(3, "no end");
  wrong.present = {{organizer_name(1), "b"}};
  const auto later = plan(*s, removing("later"), {row(2, 1, "a"), wrong, row(5, 2, "new")});
  BOOST_TEST(later.summary.superseded == 2u);
  BOOST_TEST(later.summary.owed_elsewhere == 1u);
  BOOST_TEST(results(*r, run) == (words{"2 unchanged", "5 superseded", "0 superseded", "0 deferred"}), boost::test_tools::per_element());
  // The other removal waits for rows that another run has taken, so it does not come about.
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  check_counts(*r, run);
  BOOST_TEST(inventory() == (words{"a satisfied", "b satisfied", "c satisfied", "new wanted"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rows_that_differ_or_lack_their_organizer_take_their_keys_from_removals_under_way) {
  made();
  const auto run = next().id;
  BOOST_REQUIRE(claimed_removals(run).size() == 2u);
  restart();
  auto wrong = wrong_row(3, "no such user");
  wrong.present = {named_key{.organizer = "", .external_id = "b"}};
  const auto later = plan(*s, removing("later"), {row(2, 1, "a"), wrong, row(4, 1, "c", 1), row(5, 2, "new"), row(6, 1, "c", 2)});
  BOOST_TEST(later.summary.rejected == 3u);
  BOOST_TEST(later.summary.superseded == 2u);
  BOOST_TEST(results(*r, run) == (words{"2 unchanged", "5 created", "0 superseded", "0 superseded"}), boost::test_tools::per_element());
  BOOST_TEST((must(r->run(run))->state == run_state::finished));
  check_counts(*r, run);
  // It is not known whether they were deleted.
  BOOST_TEST(plan(*s, removing("right"), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c"), row(5, 2, "new")}, false).summary.retried_keys ==
             2u);
}

BOOST_AUTO_TEST_CASE(a_wrong_row_of_another_kind_of_run_leaves_removals_alone) {
  made();
  const auto run = next().id;
  for (const auto kind : {run_kind::verify, run_kind::remove}) {
    auto h = header(kind == run_kind::verify ? "verify" : "remove");
    h.kind = kind;
    h.feed.clear();
    auto wrong = wrong_row(3, "no end");
    wrong.present = {{organizer_name(1), "b"}};
    BOOST_TEST(plan(*s, h, {wrong}).summary.superseded == 0u);
  }
  BOOST_TEST(resume(run).waiting == 2u);
}

BOOST_AUTO_TEST_CASE(what_another_app_of_the_tenant_has_made_is_removed) {
  made();
  auto other = removing("other");
  other.lanes[0].app = "app-2";
  const auto [run, summary] = plan(*s, other, {row(2, 1, "a")});
  BOOST_TEST(summary.unchanged == 1u);
  BOOST_TEST(summary.vanished == 2u);
  BOOST_TEST(summary.remove_keys == 2u);
  BOOST_REQUIRE(summary.organizers.size() == 1u);
  BOOST_TEST(summary.organizers[0].calls == 2u);
  BOOST_TEST(summary.organizers[0].vanished == 2u);
  carry_out(*s, run, outcome::removed);
  BOOST_TEST(inventory() == (words{"a satisfied", "b removed", "c removed"}), boost::test_tools::per_element());
  check_counts(*r, run);
  auto user = removing("user");
  user.lanes[0].app = "app-2/00000000-0000-4000-8000-000000000009";
  BOOST_TEST(plan(*s, user, {row(9, 9, "own")}, false).summary.vanished == 0u);
}

BOOST_AUTO_TEST_CASE(known_drift_that_fails_a_run_bars_its_removals) {
  carry_out(*s, plan(*s, removing("first"), {row(2, 1, "a"), row(3, 1, "b")}).id, outcome::drifted);
  auto strict = removing("strict");
  strict.drift_fails = true;
  const auto barred = plan(*s, strict, {row(2, 1, "a")}, false).summary;
  BOOST_TEST(barred.drifted == 1u);
  BOOST_TEST(barred.vanished == 1u);
  BOOST_CHECK(barred.barred == removal_bar::drifted_rows);
  BOOST_TEST(barred.remove_keys == 0u);
  BOOST_TEST(plan(*s, removing("lenient"), {row(2, 1, "a")}, false).summary.remove_keys == 1u);
}

// A request that deletes the meeting may be in flight, or may have been answered to a process that was killed.
BOOST_AUTO_TEST_CASE(a_key_that_comes_back_after_its_removal_was_claimed_owes_a_call) {
  made();
  const auto run = next().id;
  BOOST_REQUIRE(claimed_removals(run).size() == 2u);
  restart();
  const auto back = plan(*s, removing("back"), {row(2, 1, "a"), row(3, 1, "b"), row(5, 2, "new")});
  BOOST_TEST(back.summary.superseded == 2u);
  BOOST_TEST(back.summary.unchanged == 2u);
  BOOST_TEST(back.summary.retried_keys == 1u);
  BOOST_TEST(back.summary.remove_keys == 1u);
  const auto opened = resume(back.id);
  BOOST_TEST(opened.waiting == 1u);
  BOOST_REQUIRE(opened.organizers.size() == 1u);
  // Not before such a request must have ended.
  BOOST_TEST(opened.organizers[0].stale == 1u);
  BOOST_TEST(opened.organizers[0].fresh == 0u);
  const auto rows = claim(*s, opened, opened.organizers[0].id, 9, true).rows;
  BOOST_REQUIRE(rows.size() == 1u);
  BOOST_TEST((rows[0].op == operation::create_or_get));
  BOOST_TEST(decode_spec(rows[0].payload)->external_id == "b");
}

BOOST_AUTO_TEST_CASE(a_killed_run_goes_on_with_the_removals_that_are_left) {
  made();
  const auto run = next().id;
  const auto rows = claimed_removals(run);
  BOOST_REQUIRE(rows.size() == 2u);
  finish(*s, {gone(rows[0])});
  restart();
  const auto opened = resume(run);
  BOOST_TEST(opened.waiting == 0u);
  BOOST_REQUIRE(opened.organizers.size() == 1u);
  const auto left = claim(*s, opened, opened.organizers[0].id, 9, true).rows;
  BOOST_REQUIRE(left.size() == 1u);
  BOOST_TEST((left[0].op == operation::remove));
  BOOST_TEST(left[0].row == rows[1].row);
  finish(*s, {gone(left[0])});
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(wrong_rows_other_feeds_and_other_tenants_remove_nothing) {
  made();
  const auto wrong = plan(*s, removing("wrong"), {row(2, 1, "a"), wrong_row(3, "no end")}, false);
  BOOST_CHECK(wrong.summary.barred == removal_bar::wrong_rows);
  BOOST_TEST(wrong.summary.vanished == 2u);
  BOOST_TEST(wrong.summary.remove_keys == 0u);
  BOOST_TEST(plan(*s, removing("other", "webinars.csv"), {row(2, 1, "a")}, false).summary.remove_keys == 0u);
  BOOST_TEST(plan(*s, removing("none", ""), {row(2, 1, "a")}, false).summary.remove_keys == 0u);
  auto elsewhere = removing("elsewhere");
  elsewhere.lanes[0].tenant = "tenant-2";
  BOOST_TEST(plan(*s, elsewhere, {row(2, 1, "a")}, false).summary.remove_keys == 0u);
  const auto reported = plan(*s, header("reported"), {row(2, 1, "a")}, false);
  BOOST_TEST(reported.summary.vanished == 2u);
  BOOST_TEST(reported.summary.remove_keys == 0u);
}

BOOST_AUTO_TEST_CASE(many_removals_are_planned_in_pages) {
  constexpr unsigned classes = 1200;
  std::vector<planned_row> rows;
  for (unsigned n = 0; n < classes; ++n) rows.push_back(row(n + 2, n % 7, "class-" + std::to_string(n)));
  carry_out(*s, plan(*s, removing("first"), rows).id);
  rows.resize(classes / 2);
  const auto [run, summary] = plan(*s, removing("half"), rows);
  BOOST_TEST(summary.remove_keys == classes / 2);
  BOOST_TEST(summary.unchanged == classes / 2);
  BOOST_TEST(summary.remove_sample.size() == 20u);
  std::uint64_t calls = 0;
  for (const auto& o : summary.organizers) calls += o.calls;
  BOOST_TEST(calls == classes / 2);
  carry_out(*s, run, outcome::removed);
  BOOST_TEST(must(r->run(run))->counts.removed == classes / 2);
  check_counts(*r, run);
}

BOOST_AUTO_TEST_SUITE_END()
