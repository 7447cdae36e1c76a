// What every store promises about feeds: which keys vanished from an input, which of its new keys replace known ones.

#include <algorithm>
#include <map>

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

// A class: two of them never want the same meeting, and the same one under another id does.
planned_row class_row(std::uint32_t line, unsigned organizer, const std::string& external_id, unsigned number) {
  auto spec = wanted(organizer, external_id);
  spec.subject = "Class " + std::to_string(number);
  spec.start += std::chrono::hours(2 * number);
  spec.end += std::chrono::hours(2 * number);
  return {.line = line, .raw = external_id + "\n", .lane = 0, .payload = encode_spec(spec), .error = {}};
}

planned_row rejected(std::uint32_t line, unsigned organizer, const std::string& external_id) {
  auto row = wrong_row(line, "column 'start': missing");
  row.present = {{organizer_name(organizer), external_id}};
  return row;
}

run_header piped(const std::string& identity) {
  auto h = header(identity, "-");
  h.feed.clear();
  return h;
}

std::map<std::string, std::string> feeds(reader& r) {
  std::map<std::string, std::string> out;
  must(r.for_each_inventory([&](const inventory_row& row) -> result<void> {
    out.emplace(row.external_id, row.feed);
    return {};
  }));
  return out;
}

std::string id(unsigned number, const char* before = "") {
  return before + std::to_string(number);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(feeds_of_a_ledger, at_work)

BOOST_AUTO_TEST_CASE(row_8_changed_ids_and_moves_are_recognised_whatever_the_file_is_called) {
  const auto rows = [](const char* before, unsigned organizer) {
    return std::vector<planned_row>{class_row(2, organizer, id(123, before), 1), class_row(3, organizer, id(124, before), 2),
                                    class_row(4, organizer, id(125, before), 3)};
  };
  const auto monday = plan(*s, header("mon", "mon.csv"), rows("00", 1));
  BOOST_TEST(monday.summary.changed_ids == 0u);
  carry_out(*s, monday.id);
  const auto tuesday = plan(*s, header("tue", "tue.csv"), rows("", 1));
  BOOST_TEST(tuesday.summary.new_keys == 3u);
  BOOST_TEST(tuesday.summary.changed_ids == 3u);
  BOOST_TEST(tuesday.summary.moved == 0u);
  BOOST_TEST(tuesday.summary.vanished == 0u);
  BOOST_REQUIRE(tuesday.summary.changed_ids_sample.size() == 3u);
  BOOST_TEST(tuesday.summary.changed_ids_sample[0].now.external_id == "123");
  BOOST_TEST(tuesday.summary.changed_ids_sample[0].before.external_id == "00123");
  carry_out(*s, tuesday.id);
  const auto thursday = plan(*s, header("thu", "thu.csv"), rows("", 2));
  BOOST_TEST(thursday.summary.moved == 3u);
  BOOST_TEST(thursday.summary.changed_ids == 0u);
  BOOST_REQUIRE(thursday.summary.moved_sample.size() == 3u);
  BOOST_TEST(thursday.summary.moved_sample[0].now.organizer == organizer_name(2));
  BOOST_TEST(thursday.summary.moved_sample[0].before.organizer == organizer_name(1));
  BOOST_TEST(thursday.summary.moved_sample[0].before.external_id == "123");
}

BOOST_AUTO_TEST_CASE(row_9_departments_that_share_a_ledger_do_not_lack_each_others_keys) {
  carry_out(*s, plan(*s, piped("law"), {row(2, 1, "a"), row(3, 1, "b")}).id);
  const auto medicine = plan(*s, piped("medicine"), {row(2, 2, "x"), row(3, 2, "y")});
  BOOST_TEST(medicine.summary.vanished == 0u);
  BOOST_TEST(medicine.summary.changed_ids == 0u);
  BOOST_TEST(medicine.summary.moved == 0u);
  carry_out(*s, medicine.id);
  auto law = piped("law again");
  law.feed = "law";
  carry_out(*s, plan(*s, law, {row(2, 1, "a"), row(3, 1, "b")}).id);
  auto other = piped("medicine again");
  other.feed = "medicine";
  BOOST_TEST(plan(*s, other, {row(2, 2, "x")}).summary.vanished == 0u);
  law.identity = "law, last";
  const auto last = plan(*s, law, {row(2, 1, "b")});
  BOOST_TEST(last.summary.vanished == 1u);
  BOOST_REQUIRE(last.summary.vanished_sample.size() == 1u);
  BOOST_TEST(last.summary.vanished_sample[0].external_id == "a");
}

BOOST_AUTO_TEST_CASE(row_9_rejected_rows_with_a_readable_key_are_present) {
  carry_out(*s, plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c")}).id);
  // Stored, and opened later: the plan still knows which keys its wrong rows have.
  const std::vector<planned_row> rows{rejected(2, 1, "a"), rejected(3, 1, "B"), rejected(4, 1, "b"), row(5, 1, "d")};
  const auto stored = plan(*s, header("two"), rows, false);
  BOOST_TEST(stored.summary.rejected == 3u);
  BOOST_TEST(stored.summary.vanished == 1u);
  BOOST_REQUIRE(stored.summary.vanished_sample.size() == 1u);
  BOOST_TEST(stored.summary.vanished_sample[0].external_id == "c");
  auto planning = must(s->begin_open(stored.id));
  const auto opened = must(planning->classify(before_any_meeting));
  BOOST_TEST(opened.rejected == 3u);
  BOOST_TEST(opened.vanished == 1u);
  must(planning->commit(true));
  planning.reset();
  must(r->for_each_result(stored.id, [](const result_row& got) -> result<void> {
    BOOST_TEST(got.payload.empty() == (got.line != 5));
    return {};
  }));
}

BOOST_AUTO_TEST_CASE(row_9_of_a_rejected_row_without_a_known_organizer_the_meetings_of_every_organizer_are_present) {
  carry_out(*s, plan(*s, header(), {row(2, 1, "a"), row(3, 2, "A"), row(4, 1, "b"), row(5, 1, "w-20990907"), row(6, 1, "w-x")}).id);
  const auto unknown = [](std::uint32_t line, const std::string& external_id) {
    auto row = wrong_row(line, "column 'organizer': no such user");
    row.present = {{"", external_id}};
    return row;
  };
  // Of a row that repeats, and whose dates cannot be read, the id is without a date.
  const auto stored = plan(*s, header("two"), {unknown(2, "a"), unknown(3, "W"), row(4, 3, "d")}, false);
  BOOST_TEST(stored.summary.rejected == 2u);
  BOOST_TEST(stored.summary.vanished == 2u);
  std::vector<std::string> gone;
  for (const auto& key : stored.summary.vanished_sample) gone.push_back(key.external_id);
  std::ranges::sort(gone);
  BOOST_TEST(gone == (std::vector<std::string>{"b", "w-x"}), boost::test_tools::per_element());
  auto planning = must(s->begin_open(stored.id));
  BOOST_TEST(must(planning->classify(before_any_meeting)).vanished == 2u);
}

BOOST_AUTO_TEST_CASE(meetings_that_have_ended_do_not_vanish) {
  carry_out(*s, plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b")}).id);
  const auto vanished = [&](utc_time now) {
    auto planning = must(s->begin_plan(header("look")));
    must(planning->add_rows({row(2, 1, "a")}));
    return must(planning->classify(now)).vanished;
  };
  const auto end = wanted(1, "b").end;
  BOOST_TEST(vanished(end - ticks(1)) == 1u);
  BOOST_TEST(vanished(end) == 0u);
  // The end follows what is wanted.
  auto longer = wanted(1, "b");
  longer.end += std::chrono::hours(1);
  auto changed = row(3, 1, "b");
  changed.payload = encode_spec(longer);
  carry_out(*s, plan(*s, header("two"), {row(2, 1, "a"), changed}).id);
  BOOST_TEST(vanished(end) == 1u);
  BOOST_TEST(vanished(longer.end) == 0u);
}

BOOST_AUTO_TEST_CASE(lost_and_removed_meetings_do_not_vanish) {
  const auto first = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c")});
  const auto page = claim_first(*s, first.id);
  auto lost = ended(page.rows.at(0), outcome::lost), removed = ended(page.rows.at(1), outcome::removed);
  lost.stored.reset();
  removed.stored.reset();
  finish(*s, {lost, removed, ended(page.rows.at(2), outcome::failed)});
  must(s->finish_run(first.id));
  const auto next = plan(*s, header("two"), {row(2, 1, "d")});
  BOOST_TEST(next.summary.vanished == 1u);
  BOOST_TEST(next.summary.vanished_sample.at(0).external_id == "c");
}

BOOST_AUTO_TEST_CASE(a_key_belongs_to_the_feed_that_wanted_it_last) {
  carry_out(*s, plan(*s, header("one", "classes"), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c")}).id);
  carry_out(*s, plan(*s, piped("two"), {row(2, 1, "a"), row(3, 1, "d")}).id);
  plan(*s, header("look", "webinars"), {row(2, 1, "c")}, false);
  using pairs = std::map<std::string, std::string>;
  BOOST_TEST((feeds(*r) == pairs{{"a", "classes"}, {"b", "classes"}, {"c", "classes"}, {"d", ""}}));
  carry_out(*s, plan(*s, header("three", "webinars"), {row(2, 1, "b"), row(3, 1, "d"), rejected(4, 1, "c")}).id);
  BOOST_TEST((feeds(*r) == pairs{{"a", "classes"}, {"b", "webinars"}, {"c", "classes"}, {"d", "webinars"}}));
}

BOOST_AUTO_TEST_CASE(feeds_of_other_lanes_are_left_alone) {
  carry_out(*s, plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b")}).id);
  auto other = header("other");
  other.lanes[0].tenant = "tenant-2";
  const auto elsewhere = plan(*s, other, {row(2, 1, "c"), row(3, 2, "a")});
  BOOST_TEST(elsewhere.summary.vanished == 0u);
  BOOST_TEST(elsewhere.summary.moved == 0u);
  carry_out(*s, elsewhere.id);
  BOOST_TEST(plan(*s, header("again"), {row(2, 1, "a")}).summary.vanished == 1u);
}

BOOST_AUTO_TEST_CASE(large_feeds_are_compared_in_pages) {
  constexpr unsigned classes = 5000;
  std::vector<planned_row> rows;
  for (unsigned n = 0; n < classes; ++n) rows.push_back(class_row(n + 2, n % 13, id(n, "old-"), n));
  carry_out(*s, plan(*s, header(), rows).id);
  // Every fifth has another id, every fifth another organizer, every fifth is gone.
  std::vector<planned_row> next;
  for (unsigned n = 0; n < classes; ++n) {
    if (n % 5 == 0) next.push_back(class_row(n + 2, n % 13, id(n, "new-"), n));
    if (n % 5 == 1) next.push_back(class_row(n + 2, 20 + n % 3, id(n, "old-"), n));
    if (n % 5 > 2) next.push_back(rows[n]);
  }
  const auto [run, summary] = plan(*s, header("two"), next);
  BOOST_TEST(summary.vanished == classes * 3 / 5);
  BOOST_TEST(summary.changed_ids == classes / 5);
  BOOST_TEST(summary.moved == classes / 5);
  BOOST_TEST(summary.unchanged == classes * 2 / 5);
  std::uint64_t vanished = 0;
  for (const auto& organizer : summary.organizers) vanished += organizer.vanished;
  BOOST_TEST(vanished == summary.vanished);
  BOOST_TEST(summary.changed_ids_sample.size() == 20u);
  BOOST_TEST(summary.moved_sample.size() == 20u);
  for (const auto& [now, before] : summary.changed_ids_sample) BOOST_TEST(now.external_id.substr(3) == before.external_id.substr(3));
}

BOOST_AUTO_TEST_SUITE_END()
