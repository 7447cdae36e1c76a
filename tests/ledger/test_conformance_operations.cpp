// What every store promises about the operations of a row: what it owes next, and what was observed in between.

#include <map>

#include <boost/test/data/test_case.hpp>

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

using words = std::vector<std::string>;

planned_row with_rule(planned_row row, update_rule rule) {
  row.update = rule;
  return row;
}

struct operations : at_work {
  // `external id state drift meeting` of every key.
  words inventory() {
    words out;
    must(r->for_each_inventory([&](const inventory_row& got) -> result<void> {
      out.push_back(std::string(got.external_id) + " " + std::string(got.state) + " " + std::string(got.drift) + " " +
                    std::string(got.meeting_id));
      return {};
    }));
    return out;
  }
  std::map<std::string, std::uint64_t> states() {
    std::map<std::string, std::uint64_t> out;
    for (const auto& [state, n] : must(r->inventory_counts())) out[state] = n;
    return out;
  }
  // One row, whose key was ended so.
  claimed_row one_row(const std::string& identity = "one") {
    const auto run = plan(*s, header(identity), {row(2, 1, "a")}).id;
    return claim_first(*s, run).rows.at(0);
  }
  committed_rows advance(const claimed_row& claimed, operation next = operation::update) {
    return write(*s, {.finished = {}, .advanced = {advanced(claimed, next)}, .released = {}});
  }
};

finished_row without_meeting(finished_row row) {
  row.stored.reset();
  return row;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(row_operations, operations)

BOOST_AUTO_TEST_CASE(a_row_owes_createorget_first_and_has_the_rule_it_was_planned_with) {
  const auto plan_of = [&](const std::string& identity, bool open) {
    return plan(*s, header(identity),
                {row(2, 1, "a"), with_rule(row(3, 1, "b"), update_rule::if_different), with_rule(row(4, 1, "c"), update_rule::always)},
                open)
        .id;
  };
  const auto check = [&](run_id run, bool stale) {
    const auto page = claim_first(*s, run, 100, stale);
    BOOST_REQUIRE(page.rows.size() == 3u);
    const update_rule rules[] = {update_rule::never, update_rule::if_different, update_rule::always};
    for (std::size_t i = 0; i < 3; ++i) {
      BOOST_TEST((page.rows[i].op == operation::create_or_get));
      BOOST_TEST((page.rows[i].update == rules[i]));
      BOOST_TEST(page.rows[i].meeting_id == "");
      BOOST_TEST(page.rows[i].drift == "");
    }
  };
  check(plan_of("one", true), false);
  restart();  // a store for several processes leaves its rows to a session that has not ended
  // A plan that is opened later keeps the rule.
  const auto closed = plan_of("two", false);
  const auto opening = must(s->begin_open(closed));
  must(opening->classify());
  check(must(opening->commit(true)), true);
}

BOOST_AUTO_TEST_CASE(an_advanced_row_stays_claimed_and_ends_under_its_token) {
  const auto claimed = one_row();
  const auto done = advance(claimed);
  BOOST_TEST(done.calls == (std::vector<row_id>{claimed.row}), boost::test_tools::per_element());
  BOOST_TEST(done.lost.empty());
  BOOST_TEST(done.ended == 0u);
  const auto run = run_of(claimed.row);
  BOOST_TEST(results(*r, run) == (words{"2 deferred"}), boost::test_tools::per_element());
  BOOST_TEST(must(r->status(run)).calls_left == 1u);
  // What was observed is known, and does not count as satisfied.
  BOOST_TEST(inventory() == (words{"a wanted  m" + std::to_string(claimed.key)}), boost::test_tools::per_element());
  BOOST_TEST((must(s->finish_run(run)) == run_state::open));
  BOOST_TEST(finish(*s, {ended(claimed, outcome::updated)}) == 1u);
  BOOST_TEST(results(*r, run) == (words{"2 updated"}), boost::test_tools::per_element());
  BOOST_TEST(inventory() == (words{"a satisfied  m" + std::to_string(claimed.key)}), boost::test_tools::per_element());
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  check_counts(*r, run);
  BOOST_TEST(plan(*s, header("two"), {row(2, 1, "a")}).summary.unchanged == 1u);
}

BOOST_AUTO_TEST_CASE(after_a_kill_an_advanced_row_is_claimed_with_its_operation_and_what_was_observed) {
  const auto run = plan(*s, header(), {with_rule(row(2, 1, "a"), update_rule::if_different), row(3, 1, "b")}).id;
  const auto page = claim_first(*s, run);
  advance(page.rows[0]);
  restart();
  const auto opened = resume(run);
  BOOST_TEST(opened.organizers.at(0).stale == 2u);
  const auto stale = claim(*s, opened, opened.organizers[0].id, 100, true);
  BOOST_REQUIRE(stale.rows.size() == 2u);
  BOOST_TEST((stale.rows[0].op == operation::update));
  BOOST_TEST((stale.rows[0].update == update_rule::if_different));
  BOOST_TEST(stale.rows[0].meeting_id == "m" + std::to_string(page.rows[0].key));
  BOOST_TEST(stale.rows[0].drift == "subject");
  BOOST_TEST((must(decode_spec(stale.rows[0].payload)) == wanted(1, "a")));
  BOOST_TEST((stale.rows[1].op == operation::create_or_get));
  BOOST_TEST(stale.rows[1].meeting_id == "");
  // The old token is worth nothing any more, whatever is written.
  const auto late = write(*s, {.finished = {ended(page.rows[1])}, .advanced = {advanced(page.rows[0], operation::get)}, .released = {}});
  BOOST_TEST(late.calls.empty());
  BOOST_TEST(late.lost.size() == 2u);
  finish(*s, {ended(stale.rows[0], outcome::updated), ended(stale.rows[1])});
  BOOST_TEST(results(*r, run) == (words{"2 updated", "3 created"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_row_advances_more_than_once) {
  const auto claimed = one_row();
  const auto run = run_of(claimed.row);
  advance(claimed);
  // The update met no meeting: createOrGet is owed again, and nothing that was observed is given with it.
  auto again = advanced(claimed, operation::create_or_get);
  again.stored.reset();
  again.drift.clear();
  BOOST_TEST(write(*s, {.finished = {}, .advanced = {again}, .released = {}}).calls.size() == 1u);
  restart();
  const auto stale = claim_first(*s, run, 10, true).rows.at(0);
  BOOST_TEST((stale.op == operation::create_or_get));
  BOOST_TEST(stale.meeting_id == "");
  advance(stale, operation::get);
  finish(*s, {}, {released(stale)});
  const auto last = claim_first(*s, run).rows.at(0);
  BOOST_TEST((last.op == operation::get));
  BOOST_TEST(last.meeting_id == "m" + std::to_string(stale.key));
  finish(*s, {ended(last, outcome::unchanged)});
  BOOST_TEST(results(*r, run) == (words{"2 unchanged"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_released_row_keeps_its_operation_and_its_strikes) {
  const auto claimed = one_row();
  const auto run = run_of(claimed.row);
  advance(claimed);
  for (int strike = 0; strike < 2; ++strike) {
    finish(*s, {}, {released(strike == 0 ? claimed : claim_first(*s, run).rows.at(0), true)});
  }
  const auto again = claim_first(*s, run).rows.at(0);
  BOOST_TEST(again.strikes == 2);
  BOOST_TEST((again.op == operation::update));
  BOOST_TEST(finish(*s, {}, {released(again, true)}) == 1u);
  BOOST_TEST(results(*r, run) == (words{"2 failed"}), boost::test_tools::per_element());
  // The meeting is known all the same.
  BOOST_TEST(inventory() == (words{"a failed  m" + std::to_string(claimed.key)}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rows_that_share_a_key_end_together_after_an_advance) {
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "a"), row(4, 1, "b"), row(5, 1, "a")}).id;
  const auto page = claim_first(*s, run);
  BOOST_REQUIRE(page.rows.size() == 2u);
  BOOST_TEST(page.rows[0].duplicates > 0u);
  BOOST_TEST(page.rows[1].duplicates == 0u);
  BOOST_TEST(advance(page.rows[0]).ended == 0u);
  restart();
  const auto stale = claim_first(*s, run, 1, true).rows.at(0);
  BOOST_TEST(stale.duplicates > 0u);
  BOOST_TEST(finish(*s, {ended(stale, outcome::updated)}) == 3u);
  BOOST_TEST(results(*r, run) == (words{"2 updated", "3 updated", "4 deferred", "5 updated"}), boost::test_tools::per_element());
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(an_advanced_row_gets_one_outcome) {
  const auto claimed = one_row();
  advance(claimed);
  finish(*s, {ended(claimed, outcome::updated)});
  const auto again =
      write(*s, {.finished = {ended(claimed, outcome::failed)}, .advanced = {advanced(claimed)}, .released = {released(claimed)}});
  BOOST_TEST(again.calls.empty());
  BOOST_TEST(again.lost.size() == 3u);
  BOOST_TEST(inventory() == (words{"a satisfied  m" + std::to_string(claimed.key)}), boost::test_tools::per_element());
  check_counts(*r, run_of(claimed.row));
}

BOOST_AUTO_TEST_CASE(one_write_finishes_advances_and_releases) {
  const auto run = three_rows();
  const auto page = claim_first(*s, run);
  const auto done =
      write(*s, {.finished = {ended(page.rows[0])}, .advanced = {advanced(page.rows[1])}, .released = {released(page.rows[2])}});
  BOOST_TEST(done.calls == (std::vector<row_id>{page.rows[0].row, page.rows[1].row, page.rows[2].row}), boost::test_tools::per_element());
  BOOST_TEST(done.ended == 1u);
  const auto again = resume(run);
  BOOST_TEST(again.organizers.at(0).fresh == 1u);
  BOOST_TEST(again.organizers.at(0).stale == 1u);
}

BOOST_AUTO_TEST_CASE(a_plan_does_not_take_an_incomplete_meeting_for_satisfied) {
  const auto claimed = one_row();
  advance(claimed);
  finish(*s, {}, {released(claimed)});
  must(s->discard(run_of(claimed.row)));
  BOOST_TEST(states() == (std::map<std::string, std::uint64_t>{{"wanted", 1}}));
  const auto again = plan(*s, header("two"), {row(2, 1, "a")});
  BOOST_TEST(again.summary.calls == 1u);
  BOOST_TEST(again.summary.retried_keys == 1u);
  BOOST_TEST((claim_first(*s, again.id).rows.at(0).op == operation::create_or_get));
}

BOOST_AUTO_TEST_CASE(a_plan_that_takes_an_advanced_row_over_owes_createorget) {
  const auto claimed = one_row();
  advance(claimed);
  const auto second = plan(*s, header("two"), {with_rule(row(2, 1, "a", 1), update_rule::if_different)});
  BOOST_TEST(second.summary.superseded == 1u);
  BOOST_TEST(write(*s, {.finished = {ended(claimed, outcome::updated)}, .advanced = {}, .released = {}}).lost.size() == 1u);
  // A store may give it out as fresh: the write that was lost says that its update is not in flight any more.
  auto taken = claim_first(*s, second.id, 10, true).rows;
  if (taken.empty()) taken = claim_first(*s, second.id, 10).rows;
  BOOST_TEST_REQUIRE(taken.size() == 1u);
  BOOST_TEST((taken[0].op == operation::create_or_get));
  BOOST_TEST((taken[0].update == update_rule::if_different));
  BOOST_TEST((must(decode_spec(taken[0].payload)) == wanted(1, "a", 1)));
}

BOOST_DATA_TEST_CASE_F(operations, a_lost_or_removed_meeting_is_called_for_again, boost::unit_test::data::make({false, true}), removed) {
  const auto gone = removed ? outcome::removed : outcome::lost;
  const std::string word(to_string(gone));
  const auto first = one_row("made");
  finish(*s, {ended(first)});
  // A row that owes another operation than createOrGet ends so.
  const auto checked = plan(*s, header("change"), {row(2, 1, "a", 1)}).id;
  const auto claimed = claim_first(*s, checked).rows.at(0);
  advance(claimed, removed ? operation::remove : operation::get);
  finish(*s, {without_meeting(ended(claimed, gone))});
  BOOST_TEST(results(*r, checked) == (words{"2 " + word}), boost::test_tools::per_element());
  BOOST_TEST(inventory() == (words{"a " + word + "  m" + std::to_string(claimed.key)}), boost::test_tools::per_element());
  BOOST_TEST(states() == (std::map<std::string, std::uint64_t>{{word, 1}}));
  check_counts(*r, checked);
  const auto info = must(r->run(checked)).value();
  BOOST_TEST(info.counts.owed == 0u);
  BOOST_TEST(must(r->status(checked)).organizers.at(0).counts.lost == (removed ? 0u : 1u));
  // Neither the payload it had nor the one before is taken for satisfied.
  const auto again = plan(*s, header("again"), {row(2, 1, "a", 1)}, false);
  BOOST_TEST(again.summary.unchanged == 0u);
  BOOST_TEST(again.summary.calls == 1u);
  const auto back = plan(*s, header("back"), {row(2, 1, "a")});
  BOOST_TEST(back.summary.unchanged == 0u);
  BOOST_TEST(back.summary.calls == 1u);
  carry_out(*s, back.id);
  BOOST_TEST(states() == (std::map<std::string, std::uint64_t>{{"satisfied", 1}}));
}

BOOST_AUTO_TEST_CASE(a_lost_row_belongs_into_the_failed_file_and_a_removed_one_does_not) {
  const auto run = three_rows();
  const auto page = claim_first(*s, run);
  finish(*s, {ended(page.rows[0]), without_meeting(ended(page.rows[1], outcome::lost)),
              without_meeting(ended(page.rows[2], outcome::removed))});
  std::vector<std::uint32_t> lines;
  must(r->for_each_failed(run, [&](const result_row& got) -> result<void> {
    lines.push_back(got.line);
    return {};
  }));
  BOOST_TEST(lines == (std::vector<std::uint32_t>{3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_update_whose_answer_shows_no_meeting_keeps_what_was_observed) {
  const auto claimed = one_row();
  advance(claimed);
  finish(*s, {without_meeting(ended(claimed, outcome::updated))});
  BOOST_TEST(inventory() == (words{"a satisfied  m" + std::to_string(claimed.key)}), boost::test_tools::per_element());
  BOOST_TEST(plan(*s, header("two"), {row(2, 1, "a")}).summary.unchanged == 1u);
}

BOOST_AUTO_TEST_CASE(an_update_that_leaves_a_difference_is_drifted_with_its_fields) {
  const auto claimed = one_row();
  advance(claimed);
  finish(*s, {ended(claimed, outcome::drifted)});
  BOOST_TEST(inventory() == (words{"a drifted subject;end m" + std::to_string(claimed.key)}), boost::test_tools::per_element());
  BOOST_TEST(plan(*s, header("two"), {row(2, 1, "a")}).summary.drifted == 1u);
}

// A PATCH cannot change the chat of a meeting, so no run owes one because of it.
BOOST_AUTO_TEST_CASE(a_meeting_in_another_chat_stays_drifted_without_an_update) {
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b")}).id;
  const auto rows = claim_first(*s, run).rows;
  BOOST_REQUIRE(rows.size() == 2u);
  auto chat = ended(rows[0], outcome::drifted), both = ended(rows[1], outcome::drifted);
  chat.drift = "chat_thread_id";
  both.drift = "subject;chat_thread_id";
  finish(*s, {chat, both});
  auto updating = header("two");
  updating.operations = {.update_drifted = true, .enforce_roles = false};
  const auto summary = plan(*s, updating, {row(2, 1, "a"), row(3, 1, "b")}).summary;
  BOOST_TEST(summary.drifted == 1u);
  BOOST_TEST(summary.calls == 1u);
  BOOST_TEST(summary.update_keys == 1u);
}

BOOST_AUTO_TEST_CASE(a_meeting_is_counted_once_in_its_month_whichever_operation_ends_the_row) {
  const auto now = std::chrono::time_point_cast<ticks>(std::chrono::system_clock::now());
  const auto run = three_rows();
  const auto page = claim_first(*s, run);
  auto made = advanced(page.rows[0]);
  made.created = true;
  made.finished_at = now;
  auto found = advanced(page.rows[1]);
  found.finished_at = now;
  auto plain = ended(page.rows[2]);
  plain.finished_at = now;
  write(*s, {.finished = {plain}, .advanced = {made, found}, .released = {}});
  auto first = ended(page.rows[0], outcome::created);
  first.finished_at = now;
  finish(*s, {first, ended(page.rows[1], outcome::updated)});
  restart();
  const auto summary = plan(*s, header("more"), {row(2, 1, "new")}, false).summary;
  BOOST_REQUIRE(summary.organizers.size() == 1u);
  BOOST_TEST(summary.organizers[0].made_this_month == 2u);
}

BOOST_AUTO_TEST_CASE(an_updated_row_keeps_the_fields_that_differed_and_the_inventory_has_none) {
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c"), row(5, 1, "a")}).id;
  const auto rows = claim_first(*s, run).rows;
  BOOST_REQUIRE(rows.size() == 3u);
  auto both = ended(rows[0], outcome::updated), one = ended(rows[1], outcome::updated), none = ended(rows[2], outcome::created);
  both.drift = "subject;start";
  one.drift = "subject";
  finish(*s, {both, one, none});
  words differed;
  must(r->for_each_result(run, [&](const result_row& got) -> result<void> {
    differed.emplace_back(got.drift);
    return {};
  }));
  BOOST_TEST(differed == (words{"subject;start", "subject", "", "subject;start"}), boost::test_tools::per_element());
  for (const auto& key : inventory()) BOOST_TEST(key.contains(" satisfied  m"), key);
  // The row that shares the key of the first one counts too.
  std::map<std::string, std::uint64_t> counted;
  for (const auto& [fields, n] : must(r->updates(run))) counted[fields] = n;
  BOOST_TEST((counted == std::map<std::string, std::uint64_t>{{"subject", 1}, {"subject;start", 2}}));
}

BOOST_AUTO_TEST_CASE(other_runs_and_outcomes_are_not_among_the_updates) {
  const auto first = plan(*s, header(), {row(2, 1, "a")}).id;
  auto done = ended(claim_first(*s, first).rows.at(0), outcome::updated);
  done.drift = "end";
  finish(*s, {done});
  const auto second = plan(*s, header("two"), {row(2, 1, "b")}).id;
  auto differs = ended(claim_first(*s, second).rows.at(0), outcome::drifted);
  differs.drift = "subject";
  finish(*s, {differs});
  BOOST_TEST(must(r->updates(second)).empty());
  BOOST_TEST(must(r->updates(first)).size() == 1u);
}

// A row whose options are all that is new owes createOrGet again; a row without options is what it was before there were any.
BOOST_AUTO_TEST_CASE(other_options_are_another_payload) {
  const auto with_options = [](std::vector<option_value> options) {
    auto out = row(2, 1, "a");
    auto spec = must(decode_spec(out.payload));
    spec.options = std::move(options);
    out.payload = encode_spec(spec);
    return out;
  };
  const auto claimed = one_row();
  finish(*s, {ended(claimed, outcome::created)});
  BOOST_TEST(plan(*s, header("two"), {with_options({})}).summary.unchanged == 1u);
  const auto changed = plan(*s, header("three"), {with_options({{13, "organizer"}})});
  BOOST_TEST(changed.summary.changed_keys == 1u);
  const auto again = claim_first(*s, changed.id).rows.at(0);
  BOOST_TEST((must(decode_spec(again.payload)).options == std::vector<option_value>{{13, "organizer"}}));
}

BOOST_AUTO_TEST_CASE(another_chat_is_another_payload) {
  const auto in_chat = [](std::string thread) {
    auto out = row(2, 1, "a");
    auto spec = must(decode_spec(out.payload));
    spec.chat_thread_id = std::move(thread);
    out.payload = encode_spec(spec);
    return out;
  };
  const auto claimed = one_row();
  finish(*s, {ended(claimed, outcome::created)});
  BOOST_TEST(plan(*s, header("two"), {in_chat("")}).summary.unchanged == 1u);
  const auto changed = plan(*s, header("three"), {in_chat("19:a@thread.tacv2")});
  BOOST_TEST(changed.summary.changed_keys == 1u);
  const auto again = claim_first(*s, changed.id).rows.at(0);
  BOOST_TEST(must(decode_spec(again.payload)).chat_thread_id == "19:a@thread.tacv2");
}

BOOST_AUTO_TEST_SUITE_END()
