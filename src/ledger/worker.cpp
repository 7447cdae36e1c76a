#include "ledger/worker.hpp"

#include <future>
#include <utility>

namespace convoke::ledger {

worker::worker(transaction frame, group_limits limits) : frame_(std::move(frame)), limits_(limits) {
  thread_ = std::thread([this] { run(); });
}

worker::~worker() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void worker::push(item job) {
  bool waiting = false;
  {
    const std::scoped_lock lock(mutex_);
    waiting = queue_.empty();
    queue_.push_back(std::move(job));
  }
  if (waiting) changed_.notify_one();
}

void worker::post(std::unique_ptr<grouped_job> job) {
  push({.grouped = std::move(job), .alone = {}});
}

void worker::post(std::move_only_function<void()> alone) {
  push({.grouped = {}, .alone = std::move(alone)});
}

void worker::call(std::move_only_function<void()> alone) {
  // The job owns the promise: it is last used on the thread.
  std::promise<void> done;
  const auto over = done.get_future();
  post([&alone, moved = std::move(done)]() mutable {
    alone();
    moved.set_value();
  });
  over.wait();
}

void worker::run() {
  for (;;) {
    item job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    if (job.grouped) {
      run_group(std::move(job));
    } else {
      job.alone();
    }
  }
}

// A slow run commits each job at once, because its last commit was long ago; a fast one gathers rows up to one of the limits.
bool worker::next_of_group(std::size_t weight, item& out) {
  std::unique_lock lock(mutex_);
  if (weight >= limits_.rows) return false;
  const auto more = [this] { return stopping_ || !queue_.empty(); };
  if (!changed_.wait_until(lock, last_commit_ + limits_.interval, more)) return false;
  if (queue_.empty() || !queue_.front().grouped) return false;
  out = std::move(queue_.front());
  queue_.pop_front();
  return true;
}

void worker::run_group(item first) {
  std::vector<std::unique_ptr<grouped_job>> group;
  auto state = frame_.begin();
  std::size_t weight = 0;
  item job = std::move(first);
  do {
    if (state) job.grouped->apply();
    weight += job.grouped->weight();
    group.push_back(std::move(job.grouped));
  } while (next_of_group(weight, job));
  if (state) state = frame_.commit();
  last_commit_ = clock::now();
  for (const auto& done : group) done->settle(state ? nullptr : &state.error());
}

}  // namespace convoke::ledger
