#pragma once

// What a plan looks up and writes in a PostgreSQL ledger: each page with one statement, or with a few in one round trip.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ledger/planning/plan_store.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/pipeline.hpp"
#include "ledger/stored.hpp"

namespace convoke::ledger::postgres {

class postgres_plan_store final : public planning::plan_store {
 public:
  postgres_plan_store(connection& db, run_id run) noexcept : db_(db), run_(run) {}

  result<void> number_organizers(std::span<planning::plan_organizer> organizers) override;
  result<void> find_keys(std::span<const digest> keys, std::span<key_id> found) override;
  result<void> read_known(std::span<const key_id> keys, std::span<planning::known_key> found) override;
  result<void> read_payloads(std::span<const planning::key_row> rows, std::vector<planning::payload_pair>& found) override;
  result<void> read_owed(const planning::owed_place& after, std::size_t count, std::vector<planning::owed_elsewhere>& found) override;
  result<void> read_live(key_id after, utc_time now, std::size_t count, std::vector<planning::live_key>& found) override;
  result<void> read_inventory(key_id after, std::size_t count, std::vector<planning::inventory_entry>& found) override;
  result<void> read_states(std::span<const key_id> keys, std::span<planning::seen_key> found) override;
  result<void> read_records(std::span<const row_id> records, std::vector<std::string>& found) override;
  result<void> name_keys(std::span<const key_id> keys, std::vector<std::optional<named_key>>& found) override;
  result<void> name_organizers(std::span<const organizer_id> organizers, std::vector<std::string>& found) override;
  result<void> count_made(std::span<const organizer_id> organizers, std::span<std::uint64_t> found) override;

  result<planning::feed_id> number_feed(std::string_view name) override;
  result<void> write_payloads(std::span<const planning::row_payload> rows) override;
  result<void> write_copies(std::span<const planning::inventory_row_copy> rows) override;
  result<void> write_inventory_payloads(std::span<const planning::key_row> rows, bool with_settings) override;
  result<void> add_to_rows(std::uint64_t rows) override;
  result<void> write_wanted(std::span<const planning::wanted_row> rows) override;
  result<void> write_feeds(std::span<const planning::feed_row> rows) override;
  result<void> write_decisions(std::span<const planning::decided_row> rows) override;
  result<void> write_calls(std::span<const planning::planned_call> calls) override;
  result<void> write_new_keys(std::span<const planning::new_key> keys) override;
  result<void> write_call_decisions(std::span<const planning::numbered_row> rows) override;
  result<void> write_duplicates() override;
  result<void> write_superseded(std::span<const planning::owed_elsewhere> rows, utc_time when) override;

  // Adds the counts of the rows that were decided to the ledger.
  [[nodiscard]] result<void> write_counts();
  void forget_counts() noexcept { counts_.clear(); }

 private:
  // Returns no rows where the statement failed, and sets `failed`.
  [[nodiscard]] result<rows> ask(const char* sql, const params& values);
  [[nodiscard]] result<void> change(const char* sql, const params& values);
  [[nodiscard]] result<void> change(pipeline& statements);
  [[nodiscard]] result<void> read_lanes();
  [[nodiscard]] lane_id position_of(std::int64_t lane) const;
  void add_decided(pipeline& to, std::span<const planning::decided_row> rows);

  connection& db_;
  run_id run_;
  std::map<outcome, std::uint64_t> counts_;
  // Whose claims the tokens are that other runs' rows are held under: a row that takes over such a row inherits both. A token without a
  // session would be stale at once, while its call is in flight.
  std::unordered_map<lease_token, std::int64_t> sessions_;
  // The lanes whose keys the run is about, ascending, and the positions of the lanes in which it calls them; empty: not read yet.
  std::vector<std::int64_t> lanes_;
  std::vector<lane_id> positions_;
};

}  // namespace convoke::ledger::postgres
