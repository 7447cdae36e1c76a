#pragma once

// The reading side: a connection of its own. Every statement sees one snapshot, and none is held between two pages. What was interrupted
// because the connection was lost is read again on a new one.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/reader_rows.hpp"

namespace convoke::ledger::postgres {

class postgres_reader final : public reader {
 public:
  explicit postgres_reader(const std::string& url);
  // Connects, once, and checks that there is a ledger. Every call connects if needed.
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
  result<std::vector<worker_info>> workers() override;
  result<void> for_each_result(run_id id, const std::function<result<void>(const result_row&)>& f) override;
  result<void> for_each_failed(run_id id, const std::function<result<void>(const result_row&)>& f) override;
  result<void> for_each_inventory(const std::function<result<void>(const inventory_row&)>& f) override;

 private:
  // What `f` reads, again after a connection was lost.
  template <class F>
  [[nodiscard]] auto read(const F& f) -> result<typename std::invoke_result_t<F, connection&>::value_type>;
  [[nodiscard]] result<run_info> existing(run_id id);
  template <class Pages>
  [[nodiscard]] result<void> page_through(
      Pages& pages, run_id run, const std::function<result<void>()>& look = [] { return result<void>(); });
  [[nodiscard]] result<void> for_each_row(run_id id, bool failed_only, const std::function<result<void>(const result_row&)>& f);

  connector at_;
};

}  // namespace convoke::ledger::postgres
