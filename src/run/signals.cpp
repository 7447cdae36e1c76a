#include "run/signals.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>

namespace convoke::run {

signals::signals(boost::asio::io_context& io) : io_(io), set_(io, SIGINT, SIGTERM) {
  wait();
}

bool signals::poll() {
  io_.poll();
  return count_ > 0;
}

void signals::wait() {
  set_.async_wait([this](const boost::system::error_code& failed, int number) {
    if (failed) return;
    if (count_++ == 0) first_ = number;
    if (handler_) handler_(count_);
    wait();
  });
}

writing_signals::writing_signals(const signals& before)
    : set_(io_, SIGINT, SIGTERM), deadline_(io_), count_(before.count()), first_(before.first()), thread_([this] {
        wait();
        io_.run();
      }) {}

writing_signals::~writing_signals() {
  io_.stop();
  thread_.join();
}

void writing_signals::wait() {
  set_.async_wait([this](const boost::system::error_code& failed, int number) {
    if (failed) return;
    if (count_++ == 0) first_ = number;
    if (first_new_.load() == 0) first_new_.store(number);
    deadline_.expires_after(count_ == 1 ? std::chrono::seconds(25) : std::chrono::seconds(1));
    deadline_.async_wait([code = 128 + first_](const boost::system::error_code& cancelled) {
      // Whatever is half written has no name yet.
      if (!cancelled) std::_Exit(code);
    });
    wait();
  });
}

}  // namespace convoke::run
