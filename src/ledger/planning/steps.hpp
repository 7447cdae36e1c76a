#pragma once

// The steps between the rows of a plan and the calls that it owes. Each reads one sorter to its end, page by page, asks the store about the
// page and fills the sorters of the next steps: memory does not grow with the rows.

#include <vector>

#include "ledger/planning/identity.hpp"
#include "ledger/planning/plan_store.hpp"

namespace convoke::ledger::planning {

// What the steps of one plan share.
struct plan_context {
  plan_store& store;
  const operation_settings& settings;
  const limits& bounds;
  organizer_numbers& organizers;
  row_identifier& identifier;
  key_groups& groups;
  plan_summary& summary;
  run_kind kind = run_kind::provision;
  utc_time now{};          // meetings that have ended by then are over
  feed_id feed = no_feed;  // that the input belongs to
};

// First step, in order of the keys' hashes: groups the rows by key and looks the keys up in the inventory.
class key_matcher {
 public:
  key_matcher(const plan_context& plan, rows_by_key& known, rows_by_number& done) noexcept
      : plan_(plan), known_(known), done_(done), groups_(plan.groups, plan.kind == run_kind::provision) {}

  // Rows of known keys go to `known`, those of new keys to `done`.
  [[nodiscard]] result<void> run(keyed_rows& rows);

 private:
  [[nodiscard]] result<void> find_page_keys();
  void add(matched_row row);

  const plan_context& plan_;
  rows_by_key& known_;
  rows_by_number& done_;
  group_builder groups_;
  std::vector<keyed_row> page_;
  std::vector<digest> keys_;  // of the groups that begin in the page
  std::vector<key_id> found_;
};

// Second step, in order of the key ids: compares the rows of known keys with what was observed of them, and brings the wanted side of the
// inventory up to date. Rows of conflicts are passed on as they are.
class known_key_classifier {
 public:
  known_key_classifier(const plan_context& plan, rows_by_number& done) noexcept : plan_(plan), done_(done) {}

  [[nodiscard]] result<void> run(rows_by_key& known);

 private:
  [[nodiscard]] result<void> read_page_keys();
  void classify(matched_row& row);
  void check(matched_row& row);
  void update_feed(const matched_row& row);
  void note_expiry(const matched_row& row);
  [[nodiscard]] result<void> write_page();
  [[nodiscard]] result<void> keep_first_forms();

  const plan_context& plan_;
  rows_by_number& done_;
  std::vector<matched_row> page_;
  std::vector<key_id> keys_;  // whose first row in this plan is in the page
  std::vector<known_key> found_;
  std::vector<key_id> expire_early_;  // a sample
  key_id key_ = 0;                    // of the row that was classified last
  known_key at_key_;                  // what is known of it
  std::vector<key_row> called_;
  std::vector<wanted_row> wanted_;
  std::vector<feed_row> feeds_;
  std::vector<key_row> shown_;  // rows that get the payload of the inventory
  std::vector<payload_pair> pairs_;
  std::vector<row_payload> rewritten_;
};

// Third step, in order of the numbers: decides about every row and counts it. Decisions without a call are written; calls go to the next
// step.
class row_decider {
 public:
  row_decider(const plan_context& plan, call_rows& calls) noexcept : plan_(plan), calls_(calls) {}

  [[nodiscard]] result<void> run(rows_by_number& rows);

 private:
  void add_call(const matched_row& row);
  void add_decision(const matched_row& row, decision decided);
  [[nodiscard]] result<void> write_page();

  const plan_context& plan_;
  call_rows& calls_;
  std::vector<decided_row> page_;
  std::vector<key_id> removed_;  // the first ones that a run which removes deletes
};

class replacement_finder;

// Last step, in the order in which calls are made: numbers the calls and writes what carries their numbers.
class call_numberer {
 public:
  call_numberer(const plan_context& plan, run_id run)
      : plan_(plan), run_(run), new_keys_(plan.bounds.folder, plan.bounds.sort_bytes), rows_(plan.bounds.folder, plan.bounds.sort_bytes) {}

  // `replacements` gets every row that owes a call; null: none is asked for.
  [[nodiscard]] result<void> run(call_rows& calls, const inherited_claims& inherited, replacement_finder* replacements);

 private:
  [[nodiscard]] planned_call number(const call_row& call, const inherited_claims& inherited);
  [[nodiscard]] result<void> write_new_keys();
  [[nodiscard]] result<void> write_decisions(replacement_finder* replacements);

  const plan_context& plan_;
  run_id run_;
  std::uint32_t last_call_ = 0;
  new_keys new_keys_;
  numbered_rows rows_;
};

}  // namespace convoke::ledger::planning
