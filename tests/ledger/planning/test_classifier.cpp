// Whole plans over a ledger in memory: single cases, and properties of any input.

#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

#include <boost/test/unit_test.hpp>

#include <convoke/key.hpp>

#include "ledger/planning/memory_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::planning;
using namespace convoke::ledger::planning::testing;

namespace {

using key_name = std::pair<unsigned, std::string>;  // organizer, external id in lower case

key_name name_of(const input_row& row) {
  return {row.organizer, to_lower(row.external_id)};
}

key_id key_in(const memory_ledger& ledger, run_id run, std::uint32_t line) {
  return ledger.decisions.at(make_row(run, line)).key;
}

// Rows of few keys, so that they meet: some invalid, some duplicates, some in conflict, some in another form.
std::vector<input_row> any_input() {
  const auto rows = *rc::gen::container<std::vector<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t, std::uint8_t>>>(
      rc::gen::arbitrary<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t, std::uint8_t>>());
  std::vector<input_row> out;
  std::uint32_t line = 1;
  for (const auto& [gap, organizer, id, version] : rows) {
    line += 1 + gap % 3;
    const char* const ids[] = {"a", "A", "b", "c", "d", "e", "F", "f", "g", "h"};
    out.push_back({.number = line,
                   .organizer = organizer % 3U,
                   .external_id = ids[id % std::size(ids)],
                   .version = version % 8U == 0 ? 1U : 0U,
                   .valid = gap % 8 != 0,
                   .readable = gap % 16 == 0});
  }
  return out;
}

limits any_bounds() {
  return {.folder = "/tmp",
          .sort_bytes = *rc::gen::inRange<std::size_t>(1, 800),
          .page_rows = *rc::gen::inRange<std::size_t>(1, 6),
          .payload_page_rows = *rc::gen::inRange<std::size_t>(1, 4)};
}

// Carries out a part of what the run owes, with any result, and leaves claims and strikes behind. Returns the claims by key.
std::map<key_id, inherited_claim> carry_out_some(memory_ledger& ledger, run_id run) {
  std::map<key_id, inherited_claim> left;
  for (const auto& call : calls_of(ledger, run)) {
    const auto what = *rc::gen::inRange(0, 9);
    if (what >= 1 && what <= 6) {
      observe(ledger, run, call.number, static_cast<observed_state>(what));
    } else if (what >= 7) {
      const inherited_claim claimed{.token = what == 7 ? 0U : *rc::gen::inRange<lease_token>(1, 9),
                                    .strikes = *rc::gen::inRange<std::uint32_t>(0, 3)};
      claim(ledger, run, call.number, claimed.token, claimed.strikes);
      left[call.key] = claimed;
    } else {
      left[call.key] = call.inherited;
    }
  }
  return left;
}

void check_counts(const memory_ledger& ledger, const planned& plan, const std::vector<input_row>& rows) {
  const auto& s = plan.summary;
  RC_ASSERT(s.rows == rows.size());
  RC_ASSERT(s.calls == s.new_keys + s.changed_keys + s.retried_keys + s.expired_keys + s.extended_keys);
  std::map<decision, std::uint64_t> n;
  for (const auto& row : rows) {
    const auto decided = ledger.decisions.find(make_row(plan.run, row.number));
    RC_ASSERT(decided != ledger.decisions.end());
    ++n[decided->second.what];
  }
  RC_ASSERT(n[decision::call] == s.calls);
  RC_ASSERT(n[decision::invalid] + n[decision::conflict] == s.rejected);
  RC_ASSERT(n[decision::unchanged] == s.unchanged);
  RC_ASSERT(n[decision::drifted] == s.drifted);
  RC_ASSERT(s.rows == s.calls + s.rejected + s.unchanged + s.drifted + n[decision::duplicate]);
  RC_ASSERT(n[decision::duplicate] <= s.duplicates);
  RC_ASSERT(calls_of(ledger, plan.run).size() == s.calls);
  std::uint64_t calls = 0, new_keys = 0, vanished = 0;
  for (const auto& o : s.organizers) {
    calls += o.calls;
    new_keys += o.new_keys;
    vanished += o.vanished;
    RC_ASSERT((o.made_this_month != 0) == (o.new_keys != 0));
  }
  RC_ASSERT(calls == s.calls);
  RC_ASSERT(new_keys == s.new_keys);
  RC_ASSERT(vanished == s.vanished);
}

// What the rules say about a row, worked out row by row from the ledger as it was before the plan.
decision expected(const memory_ledger& before, const input_row& row, const std::vector<input_row>& rows) {
  if (!row.valid) return decision::invalid;
  bool first = true;
  for (const auto& other : rows) {
    if (!other.valid || name_of(other) != name_of(row)) continue;
    if (other.version != row.version) return decision::conflict;
    if (other.number < row.number) first = false;
  }
  auto spec = wanted_of(row);
  spec.external_id = to_lower(spec.external_id);
  hasher hash;
  const auto payload = hash({encode_spec(spec)});
  for (const auto& [id, entry] : before.inventory) {
    const auto known = decode_spec(before.payloads.at(entry.source));
    if (known->organizer != spec.organizer || to_lower(known->external_id) != spec.external_id) continue;
    if (!entry.observed || entry.observed->compared != payload) break;
    if (entry.observed->state == observed_state::satisfied) return decision::unchanged;
    if (entry.observed->state == observed_state::drifted) return decision::drifted;
  }
  return first ? decision::call : decision::duplicate;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(planning_classifier)

BOOST_AUTO_TEST_CASE(calls_are_numbered_in_the_order_in_which_they_are_made) {
  memory_ledger ledger;
  const auto plan = plan_rows(ledger, {{2, 2, "b"}, {3, 1, "c"}, {5, 2, "a"}, {7, 1, "b"}});
  BOOST_TEST(plan.summary.new_keys == 4u);
  const auto calls = calls_of(ledger, plan.run);
  BOOST_REQUIRE(calls.size() == 4u);
  // The organizer that comes first in the input has the first number.
  const std::uint32_t lines[] = {2, 5, 3, 7};
  for (std::uint32_t i = 0; i < 4; ++i) {
    BOOST_TEST(calls[i].call == i + 1);
    BOOST_TEST(calls[i].number == lines[i]);
    BOOST_TEST(calls[i].key == make_row(plan.run, i + 1));
    BOOST_TEST((calls[i].op == operation::create_or_get));
  }
  BOOST_REQUIRE(plan.summary.organizers.size() == 2u);
  BOOST_TEST(plan.summary.organizers[0].organizer == organizer_name(2));
  BOOST_TEST(plan.summary.organizers[0].made_this_month == 1001u);
}

BOOST_AUTO_TEST_CASE(another_form_of_a_known_key_is_called_in_the_first_form) {
  memory_ledger ledger;
  const auto first = plan_rows(ledger, {{2, 1, "Course-1"}});
  observe(ledger, first.run, 2, observed_state::satisfied);
  // Not called: it stays as the row has it.
  const auto same = plan_rows(ledger, {{2, 1, "COURSE-1"}});
  BOOST_TEST(same.summary.unchanged == 1u);
  const auto changed = plan_rows(ledger, {{2, 1, "COURSE-1", 1}});
  BOOST_TEST(changed.summary.changed_keys == 1u);
  BOOST_TEST(decode_spec(ledger.payloads.at(make_row(changed.run, 2)))->external_id == "Course-1");
  // It was never sent, and the next plan takes the form from the record that is wanted by now.
  const auto again = plan_rows(ledger, {{2, 1, "course-1", 2}});
  BOOST_TEST(decode_spec(ledger.payloads.at(make_row(again.run, 2)))->external_id == "Course-1");
  const auto back = plan_rows(ledger, {{2, 1, "courSE-1"}});
  BOOST_TEST(back.summary.unchanged == 1u);
  BOOST_TEST(decode_spec(ledger.payloads.at(make_row(back.run, 2)))->external_id == "Course-1");
}

BOOST_AUTO_TEST_CASE(drifted_rows_owe_an_update_where_the_settings_say_so) {
  memory_ledger ledger;
  const auto first = plan_rows(ledger, {{2, 1, "a"}, {3, 1, "b"}});
  observe(ledger, first.run, 2, observed_state::drifted);
  observe(ledger, first.run, 3, observed_state::drifted);
  ledger.inventory.at(key_in(ledger, first.run, 3)).observed->has_meeting = false;
  const std::vector<input_row> rows{{2, 1, "a"}, {3, 1, "b"}, {4, 1, "a"}};
  const auto reported = plan_rows(ledger, rows);
  BOOST_TEST(reported.summary.drifted == 3u);
  BOOST_TEST(reported.summary.calls == 0u);
  auto header = header_of();
  header.operations.update_drifted = true;
  const auto updated = plan_rows(ledger, rows, header);
  BOOST_TEST(updated.summary.drifted == 0u);
  BOOST_TEST(updated.summary.retried_keys == 2u);
  BOOST_TEST(updated.summary.update_keys == 1u);  // the other one has no meeting id
  BOOST_TEST(updated.summary.duplicates == 1u);
  const auto calls = calls_of(ledger, updated.run);
  BOOST_REQUIRE(calls.size() == 2u);
  BOOST_TEST((calls[0].op == operation::update));
  BOOST_TEST(calls[0].has_duplicates);
  BOOST_TEST((calls[1].op == operation::create_or_get));
}

BOOST_AUTO_TEST_CASE(the_update_rule_of_a_row_is_at_least_its_own) {
  memory_ledger ledger;
  auto header = header_of();
  header.operations.update_drifted = true;
  ledger.headers.emplace(1, header);
  memory_plan_store store(ledger, 1, 10);
  classifier plan(store, 1, header, {.folder = "/tmp", .page_rows = 10});
  const auto payload = encode_spec(wanted_of({.external_id = "a"}));
  BOOST_TEST((plan.add({2, 2, 0}, payload, update_rule::never) == update_rule::if_different));
  BOOST_TEST((plan.add({3, 3, 0}, payload, update_rule::always) == update_rule::both));
}

BOOST_AUTO_TEST_CASE(calls_that_an_update_follows_for_what_create_or_get_cannot_set_are_counted) {
  memory_ledger ledger;
  auto header = header_of();
  header.operations.enforce_roles = true;
  ledger.headers.emplace(1, header);
  memory_plan_store store(ledger, 1, 10);
  classifier plan(store, 1, header, {.folder = "/tmp", .page_rows = 10});
  auto wanted = wanted_of({.external_id = "a"});
  wanted.attendees.clear();
  BOOST_TEST((plan.add({2, 2, 0}, encode_spec(wanted), update_rule::never) == update_rule::never));
  wanted.external_id = "b";
  wanted.attendees = {{attendee_id::upn, "ute@uni.example", attendee_role::presenter}};
  BOOST_TEST((plan.add({3, 3, 0}, encode_spec(wanted), update_rule::never) == update_rule::always));
  // Options are set by an update whatever the rule is.
  wanted.external_id = "c";
  wanted.attendees.clear();
  wanted.options = {{13, "organizer"}};
  BOOST_TEST((plan.add({4, 4, 0}, encode_spec(wanted), update_rule::never) == update_rule::never));
  const auto summary = plan.classify(before_any_meeting);
  BOOST_REQUIRE(summary.has_value());
  BOOST_TEST(summary->calls == 3u);
  BOOST_TEST(summary->settings_keys == 2u);
  BOOST_TEST(summary->update_keys == 0u);
}

BOOST_AUTO_TEST_CASE(rows_out_of_place_are_refused) {
  memory_ledger ledger;
  memory_plan_store store(ledger, 1, 10);
  classifier plan(store, 1, header_of(), {.folder = "/tmp"});
  BOOST_TEST(plan.add_invalid({2, 2, 0}).has_value());
  BOOST_TEST((plan.add_invalid({2, 2, 0}).error().code == errc::internal));
  BOOST_TEST((plan.add_invalid({3, 3, 1}).error().code == errc::internal));
  BOOST_TEST((plan.add_invalid({row_limit, 9, 0}).error().code == errc::input));
  BOOST_TEST(plan.rows() == 1u);
}

BOOST_AUTO_TEST_CASE(claims_of_a_discarded_run_are_inherited_without_an_outcome) {
  memory_ledger ledger;
  const auto first = plan_rows(ledger, {{2, 1, "a"}, {3, 1, "b"}});
  claim(ledger, first.run, 2, 77, 2);
  claim(ledger, first.run, 3, 78, 2);
  ledger.discarded.insert(first.run);
  const auto next = plan_rows(ledger, {{2, 1, "a"}});
  BOOST_TEST(next.summary.superseded == 0u);
  BOOST_TEST(next.summary.owed_elsewhere == 0u);
  BOOST_TEST(ledger.superseded.empty());
  const auto calls = calls_of(ledger, next.run);
  BOOST_REQUIRE(calls.size() == 1u);
  BOOST_TEST((calls[0].inherited == inherited_claim{77, 0}));
  BOOST_TEST(calls_of(ledger, first.run).size() == 1u);
}

BOOST_AUTO_TEST_CASE(any_plan_decides_as_the_rules_say) {
  BOOST_TEST(rc::check("two plans in a row: every row is decided once and as expected, counts add up, claims are inherited", [] {
    memory_ledger ledger;
    const auto first_rows = any_input();
    const auto first = plan_rows(ledger, first_rows, header_of(), any_bounds());
    check_counts(ledger, first, first_rows);
    const auto left = carry_out_some(ledger, first.run);
    const auto before = ledger;
    const auto rows = any_input();
    const auto plan = plan_rows(ledger, rows, header_of(), any_bounds());
    check_counts(ledger, plan, rows);
    std::set<key_id> taken;
    for (const auto& row : rows) {
      const auto& decided = ledger.decisions.at(make_row(plan.run, row.number));
      RC_ASSERT(decided.what == expected(before, row, rows));
      if (decided.key != 0) taken.insert(decided.key);
      RC_ASSERT((decided.key == 0) == (decided.what == decision::invalid || decided.what == decision::conflict));
    }
    // Every taken key is wanted as its row wants it, and marked exactly where the observation does not answer that.
    for (const auto key : taken) {
      const auto& entry = ledger.inventory.at(key);
      const auto& seen = entry.observed;
      if (!seen || needs_wanted(seen->state)) continue;
      RC_ASSERT(seen->pending == (seen->compared != entry.wanted));
    }
    for (const auto& call : calls_of(ledger, plan.run)) {
      RC_ASSERT(ledger.inventory.at(call.key).wanted == call.payload);
      const auto claimed = left.find(call.key);
      RC_ASSERT(call.inherited == (claimed == left.end() ? inherited_claim{} : claimed->second));
    }
    // What the first run still owes are the keys that this plan does not decide about; the others are superseded.
    std::uint64_t ended = 0;
    for (const auto& call : calls_of(before, first.run)) {
      const auto still = calls_of(ledger, first.run);
      const bool stays = std::ranges::any_of(still, [&](const planned_call& c) { return c.key == call.key; });
      RC_ASSERT(stays == !taken.contains(call.key));
      if (!stays) ended += 1 + before.duplicates.count(make_row(first.run, call.number));
    }
    RC_ASSERT(plan.summary.superseded == ended);
  }));
}

BOOST_AUTO_TEST_CASE(a_key_is_called_in_one_form_for_ever) {
  BOOST_TEST(rc::check("whatever is planned and carried out, all calls of a key write its external id alike", [] {
    memory_ledger ledger;
    std::map<key_id, std::string> forms;
    for (int n = 0; n < 4; ++n) {
      const auto plan = plan_rows(ledger, any_input(), header_of(), any_bounds());
      for (const auto& call : calls_of(ledger, plan.run)) {
        const auto spec = decode_spec(ledger.payloads.at(make_row(plan.run, call.number)));
        const auto [form, added] = forms.emplace(call.key, spec->external_id);
        RC_ASSERT((added || form->second == spec->external_id));
      }
      carry_out_some(ledger, plan.run);
    }
  }));
}

BOOST_AUTO_TEST_CASE(planning_again_owes_nothing_new) {
  BOOST_TEST(rc::check("the same input again: no call after success, the same calls where nothing was carried out", [] {
    const auto rows = any_input();
    memory_ledger ledger;
    const auto first = plan_rows(ledger, rows, header_of(), any_bounds());
    auto untouched = ledger;
    const auto again = plan_rows(untouched, rows, header_of(), any_bounds());
    RC_ASSERT(again.summary.new_keys == 0u);
    RC_ASSERT(again.summary.changed_keys == 0u);
    RC_ASSERT(again.summary.retried_keys == first.summary.calls);
    RC_ASSERT(again.summary.superseded + again.summary.rejected == rows.size());
    RC_ASSERT(again.summary.owed_elsewhere == 0u);
    RC_ASSERT(again.summary.vanished == 0u);
    for (const auto& call : calls_of(ledger, first.run)) observe(ledger, first.run, call.number, observed_state::satisfied);
    const auto done = plan_rows(ledger, rows, header_of(), any_bounds());
    RC_ASSERT(done.summary.calls == 0u);
    RC_ASSERT(done.summary.unchanged + done.summary.rejected == rows.size());
    RC_ASSERT(done.summary.superseded == 0u);
  }));
}

BOOST_AUTO_TEST_CASE(the_order_of_the_input_does_not_matter) {
  BOOST_TEST(rc::check("rows with distinct keys get the same decisions in any order", [] {
    std::vector<input_row> rows;
    std::set<key_name> seen;
    for (const auto& row : any_input())
      if (seen.insert(name_of(row)).second) rows.push_back(row);
    memory_ledger ledger;
    carry_out_some(ledger, plan_rows(ledger, any_input()).run);
    auto other = ledger;
    auto shuffled = rows;
    for (std::size_t i = shuffled.size(); i > 1; --i) std::swap(shuffled[i - 1], shuffled[*rc::gen::inRange<std::size_t>(0, i)]);
    for (std::size_t i = 0; i < rows.size(); ++i) shuffled[i].number = rows[i].number;
    const auto plan = plan_rows(ledger, rows), moved = plan_rows(other, shuffled);
    std::map<key_name, decision> decided;
    for (const auto& row : rows) decided[name_of(row)] = ledger.decisions.at(make_row(plan.run, row.number)).what;
    for (const auto& row : shuffled) RC_ASSERT(decided.at(name_of(row)) == other.decisions.at(make_row(moved.run, row.number)).what);
    RC_ASSERT(plan.summary.superseded == moved.summary.superseded);
    RC_ASSERT(plan.summary.vanished == moved.summary.vanished);
  }));
}

BOOST_AUTO_TEST_CASE(the_size_of_pages_does_not_matter) {
  BOOST_TEST(rc::check("small pages and sorters that spill decide as large ones do", [] {
    memory_ledger large;
    const auto rows = any_input();
    carry_out_some(large, plan_rows(large, any_input()).run);
    auto small = large;
    const auto plan = plan_rows(large, rows), paged = plan_rows(small, rows, header_of(), any_bounds());
    const auto calls = calls_of(large, plan.run), paged_calls = calls_of(small, paged.run);
    RC_ASSERT(calls.size() == paged_calls.size());
    for (std::size_t i = 0; i < calls.size(); ++i) {
      RC_ASSERT(calls[i].key == paged_calls[i].key);
      RC_ASSERT(calls[i].number == paged_calls[i].number);
      RC_ASSERT(calls[i].inherited == paged_calls[i].inherited);
    }
    RC_ASSERT(large.payloads == small.payloads);
    for (const auto& row : rows) {
      const auto id = make_row(plan.run, row.number);
      RC_ASSERT(large.decisions.at(id).what == small.decisions.at(id).what);
      RC_ASSERT(large.decisions.at(id).why == small.decisions.at(id).why);
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()
