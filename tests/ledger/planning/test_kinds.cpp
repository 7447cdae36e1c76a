// What the rows of runs that verify and remove owe.

#include "ledger/planning/kinds.hpp"

#include <boost/test/unit_test.hpp>

#include "ledger/planning/known_meetings.hpp"
#include "ledger/planning/memory_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::planning;
using namespace convoke::ledger::planning::testing;

namespace {

constexpr utc_time now = before_any_meeting;
constexpr feed_id own = 1, other = 2;

known_key known(observed_state state) {
  return {.state = state, .has_meeting = true, .feed = own, .ends = now + std::chrono::hours(1)};
}
kind_rule verify(const known_key& key, bool repair = false) {
  return rule_of(run_kind::verify, {.repair = repair}, key, no_feed, now);
}
kind_rule remove(const known_key& key, feed_id feed = own) {
  return rule_of(run_kind::remove, {}, key, feed, now);
}

run_header header_of_kind(run_kind kind, bool repair = false) {
  auto out = header_of("classes.csv");
  out.kind = kind;
  out.operations.repair = repair;
  return out;
}

const std::vector<input_row> three{{.number = 2, .external_id = "a"}, {.number = 3, .external_id = "b"}, {.number = 4, .external_id = "c"}};

// Three meetings: satisfied, drifted and lost.
run_id provision_three(memory_ledger& ledger) {
  const auto run = plan_rows(ledger, three).run;
  observe(ledger, run, 2, observed_state::satisfied);
  observe(ledger, run, 3, observed_state::drifted);
  observe(ledger, run, 4, observed_state::lost);
  return run;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kinds_of_runs)

BOOST_AUTO_TEST_CASE(a_verify_run_reads_what_it_knows) {
  for (const auto state :
       {observed_state::satisfied, observed_state::drifted, observed_state::failed, observed_state::lost, observed_state::incomplete}) {
    const auto rule = verify(known(state));
    BOOST_TEST((rule.what == row_class::checked));
    BOOST_TEST((rule.first == operation::get));
    BOOST_TEST(!rule.repairs);
  }
  BOOST_TEST((verify(known(observed_state::removed)).what == row_class::gone));
  BOOST_TEST(!verify(known(observed_state::removed)).first.has_value());
  BOOST_TEST((verify({}).what == row_class::unknown));
  BOOST_TEST(!verify({}).first.has_value());
}

BOOST_AUTO_TEST_CASE(a_repair_makes_what_is_lost_at_once_unless_it_has_ended) {
  auto key = known(observed_state::lost);
  BOOST_TEST((verify(key, true).first == operation::create_or_get));
  BOOST_TEST(!verify(key, true).repairs);
  BOOST_TEST((verify(known(observed_state::satisfied), true).first == operation::get));
  BOOST_TEST(verify(known(observed_state::satisfied), true).repairs);
  key.ends = now;
  BOOST_TEST((verify(key, true).first == operation::get));
  BOOST_TEST(!verify(key, true).repairs);
}

BOOST_AUTO_TEST_CASE(an_update_follows_a_get_only_where_both_settings_say_so) {
  BOOST_TEST((update_after_get({.update_drifted = true, .repair = true}) == update_rule::if_different));
  BOOST_TEST((update_after_get({.update_drifted = true}) == update_rule::never));
  BOOST_TEST((update_after_get({.repair = true}) == update_rule::never));
}

BOOST_AUTO_TEST_CASE(a_remove_run_deletes_meetings_of_its_feed) {
  for (const auto state :
       {observed_state::satisfied, observed_state::drifted, observed_state::failed, observed_state::lost, observed_state::incomplete}) {
    BOOST_TEST((remove(known(state)).first == operation::remove));
    BOOST_TEST((remove(known(state), no_feed).first == operation::remove));
    BOOST_TEST((remove(known(state), other).what == row_class::other_feed));
    BOOST_TEST(!remove(known(state), other).first.has_value());
  }
  BOOST_TEST((remove(known(observed_state::removed)).what == row_class::gone));
  BOOST_TEST((remove({.feed = own}).what == row_class::unknown));
}

BOOST_AUTO_TEST_CASE(everything_known_is_verified_until_nothing_is_left_of_it) {
  BOOST_TEST(is_verified(known(observed_state::satisfied), now));
  BOOST_TEST(is_verified(known(observed_state::lost), now));
  BOOST_TEST(!is_verified(known(observed_state::removed), now));
  BOOST_TEST(!is_verified({}, now));
  auto over = known(observed_state::satisfied);
  over.ends = now;
  BOOST_TEST(is_verified(over, now));
  over.expires = now + std::chrono::seconds(1);
  BOOST_TEST(is_verified(over, now));
  over.expires = now;
  BOOST_TEST(!is_verified(over, now));
  auto lost = known(observed_state::lost);
  lost.ends = now;
  BOOST_TEST(!is_verified(lost, now));
  auto expired = known(observed_state::satisfied);
  expired.expires = now;
  BOOST_TEST(is_verified(expired, now), "the meeting has not ended, and its link is dead");
}

BOOST_AUTO_TEST_CASE(rows_of_a_verify_run_have_the_payload_of_the_inventory) {
  memory_ledger ledger;
  const auto before = provision_three(ledger);
  auto rows = three;
  for (auto& row : rows) row.version = 7;  // a file without the wanted times, for example
  rows.push_back({.number = 5, .external_id = "c", .version = 8});
  rows.push_back({.number = 6, .external_id = "d"});
  const auto [run, summary] = plan_rows(ledger, rows, header_of_kind(run_kind::verify), {.folder = "/tmp", .page_rows = 2});
  BOOST_TEST(summary.calls == 3u);
  BOOST_TEST(summary.get_keys == 3u);
  BOOST_TEST(summary.duplicates == 1u);
  BOOST_TEST(summary.unknown == 1u);
  BOOST_TEST(summary.rejected == 0u);
  BOOST_TEST(summary.new_keys == 0u);
  for (const std::uint32_t number : {2u, 3u, 4u}) {
    BOOST_TEST(ledger.payloads.at(make_row(run, number)) == ledger.payloads.at(make_row(before, number)));
    BOOST_TEST((ledger.decisions.at(make_row(run, number)).what == decision::call));
  }
  BOOST_TEST(ledger.payloads.at(make_row(run, 5)) == ledger.payloads.at(make_row(before, 4)));
  const auto& unknown = ledger.decisions.at(make_row(run, 6));
  BOOST_TEST((unknown.what == decision::unknown));
  BOOST_TEST(unknown.key == 0u);
  BOOST_TEST(unknown.why.contains("knows no meeting"));
  BOOST_TEST(ledger.inventory.size() == 3u);
  const auto calls = calls_of(ledger, run);
  BOOST_REQUIRE(calls.size() == 3u);
  for (const auto& call : calls) {
    BOOST_TEST((call.op == operation::get));
    BOOST_TEST(!call.is_new);
    BOOST_TEST((call.payload == ledger.inventory.at(call.key).wanted));
  }
  for (const auto& [key, entry] : ledger.inventory) BOOST_TEST((run_of(entry.source) == before), "what is wanted stays");
}

BOOST_AUTO_TEST_CASE(a_repair_plans_createorget_for_what_is_lost) {
  memory_ledger ledger;
  provision_three(ledger);
  const auto [run, summary] = plan_rows(ledger, three, header_of_kind(run_kind::verify, true));
  BOOST_TEST(summary.get_keys == 2u);
  BOOST_TEST(summary.repaired_keys == 1u);
  BOOST_TEST(summary.retried_keys == 0u);
  const auto calls = calls_of(ledger, run);
  BOOST_REQUIRE(calls.size() == 3u);
  BOOST_TEST(calls[0].repairs);
  BOOST_TEST((calls[2].op == operation::create_or_get));
}

BOOST_AUTO_TEST_CASE(a_verify_run_takes_over_no_run_that_provisions) {
  memory_ledger ledger;
  provision_three(ledger);
  // Another run owes the meetings of a and d: that of d was never made.
  const auto open = plan_rows(ledger, {{.number = 2, .external_id = "a", .version = 1}, {.number = 3, .external_id = "d"}});
  BOOST_TEST(open.summary.calls == 2u);
  const auto verified =
      plan_rows(ledger, {{.number = 2, .external_id = "a"}, {.number = 3, .external_id = "d"}}, header_of_kind(run_kind::verify));
  BOOST_TEST(verified.summary.unknown == 1u);
  BOOST_TEST(verified.summary.superseded == 0u);
  BOOST_TEST(ledger.superseded.empty());
  BOOST_TEST(verified.summary.calls == 0u);
  BOOST_TEST(verified.summary.left_out == 1u);
  BOOST_TEST(verified.summary.left_out_runs == (std::vector<std::uint32_t>{open.run}), boost::test_tools::per_element());
  const auto& left = ledger.decisions.at(make_row(verified.run, 2));
  BOOST_TEST((left.what == decision::left_out));
  BOOST_TEST(left.why.contains("still owes a call"));
  BOOST_TEST(calls_of(ledger, open.run).size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_remove_run_leaves_other_feeds_alone) {
  memory_ledger ledger;
  provision_three(ledger);
  auto header = header_of_kind(run_kind::remove);
  header.feed = "evening.csv";
  const auto refused = plan_rows(ledger, three, header);
  BOOST_TEST(refused.summary.calls == 0u);
  BOOST_TEST(refused.summary.other_feed == 3u);
  BOOST_TEST((ledger.decisions.at(make_row(refused.run, 2)).what == decision::other_feed));
  for (const char* feed : {"classes.csv", ""}) {
    header.feed = feed;
    const auto [run, summary] = plan_rows(ledger, three, header);
    BOOST_TEST(summary.remove_keys == 3u);
    for (const auto& call : calls_of(ledger, run)) BOOST_TEST((call.op == operation::remove));
  }
  const auto own_feed = ledger.feeds.at("classes.csv");
  for (const auto& [key, entry] : ledger.inventory) BOOST_TEST(entry.feed == own_feed);
}

BOOST_AUTO_TEST_CASE(what_was_removed_is_never_unchanged_and_not_removed_again) {
  memory_ledger ledger;
  provision_three(ledger);
  const auto removing = plan_rows(ledger, three, header_of_kind(run_kind::remove)).run;
  for (const std::uint32_t number : {2u, 3u, 4u}) observe(ledger, removing, number, observed_state::removed);
  const auto again = plan_rows(ledger, three, header_of_kind(run_kind::remove));
  BOOST_TEST(again.summary.gone == 3u);
  BOOST_TEST(again.summary.calls == 0u);
  BOOST_TEST(plan_rows(ledger, three, header_of_kind(run_kind::verify)).summary.gone == 3u);
  const auto wanted = plan_rows(ledger, three);
  BOOST_TEST(wanted.summary.unchanged == 0u);
  BOOST_TEST(wanted.summary.calls == 3u);
  for (const auto& call : calls_of(ledger, wanted.run)) BOOST_TEST((call.op == operation::create_or_get));
}

BOOST_AUTO_TEST_CASE(the_meetings_of_the_inventory_come_in_the_order_of_their_keys) {
  memory_ledger ledger;
  std::vector<input_row> rows;
  for (std::uint32_t n = 2; n < 1002; ++n) rows.push_back({.number = n, .organizer = n % 7, .external_id = "id" + std::to_string(n)});
  const auto run = plan_rows(ledger, rows).run;
  for (const auto& row : rows) {
    if (row.number % 10 != 0) observe(ledger, run, row.number, row.number % 10 == 1 ? observed_state::removed : observed_state::satisfied);
  }
  memory_plan_store store(ledger, 99, 1024);
  row_numbers numbers;
  key_id last = 0;
  std::uint32_t expected = 0;
  const auto found = for_each_known_meeting(store, numbers, now, [&](std::uint32_t number, const auto& meeting) -> result<void> {
    BOOST_TEST(number == ++expected);
    BOOST_TEST(meeting.key > last);
    BOOST_TEST((meeting.known.state == observed_state::satisfied));
    last = meeting.key;
    return {};
  });
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(*found == 800u);
  BOOST_TEST(expected == 800u);
}

BOOST_AUTO_TEST_SUITE_END()
