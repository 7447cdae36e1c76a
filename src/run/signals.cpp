#include "run/signals.hpp"

#include <csignal>

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

}  // namespace convoke::run
