#pragma once

// The ledger's thread: a queue of jobs. Jobs that change a run are gathered into groups, one commit each, and hear about it only
// when that commit is durable. Everything else runs alone, between groups.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <convoke/error.hpp>

namespace convoke::ledger::sqlite {

// One job of a group. apply() runs inside the transaction, settle() after it: with nullptr once it is durable, else with the error.
class grouped_job {
 public:
  virtual ~grouped_job() = default;
  virtual void apply() = 0;
  virtual void settle(const error* failed) = 0;
  [[nodiscard]] virtual std::size_t weight() const noexcept = 0;  // rows
};

struct group_limits {
  std::size_t rows = 1024;                                             // a group is committed as soon as it has so many,
  std::chrono::microseconds interval = std::chrono::milliseconds(10);  // or when the last commit is so long ago
};

class worker {
 public:
  // begin and commit frame a group; both run on the thread. An error of either fails the whole group.
  struct transaction {
    std::function<result<void>()> begin, commit;
  };
  worker(transaction frame, group_limits limits);
  ~worker();  // everything queued is done first

  void post(std::unique_ptr<grouped_job> job);
  void post(std::move_only_function<void()> alone);
  // Runs it on the thread, after all that was queued before, and waits for it. Never from the thread itself.
  void call(std::move_only_function<void()> alone);

 private:
  using clock = std::chrono::steady_clock;
  struct item {
    std::unique_ptr<grouped_job> grouped;
    std::move_only_function<void()> alone;
  };

  void run();
  void run_group(item first);
  bool next_of_group(std::size_t weight, item& out);
  void push(item job);

  transaction frame_;
  group_limits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<item> queue_;
  bool stopping_ = false;
  clock::time_point last_commit_{};
  std::thread thread_;
};

}  // namespace convoke::ledger::sqlite
