#pragma once

// SIGINT and SIGTERM as numbers that the planning loop can poll and the driver can wait for.

#include <atomic>
#include <functional>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace convoke::run {

class signals {
 public:
  explicit signals(boost::asio::io_context& io);

  // Lets handlers run without blocking; true once a signal came.
  [[nodiscard]] bool poll();
  [[nodiscard]] int count() const noexcept { return count_; }
  // The first signal's number, 0 for none.
  [[nodiscard]] int first() const noexcept { return first_; }
  // Called with the count so far, on the io_context's thread. Pass {} to stop listening.
  void on_signal(std::function<void(int count)> handler) { handler_ = std::move(handler); }

 private:
  void wait();

  boost::asio::io_context& io_;
  boost::asio::signal_set set_;
  std::function<void(int)> handler_;
  int count_ = 0;
  int first_ = 0;
};

// The same while files are written from the ledger, where everything is saved already. A writer asks interrupted() now and then; one that
// is stuck in a pipe nobody reads cannot, so the process is left 25 s after a first signal and 1 s after a second.
class writing_signals {
 public:
  // `before`: how many came until now, and the first of them.
  explicit writing_signals(const signals& before);
  ~writing_signals();
  writing_signals(const writing_signals&) = delete;
  writing_signals& operator=(const writing_signals&) = delete;

  [[nodiscard]] bool interrupted() const noexcept { return first_new_.load() != 0; }
  // The first signal that came since, 0 for none.
  [[nodiscard]] int first_new() const noexcept { return first_new_.load(); }

 private:
  void wait();

  boost::asio::io_context io_{1};
  boost::asio::signal_set set_;
  boost::asio::steady_timer deadline_;
  int count_, first_;
  std::atomic<int> first_new_ = 0;
  std::thread thread_;
};

}  // namespace convoke::run
