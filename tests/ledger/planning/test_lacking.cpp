// Keys that an input lacks: what vanished from its feed, and what its new keys replace.

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

run_header in_feed(const std::string& feed) {
  auto header = header_of(feed.empty() ? "-" : feed);
  header.feed = feed;
  return header;
}

// Plans, and ends every call as satisfied.
planned carried_out(memory_ledger& ledger, const std::vector<input_row>& rows, const run_header& header) {
  auto plan = plan_rows(ledger, rows, header);
  for (const auto& call : calls_of(ledger, plan.run)) observe(ledger, plan.run, call.number, observed_state::satisfied);
  return plan;
}

input_row rejected(std::uint32_t line, unsigned organizer, std::string external_id) {
  return {.number = line, .organizer = organizer, .external_id = std::move(external_id), .valid = false, .readable = true};
}

std::string feed_of(const memory_ledger& ledger, unsigned organizer, const std::string& external_id) {
  for (const auto& [key, entry] : ledger.inventory) {
    const auto spec = decode_spec(ledger.payloads.at(entry.source));
    if (spec->organizer != organizer_name(organizer) || spec->external_id != external_id) continue;
    for (const auto& [name, number] : ledger.feeds)
      if (number == entry.feed) return name;
    return {};
  }
  return "unknown";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(planning_lacking)

BOOST_AUTO_TEST_CASE(what_vanished_belongs_to_the_feed_of_the_input) {
  memory_ledger ledger;
  carried_out(ledger, {{2, 1, "a"}, {3, 2, "b"}, {4, 2, "b"}, {5, 2, "c"}, {6, 3, "d"}}, in_feed("classes"));
  carried_out(ledger, {{2, 1, "x"}}, in_feed("webinars"));
  // A key that is present in a conflict did not vanish.
  const auto next = plan_rows(ledger, {{2, 1, "a"}, {3, 2, "c"}, {4, 2, "c", 1}}, in_feed("classes"));
  BOOST_TEST(next.summary.vanished == 2u);
  BOOST_REQUIRE(next.summary.vanished_sample.size() == 2u);
  BOOST_TEST(next.summary.vanished_sample[0].external_id == "b");
  BOOST_TEST(next.summary.vanished_sample[1].organizer == organizer_name(3));
  BOOST_REQUIRE(next.summary.organizers.size() == 2u);
  BOOST_TEST(next.summary.organizers[0].organizer == organizer_name(2));
  BOOST_TEST(next.summary.organizers[0].vanished == 1u);
}

BOOST_AUTO_TEST_CASE(an_input_without_a_feed_lacks_nothing) {
  memory_ledger ledger;
  carried_out(ledger, {{2, 1, "a"}, {3, 1, "b"}}, in_feed("classes"));
  carried_out(ledger, {{2, 2, "c"}, {3, 2, "d"}}, in_feed(""));
  BOOST_TEST(plan_rows(ledger, {{2, 2, "c"}}, in_feed("")).summary.vanished == 0u);
}

BOOST_AUTO_TEST_CASE(a_key_belongs_to_the_feed_that_wanted_it_last) {
  memory_ledger ledger;
  carried_out(ledger, {{2, 1, "a"}, {3, 1, "b"}}, in_feed("classes"));
  carried_out(ledger, {{2, 1, "b"}, {3, 1, "n"}}, in_feed(""));
  BOOST_TEST(feed_of(ledger, 1, "b") == "classes");  // an input without a feed changes none
  BOOST_TEST(feed_of(ledger, 1, "n").empty());
  carried_out(ledger, {{2, 1, "b"}, {3, 1, "n"}, rejected(4, 1, "a")}, in_feed("webinars"));
  BOOST_TEST(feed_of(ledger, 1, "a") == "classes");  // a rejected row wants nothing
  BOOST_TEST(feed_of(ledger, 1, "b") == "webinars");
  BOOST_TEST(feed_of(ledger, 1, "n") == "webinars");
  const auto next = plan_rows(ledger, {{2, 1, "z"}}, in_feed("classes"));
  BOOST_TEST(next.summary.vanished == 1u);
}

BOOST_AUTO_TEST_CASE(keys_of_rejected_rows_are_present) {
  memory_ledger ledger;
  carried_out(ledger, {{2, 1, "a"}, {3, 1, "b"}, {4, 1, "c"}}, in_feed("classes"));
  const auto next = plan_rows(ledger, {rejected(2, 1, "A"), {3, 1, "b"}, rejected(4, 1, "b"), rejected(5, 1, "unknown"), {6, 2, "c"}},
                              in_feed("classes"));
  BOOST_TEST(next.summary.vanished == 1u);
  BOOST_TEST(next.summary.moved == 1u);
  // A key that is in a rejected row and in a valid one is no conflict, and no duplicate.
  BOOST_TEST(next.summary.rejected == 3u);
  BOOST_TEST(next.summary.unchanged == 1u);
  BOOST_TEST(next.summary.duplicates == 0u);
}

BOOST_AUTO_TEST_CASE(row_9_meetings_of_a_rejected_row_whose_dates_cannot_be_read_are_present) {
  memory_ledger ledger;
  carried_out(ledger,
              {{2, 1, "A-20990901"}, {3, 1, "A-20990908"}, {4, 2, "A-20990901"}, {5, 1, "AB-20990901"}, {6, 1, "A-2099090x"}, {7, 1, "A"}},
              in_feed("classes"));
  const auto next = plan_rows(ledger, {rejected(2, 1, "a"), {3, 3, "new"}}, in_feed("classes"));
  // Of another organizer, another id, and without a date.
  BOOST_TEST(next.summary.vanished == 3u);
  std::set<std::string> names;
  for (const auto& key : next.summary.vanished_sample) names.insert(key.organizer + ' ' + key.external_id);
  BOOST_TEST(names.contains(organizer_name(2) + " A-20990901"));
  BOOST_TEST(names.contains(organizer_name(1) + " AB-20990901"));
  BOOST_TEST(names.contains(organizer_name(1) + " A-2099090x"));
}

BOOST_AUTO_TEST_CASE(a_row_that_is_rejected_is_no_surprise_where_it_is_owed) {
  memory_ledger ledger;
  const auto first = plan_rows(ledger, {{2, 1, "a"}, {3, 1, "b"}}, in_feed("classes"));
  const auto next = plan_rows(ledger, {rejected(2, 1, "a"), {3, 2, "x"}}, in_feed("classes"));
  BOOST_TEST(next.summary.superseded == 0u);
  BOOST_TEST(next.summary.owed_elsewhere == 1u);
  BOOST_TEST(calls_of(ledger, first.run).size() == 2u);
}

BOOST_AUTO_TEST_CASE(meetings_that_have_ended_or_are_gone_do_not_vanish) {
  memory_ledger ledger;
  const auto first = carried_out(
      ledger, {{2, 1, "a"}, {3, 1, "b"}, {4, 1, "c"}, {.number = 5, .organizer = 1, .external_id = "d", .day = 7}}, in_feed("classes"));
  const auto state = [&](std::uint32_t number) -> observed_state& {
    return ledger.inventory.at(ledger.decisions.at(make_row(first.run, number)).key).observed->state;
  };
  const std::vector<input_row> other{{2, 9, "other", 7}};
  state(2) = observed_state::lost;
  state(3) = observed_state::removed;
  state(4) = observed_state::failed;
  auto before = ledger;
  const auto now = plan_rows(before, other, in_feed("classes"));
  BOOST_TEST(now.summary.vanished == 2u);
  before = ledger;
  const auto end = wanted_of({.external_id = "c"}).end;
  BOOST_TEST(plan_rows(before, other, in_feed("classes"), {.folder = "/tmp"}, end - ticks(1)).summary.vanished == 2u);
  before = ledger;
  const auto later = plan_rows(before, other, in_feed("classes"), {.folder = "/tmp"}, end);
  BOOST_TEST(later.summary.vanished == 1u);
  BOOST_TEST(later.summary.vanished_sample.at(0).external_id == "d");
  // Of a meeting whose end is not known it is not known that it has ended.
  for (auto& [key, entry] : ledger.inventory) entry.ends.reset();
  BOOST_TEST(plan_rows(ledger, other, in_feed("classes"), {.folder = "/tmp"}, end + std::chrono::days(99)).summary.vanished == 2u);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_meeting_follows_what_is_wanted) {
  memory_ledger ledger;
  const input_row row{2, 1, "a"};
  auto later = row;
  later.day = 7;
  const auto ends = [&] { return ledger.inventory.begin()->second.ends; };
  carried_out(ledger, {row}, in_feed("classes"));
  BOOST_TEST((ends() == wanted_of(row).end));
  carried_out(ledger, {later}, in_feed("classes"));
  BOOST_TEST((ends() == wanted_of(later).end));
  ledger.inventory.begin()->second.ends.reset();
  BOOST_TEST(plan_rows(ledger, {later}, in_feed("classes")).summary.unchanged == 1u);
  BOOST_TEST((ends() == wanted_of(later).end));
}

BOOST_AUTO_TEST_CASE(changed_ids_want_the_meeting_of_a_key_that_is_lacking) {
  memory_ledger ledger;
  carried_out(ledger, {{2, 1, "00123"}, {3, 1, "00124", 1}, {4, 2, "00125"}}, in_feed("mon.csv"));
  // Whatever the feed.
  const auto next =
      plan_rows(ledger, {{2, 1, "123"}, {3, 1, "124", 1}, {4, 2, "125"}, {5, 2, "126", 1}, {6, 3, "127"}}, in_feed("tue.csv"));
  BOOST_TEST(next.summary.changed_ids == 3u);
  BOOST_TEST(next.summary.moved == 0u);
  BOOST_TEST(next.summary.vanished == 0u);
  BOOST_REQUIRE(next.summary.changed_ids_sample.size() == 3u);
  BOOST_TEST(next.summary.changed_ids_sample[1].now.external_id == "124");
  BOOST_TEST(next.summary.changed_ids_sample[1].before.external_id == "00124");
  BOOST_TEST(next.summary.changed_ids_sample[1].before.organizer == organizer_name(1));
}

BOOST_AUTO_TEST_CASE(a_meeting_beside_one_that_the_input_still_has_is_no_changed_id) {
  memory_ledger ledger;
  carried_out(ledger, {{2, 1, "a"}, {3, 2, "b"}}, in_feed("classes"));
  const auto next = plan_rows(ledger, {{2, 1, "a"}, {3, 1, "parallel"}, rejected(4, 2, "b"), {5, 2, "parallel"}}, in_feed("classes"));
  BOOST_TEST(next.summary.new_keys == 2u);
  BOOST_TEST(next.summary.changed_ids == 0u);
}

BOOST_AUTO_TEST_CASE(moves_keep_the_external_id) {
  memory_ledger ledger;
  carried_out(ledger, {{2, 1, "A-1"}, {3, 1, "a-2"}, {4, 1, "a-3"}}, in_feed("mon.csv"));
  const auto next = plan_rows(ledger, {{2, 2, "a-1"}, {3, 2, "A-2", 1}, {4, 1, "a-3"}, {5, 2, "a-3"}}, in_feed("thu.csv"));
  BOOST_TEST(next.summary.moved == 2u);
  BOOST_TEST(next.summary.changed_ids == 0u);
  BOOST_REQUIRE(next.summary.moved_sample.size() == 2u);
  BOOST_TEST(next.summary.moved_sample[0].now.organizer == organizer_name(2));
  BOOST_TEST(next.summary.moved_sample[0].before.organizer == organizer_name(1));
  BOOST_TEST(next.summary.moved_sample[0].before.external_id == "A-1");
}

BOOST_AUTO_TEST_CASE(a_new_key_counts_once) {
  memory_ledger ledger;
  carried_out(ledger, {{2, 1, "old"}, {3, 2, "new"}}, in_feed("classes"));
  const auto next = plan_rows(ledger, {{2, 1, "new"}}, in_feed("classes"));
  BOOST_TEST(next.summary.changed_ids == 1u);
  BOOST_TEST(next.summary.moved == 0u);
}

BOOST_AUTO_TEST_CASE(samples_are_short_and_begin_with_the_first_rows) {
  memory_ledger ledger;
  std::vector<input_row> rows;
  for (std::uint32_t line = 2; line < 62; ++line)
    rows.push_back({.number = line, .organizer = 1, .external_id = "e" + std::to_string(line), .version = line});
  plan_rows(ledger, rows, in_feed("classes"));
  for (auto& row : rows) row.external_id = "n" + std::to_string(row.number);
  const auto next = plan_rows(ledger, rows, in_feed("classes"));
  BOOST_TEST(next.summary.vanished == 60u);
  BOOST_TEST(next.summary.owed_elsewhere == 60u);
  BOOST_TEST(next.summary.changed_ids == 60u);
  BOOST_TEST(next.summary.vanished_sample.size() == 20u);
  BOOST_TEST(next.summary.owed_elsewhere_sample.size() == 20u);
  BOOST_REQUIRE(next.summary.changed_ids_sample.size() == 20u);
  for (std::uint32_t i = 0; i < 20; ++i) {
    BOOST_TEST(next.summary.changed_ids_sample[i].now.external_id == "n" + std::to_string(i + 2));
    BOOST_TEST(next.summary.changed_ids_sample[i].before.external_id == "e" + std::to_string(i + 2));
  }
}

namespace {

// Rows of few keys and few meetings.
std::vector<input_row> any_input() {
  using numbers = std::tuple<std::uint8_t, std::uint8_t, std::uint8_t, std::uint8_t>;
  std::vector<input_row> out;
  std::uint32_t line = 1;
  for (const auto& [kind, organizer, id, version] : *rc::gen::container<std::vector<numbers>>(rc::gen::arbitrary<numbers>())) {
    const char* const ids[] = {"a", "A", "b", "c", "d", "E", "e"};
    out.push_back({.number = ++line,
                   .organizer = organizer % 3U,
                   .external_id = ids[id % std::size(ids)],
                   .version = version % 2U,
                   .valid = kind % 5 != 0,
                   .readable = kind % 2 == 0,
                   .day = version % 8U < 6 ? 0U : 7U});
  }
  return out;
}

std::vector<const stored_key*> lacking_in(const memory_ledger& before, const std::vector<input_row>& rows, utc_time now) {
  std::set<std::pair<std::string, std::string>> present;
  for (const auto& row : rows)
    if (row.valid || row.readable) present.emplace(organizer_name(row.organizer), to_lower(row.external_id));
  std::vector<const stored_key*> out;
  for (const auto& [key, entry] : before.inventory) {
    const auto spec = decode_spec(before.payloads.at(entry.source));
    const bool gone = entry.observed && (entry.observed->state == observed_state::lost || entry.observed->state == observed_state::removed);
    if (!gone && spec->end > now && !present.contains({spec->organizer, to_lower(spec->external_id)})) out.push_back(&entry);
  }
  return out;
}

// As the design says it, worked out key by key.
void check_lacking(const memory_ledger& before, const memory_ledger& after, const planned& plan, const std::vector<input_row>& rows,
                   const run_header& header, utc_time now) {
  const auto lacking = lacking_in(before, rows, now);
  const auto feed = before.feeds.find(header.feed);
  RC_ASSERT(plan.summary.vanished == static_cast<std::uint64_t>(std::ranges::count_if(lacking, [&](const stored_key* entry) {
              return !header.feed.empty() && feed != before.feeds.end() && entry->feed == feed->second;
            })));
  std::uint64_t changed = 0, moved = 0;
  for (const auto& call : calls_of(after, plan.run)) {
    if (!call.is_new) continue;
    const auto spec = decode_spec(after.payloads.at(make_row(plan.run, call.number)));
    bool same_meeting = false, same_id = false;
    for (const auto* entry : lacking) {
      const auto other = decode_spec(before.payloads.at(entry->source));
      same_meeting = same_meeting || (other->organizer == spec->organizer && other->subject == spec->subject &&
                                      other->start == spec->start && other->end == spec->end);
      same_id = same_id || to_lower(other->external_id) == to_lower(spec->external_id);
    }
    changed += same_meeting ? 1 : 0;
    moved += same_id && !same_meeting ? 1 : 0;
  }
  RC_ASSERT(plan.summary.changed_ids == changed);
  RC_ASSERT(plan.summary.moved == moved);
  RC_ASSERT(plan.summary.changed_ids_sample.size() == std::min<std::uint64_t>(changed, 20));
  RC_ASSERT(plan.summary.moved_sample.size() == std::min<std::uint64_t>(moved, 20));
  RC_ASSERT(plan.summary.vanished_sample.size() == std::min<std::uint64_t>(plan.summary.vanished, 20));
}

void check_feeds(const memory_ledger& before, const memory_ledger& after, const planned& plan, const run_header& header) {
  std::set<key_id> wanted;
  for (auto at = after.decisions.lower_bound(make_row(plan.run, 0)); at != after.decisions.end(); ++at) wanted.insert(at->second.key);
  for (const auto& [key, entry] : after.inventory) {
    RC_ASSERT((entry.ends == decode_spec(after.payloads.at(entry.source))->end));
    const auto known = before.inventory.find(key);
    const feed_id earlier = known == before.inventory.end() ? no_feed : known->second.feed;
    RC_ASSERT(entry.feed == (wanted.contains(key) && !header.feed.empty() ? after.feeds.at(header.feed) : earlier));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(any_input_lacks_what_the_rules_say) {
  BOOST_TEST(rc::check("plans of several feeds: what vanished, changed its id or moved is what a comparison key by key finds", [] {
    memory_ledger ledger;
    for (int n = 0; n < 4; ++n) {
      const auto header = in_feed(*rc::gen::element<std::string>("", "one", "two"));
      const auto rows = any_input();
      const auto first_end = wanted_of({}).end;
      const auto now = *rc::gen::element(first_end - std::chrono::hours(1), first_end, first_end + std::chrono::days(7));
      const limits bounds{.folder = "/tmp",
                          .sort_bytes = *rc::gen::inRange<std::size_t>(1, 800),
                          .page_rows = *rc::gen::inRange<std::size_t>(1, 6),
                          .payload_page_rows = *rc::gen::inRange<std::size_t>(1, 4)};
      const auto before = ledger;
      const auto plan = plan_rows(ledger, rows, header, bounds, now);
      check_lacking(before, ledger, plan, rows, header, now);
      check_feeds(before, ledger, plan, header);
      for (const auto& call : calls_of(ledger, plan.run)) {
        const auto state = *rc::gen::inRange(0, 7);
        if (state > 0) observe(ledger, plan.run, call.number, static_cast<observed_state>(state));
      }
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()
