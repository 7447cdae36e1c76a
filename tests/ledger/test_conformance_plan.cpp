// What every store promises about plans.

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

using words = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(plans, at_work)

BOOST_AUTO_TEST_CASE(new_rows_are_owed) {
  const auto [run, summary] = plan(*s, header(), {row(2, 1, "a"), row(3, 2, "b"), row(4, 1, "c")});
  BOOST_TEST(summary.rows == 3u);
  BOOST_TEST(summary.calls == 3u);
  BOOST_TEST(summary.new_keys == 3u);
  BOOST_TEST(summary.rejected == 0u);
  BOOST_REQUIRE(summary.organizers.size() == 2u);
  BOOST_TEST(summary.organizers[0].organizer == organizer_name(1));
  BOOST_TEST(summary.organizers[0].calls == 2u);
  const auto info = must(r->run(run)).value();
  BOOST_TEST((info.state == run_state::open));
  BOOST_TEST(info.counts.owed == 3u);
  BOOST_TEST(info.opened_at.has_value());
  BOOST_TEST(info.header.header == header().header);
  BOOST_TEST((info.header.lanes == header().lanes));
  BOOST_TEST(results(*r, run) == (words{"2 deferred", "3 deferred", "4 deferred"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(equal_rows_are_one_call_and_end_together) {
  const auto [run, summary] = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "A"), row(5, 1, "a")});
  // The subject of "A" is another one, so these rows are in conflict.
  BOOST_TEST(summary.rejected == 3u);
  const auto [second, duplicates] = plan(*s, header("two"), {row(2, 1, "b"), row(3, 1, "c"), row(9, 1, "b")});
  BOOST_TEST(duplicates.calls == 2u);
  BOOST_TEST(duplicates.duplicates == 1u);
  carry_out(*s, second);
  BOOST_TEST(results(*r, second) == (words{"2 created", "3 created", "9 created"}), boost::test_tools::per_element());
  check_counts(*r, second);
}

BOOST_AUTO_TEST_CASE(conflicting_rows_are_rejected_and_name_each_other) {
  auto planning = must(s->begin_plan(header()));
  must(planning->add_rows({row(2, 1, "a"), row(3, 2, "b"), row(4, 1, "a", 1), wrong_row(5, "column 'start': missing")}));
  const auto summary = must(planning->classify());
  BOOST_TEST(summary.rejected == 3u);
  BOOST_TEST(summary.calls == 1u);
  words reasons;
  const auto keep = [&](std::uint32_t line, std::string_view raw, std::string_view why) {
    BOOST_TEST(!raw.empty());
    reasons.push_back(std::to_string(line) + ": " + std::string(why));
  };
  must(planning->for_each_rejected(keep));
  BOOST_REQUIRE(reasons.size() == 3u);
  BOOST_TEST(reasons[0].starts_with("2: "));
  BOOST_TEST(reasons[0].find("line 4") != std::string::npos);
  BOOST_TEST(reasons[1].find("line 2") != std::string::npos);
  BOOST_TEST(reasons[2] == "5: column 'start': missing");
  const auto run = must(planning->commit(true));
  BOOST_TEST(results(*r, run) == (words{"2 rejected", "3 deferred", "4 rejected", "5 rejected"}), boost::test_tools::per_element());
  must(r->for_each_result(run, [](const result_row& got) -> result<void> {
    // Rows of a conflict are sound in themselves: results show which meetings they want.
    BOOST_TEST(got.payload.empty() == (got.line == 5));
    if (got.line == 5) BOOST_TEST(got.error_message == "column 'start': missing");
    return {};
  }));
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(a_long_conflict_names_few_lines) {
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 102; ++line) rows.push_back(row(line, 1, "same", line));
  auto planning = must(s->begin_plan(header()));
  must(planning->add_rows(std::move(rows)));
  BOOST_TEST(must(planning->classify()).rejected == 100u);
  must(planning->for_each_rejected([](std::uint32_t, std::string_view, std::string_view why) {
    BOOST_TEST(why.size() < 250u);
    BOOST_TEST(why.find("94 more") != std::string_view::npos);
  }));
}

BOOST_AUTO_TEST_CASE(known_rows_make_no_call) {
  const std::vector<planned_row> rows{row(2, 1, "a"), row(3, 1, "b"), row(4, 2, "c")};
  const auto first = plan(*s, header(), rows);
  carry_out(*s, first.id);
  const auto [run, summary] = plan(*s, header("two"), rows);
  BOOST_TEST(summary.unchanged == 3u);
  BOOST_TEST(summary.calls == 0u);
  const auto info = must(r->run(run)).value();
  BOOST_TEST((info.state == run_state::finished));
  BOOST_TEST(info.counts.unchanged == 3u);
  must(r->for_each_result(run, [](const result_row& got) -> result<void> {
    BOOST_TEST((got.result == outcome::unchanged));
    BOOST_TEST(got.join_web_url.starts_with("https://teams.example/m"));
    BOOST_TEST(got.passcode == "secret");
    BOOST_TEST(got.finished_at.has_value());
    return {};
  }));
}

BOOST_AUTO_TEST_CASE(known_drift_is_reported_again_without_a_call) {
  const auto first = plan(*s, header(), {row(2, 1, "a")});
  carry_out(*s, first.id, outcome::drifted);
  const auto [run, summary] = plan(*s, header("two"), {row(2, 1, "a")});
  BOOST_TEST(summary.drifted == 1u);
  BOOST_TEST(summary.calls == 0u);
  must(r->for_each_result(run, [](const result_row& got) -> result<void> {
    BOOST_TEST((got.result == outcome::drifted));
    BOOST_TEST(got.drift == "subject;end");
    BOOST_TEST(!got.meeting_id.empty());
    return {};
  }));
}

BOOST_AUTO_TEST_CASE(failed_and_changed_rows_are_owed_again) {
  const auto first = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b")});
  const auto opened = must(s->resume(first.id));
  const auto page = claim(*s, opened, opened.organizers[0].id);
  finish(*s, {ended(page.rows[0]), ended(page.rows[1], outcome::failed)});
  must(s->finish_run(first.id));
  const auto second = plan(*s, header("two"), {row(2, 1, "a", 1), row(3, 1, "b"), row(4, 1, "c")});
  BOOST_TEST(second.summary.calls == 3u);
  BOOST_TEST(second.summary.changed_keys == 1u);
  BOOST_TEST(second.summary.retried_keys == 1u);
  BOOST_TEST(second.summary.new_keys == 1u);
}

BOOST_AUTO_TEST_CASE(a_change_that_was_never_sent_is_reverted_without_a_call) {
  carry_out(*s, plan(*s, header(), {row(2, 1, "a")}).id);
  const auto other = plan(*s, header("two"), {row(2, 1, "a", 1)});
  BOOST_TEST(other.summary.changed_keys == 1u);
  BOOST_TEST(must(r->inventory_counts())[0].what == "wanted");
  const auto back = plan(*s, header("three"), {row(2, 1, "a")});
  BOOST_TEST(back.summary.unchanged == 1u);
  BOOST_TEST(back.summary.superseded == 1u);
  BOOST_TEST((must(r->run(other.id))->state == run_state::finished));
  BOOST_TEST(must(r->inventory_counts())[0].what == "satisfied");
  must(r->for_each_inventory([](const inventory_row& got) -> result<void> {
    BOOST_TEST((must(decode_spec(got.payload)) == wanted(1, "a")));
    return {};
  }));
}

BOOST_AUTO_TEST_CASE(a_plan_takes_over_what_older_runs_owe) {
  const auto older = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "a"), row(5, 2, "c")});
  const auto newer = plan(*s, header("two"), {row(2, 1, "a"), row(3, 1, "d")});
  BOOST_TEST(newer.summary.superseded == 2u);  // with its duplicate
  BOOST_TEST(newer.summary.owed_elsewhere == 2u);
  BOOST_REQUIRE(newer.summary.owed_elsewhere_sample.size() == 2u);
  BOOST_TEST(newer.summary.owed_elsewhere_sample[0].external_id == "b");
  BOOST_TEST(newer.summary.retried_keys == 1u);
  BOOST_TEST(results(*r, older.id) == (words{"2 superseded", "3 deferred", "4 superseded", "5 deferred"}),
             boost::test_tools::per_element());
  check_counts(*r, older.id);
  BOOST_TEST((must(r->run(older.id))->state == run_state::open));
  const auto last = plan(*s, header("three"), {row(2, 1, "b"), row(3, 2, "c")});
  BOOST_TEST(last.summary.superseded == 2u);
  BOOST_TEST((must(r->run(older.id))->state == run_state::finished));
  BOOST_TEST(must(r->overtaken(older.id)));
  BOOST_TEST(!must(r->overtaken(last.id)));
  BOOST_TEST(!must(r->overtaken(newer.id)));
  carry_out(*s, newer.id);
  carry_out(*s, last.id);
  check_counts(*r, newer.id);
}

BOOST_AUTO_TEST_CASE(rejected_rows_take_nothing_over) {
  const auto older = plan(*s, header(), {row(2, 1, "a")});
  const auto newer = plan(*s, header("two"), {row(2, 1, "a", 1), row(3, 1, "a", 2)});
  BOOST_TEST(newer.summary.rejected == 2u);
  BOOST_TEST(newer.summary.superseded == 0u);
  BOOST_TEST(newer.summary.owed_elsewhere == 0u);
  BOOST_TEST(newer.summary.vanished == 0u);
  BOOST_TEST((must(r->run(older.id))->state == run_state::open));
}

BOOST_AUTO_TEST_CASE(vanished_keys_are_counted_and_named) {
  carry_out(*s, plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b"), row(4, 2, "c"), row(5, 2, "c")}).id);
  plan(*s, header("other", "other.csv"), {row(2, 3, "x")});
  const auto next = plan(*s, header("two"), {row(2, 1, "a"), row(3, 1, "d")});
  BOOST_TEST(next.summary.vanished == 2u);
  BOOST_REQUIRE(next.summary.vanished_sample.size() == 2u);
  BOOST_TEST(next.summary.vanished_sample[0].external_id == "b");
  BOOST_TEST(next.summary.vanished_sample[1].organizer == organizer_name(2));
  BOOST_REQUIRE(next.summary.organizers.size() == 2u);
  BOOST_TEST(next.summary.organizers[0].vanished == 1u);
  BOOST_TEST(next.summary.organizers[0].new_keys == 1u);
  BOOST_TEST(next.summary.organizers[1].vanished == 1u);
}

BOOST_AUTO_TEST_CASE(a_known_key_is_called_in_its_first_form) {
  carry_out(*s, plan(*s, header(), {row(2, 1, "Course-1")}).id);
  const auto next = plan(*s, header("two"), {row(2, 1, "COURSE-1")});
  BOOST_TEST(next.summary.changed_keys == 1u);
  const auto claimed = claim_first(*s, next.id);
  BOOST_REQUIRE(claimed.rows.size() == 1u);
  const auto sent = must(decode_spec(claimed.rows[0].payload));
  BOOST_TEST(sent.external_id == "Course-1");
  BOOST_TEST(sent.subject.value() == "Lecture COURSE-1");
}

BOOST_AUTO_TEST_CASE(settings_choose_the_operations_that_rows_owe) {
  const auto first = plan(*s, header(), {row(2, 1, "a")});
  carry_out(*s, first.id, outcome::drifted);
  auto updating = header("two");
  updating.operations = {.update_drifted = true, .enforce_roles = false};
  // Stored and opened later: the settings are those of the plan.
  const auto stored = plan(*s, updating, {row(2, 1, "a"), row(3, 1, "b")}, false);
  BOOST_TEST(stored.summary.calls == 2u);
  auto planning = must(s->begin_open(stored.id));
  BOOST_TEST(must(planning->classify()).retried_keys == 1u);
  must(planning->commit(true));
  planning.reset();
  const auto claimed = claim_first(*s, stored.id);
  BOOST_REQUIRE(claimed.rows.size() == 2u);
  BOOST_TEST((claimed.rows[0].op == operation::update));
  BOOST_TEST(claimed.rows[0].meeting_id.starts_with("m"));
  BOOST_TEST((claimed.rows[1].op == operation::create_or_get));
  BOOST_TEST((claimed.rows[1].update == update_rule::if_different));
  BOOST_TEST((must(r->run(stored.id))->header.operations == updating.operations));
}

BOOST_AUTO_TEST_CASE(roles_that_are_enforced_are_always_updated) {
  auto enforcing = header();
  enforcing.operations = {.update_drifted = false, .enforce_roles = true};
  auto without_roles = wanted(1, "b");
  for (auto& person : without_roles.attendees) person.role = attendee_role::none;
  auto plain = row(3, 1, "b");
  plain.payload = encode_spec(without_roles);
  const auto run = plan(*s, enforcing, {row(2, 1, "a"), plain}).id;
  const auto claimed = claim_first(*s, run);
  BOOST_REQUIRE(claimed.rows.size() == 2u);
  BOOST_TEST((claimed.rows[0].update == update_rule::always));
  BOOST_TEST((claimed.rows[1].update == update_rule::never));
  BOOST_TEST((claimed.rows[1].op == operation::create_or_get));
}

BOOST_AUTO_TEST_CASE(root_and_tenant_are_part_of_a_key) {
  carry_out(*s, plan(*s, header(), {row(2, 1, "a")}).id);
  auto simulated = header("two");
  simulated.lanes[0].graph_root = "https://localhost:8443/v1.0";
  BOOST_TEST(plan(*s, simulated, {row(2, 1, "a")}).summary.new_keys == 1u);
  auto other_tenant = header("three");
  other_tenant.lanes[0].tenant = "tenant-2";
  BOOST_TEST(plan(*s, other_tenant, {row(2, 1, "a")}).summary.new_keys == 1u);
  auto other_app = header("four");
  other_app.lanes[0].app = "app-2";
  BOOST_TEST(plan(*s, other_app, {row(2, 1, "a")}).summary.unchanged == 1u);
}

BOOST_AUTO_TEST_CASE(a_plan_that_is_not_opened_changes_nothing) {
  const auto open = plan(*s, header(), {row(2, 1, "a")});
  const auto before = must(r->inventory_counts());
  const auto closed = plan(*s, header("two"), {row(2, 1, "a", 1), row(3, 1, "b"), wrong_row(4, "no")}, false);
  BOOST_TEST(closed.summary.calls == 2u);
  const auto info = must(r->run(closed.id)).value();
  BOOST_TEST((info.state == run_state::planned));
  BOOST_TEST(info.counts.owed == 2u);
  BOOST_TEST(info.counts.rejected == 1u);
  BOOST_TEST(!info.opened_at.has_value());
  BOOST_TEST(must(r->inventory_counts())[0].count == before[0].count);
  BOOST_TEST(must(r->run(open.id))->counts.owed == 1u);
  BOOST_TEST(must(r->last_run())->id == open.id);
  BOOST_TEST(!s->resume(closed.id).has_value());
  carry_out(*s, open.id);
  // Opened now, it is planned against the inventory as it is now.
  auto planning = must(s->begin_open(closed.id));
  const auto summary = must(planning->classify());
  BOOST_TEST(summary.rows == 3u);
  BOOST_TEST(summary.changed_keys == 1u);
  BOOST_TEST(summary.superseded == 0u);
  BOOST_TEST(must(planning->commit(true)) == closed.id);
  planning.reset();
  BOOST_TEST(must(r->last_run())->id == closed.id);
  carry_out(*s, closed.id, outcome::existing);
  BOOST_TEST(results(*r, closed.id) == (words{"2 existing", "3 existing", "4 rejected"}), boost::test_tools::per_element());
  check_counts(*r, closed.id);
  BOOST_TEST(!s->begin_open(closed.id).has_value());
}

BOOST_AUTO_TEST_CASE(classifying_a_stored_plan_again_leaves_it_planned) {
  const auto closed = plan(*s, header(), {row(2, 1, "a")}, false);
  {
    auto planning = must(s->begin_open(closed.id));
    BOOST_TEST(must(planning->classify()).calls == 1u);
    must(planning->commit(false));
  }
  const auto info = must(r->run(closed.id)).value();
  BOOST_TEST((info.state == run_state::planned));
  BOOST_TEST(info.counts.owed == 1u);
  BOOST_TEST(must(r->inventory_counts()).empty());
}

BOOST_AUTO_TEST_CASE(a_plan_that_is_not_committed_is_rolled_back) {
  {
    auto planning = must(s->begin_plan(header()));
    must(planning->add_rows({row(2, 1, "a")}));
    must(planning->classify());
  }
  BOOST_TEST(must(r->runs()).empty());
  {
    auto planning = must(s->begin_plan(header()));
    must(planning->add_rows({row(2, 1, "a")}));
  }
  BOOST_TEST(must(r->runs()).empty());
  BOOST_TEST(plan(*s, header(), {row(2, 1, "a")}).summary.new_keys == 1u);
}

BOOST_AUTO_TEST_CASE(only_one_plan_at_a_time_and_no_run_beside_it) {
  const auto open = plan(*s, header(), {row(2, 1, "a")});
  auto planning = must(s->begin_plan(header("two")));
  BOOST_TEST(!s->begin_plan(header("three")).has_value());
  BOOST_TEST(!s->resume(open.id).has_value());
  planning.reset();
  BOOST_TEST(s->resume(open.id).has_value());
}

BOOST_AUTO_TEST_CASE(rows_out_of_order_are_refused) {
  auto planning = must(s->begin_plan(header()));
  (void)planning->add_rows({row(3, 1, "a"), row(2, 1, "b")});
  BOOST_TEST(!planning->classify().has_value());
  BOOST_TEST(!planning->commit(true).has_value());
  planning.reset();
  BOOST_TEST(must(r->runs()).empty());
  BOOST_TEST(plan(*s, header(), {row(2, 1, "a")}).summary.calls == 1u);
}

BOOST_AUTO_TEST_CASE(a_run_that_owes_nothing_is_finished_at_once) {
  const auto empty = plan(*s, header(), {wrong_row(2, "no")});
  const auto info = must(r->run(empty.id)).value();
  BOOST_TEST((info.state == run_state::finished));
  BOOST_TEST(info.finished_at.has_value());
}

BOOST_AUTO_TEST_CASE(a_plan_of_many_rows_keeps_their_order) {
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 5002; ++line) rows.push_back(row(line, line % 13, "e" + std::to_string(line * 7919 % 10007)));
  const auto first = plan(*s, header(), rows);
  BOOST_TEST(first.summary.new_keys == 5000u);
  carry_out(*s, first.id);
  // Half of them again, some changed, some new.
  std::vector<planned_row> next;
  for (std::uint32_t line = 2; line < 5002; line += 2)
    next.push_back(row(line, line % 13, "e" + std::to_string(line * 7919 % 10007), line % 10 == 0));
  for (std::uint32_t line = 6000; line < 6100; ++line) next.push_back(row(line, 3, "new" + std::to_string(line)));
  const auto second = plan(*s, header("two"), next);
  BOOST_TEST(second.summary.new_keys == 100u);
  BOOST_TEST(second.summary.changed_keys == 500u);
  BOOST_TEST(second.summary.unchanged == 2000u);
  BOOST_TEST(second.summary.vanished == 2500u);
  check_counts(*r, first.id);
  check_counts(*r, second.id);
  // The first file in another order is still the first file, but for what the second one changed.
  std::vector<planned_row> backwards;
  for (std::uint32_t line = 2; line < 5002; ++line) {
    backwards.push_back(rows[5001 - line]);
    backwards.back().line = line;
  }
  const auto third = plan(*s, header("three"), backwards);
  BOOST_TEST(third.summary.unchanged == 5000u);
  BOOST_TEST(third.summary.superseded == 500u);
  check_counts(*r, third.id);
}

BOOST_AUTO_TEST_SUITE_END()
