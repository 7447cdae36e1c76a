// What every store must do about sessions and claims.

#include <algorithm>

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

using words = std::vector<std::string>;

// Two organizers in each of two lanes, two rows each.
run_id two_lanes(store& s, const std::string& identity = "one") {
  auto h = header(identity);
  h.lanes.push_back({"https://graph.example/v1.0", "tenant-2", "app-2"});
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 10; ++line) {
    auto& planned = rows.emplace_back(row(line, line % 4, identity + std::to_string(line)));
    planned.lane = static_cast<lane_id>(line % 2);
  }
  return plan(s, h, std::move(rows)).id;
}

result<claim_answer> try_claim(store& s, claim_request wanted) {
  const auto answer = std::make_shared<std::promise<result<claim_answer>>>();
  s.claim(std::move(wanted), [answer](result<claim_answer> a) { answer->set_value(std::move(a)); });
  return answer->get_future().get();
}

result<closed_rows> try_close(store& s, close_request closing) {
  const auto answer = std::make_shared<std::promise<result<closed_rows>>>();
  s.close_organizer(std::move(closing), [answer](result<closed_rows> a) { answer->set_value(std::move(a)); });
  return answer->get_future().get();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(claims, at_work)

BOOST_AUTO_TEST_CASE(rows_are_claimed_in_line_order_and_once) {
  const auto run = plan(*s, header(), {row(2, 2, "a"), row(3, 1, "b"), row(4, 2, "c"), row(5, 2, "d")}).id;
  const auto opened = must(s->resume(run));
  BOOST_TEST(!opened.unclean);
  BOOST_REQUIRE(opened.organizers.size() == 2u);
  BOOST_TEST(opened.organizers[0].organizer == organizer_name(2));
  BOOST_TEST(opened.organizers[0].fresh == 3u);
  BOOST_TEST(opened.organizers[0].stale == 0u);
  const auto first = claim(*s, opened, opened.organizers[0].id, 2);
  BOOST_REQUIRE(first.rows.size() == 2u);
  BOOST_TEST(!first.exhausted);
  BOOST_TEST(number_of(first.rows[0].row) == 2u);
  BOOST_TEST(number_of(first.rows[1].row) == 4u);
  BOOST_TEST(first.rows[0].token != 0u);
  BOOST_TEST((must(decode_spec(first.rows[0].payload)) == wanted(2, "a")));
  const auto second = claim(*s, opened, opened.organizers[0].id, 2);
  BOOST_REQUIRE(second.rows.size() == 1u);
  BOOST_TEST(second.exhausted);
  const auto third = claim(*s, opened, opened.organizers[0].id, 2);
  BOOST_TEST(third.rows.empty());
  BOOST_TEST(third.exhausted);
}

BOOST_AUTO_TEST_CASE(a_page_that_takes_the_last_rows_is_exhausted) {
  const auto run = three_rows();
  const auto page = claim_first(*s, run, 3);
  BOOST_TEST(page.rows.size() == 3u);
  BOOST_TEST(page.exhausted);
}

BOOST_AUTO_TEST_CASE(one_claim_spans_organizers_and_says_of_each_whether_it_is_exhausted) {
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 2, "b"), row(4, 1, "c"), row(5, 3, "d"), row(6, 1, "e"), row(7, 3, "f")}).id;
  const auto opened = must(s->resume(run));
  BOOST_REQUIRE(opened.organizers.size() == 3u);
  const auto one = opened.organizers[0].id, two = opened.organizers[1].id, three = opened.organizers[2].id;
  const auto none = one + two + three + 100;  // an organizer that owes nothing
  const auto shown = [](const claim_answer& answer) {
    words out;
    for (const auto& page : answer.pages) {
      auto& text = out.emplace_back();
      for (const auto& claimed : page.rows) {
        BOOST_TEST(claimed.organizer == page.organizer);
        text += std::to_string(number_of(claimed.row)) + " ";
      }
      text += page.exhausted ? "all" : "more";
    }
    return out;
  };
  // Pages come in the order of the request.
  const auto first = claim(*s, opened, {{three, 2}, {none, 4}, {one, 2}, {two, 5}});
  BOOST_TEST(shown(first) == (words{"5 7 all", "all", "2 4 more", "3 all"}), boost::test_tools::per_element());
  BOOST_TEST(first.rows() == 5u);
  BOOST_TEST(first.pages[1].organizer == none);
  BOOST_TEST(first.pages[2].organizer == one);
  BOOST_TEST((must(decode_spec(first.pages[3].rows[0].payload)) == wanted(2, "b")));
  BOOST_TEST(shown(claim(*s, opened, {{one, 1}, {three, 1}})) == (words{"6 all", "all"}), boost::test_tools::per_element());
  BOOST_TEST(shown(claim(*s, opened, {{one, 1}, {two, 1}, {three, 1}})) == (words{"all", "all", "all"}), boost::test_tools::per_element());
  BOOST_TEST(claim(*s, opened, std::vector<page_wanted>()).pages.empty());
  // What was claimed together is stale together.
  finish(*s, {ended(first.pages[2].rows[0])});
  restart();
  const auto stale = claim(*s, resume(run), {{one, 10}, {two, 10}, {three, 1}}, true);
  BOOST_TEST(shown(stale) == (words{"4 6 all", "3 all", "5 more"}), boost::test_tools::per_element());
  BOOST_TEST(stale.pages[0].rows[0].token != first.pages[2].rows[1].token);
}

BOOST_AUTO_TEST_CASE(a_write_with_an_old_token_changes_nothing) {
  const auto run = three_rows();
  const auto old = claim_first(*s, run);
  restart();
  const auto again = claim_first(*s, run, 100, true);
  BOOST_REQUIRE(again.rows.size() == 3u);
  BOOST_TEST(again.rows[0].token != old.rows[0].token);
  const auto late = write(*s, {.finished = {ended(old.rows[0])}, .advanced = {}, .released = {released(old.rows[1])}});
  BOOST_TEST(late.calls.empty());
  BOOST_TEST(late.lost == (std::vector<row_id>{old.rows[0].row, old.rows[1].row}), boost::test_tools::per_element());
  BOOST_TEST(must(r->run(run))->counts.owed == 3u);
  finish(*s, {ended(again.rows[0])});
  BOOST_TEST(must(r->run(run))->counts.owed == 2u);
}

BOOST_AUTO_TEST_CASE(claims_of_a_process_that_ended_are_stale) {
  const auto run = three_rows();
  const auto page = claim_first(*s, run, 2);
  finish(*s, {ended(page.rows[0])});
  restart();
  const auto opened = must(s->resume(run));
  BOOST_TEST(opened.unclean);
  BOOST_TEST(opened.organizers[0].fresh == 1u);
  BOOST_TEST(opened.organizers[0].stale == 1u);
  const auto id = opened.organizers[0].id;
  const auto fresh = claim(*s, opened, id);
  BOOST_REQUIRE(fresh.rows.size() == 1u);
  BOOST_TEST(number_of(fresh.rows[0].row) == 4u);
  const auto stale = claim(*s, opened, id, 100, true);
  BOOST_REQUIRE(stale.rows.size() == 1u);
  BOOST_TEST(number_of(stale.rows[0].row) == 3u);
  finish(*s, {ended(stale.rows[0], outcome::existing), ended(fresh.rows[0])});
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
}

BOOST_AUTO_TEST_CASE(a_released_row_waits_for_the_next_session) {
  const auto run = three_rows();
  const auto opened = resume(run);
  const auto id = opened.organizers.at(0).id;
  const auto page = claim(*s, opened, id, 2);
  finish(*s, {}, {released(page.rows[0]), released(page.rows[1])});
  const auto rest = claim(*s, opened, id);
  BOOST_REQUIRE(rest.rows.size() == 1u);
  BOOST_TEST(number_of(rest.rows[0].row) == 4u);
  finish(*s, {}, {released(rest.rows[0])});
  BOOST_TEST((must(s->finish_run(run)) == run_state::open));
  // A clean stop leaves no stale claims.
  const auto again = must(s->resume(run));
  BOOST_TEST(!again.unclean);
  BOOST_TEST(again.organizers[0].fresh == 3u);
  BOOST_TEST(claim(*s, again, id).rows.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_claim_finds_only_organizers_of_its_lane) {
  const auto run = two_lanes(*s);
  const auto opened = resume(run);
  BOOST_REQUIRE(opened.organizers.size() == 4u);
  std::size_t rows = 0;
  for (const lane_id lane : {lane_id{0}, lane_id{1}}) {
    claim_request wanted{.run = run, .lane = lane, .lease = opened.lease};
    for (const auto& o : opened.organizers) wanted.pages.push_back({.organizer = o.id, .count = 10});
    const auto found = must(try_claim(*s, wanted));
    BOOST_REQUIRE(found.pages.size() == 4u);
    for (std::size_t i = 0; i < 4; ++i) {
      BOOST_TEST(found.pages[i].rows.size() == (opened.organizers[i].lane == lane ? 2u : 0u));
      BOOST_TEST(found.pages[i].exhausted);
    }
    rows += found.rows();
  }
  BOOST_TEST(rows == 8u);
}

BOOST_AUTO_TEST_CASE(a_claim_says_how_many_rows_it_requests) {
  BOOST_TEST((claim_request{.pages = {{1, 3}, {2, 4}}}).count() == 7u);
  BOOST_TEST(claim_request{}.count() == 0u);
}

BOOST_AUTO_TEST_CASE(a_new_session_of_a_run_ends_the_one_before) {
  const auto run = three_rows();
  const auto old = resume(run);
  const auto organizer = old.organizers.at(0).id;
  const auto page = claim(*s, old, organizer, 1);
  const auto again = resume(run);
  BOOST_TEST(again.lease != old.lease);
  BOOST_TEST(again.unclean);
  BOOST_TEST(again.organizers.at(0).stale == 1u);
  const auto refused = try_claim(*s, {.run = run, .lane = 0, .lease = old.lease, .pages = {{organizer, 10}}});
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::busy));
  const auto not_closed = try_close(*s, {.run = run, .lane = 0, .lease = old.lease, .organizer = organizer, .like = {}});
  BOOST_REQUIRE(!not_closed.has_value());
  BOOST_TEST((not_closed.error().code == errc::busy));
  BOOST_TEST(must(r->run(run))->counts.owed == 3u);
  // The new session has all rows; what the old one had claimed is stale.
  BOOST_TEST(claim(*s, again, organizer).rows.size() == 2u);
  const auto stale = claim(*s, again, organizer, 10, true);
  BOOST_REQUIRE(stale.rows.size() == 1u);
  BOOST_TEST(stale.rows[0].row == page.rows[0].row);
  BOOST_TEST(write(*s, {.finished = {ended(page.rows[0])}, .advanced = {}, .released = {}}).lost.size() == 1u);
  BOOST_TEST(finish(*s, {ended(stale.rows[0])}) == 1u);
}

BOOST_AUTO_TEST_CASE(a_claim_without_a_session_is_refused) {
  const auto run = three_rows();
  const auto organizer = resume(run).organizers.at(0).id;
  restart();
  for (const lease_token lease : {lease_token{0}, lease_token{77}}) {
    const auto refused = try_claim(*s, {.run = run, .lane = 0, .lease = lease, .pages = {{organizer, 10}}});
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == errc::busy));
  }
  BOOST_TEST(resume(run).organizers.at(0).fresh == 3u);
}

BOOST_AUTO_TEST_CASE(sessions_of_two_runs_live_side_by_side) {
  const auto one = two_lanes(*s, "one"), two = two_lanes(*s, "two");
  const auto first = resume(one), second = resume(two);
  BOOST_TEST(first.lease != second.lease);
  for (const auto* opened : {&first, &second}) {
    std::size_t rows = 0;
    for (const auto& o : opened->organizers) {
      const auto found = must(try_claim(*s, {.run = opened->info.id, .lane = o.lane, .lease = opened->lease, .pages = {{o.id, 10}}}));
      rows += found.rows();
      for (const auto& row : found.pages.at(0).rows) BOOST_TEST(finish(*s, {ended(row)}) == 1u);
    }
    BOOST_TEST(rows == 8u);
  }
  BOOST_TEST((must(s->finish_run(one)) == run_state::finished));
  BOOST_TEST((must(s->finish_run(two)) == run_state::finished));
  // A lease is that of one run.
  BOOST_TEST(!try_claim(*s, {.run = one, .lane = 0, .lease = second.lease, .pages = {}}).has_value());
}

BOOST_AUTO_TEST_CASE(a_session_of_some_lanes_carries_out_their_rows_and_leaves_the_others) {
  const auto run = two_lanes(*s);
  const auto lanes = must(r->run(run))->header.lanes;
  const auto opened = must(s->join({.run = run, .lanes = {lanes.at(1)}}));
  BOOST_REQUIRE(opened.info.header.lanes.size() == 1u);
  BOOST_TEST((opened.info.header.lanes[0] == lanes[1]));
  BOOST_REQUIRE(opened.organizers.size() == 2u);
  for (const auto& o : opened.organizers) {
    BOOST_TEST(o.lane == 0u, "the session numbers its own lanes");
    BOOST_TEST((o.organizer == organizer_name(1) || o.organizer == organizer_name(3)));
    for (const auto& row : claim(*s, opened, o.id).rows) BOOST_TEST(finish(*s, {ended(row)}) == 1u);
  }
  BOOST_TEST((must(s->finish_run(run)) == run_state::open), "the other lane owes its rows");
  BOOST_TEST(must(r->run(run))->counts.created == 4u);
  BOOST_TEST(must(r->run(run))->counts.owed == 4u);
  // Nothing is left for such a session, and exactly the other rows for one of all lanes.
  BOOST_TEST(must(s->join({.run = run, .lanes = {lanes[1]}})).organizers.empty());
  const auto rest = resume(run);
  BOOST_TEST((rest.info.header.lanes == lanes));
  BOOST_REQUIRE(rest.organizers.size() == 2u);
  for (const auto& o : rest.organizers) {
    BOOST_TEST(o.lane == 0u);
    BOOST_TEST(o.fresh == 2u);
    BOOST_TEST((o.organizer == organizer_name(0) || o.organizer == organizer_name(2)));
  }
  carry_out(*s, run, outcome::existing);
  BOOST_TEST(results(*r, run) ==
                 (words{"2 existing", "3 created", "4 existing", "5 created", "6 existing", "7 created", "8 existing", "9 created"}),
             boost::test_tools::per_element());
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(a_session_of_some_lanes_touches_no_row_of_the_others) {
  const auto run = two_lanes(*s);
  const auto lanes = must(r->run(run))->header.lanes;
  const auto all = resume(run);
  const auto other = std::ranges::find(all.organizers, lane_id{0}, &organizer_rows::lane)->id;
  BOOST_TEST(claim(*s, all, other).rows.size() == 2u);
  restart();
  const auto opened = must(s->join({.run = run, .lanes = {lanes.at(1)}}));
  BOOST_TEST(!opened.unclean, "the rows that stayed claimed are of the other lane");
  // The session does not know the organizer, whatever number the lane has.
  for (const lane_id lane : {lane_id{0}, lane_id{1}}) {
    for (const bool stale : {false, true}) {
      const auto none = claim(*s, opened, {{other, 10}}, stale, lane);
      BOOST_TEST(none.rows() == 0u);
      BOOST_TEST(none.pages.at(0).exhausted);
    }
  }
  BOOST_TEST(must(r->run(run))->counts.owed == 8u);
  restart();
  const auto again = resume(run);
  BOOST_TEST(again.unclean);
  BOOST_TEST(claim(*s, again, other, 10, true).rows.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_session_of_a_lane_that_the_run_does_not_have_is_refused) {
  const auto run = two_lanes(*s);
  auto lanes = must(r->run(run))->header.lanes;
  lanes.push_back({"https://graph.example/v1.0", "tenant-3", "app-3"});
  const auto refused = s->join({.run = run, .lanes = lanes});
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::usage));
  BOOST_TEST(refused.error().message.contains("no lane for tenant tenant-3 and application app-3"));
}

BOOST_AUTO_TEST_CASE(a_write_is_lost_where_a_later_plan_took_the_row_over) {
  const auto first = three_rows();
  const auto page = claim_first(*s, first);
  const auto second = plan(*s, header("two"), {row(2, 1, "a", 1), row(3, 1, "b", 1)}).id;
  auto with_drift = advanced(page.rows[1]);
  const auto done = write(*s, {.finished = {ended(page.rows[0]), ended(page.rows[2])}, .advanced = {with_drift}, .released = {}});
  BOOST_TEST(done.calls == (std::vector<row_id>{page.rows[2].row}), boost::test_tools::per_element());
  BOOST_TEST(done.lost == (std::vector<row_id>{page.rows[0].row, page.rows[1].row}), boost::test_tools::per_element());
  BOOST_TEST(results(*r, first) == (words{"2 superseded", "3 superseded", "4 created"}), boost::test_tools::per_element());
  // Nothing was observed for the plan that has these keys now.
  must(r->for_each_inventory([](const inventory_row& got) -> result<void> {
    if (got.external_id != "c") BOOST_TEST(got.meeting_id == "");
    return {};
  }));
  check_counts(*r, first);
  check_counts(*r, second);
}

BOOST_AUTO_TEST_CASE(tokens_are_not_zero_and_differ_from_session_to_session) {
  const auto run = three_rows();
  std::vector<lease_token> seen;
  for (int session = 0; session < 4; ++session) {
    const auto opened = resume(run);
    BOOST_TEST(opened.lease != 0u);
    const auto page = claim(*s, opened, opened.organizers.at(0).id, 1, session > 0);
    BOOST_REQUIRE(page.rows.size() == 1u);
    BOOST_TEST(page.rows[0].token != 0u);
    BOOST_TEST((std::ranges::find(seen, page.rows[0].token) == seen.end()));
    seen.push_back(page.rows[0].token);
    restart();
  }
}

BOOST_AUTO_TEST_SUITE_END()
