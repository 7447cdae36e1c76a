#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.hpp"

// A reader that holds the rows it is given.
struct fake_reader final : convoke::ledger::reader {
  std::vector<convoke::ledger::result_row> results, failures;
  std::vector<convoke::failure_reason> causes;

  convoke::result<std::vector<convoke::ledger::run_info>> runs() override { return {}; }
  convoke::result<std::optional<convoke::ledger::run_info>> run(convoke::ledger::run_id) override { return std::nullopt; }
  convoke::result<std::optional<convoke::ledger::run_info>> last_run() override { return std::nullopt; }
  convoke::result<std::optional<convoke::ledger::run_info>> find(std::string_view) override { return std::nullopt; }
  convoke::result<bool> overtaken(convoke::ledger::run_id) override { return false; }
  convoke::result<bool> any_expires(convoke::ledger::run_id, convoke::utc_time, std::optional<std::chrono::seconds>) override {
    return false;
  }
  convoke::result<convoke::ledger::run_status> status(convoke::ledger::run_id) override { return {}; }
  convoke::result<std::vector<convoke::failure_reason>> reasons(convoke::ledger::run_id, std::size_t) override { return causes; }
  convoke::result<std::vector<convoke::ledger::count_by>> updates(convoke::ledger::run_id) override { return {}; }
  convoke::result<std::vector<convoke::ledger::count_by>> inventory_counts() override { return {}; }
  convoke::result<std::uint64_t> inventory_expired(convoke::utc_time) override { return 0; }
  convoke::result<std::vector<convoke::ledger::count_by>> inventory_feeds() override { return {}; }
  convoke::result<convoke::ledger::lane_memory> memory(const convoke::ledger::lane_name&) override { return {}; }
  convoke::result<void> for_each_inventory(const std::function<convoke::result<void>(const convoke::ledger::inventory_row&)>&) override {
    return {};
  }
  convoke::result<void> for_each_result(convoke::ledger::run_id,
                                        const std::function<convoke::result<void>(const convoke::ledger::result_row&)>& to) override {
    for (const auto& row : results)
      if (const auto taken = to(row); !taken) return taken;
    return {};
  }
  convoke::result<void> for_each_failed(convoke::ledger::run_id,
                                        const std::function<convoke::result<void>(const convoke::ledger::result_row&)>& to) override {
    for (const auto& row : failures)
      if (const auto taken = to(row); !taken) return taken;
    return {};
  }
};

inline convoke::ledger::run_info run_with(std::string header, std::string dialect = R"({"encoding":"utf-8","bom":false,"delimiter":","})") {
  convoke::ledger::run_info info;
  info.id = 1;
  info.header.header = std::move(header);
  info.header.dialect = std::move(dialect);
  info.header.settings = R"({"external_id":""})";
  info.header.lanes = {{"https://graph.example", "11111111-2222-3333-4444-555555555555", "app"}};
  return info;
}
