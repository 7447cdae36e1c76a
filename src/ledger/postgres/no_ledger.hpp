#pragma once

// What a rehearsal reads in a database without a ledger: nothing.

#include "ledger/reader.hpp"
#include "ledger/stored.hpp"

namespace convoke::ledger::postgres {

class no_ledger_reader final : public reader {
 public:
  result<std::vector<run_info>> runs() override { return std::vector<run_info>(); }
  result<std::optional<run_info>> run(run_id) override { return std::nullopt; }
  result<std::optional<run_info>> last_run() override { return std::nullopt; }
  result<std::optional<run_info>> find(std::string_view) override { return std::nullopt; }
  result<bool> overtaken(run_id id) override { return no_such_run(id); }
  result<bool> any_expires(run_id id, utc_time, std::optional<std::chrono::seconds>) override { return no_such_run(id); }
  result<run_status> status(run_id id) override { return no_such_run(id); }
  result<std::vector<failure_reason>> reasons(run_id id, std::size_t) override { return no_such_run(id); }
  result<std::vector<count_by>> updates(run_id) override { return std::vector<count_by>(); }
  result<std::vector<count_by>> inventory_counts() override { return std::vector<count_by>(); }
  result<std::uint64_t> inventory_expired(utc_time /*now*/) override { return 0; }
  result<std::vector<count_by>> inventory_feeds() override { return std::vector<count_by>(); }
  result<lane_memory> memory(const lane_name&) override { return lane_memory(); }
  result<void> for_each_result(run_id id, const std::function<result<void>(const result_row&)>&) override { return no_such_run(id); }
  result<void> for_each_failed(run_id id, const std::function<result<void>(const result_row&)>&) override { return no_such_run(id); }
  result<void> for_each_inventory(const std::function<result<void>(const inventory_row&)>&) override { return {}; }
};

}  // namespace convoke::ledger::postgres
