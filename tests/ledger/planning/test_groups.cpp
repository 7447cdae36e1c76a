// Rows that share a key.

#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include <boost/test/unit_test.hpp>

#include "ledger/planning/groups.hpp"

using namespace convoke::ledger;
using namespace convoke::ledger::planning;

namespace {

keyed_row keyed(std::uint64_t key, std::uint64_t payload, std::uint32_t line) {
  return {.key = {key, 0}, .payload = {payload, 0}, .number = line, .line = line};
}

struct grouped {
  key_groups groups;
  std::vector<matched_row> rows;
};
// `known`: keys with this property are known, under the id 100 + key.
void group(grouped& out, std::vector<keyed_row> rows, const std::set<std::uint64_t>& known = {}) {
  std::ranges::sort(rows, keyed_row::order{});
  group_builder builder(out.groups);
  for (const auto& row : rows) {
    if (!builder.continues(row.key)) builder.begin(row.key, known.contains(row.key.high) ? 100 + row.key.high : 0);
    if (!row.rejected) out.rows.push_back(builder.add(row));
  }
  builder.end();
}

std::string message(const grouped& of, std::uint32_t line) {
  const auto row = std::ranges::find(of.rows, line, &matched_row::number);
  BOOST_REQUIRE((row != of.rows.end()));
  return conflict_message(of.groups, *row);
}

constexpr std::string_view remedy = ", but not the same meeting; make these rows equal, or give each its own external id";

}  // namespace

BOOST_AUTO_TEST_SUITE(planning_groups)

BOOST_AUTO_TEST_CASE(equal_rows_are_duplicates_and_others_a_conflict) {
  grouped g;
  group(g, {keyed(1, 7, 2), keyed(2, 7, 3), keyed(1, 7, 4), keyed(3, 1, 5), keyed(3, 2, 6)}, {2, 3});
  BOOST_TEST(g.groups.conflicting == (std::vector<bool>{false, false, true}));
  BOOST_TEST(g.groups.has_duplicates == (std::vector<bool>{true, false, false}));
  BOOST_TEST(g.rows[1].first == 2u);
  BOOST_TEST((g.rows[0].what == row_class::new_key));
  BOOST_TEST((g.rows[2].what == row_class::known));
  BOOST_TEST(g.rows[2].key == 102u);
  // A known key in a conflict is present, but the plan does not decide about it.
  BOOST_TEST(g.groups.present.contains(102));
  BOOST_TEST(g.groups.present.contains(103));
  BOOST_TEST(g.groups.taken.contains(102));
  BOOST_TEST(!g.groups.taken.contains(103));
  BOOST_TEST(g.groups.present.size() == 2u);
}

BOOST_AUTO_TEST_CASE(keys_of_rejected_rows_are_present_and_nothing_else) {
  const auto rejected = [](std::uint64_t key, std::uint32_t line) {
    return keyed_row{.key = {key, 0}, .number = line, .line = line, .rejected = true};
  };
  grouped g;
  group(g, {rejected(1, 2), rejected(2, 3), keyed(2, 7, 4), rejected(2, 5), keyed(2, 7, 6), rejected(3, 7), keyed(4, 1, 8), keyed(4, 2, 9)},
        {1, 2});
  BOOST_TEST(g.groups.conflicting == (std::vector<bool>{false, true}));
  BOOST_TEST(g.groups.has_duplicates == (std::vector<bool>{true, false}));
  BOOST_REQUIRE(g.rows.size() == 4u);
  BOOST_TEST(g.rows[0].first == 4u);
  BOOST_TEST(g.rows[0].group == 0u);
  BOOST_TEST(g.rows[2].group == 1u);
  BOOST_TEST(g.groups.present.size() == 2u);
  BOOST_TEST(g.groups.present.contains(101));
  BOOST_TEST(!g.groups.taken.contains(101));
  BOOST_TEST(g.groups.taken.contains(102));
}

BOOST_AUTO_TEST_CASE(the_message_of_a_conflict) {
  grouped g;
  group(g, {keyed(1, 1, 2), keyed(1, 2, 5)});
  BOOST_TEST(message(g, 2) == "the same organizer and external id as line 5" + std::string(remedy));
  BOOST_TEST(message(g, 5) == "the same organizer and external id as line 2" + std::string(remedy));
  grouped three;
  group(three, {keyed(1, 1, 2), keyed(1, 2, 5), keyed(1, 1, 9)});
  BOOST_TEST(message(three, 5) == "the same organizer and external id as line 2, line 9" + std::string(remedy));
}

BOOST_AUTO_TEST_CASE(a_long_conflict_names_few_lines_and_counts_the_others) {
  std::vector<keyed_row> rows;
  for (std::uint32_t line = 2; line < 102; ++line) rows.push_back(keyed(1, line, line));
  grouped g;
  group(g, rows);
  BOOST_TEST(message(g, 2) ==
             "the same organizer and external id as line 3, line 4, line 5, line 6, line 7 and 94 more" + std::string(remedy));
  BOOST_TEST(message(g, 3) ==
             "the same organizer and external id as line 2, line 4, line 5, line 6, line 7 and 94 more" + std::string(remedy));
  BOOST_TEST(message(g, 90) ==
             "the same organizer and external id as line 2, line 3, line 4, line 5, line 6 and 94 more" + std::string(remedy));
}

BOOST_AUTO_TEST_CASE(beyond_the_cap_a_message_names_no_line) {
  grouped g;
  group(g, {keyed(1, 1, 2), keyed(1, 2, 5)});
  g.groups.conflicts.clear();
  BOOST_TEST(message(g, 2) == "the same organizer and external id as a later row" + std::string(remedy));
  BOOST_TEST(message(g, 5) == "the same organizer and external id as an earlier row" + std::string(remedy));
}

BOOST_AUTO_TEST_CASE(a_conflict_of_occurrences_names_the_lines_of_their_records) {
  const auto occurrence = [](std::uint64_t payload, std::uint32_t number, std::uint32_t line) {
    return keyed_row{.key = {1, 0}, .payload = {payload, 0}, .number = number, .line = line};
  };
  grouped g;
  group(g, {occurrence(1, 4, 2), occurrence(2, 9, 5), occurrence(3, 10, 5)});
  BOOST_TEST(message(g, 4) == "the same organizer and external id as line 5" + std::string(remedy));
  BOOST_TEST(message(g, 9) == "the same organizer and external id as another date of this row, line 2" + std::string(remedy));
  grouped own;
  group(own, {occurrence(1, 9, 5), occurrence(2, 10, 5), occurrence(3, 11, 5)});
  BOOST_TEST(
      message(own, 10) ==
      "the same organizer and external id as another date of this row, but not the same meeting; give each date its own external id");
}

BOOST_AUTO_TEST_CASE(conflicts_are_symmetric) {
  BOOST_TEST(rc::check("all rows of a key conflict exactly if any two of them want different payloads",
                       [](const std::vector<std::pair<std::uint8_t, std::uint8_t>>& input) {
                         std::vector<keyed_row> rows;
                         for (const auto& [key, payload] : input)
                           rows.push_back(keyed(key % 5, payload % 3, static_cast<std::uint32_t>(rows.size() + 2)));
                         grouped g;
                         group(g, rows);
                         RC_ASSERT(g.rows.size() == rows.size());
                         for (const auto& row : g.rows) {
                           std::vector<std::uint32_t> others;
                           bool conflict = false;
                           for (const auto& o : rows) {
                             if (o.key != row.hash) continue;
                             if (o.number != row.number) others.push_back(o.number);
                             for (const auto& p : rows) conflict = conflict || (p.key == row.hash && o.payload != p.payload);
                           }
                           RC_ASSERT(g.groups.conflicting[row.group] == conflict);
                           RC_ASSERT(g.groups.has_duplicates[row.group] == (!others.empty() && !conflict));
                           RC_ASSERT(row.first == std::min(row.number, others.empty() ? row.number : *std::ranges::min_element(others)));
                           if (!conflict) continue;
                           const auto text = conflict_message(g.groups, row);
                           RC_ASSERT(text.find("line " + std::to_string(row.number) + ",") == std::string::npos);
                           if (others.size() < key_groups::rows_named) {
                             for (const auto line : others) RC_ASSERT(text.find("line " + std::to_string(line)) != std::string::npos);
                           }
                         }
                       }));
}

BOOST_AUTO_TEST_SUITE_END()
