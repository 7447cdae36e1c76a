#pragma once

// The ledger's thread: a queue of jobs. Jobs that change a run are gathered into groups of one commit each, and are settled only when that
// commit is durable. Every other job runs alone, between groups. Jobs run in the order in which they were queued.

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

namespace convoke::ledger {

// One job of a group. apply() runs inside the transaction, settle() after it: with nullptr once it is durable, else with the error.
class grouped_job {
 public:
  virtual ~grouped_job() = default;
  virtual void apply() = 0;
  virtual void settle(const error* failed) = 0;
  [[nodiscard]] virtual std::size_t weight() const noexcept = 0;  // rows
};

struct group_limits {
  std::size_t rows = 1024;                                             // a group is committed as soon as it has so many rows,
  std::chrono::microseconds interval = std::chrono::milliseconds(10);  // or so long after the last commit
};

class worker {
 public:
  // begin and commit run before and after a group, on the thread. An error of either fails the whole group.
  struct transaction {
    std::function<result<void>()> begin, commit;
  };
  worker(transaction frame, group_limits limits);
  ~worker();  // runs every job that is queued first

  void post(std::unique_ptr<grouped_job> job);
  void post(std::move_only_function<void()> alone);
  // Runs it on the thread, after the jobs that were queued before, and waits for it. Not to be called on that thread.
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

}  // namespace convoke::ledger
