#pragma once

// A ledger in memory, as much of one as plans look up and write. It checks what the rules promise a store: the order and the size of pages,
// and that nothing is written twice.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <convoke/spec.hpp>

#include "ledger/planning/classifier.hpp"

namespace convoke::ledger::planning::testing {

struct observation {
  observed_state state = observed_state::satisfied;
  bool pending = false, has_meeting = true;
  digest compared{};
  std::optional<utc_time> expires{};
};
struct stored_key {
  organizer_id organizer = 0;
  row_id source = 0;
  digest wanted{};
  feed_id feed = no_feed;
  std::optional<utc_time> ends;
  std::optional<observation> observed;
};
struct stored_decision {
  decision what = decision::call;
  key_id key = 0;
  organizer_id organizer = 0;
  std::string why;
};
struct owed_entry {
  planned_call call;
  std::uint64_t duplicates = 0;
};
using owed_key = std::tuple<run_id, organizer_id, std::uint32_t>;  // organizer, number

struct memory_ledger {
  std::map<digest, key_id> keys;
  std::map<key_id, stored_key> inventory;
  std::map<row_id, std::string> payloads;
  std::map<row_id, key_id> copies;  // records without a line, see write_copies
  std::map<row_id, stored_decision> decisions;
  std::multimap<row_id, row_id> duplicates;  // first -> further
  std::map<owed_key, owed_entry> owed;
  std::vector<row_id> superseded;
  std::vector<run_id> opened;  // in order
  std::map<run_id, run_header> headers;
  std::map<std::pair<lane_id, std::string>, organizer_id> organizers;
  std::set<run_id> discarded;
  std::map<std::string, feed_id> feeds;
  std::uint64_t added_rows = 0;
};

class memory_plan_store final : public plan_store {
 public:
  memory_plan_store(memory_ledger& ledger, run_id run, std::size_t page_rows) : ledger_(ledger), run_(run), page_rows_(page_rows) {}

  result<void> number_organizers(std::span<plan_organizer> organizers) override;
  result<void> find_keys(std::span<const digest> keys, std::span<key_id> found) override;
  result<void> read_known(std::span<const key_id> keys, std::span<known_key> found) override;
  result<void> read_payloads(std::span<const key_row> rows, std::vector<payload_pair>& found) override;
  result<void> read_owed(const owed_place& after, std::size_t count, std::vector<owed_elsewhere>& found) override;
  result<void> read_live(key_id after, utc_time now, std::size_t count, std::vector<live_key>& found) override;
  result<void> read_inventory(key_id after, std::size_t count, std::vector<planning::inventory_entry>& found) override;
  result<void> read_states(std::span<const key_id> keys, std::span<seen_key> found) override;
  result<void> read_records(std::span<const row_id> records, std::vector<std::string>& found) override;
  result<void> name_keys(std::span<const key_id> keys, std::vector<std::optional<named_key>>& found) override;
  result<void> name_organizers(std::span<const organizer_id> organizers, std::vector<std::string>& found) override;
  result<void> count_made(std::span<const organizer_id> organizers, std::span<std::uint64_t> found) override;
  result<feed_id> number_feed(std::string_view name) override;
  result<void> write_payloads(std::span<const row_payload> rows) override;
  result<void> write_copies(std::span<const inventory_row_copy> rows) override;
  result<void> write_inventory_payloads(std::span<const key_row> rows, bool with_settings) override;
  result<void> add_to_rows(std::uint64_t rows) override;
  result<void> write_wanted(std::span<const wanted_row> rows) override;
  result<void> write_feeds(std::span<const feed_row> rows) override;
  result<void> write_decisions(std::span<const decided_row> rows) override;
  result<void> write_calls(std::span<const planned_call> calls) override;
  result<void> write_new_keys(std::span<const new_key> keys) override;
  result<void> write_call_decisions(std::span<const numbered_row> rows) override;
  result<void> write_duplicates() override;
  result<void> write_superseded(std::span<const owed_elsewhere> rows, utc_time when) override;

 private:
  void check_size(std::size_t size) const;
  void add_decision(std::uint32_t number, stored_decision decided);

  memory_ledger& ledger_;
  run_id run_;
  std::size_t page_rows_;
  std::optional<digest> last_digest_, last_new_;
  key_id last_key_ = 0, last_wanted_ = 0, last_belonging_ = 0;
  std::uint32_t last_decided_ = 0, last_call_row_ = 0, last_call_ = 0, last_copy_ = 0;
};

// A row of an input. `version` changes what is wanted; an id in upper case is another form of the same key.
struct input_row {
  std::uint32_t number = 0;
  unsigned organizer = 0;
  std::string external_id;
  unsigned version = 0;
  bool valid = true;
  bool readable = false;  // the key of a row that is not valid
  unsigned day = 0;       // days after the first one
  friend bool operator==(const input_row&, const input_row&) = default;
};
std::string organizer_name(unsigned n);
meeting_spec wanted_of(const input_row& row);
run_header header_of(const std::string& input = "classes.csv");

struct planned {
  run_id run = 0;
  plan_summary summary;
};
inline constexpr utc_time before_any_meeting{std::chrono::seconds(1'780'000'000)};
// Plans these rows as a new run, which is opened. `bounds`: small pages and sorters try what large inputs do.
planned plan_rows(memory_ledger& ledger, const std::vector<input_row>& rows, const run_header& header = header_of(),
                  const limits& bounds = {.folder = "/tmp"}, utc_time now = before_any_meeting);
// The calls that this run owes, in order.
std::vector<planned_call> calls_of(const memory_ledger& ledger, run_id run);
// Ends the call of this row with this observation, or leaves it owed under `token` with `strikes`.
void observe(memory_ledger& ledger, run_id run, std::uint32_t number, observed_state state);
void claim(memory_ledger& ledger, run_id run, std::uint32_t number, lease_token token, std::uint32_t strikes = 0);

}  // namespace convoke::ledger::planning::testing
