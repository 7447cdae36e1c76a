// Records that repeat: each of their occurrences is a row of the run.

#include <algorithm>
#include <map>
#include <set>

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

// Lines 2, 3 (three times), 4 and 9.
std::vector<planned_row> six_rows() {
  return joined({{row(2, 1, "a")}, weekly(3, 1, "b", 3), {row(4, 1, "c")}, {row(9, 1, "d")}});
}

// Ends rows of this run: those with this date as failed, the others as created.
void carry_out_but(store& s, run_id run, const std::set<std::uint32_t>& failing) {
  const auto opened = must(s.resume(run));
  for (const auto& organizer : opened.organizers)
    for (const auto& claimed : claim(s, opened, organizer.id).rows)
      finish(s, {ended(claimed, failing.contains(number_of(claimed.row)) ? outcome::failed : outcome::created)});
  BOOST_TEST((must(s.finish_run(run)) == run_state::finished));
}

using texts = std::vector<std::string>;

std::map<std::string, std::string> subjects(reader& r) {
  std::map<std::string, std::string> out;
  must(r.for_each_inventory([&](const inventory_row& got) -> result<void> {
    out.emplace(got.external_id, must(decode_spec(got.payload)).subject.value_or(""));
    return {};
  }));
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(occurrences, at_work)

BOOST_AUTO_TEST_CASE(each_occurrence_is_a_row_with_its_date_and_the_bytes_of_its_record) {
  const auto made = plan(*s, header(), six_rows());
  BOOST_TEST(made.summary.rows == 6u);
  BOOST_TEST(made.summary.new_keys == 6u);
  carry_out(*s, made.id);
  BOOST_TEST(results(*r, made.id) ==
                 (texts{"2 created", "3 2026-09-07 created", "3 2026-09-14 created", "3 2026-09-21 created", "4 created", "9 created"}),
             boost::test_tools::per_element());
  std::set<std::string> records, ids;
  must(r->for_each_result(made.id, [&](const result_row& got) -> result<void> {
    BOOST_TEST(!got.raw.empty());
    records.insert(std::string(got.raw));
    ids.insert(must(decode_spec(got.payload)).external_id);
    BOOST_TEST((got.line == 3) == got.raw.ends_with(",weekly\r\n"));
    return {};
  }));
  BOOST_TEST(records.size() == 4u);
  BOOST_TEST(ids.size() == 6u);
  check_counts(*r, made.id);
}

BOOST_AUTO_TEST_CASE(claimed_rows_say_the_line_of_their_record) {
  const auto made = plan(*s, header(), six_rows());
  std::string seen;
  for (const auto& claimed : claim_first(*s, made.id).rows)
    seen += std::to_string(number_of(claimed.row)) + ":" + std::to_string(claimed.line) + " ";
  BOOST_TEST(seen == "2:2 3:3 4:3 5:3 6:4 9:9 ");
}

BOOST_AUTO_TEST_CASE(a_run_with_occurrences_continues_after_its_process_ended) {
  const auto made = plan(*s, header(), six_rows());
  auto page = claim_first(*s, made.id, 3);
  finish(*s, {ended(page.rows[0]), ended(page.rows[2], outcome::failed)});
  restart();
  const auto opened = resume(made.id);
  BOOST_TEST(opened.organizers.at(0).stale == 1u);
  BOOST_TEST(opened.organizers.at(0).fresh == 3u);
  const auto stale = claim(*s, opened, opened.organizers[0].id, 9, true);
  BOOST_TEST(number_of(stale.rows.at(0).row) == 3u);
  carry_out(*s, made.id);
  BOOST_TEST(results(*r, made.id)[2] == "3 2026-09-14 failed");
  check_counts(*r, made.id);
}

BOOST_AUTO_TEST_CASE(failed_occurrences_come_with_the_bytes_and_the_number_of_their_record) {
  const auto made = plan(*s, header(), joined({six_rows(), weekly(10, 1, "e", 2)}));
  carry_out_but(*s, made.id, {4, 5, 9, 11});
  texts seen;
  must(r->for_each_failed(made.id, [&](const result_row& got) -> result<void> {
    seen.push_back(std::to_string(got.line) + " " + text_of(got.occurrence) + " of " + std::to_string(got.occurrences));
    BOOST_TEST(got.raw.ends_with(",weekly\r\n") == got.occurrence.has_value());
    return {};
  }));
  BOOST_TEST(seen == (texts{"3 2026-09-14 of 3", "3 2026-09-21 of 3", "9  of 0", "10 2026-09-14 of 2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_planned_run_with_occurrences_is_opened_from_its_records) {
  const auto planned = plan(*s, header(), six_rows(), false);
  auto opening = must(s->begin_open(planned.id));
  const auto summary = must(opening->classify());
  BOOST_TEST(summary.rows == 6u);
  BOOST_TEST(summary.new_keys == 6u);
  BOOST_TEST(must(opening->commit(true)) == planned.id);
  opening.reset();
  carry_out(*s, planned.id);
  BOOST_TEST(results(*r, planned.id)[3] == "3 2026-09-21 created");
  // The same input again: nothing is owed.
  const auto again = plan(*s, header("again"), six_rows());
  BOOST_TEST(again.summary.unchanged == 6u);
  BOOST_TEST(again.summary.calls == 0u);
}

BOOST_AUTO_TEST_CASE(a_wrong_row_of_a_plan_that_is_not_opened_has_no_payload) {
  auto wrong = wrong_row(9, "column 'start': missing");
  wrong.present = {{organizer_name(1), "z"}};
  const auto planned = plan(*s, header(), {row(2, 1, "a"), wrong}, false);
  must(r->for_each_result(planned.id, [](const result_row& got) -> result<void> {
    BOOST_TEST(got.payload.empty() == (got.line == 9));
    return {};
  }));
  auto opening = must(s->begin_open(planned.id));
  must(opening->classify());
  must(opening->commit(true));
  opening.reset();
  const auto reasons = must(r->reasons(planned.id, 20));
  BOOST_REQUIRE(reasons.size() == 1u);
  BOOST_TEST(reasons[0].external_id == "");
}

BOOST_AUTO_TEST_CASE(a_later_plan_takes_over_some_occurrences_of_a_record) {
  const auto first = plan(*s, header("first"), weekly(2, 1, "a", 4));
  const auto second = plan(*s, header("second"), weekly(2, 1, "a", 2));
  BOOST_TEST(second.summary.superseded == 2u);
  BOOST_TEST(second.summary.owed_elsewhere == 2u);
  BOOST_TEST(results(*r, first.id) ==
                 (texts{"2 2026-09-07 superseded", "2 2026-09-14 superseded", "2 2026-09-21 deferred", "2 2026-09-28 deferred"}),
             boost::test_tools::per_element());
  carry_out(*s, second.id);
  carry_out(*s, first.id);
  check_counts(*r, first.id);
  check_counts(*r, second.id);
}

BOOST_AUTO_TEST_CASE(equal_records_that_repeat_end_together) {
  const auto made = plan(*s, header(), joined({weekly(2, 1, "a", 3), weekly(5, 1, "a", 3)}));
  BOOST_TEST(made.summary.calls == 3u);
  BOOST_TEST(made.summary.duplicates == 3u);
  carry_out_but(*s, made.id, {3});
  BOOST_TEST(results(*r, made.id) == (texts{"2 2026-09-07 created", "2 2026-09-14 failed", "2 2026-09-21 created", "5 2026-09-07 created",
                                            "5 2026-09-14 failed", "5 2026-09-21 created"}),
             boost::test_tools::per_element());
  check_counts(*r, made.id);
}

BOOST_AUTO_TEST_CASE(conflicts_of_occurrences_name_lines) {
  auto planning = must(s->begin_plan(header()));
  must(planning->add_rows(joined({weekly(2, 1, "a", 3), weekly(5, 1, "a", 2, 1), {row(6, 1, "b")}})));
  const auto summary = must(planning->classify());
  BOOST_TEST(summary.rejected == 4u);
  texts seen;
  must(planning->for_each_rejected([&](std::uint32_t line, std::string_view raw, std::string_view why) {
    BOOST_TEST(raw.ends_with(",weekly\r\n"));
    seen.push_back(std::to_string(line) + " " + std::string(why.substr(0, why.find(','))));
  }));
  const std::string same = "the same organizer and external id as line ";
  BOOST_TEST(seen == (texts{"2 " + same + "5", "2 " + same + "5", "5 " + same + "2", "5 " + same + "2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rows_that_do_not_follow_each_other_are_refused) {
  for (auto rows : {joined({weekly(3, 1, "a", 2), {row(2, 1, "b")}}), joined({{row(3, 1, "a")}, {row(3, 1, "b")}})}) {
    auto planning = must(s->begin_plan(header()));
    (void)planning->add_rows(std::move(rows));
    BOOST_TEST((planning->classify().error().code == errc::internal));
  }
}

// The inventory wants the payload of any occurrence, whether or not that of the first one is needed.
BOOST_AUTO_TEST_CASE(pruning_keeps_what_is_wanted_of_single_occurrences) {
  const auto first = plan(*s, header("first"), joined({weekly(2, 1, "a", 3), weekly(3, 1, "b", 3)})).id;
  carry_out(*s, first);
  // The first occurrence of one record and the last of the other are changed by another input.
  auto changed = joined({weekly(2, 1, "a", 1, 7), weekly(3, 1, "b", 3, 7)});
  changed.erase(changed.begin() + 1, changed.begin() + 3);
  changed[1].raw = "the record\n";
  const auto second = plan(*s, header("second", "other.csv"), std::move(changed)).id;
  BOOST_TEST(must(r->run(second))->rows == 2u);
  carry_out(*s, second, outcome::existing);
  // The results of a run that is kept stay complete.
  BOOST_TEST(results(*r, first).size() == 6u);
  must(r->for_each_result(first, [&](const result_row& got) -> result<void> {
    BOOST_TEST(!got.raw.empty());
    BOOST_TEST(!got.payload.empty());
    return {};
  }));
  const auto before = subjects(*r);
  BOOST_TEST(before.size() == 6u);
  BOOST_TEST(before.at("a-20260907") == "Lecture a-20260907 v7");
  BOOST_TEST(before.at("a-20260914") == "Lecture a-20260914");
  must(s->prune(1));
  BOOST_TEST((subjects(*r) == before));
  BOOST_TEST((r->for_each_result(first, [](const result_row&) -> result<void> { return {}; }).error().code == errc::usage));
  must(s->prune(0));
  BOOST_TEST((subjects(*r) == before));
  const auto again = plan(*s, header("again"), joined({weekly(2, 1, "a", 3), weekly(3, 1, "b", 3)}));
  BOOST_TEST(again.summary.unchanged == 4u);
  BOOST_TEST(again.summary.changed_keys == 2u);
}

BOOST_AUTO_TEST_CASE(records_that_repeat_often_are_read_over_many_pages) {
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 12; ++line) {
    auto more = weekly(line, 1 + line % 2, "k" + std::to_string(line), 366);
    more[0].raw = std::string(3000, static_cast<char>('a' + line)) + "\n";
    rows = joined({std::move(rows), std::move(more)});
  }
  const auto made = plan(*s, header(), std::move(rows)).id;
  std::size_t seen = 0;
  must(r->for_each_result(made, [&](const result_row& got) -> result<void> {
    const auto line = static_cast<std::uint32_t>(2 + seen++ / 366);
    BOOST_REQUIRE(got.line == line);
    BOOST_REQUIRE(got.raw.size() == 3001u);
    BOOST_REQUIRE(got.raw.front() == static_cast<char>('a' + line));
    return {};
  }));
  BOOST_TEST(seen == 3660u);
}

BOOST_AUTO_TEST_SUITE_END()
