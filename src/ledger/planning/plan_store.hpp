#pragma once

// What a store looks up and writes for a plan. The rules decide; a store only finds and saves.
//
// Every call covers a page of many rows, so that a store can answer it with one statement. All calls of a plan are made on one thread,
// within the transaction of the plan. The first error ends the plan.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/error.hpp>

#include "ledger/planning/claims.hpp"
#include "ledger/planning/rules.hpp"

namespace convoke::ledger::planning {

struct key_row {
  key_id key = 0;
  std::uint32_t number = 0;
};
// The payload that the inventory wants of a key so far, and that of the row of this plan.
struct payload_pair {
  std::uint32_t number = 0;
  std::string first, row;
};
struct row_payload {
  std::uint32_t number = 0;
  std::string payload;
};
// The inventory wants the payload of this row from now on.
struct wanted_row {
  key_id key = 0;
  std::uint32_t number = 0;
  digest payload{};
  bool pending = false;  // see known_key
};

// What the inventory knows of a key besides its payload, from now on.
struct feed_row {
  key_id key = 0;
  feed_id feed = no_feed;
  utc_time ends{};  // the wanted meeting
};
// A key of the inventory whose wanted meeting is still to come.
struct live_key {
  key_id key = 0;
  row_id source = 0;           // the record with its payload
  organizer_id organizer = 0;  // the inventory's: of another lane than `lane` where the app was replaced
  lane_id lane = 0;            // of the run
  feed_id feed = no_feed;
};

// What was last observed of a key; no state: nothing was.
struct seen_key {
  std::optional<observed_state> state{};
  bool has_meeting = false;  // the id of the meeting is known
};

// A row of this run that has no record of its own: it gets one with line 0, without raw bytes, and with the payload that the inventory
// wants of the key.
struct inventory_row_copy {
  std::uint32_t number = 0;
  key_id key = 0;
  lane_id lane = 0;
  update_rule update = update_rule::never;
};
// A key of the inventory with what a run that verifies everything must know of it.
struct inventory_entry {
  key_id key = 0;
  lane_id lane = 0;
  known_key known{};
  std::string payload;
};

// A decision without a call. `why` is empty except for a conflict, and for a row that fails without a call. An invalid row has no key and
// no organizer; a conflicting one no key, nor one that is unknown to the ledger; a duplicate gets both from its first row (`first`), see
// write_duplicates.
struct decided_row {
  std::uint32_t number = 0, first = 0;
  decision what = decision::invalid;
  key_id key = 0;
  organizer_id organizer = 0;
  std::string why{};
};

// A call that the run owes. Calls are numbered from 1 in the order in which they are made.
struct planned_call {
  std::uint32_t call = 0;    // its number
  std::uint32_t number = 0;  // of the row
  key_id key = 0;
  organizer_id organizer = 0;
  digest payload{};
  bool is_new = false;  // the key is added to the inventory
  bool has_duplicates = false;
  operation op = operation::create_or_get;
  bool extends = false;  // an update that only extends the life of the meeting
  bool repairs = false;  // see ledger::claimed_row
  bool waits = false;    // see call_row
  inherited_claim inherited{};
  // Only of a new key.
  feed_id feed = no_feed;
  utc_time ends{};
};

// Where to read on in what other runs owe.
struct owed_place {
  run_id run = 0;
  organizer_id organizer = 0;
  std::uint32_t number = 0;
};

class plan_store {
 public:
  virtual ~plan_store() = default;

  // ---- lookups. `found` has the size of the first argument.

  // Sets `stored` of every organizer; adds those that the store does not have.
  virtual result<void> number_organizers(std::span<plan_organizer> organizers) = 0;
  // The ids of keys; 0 where the inventory lacks one. The keys ascend, also from one call to the next.
  virtual result<void> find_keys(std::span<const digest> keys, std::span<key_id> found) = 0;
  // What is known of these keys. They ascend, also from one call to the next.
  virtual result<void> read_known(std::span<const key_id> keys, std::span<known_key> found) = 0;
  // Replaces `found`. A row is left out where either payload is missing.
  virtual result<void> read_payloads(std::span<const key_row> rows, std::vector<payload_pair>& found) = 0;
  // Replaces `found` by what runs other than this one owe, in order of (run, organizer, number), from the first row beyond `after`: `count`
  // rows, fewer only where there are no more.
  virtual result<void> read_owed(const owed_place& after, std::size_t count, std::vector<owed_elsewhere>& found) = 0;
  // Replaces `found` by the keys that the run is about (planning/lanes.hpp) whose wanted meeting ends after `now`, or at a time that is not
  // known, in order of their ids, from the first one beyond `after`: `count` keys, fewer only where there are no more.
  virtual result<void> read_live(key_id after, utc_time now, std::size_t count, std::vector<live_key>& found) = 0;
  // Replaces `found` by keys that the run is about, whatever they are, in order of their ids, from the first one beyond `after`: `count`
  // keys, fewer only where there are no more.
  virtual result<void> read_inventory(key_id after, std::size_t count, std::vector<inventory_entry>& found) = 0;
  // What was last observed of these keys.
  virtual result<void> read_states(std::span<const key_id> keys, std::span<seen_key> found) = 0;
  // Replaces `found` by the payloads of these records, of any run, one for each; empty where there is none.
  virtual result<void> read_records(std::span<const row_id> records, std::vector<std::string>& found) = 0;
  virtual result<void> name_keys(std::span<const key_id> keys, std::vector<std::optional<named_key>>& found) = 0;
  // The object ids of organizers; empty where the store lacks one.
  virtual result<void> name_organizers(std::span<const organizer_id> organizers, std::vector<std::string>& found) = 0;
  // How many meetings were made for these organizers in the present month.
  virtual result<void> count_made(std::span<const organizer_id> organizers, std::span<std::uint64_t> found) = 0;

  // ---- writes

  // The number of the feed of this name, which is added where the store does not have it. `name` is not empty.
  virtual result<feed_id> number_feed(std::string_view name) = 0;
  // Replaces the payloads of rows of this run.
  virtual result<void> write_payloads(std::span<const row_payload> rows) = 0;
  // Adds a record of this run for each row, in order of their numbers. The rows are counted by the caller, see add_to_rows.
  virtual result<void> write_copies(std::span<const inventory_row_copy> rows) = 0;
  // Gives records of this run the payload that the inventory wants of their keys, in any order. `with_settings`: and what the records of
  // the inventory require besides createOrGet (update_rule::always).
  virtual result<void> write_inventory_payloads(std::span<const key_row> rows, bool with_settings) = 0;
  // The run has so many rows more than were counted before.
  virtual result<void> add_to_rows(std::uint64_t rows) = 0;
  // The keys ascend, also from one call to the next.
  virtual result<void> write_wanted(std::span<const wanted_row> rows) = 0;
  // The same.
  virtual result<void> write_feeds(std::span<const feed_row> rows) = 0;
  // In order of the rows' numbers.
  virtual result<void> write_decisions(std::span<const decided_row> rows) = 0;
  // In order of their numbers.
  virtual result<void> write_calls(std::span<const planned_call> calls) = 0;
  // In order of the hashes.
  virtual result<void> write_new_keys(std::span<const new_key> keys) = 0;
  // The decisions about rows that owe a call, in order of the rows' numbers.
  virtual result<void> write_call_decisions(std::span<const numbered_row> rows) = 0;
  // Gives every duplicate the key and the organizer of its first row. Called after the decisions about calls.
  virtual result<void> write_duplicates() = 0;
  // Ends these rows of other runs as superseded, except those of discarded runs, and removes all of them from what is owed. A run that owes
  // nothing then is finished.
  virtual result<void> write_superseded(std::span<const owed_elsewhere> rows, utc_time when) = 0;
};

}  // namespace convoke::ledger::planning
