#pragma once

// What callers see of a plan: it hands rows to the ledger's thread, so that the caller parses while the ledger stores.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ledger/ledger.hpp"
#include "ledger/sqlite/plan.hpp"

namespace convoke::ledger::sqlite {

class sqlite_store;

class sqlite_plan_builder final : public plan_builder {
 public:
  sqlite_plan_builder(sqlite_store& store, std::unique_ptr<plan> core) : store_(store), core_(std::move(core)) {}
  ~sqlite_plan_builder() override;

  result<void> add_rows(std::vector<planned_row> rows) override;
  result<plan_summary> classify(utc_time now) override;
  result<void> for_each_rejected(const std::function<void(std::uint32_t, std::string_view, std::string_view)>& f) override;
  result<run_id> commit(bool open) override;

 private:
  void take(const std::vector<planned_row>& rows, std::size_t size);
  struct rejected_row {
    std::uint32_t number, line;
    std::string raw, why;
  };
  template <class T>
  [[nodiscard]] result<T> on_thread(const std::function<result<T>()>& f);

  sqlite_store& store_;
  std::unique_ptr<plan> core_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::size_t queued_ = 0;        // bytes that were handed over and are not stored yet
  std::optional<error> failure_;  // the first one; nothing else is done after it
};

}  // namespace convoke::ledger::sqlite
