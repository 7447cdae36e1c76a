#pragma once

// What callers see of a plan: it hands rows to the ledger's thread, so that the caller parses while the ledger stores.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/worker.hpp"

namespace convoke::ledger {

// One plan of a store, as one transaction. It is used, and destroyed, on the ledger's thread. Destroyed before its commit it is rolled
// back.
class plan_core {
 public:
  struct rejected_row {
    std::uint32_t number = 0, line = 0;
    std::string_view raw, why;
  };

  virtual ~plan_core() = default;
  [[nodiscard]] virtual result<void> add(const planned_row& row) = 0;
  [[nodiscard]] virtual result<std::uint64_t> add_inventory(utc_time now) = 0;
  [[nodiscard]] virtual result<plan_summary> classify(utc_time now) = 0;
  // Those after the row of this number, in order, until f returns false.
  [[nodiscard]] virtual result<void> for_each_rejected(std::uint32_t after, const std::function<bool(const rejected_row&)>& f) = 0;
  [[nodiscard]] virtual result<run_id> commit(bool open) = 0;
};

class queued_plan_builder final : public plan_builder {
 public:
  // `over` is called once on the ledger's thread, when the plan is committed or destroyed. `on` outlives the builder.
  queued_plan_builder(worker& on, std::unique_ptr<plan_core> core, std::function<void()> over)
      : thread_(on), core_(std::move(core)), over_(std::move(over)) {}
  ~queued_plan_builder() override;

  result<void> add_rows(std::vector<planned_row> rows) override;
  result<std::uint64_t> add_inventory(utc_time now) override;
  result<plan_summary> classify(utc_time now) override;
  result<void> for_each_rejected(const std::function<void(std::uint32_t, std::string_view, std::string_view)>& f) override;
  result<run_id> commit(bool open) override;

 private:
  void end();
  void take(const std::vector<planned_row>& rows, std::size_t size);
  struct rejected_row {
    std::uint32_t number, line;
    std::string raw, why;
  };
  template <class T>
  [[nodiscard]] result<T> on_thread(const std::function<result<T>()>& f);

  worker& thread_;
  std::unique_ptr<plan_core> core_;
  std::function<void()> over_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::size_t queued_ = 0;        // bytes that were handed over and are not stored yet
  std::optional<error> failure_;  // the first one; nothing else is done after it
};

}  // namespace convoke::ledger
