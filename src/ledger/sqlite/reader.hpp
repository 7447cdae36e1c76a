#pragma once

// The reading side: a connection of its own. Short calls read one consistent snapshot, long ones a snapshot for each page.

#include <memory>
#include <optional>
#include <string>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

class sqlite_reader final : public reader {
 public:
  // `rehearsal`: beside a store in a rehearsal; writes as little as that one.
  explicit sqlite_reader(std::string path, bool rehearsal = false) : path_(std::move(path)), rehearsal_(rehearsal) {}
  // Opens the ledger if it is not open. Every call does so first: a reader that a store makes cannot report a failure earlier.
  [[nodiscard]] result<void> open();

  result<std::vector<run_info>> runs() override;
  result<std::optional<run_info>> run(run_id id) override;
  result<std::optional<run_info>> last_run() override;
  result<std::optional<run_info>> find(std::string_view identity) override;
  result<bool> overtaken(run_id id) override;
  result<bool> any_expires(run_id id, utc_time now, std::optional<std::chrono::seconds> keep_alive) override;
  result<run_status> status(run_id id) override;
  result<std::vector<failure_reason>> reasons(run_id id, std::size_t most) override;
  result<std::vector<count_by>> updates(run_id id) override;
  result<std::vector<count_by>> inventory_counts() override;
  result<std::uint64_t> inventory_expired(utc_time now) override;
  result<std::vector<count_by>> inventory_feeds() override;
  result<lane_memory> memory(const lane_name& lane) override;
  result<void> for_each_result(run_id id, const std::function<result<void>(const result_row&)>& f) override;
  result<void> for_each_failed(run_id id, const std::function<result<void>(const result_row&)>& f) override;
  result<void> for_each_inventory(const std::function<result<void>(const inventory_row&)>& f) override;

 private:
  template <class T>
  [[nodiscard]] result<T> in_snapshot(const std::function<result<T>(connection&)>& f);
  // Reads page after page, each in a snapshot that ends before `look` is called.
  template <class Pages>
  [[nodiscard]] result<void> page_through(Pages& pages, const std::function<result<void>()>& look = [] { return result<void>(); });
  [[nodiscard]] result<void> for_each_row(run_id id, bool failed_only, const std::function<result<void>(const result_row&)>& f);
  [[nodiscard]] result<void> open_rehearsal();
  void use(std::unique_ptr<connection> db, int version);
  // Begins a snapshot. Where a writer has brought an old ledger up to date since the last one, the views over its tables go first.
  void begin_snapshot();

  std::string path_;
  bool rehearsal_ = false;
  std::unique_ptr<connection> db_;
  int version_ = 0;                                // of the ledger's schema
  std::optional<statement> begin_, end_, tables_;  // tables_: the schema's version, within a snapshot
};

[[nodiscard]] std::unique_ptr<reader> make_reader(const std::string& path, bool rehearsal);

}  // namespace convoke::ledger::sqlite
