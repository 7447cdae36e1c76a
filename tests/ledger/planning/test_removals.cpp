// What a plan removes of a feed's meetings: single cases, and a property of any series of inputs.

#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include <boost/test/unit_test.hpp>

#include <convoke/key.hpp>

#include "ledger/planning/memory_ledger.hpp"
#include "ledger/planning/removals.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::planning;
using namespace convoke::ledger::planning::testing;

namespace {

run_header removing(const std::string& feed) {
  auto header = header_of(feed.empty() ? "-" : feed);
  header.feed = feed;
  header.operations.remove_vanished = true;
  return header;
}

run_header reporting(const std::string& feed) {
  auto header = removing(feed);
  header.operations.remove_vanished = false;
  return header;
}

// Plans, and ends every call as satisfied.
planned carried_out(memory_ledger& ledger, const std::vector<input_row>& rows, const run_header& header) {
  auto plan = plan_rows(ledger, rows, header);
  for (const auto& call : calls_of(ledger, plan.run)) observe(ledger, plan.run, call.number, observed_state::satisfied);
  return plan;
}

std::vector<planned_call> removals_in(const memory_ledger& ledger, run_id run) {
  auto out = calls_of(ledger, run);
  std::erase_if(out, [](const planned_call& call) { return call.op != operation::remove; });
  return out;
}

input_row rejected(std::uint32_t line, unsigned organizer, std::string external_id) {
  return {.number = line, .organizer = organizer, .external_id = std::move(external_id), .valid = false, .readable = true};
}

std::string id_of(const memory_ledger& ledger, key_id key) {
  return decode_spec(ledger.payloads.at(ledger.inventory.at(key).source))->external_id;
}

stored_key& known(memory_ledger& ledger, const std::string& external_id) {
  for (auto& [key, entry] : ledger.inventory)
    if (decode_spec(ledger.payloads.at(entry.source))->external_id == external_id) return entry;
  BOOST_FAIL("the inventory lacks " + external_id);
  return ledger.inventory.begin()->second;
}

const std::vector<input_row> classes{{2, 1, "a"}, {3, 1, "b"}, {4, 2, "c"}, {5, 3, "d"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(planning_removals)

BOOST_AUTO_TEST_CASE(what_bars_a_plan_from_removing) {
  const operation_settings removes{.remove_vanished = true};
  plan_summary whole;
  whole.rows = 5;
  auto wrong = whole, empty = whole;
  wrong.rejected = 1;
  empty.rows = 0;
  BOOST_CHECK(bar_of_removals({}, 1, whole) == removal_bar::not_wanted);
  BOOST_CHECK(bar_of_removals(removes, no_feed, whole) == removal_bar::no_feed);
  BOOST_CHECK(bar_of_removals(removes, 1, empty) == removal_bar::no_rows);
  BOOST_CHECK(bar_of_removals(removes, 1, wrong) == removal_bar::wrong_rows);
  BOOST_CHECK(bar_of_removals(removes, 1, whole) == removal_bar::none);
  auto drifted = whole;
  drifted.drifted = 1;
  BOOST_CHECK(bar_of_removals(removes, 1, drifted) == removal_bar::none);
  BOOST_CHECK(bar_of_removals(removes, 1, drifted, true) == removal_bar::drifted_rows);
  BOOST_CHECK(bar_of_removals(removes, 1, whole, true) == removal_bar::none);
}

BOOST_AUTO_TEST_CASE(a_meeting_can_be_removed_that_has_an_id_and_is_not_gone) {
  for (const auto state : {observed_state::satisfied, observed_state::drifted, observed_state::failed, observed_state::incomplete}) {
    BOOST_TEST(is_removable({.state = state, .has_meeting = true}));
    BOOST_TEST(!is_removable({.state = state, .has_meeting = false}));
  }
  BOOST_TEST(!is_removable({.state = observed_state::lost, .has_meeting = true}));
  BOOST_TEST(!is_removable({.state = observed_state::removed, .has_meeting = true}));
  BOOST_TEST(!is_removable({}));
}

BOOST_AUTO_TEST_CASE(what_vanished_owes_a_removal_that_waits_for_all_other_rows) {
  memory_ledger ledger;
  carried_out(ledger, classes, removing("classes"));
  const auto next = plan_rows(ledger, {{2, 1, "a"}, {7, 2, "new"}}, removing("classes"));
  const auto& s = next.summary;
  BOOST_CHECK(s.barred == removal_bar::none);
  BOOST_TEST(s.vanished == 3u);
  BOOST_TEST(s.remove_keys == 3u);
  BOOST_TEST(s.calls == 4u);
  BOOST_TEST(s.rows == 5u);
  BOOST_TEST(ledger.added_rows == 3u);
  BOOST_REQUIRE(s.remove_sample.size() == 3u);
  BOOST_TEST(s.remove_sample[0].external_id == "b");
  const auto removals = removals_in(ledger, next.run);
  BOOST_REQUIRE(removals.size() == 3u);
  std::set<std::string> ids;
  for (const auto& call : removals) {
    BOOST_TEST(call.waits);
    BOOST_TEST(!call.is_new);
    BOOST_TEST(call.number > 7u);
    BOOST_TEST(ledger.copies.at(make_row(next.run, call.number)) == call.key);
    BOOST_TEST(ledger.decisions.at(make_row(next.run, call.number)).key == call.key);
    BOOST_CHECK(call.payload == ledger.inventory.at(call.key).wanted);
    ids.insert(id_of(ledger, call.key));
  }
  BOOST_CHECK((ids == std::set<std::string>{"b", "c", "d"}));
  for (const auto& call : calls_of(ledger, next.run)) BOOST_TEST(call.waits == (call.op == operation::remove));
}

BOOST_AUTO_TEST_CASE(calls_are_counted_at_the_organizers_of_removals) {
  memory_ledger ledger;
  carried_out(ledger, classes, removing("classes"));
  const auto next = plan_rows(ledger, {{2, 1, "a"}}, removing("classes"));
  std::uint64_t calls = 0;
  for (const auto& o : next.summary.organizers) {
    BOOST_TEST(o.calls == o.vanished);
    calls += o.calls;
  }
  BOOST_TEST(calls == 3u);
}

BOOST_AUTO_TEST_CASE(nothing_is_removed_where_it_is_only_to_be_reported) {
  memory_ledger ledger;
  carried_out(ledger, classes, reporting("classes"));
  const auto next = plan_rows(ledger, {{2, 1, "a"}}, reporting("classes"));
  BOOST_TEST(next.summary.vanished == 3u);
  BOOST_TEST(next.summary.remove_keys == 0u);
  BOOST_CHECK(next.summary.barred == removal_bar::not_wanted);
  BOOST_TEST(calls_of(ledger, next.run).empty());
}

BOOST_AUTO_TEST_CASE(nothing_is_removed_for_an_input_that_is_wrong_empty_or_of_no_feed) {
  memory_ledger ledger;
  carried_out(ledger, classes, removing("classes"));
  const auto plan = [&](const std::vector<input_row>& rows, const std::string& feed) {
    auto copy = ledger;
    const auto made = plan_rows(copy, rows, removing(feed));
    BOOST_TEST(made.summary.remove_keys == 0u);
    BOOST_TEST(removals_in(copy, made.run).empty());
    BOOST_TEST(copy.copies.empty());
    return made.summary;
  };
  // The key of the wrong row can be read, and is present; another one moved, but its new row is wrong.
  const auto wrong = plan({{2, 1, "a"}, rejected(3, 1, "b"), rejected(4, 9, "c")}, "classes");
  BOOST_CHECK(wrong.barred == removal_bar::wrong_rows);
  BOOST_TEST(wrong.vanished == 2u);
  BOOST_CHECK(plan({{2, 1, "a"}, {3, 1, "b"}, {4, 1, "b", 1}}, "classes").barred == removal_bar::wrong_rows);
  const auto empty = plan({}, "classes");
  BOOST_CHECK(empty.barred == removal_bar::no_rows);
  BOOST_TEST(empty.vanished == 4u);
  BOOST_CHECK(plan({{2, 1, "a"}}, "").barred == removal_bar::no_feed);
  const auto other = plan({{2, 7, "x"}}, "webinars");
  BOOST_CHECK(other.barred == removal_bar::none);
  BOOST_TEST(other.vanished == 0u);
}

BOOST_AUTO_TEST_CASE(meetings_that_have_ended_or_are_gone_or_were_never_seen_are_not_removed) {
  memory_ledger ledger;
  carried_out(ledger, classes, removing("classes"));
  known(ledger, "a").observed->state = observed_state::lost;
  known(ledger, "b").observed->state = observed_state::removed;
  known(ledger, "c").observed->has_meeting = false;
  const std::vector<input_row> other{{2, 9, "other", 7}};
  auto copy = ledger;
  const auto next = plan_rows(copy, other, removing("classes"));
  BOOST_TEST(next.summary.vanished == 2u);
  const auto removals = removals_in(copy, next.run);
  BOOST_REQUIRE(removals.size() == 1u);
  BOOST_TEST(id_of(copy, removals[0].key) == "d");
  // A key that was planned and never called has no observation at all.
  known(ledger, "d").observed.reset();
  copy = ledger;
  BOOST_TEST(plan_rows(copy, other, removing("classes")).summary.remove_keys == 0u);
  known(ledger, "d").observed = observation{};
  copy = ledger;
  const auto end = wanted_of({.external_id = "d"}).end;
  BOOST_TEST(plan_rows(copy, other, removing("classes"), {.folder = "/tmp"}, end - ticks(1)).summary.remove_keys == 1u);
  copy = ledger;
  BOOST_TEST(plan_rows(copy, other, removing("classes"), {.folder = "/tmp"}, end).summary.remove_keys == 0u);
}

BOOST_AUTO_TEST_CASE(what_an_older_run_owes_of_a_removed_meeting_is_taken_over_with_its_claim) {
  memory_ledger ledger;
  carried_out(ledger, classes, removing("classes"));
  const auto changed = plan_rows(ledger, {{2, 1, "a"}, {3, 1, "b", 1}, {4, 2, "c"}, {5, 3, "d"}}, removing("classes"));
  BOOST_REQUIRE(calls_of(ledger, changed.run).size() == 1u);
  claim(ledger, changed.run, 3, 77, 1);
  const auto next = plan_rows(ledger, {{2, 1, "a"}, {4, 2, "c"}, {5, 3, "d"}}, removing("classes"));
  BOOST_TEST(next.summary.superseded == 1u);
  BOOST_TEST(next.summary.owed_elsewhere == 0u);
  BOOST_TEST(calls_of(ledger, changed.run).empty());
  const auto removals = removals_in(ledger, next.run);
  BOOST_REQUIRE(removals.size() == 1u);
  BOOST_CHECK((removals[0].inherited == inherited_claim{.token = 77, .strikes = 1}));
  // And a file that has the row again takes it over from the removal.
  const auto again = plan_rows(ledger, classes, removing("classes"));
  BOOST_TEST(again.summary.superseded == 1u);
  BOOST_TEST(removals_in(ledger, next.run).empty());
  BOOST_TEST(again.summary.remove_keys == 0u);
}

BOOST_AUTO_TEST_CASE(the_old_meeting_of_a_move_is_removed_and_so_is_that_of_a_changed_id) {
  memory_ledger ledger;
  carried_out(ledger, classes, removing("classes"));
  carried_out(ledger, {{2, 4, "w"}}, removing("webinars"));
  // c moves from 2 to 1 and 5, w is of another feed, b gets another id.
  const auto next =
      plan_rows(ledger, {{2, 1, "a"}, {3, 1, "c", 1}, {4, 5, "c"}, {5, 3, "d"}, {6, 1, "B2"}, {7, 5, "w"}}, removing("classes"));
  BOOST_TEST(next.summary.moved == 3u);
  BOOST_TEST(next.summary.moved_removed == 1u);
  BOOST_TEST(next.summary.changed_ids == 1u);
  BOOST_TEST(next.summary.changed_ids_removed == 1u);
  BOOST_TEST(next.summary.remove_keys == 2u);
}

namespace {

std::vector<input_row> any_input() {
  using numbers = std::tuple<std::uint8_t, std::uint8_t, std::uint8_t, std::uint8_t>;
  std::vector<input_row> out;
  std::uint32_t line = 1;
  for (const auto& [kind, organizer, id, version] : *rc::gen::container<std::vector<numbers>>(rc::gen::arbitrary<numbers>())) {
    const char* const ids[] = {"a", "A", "b", "c", "d", "E", "e"};
    out.push_back({.number = ++line,
                   .organizer = organizer % 3U,
                   .external_id = ids[id % std::size(ids)],
                   .version = version % 16U == 0 ? 1U : 0U,
                   .valid = kind % 16 != 0,
                   .readable = kind % 2 == 0,
                   .day = version % 8U < 6 ? 0U : 7U});
  }
  return out;
}

// As the rules say it, worked out key by key.
std::set<key_id> removable(const memory_ledger& before, const std::vector<input_row>& rows, const run_header& header, utc_time now) {
  std::set<std::pair<std::string, std::string>> present;
  for (const auto& row : rows) present.emplace(organizer_name(row.organizer), to_lower(row.external_id));
  std::set<key_id> out;
  const auto feed = before.feeds.find(header.feed);
  if (!header.operations.remove_vanished || header.feed.empty() || feed == before.feeds.end() || rows.empty()) return out;
  for (const auto& [key, entry] : before.inventory) {
    const auto spec = decode_spec(before.payloads.at(entry.source));
    if (entry.feed != feed->second || spec->end <= now || present.contains({spec->organizer, to_lower(spec->external_id)})) continue;
    if (!entry.observed || !entry.observed->has_meeting) continue;
    if (entry.observed->state == observed_state::lost || entry.observed->state == observed_state::removed) continue;
    out.insert(key);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(any_series_of_inputs_removes_only_what_its_feed_had_and_the_input_lacks) {
  BOOST_TEST(rc::check("removals are exactly the known meetings of the feed that a right input lacks", [] {
    memory_ledger ledger;
    for (int n = 0; n < 4; ++n) {
      const auto feed = *rc::gen::element<std::string>("", "one", "two");
      const auto header = *rc::gen::inRange(0, 4) == 0 ? reporting(feed) : removing(feed);
      const auto rows = any_input();
      const auto first_end = wanted_of({}).end;
      const auto now = *rc::gen::element(first_end - std::chrono::hours(1), first_end);
      const limits bounds{.folder = "/tmp",
                          .sort_bytes = *rc::gen::inRange<std::size_t>(1, 800),
                          .page_rows = *rc::gen::inRange<std::size_t>(1, 6),
                          .payload_page_rows = *rc::gen::inRange<std::size_t>(1, 4)};
      const auto before = ledger;
      const auto plan = plan_rows(ledger, rows, header, bounds, now);
      std::set<key_id> removed;
      for (const auto& call : removals_in(ledger, plan.run)) {
        RC_ASSERT(call.waits);
        RC_ASSERT(removed.insert(call.key).second);
      }
      const auto expected = removable(before, rows, header, now);
      RC_ASSERT(std::ranges::includes(expected, removed));
      RC_ASSERT(removed == (plan.summary.rejected > 0 ? std::set<key_id>{} : expected));
      RC_ASSERT(plan.summary.remove_keys == removed.size());
      RC_ASSERT(plan.summary.rows == rows.size() + removed.size());
      // Those that are removed are not owed anywhere else.
      for (const auto& [place, entry] : ledger.owed) RC_ASSERT(std::get<0>(place) == plan.run || !removed.contains(entry.call.key));
      for (const auto& call : calls_of(ledger, plan.run)) {
        const auto state = *rc::gen::inRange(0, 7);
        if (state > 0) observe(ledger, plan.run, call.number, static_cast<observed_state>(state));
      }
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()
