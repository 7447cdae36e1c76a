#pragma once

// SIGINT and SIGTERM as numbers that the planning loop can poll and the driver can wait for.

#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

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

}  // namespace convoke::run
