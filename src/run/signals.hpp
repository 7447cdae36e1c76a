#pragma once

// Adapts stop tokens to what the driver polls and listens to. It goes once the driver takes the tokens themselves.

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "run/stop_tokens.hpp"

namespace convoke::run {

class signals {
 public:
  explicit signals(stop_tokens stop) : stop_(std::move(stop)) {}

  // 0: no stop was requested; 1: drain; 2: at once. Any thread.
  [[nodiscard]] int count() const noexcept { return stop_.at_once.stop_requested() ? 2 : stop_.drain.stop_requested() ? 1 : 0; }
  [[nodiscard]] bool raised() const noexcept { return count() > 0; }

  // Called with the count so far, on the io_context's thread, until stop_listening(), which is called on that thread too and before the
  // io_context ends.
  using handler = std::function<void(int count)>;
  void on_signal(boost::asio::io_context& io, handler h) {
    handler_ = std::make_shared<handler>(std::move(h));
    const std::function<void()> post = [this, &io, weak = std::weak_ptr<handler>(handler_)] {
      boost::asio::post(io, [weak, n = count()] {
        if (const auto call = weak.lock()) (*call)(n);
      });
    };
    drain_.emplace(stop_.drain, post);
    at_once_.emplace(stop_.at_once, post);
  }
  void stop_listening() noexcept {
    drain_.reset();
    at_once_.reset();
    handler_.reset();
  }

 private:
  using callback = std::stop_callback<std::function<void()>>;
  stop_tokens stop_;
  std::shared_ptr<handler> handler_;
  std::optional<callback> drain_, at_once_;
};

}  // namespace convoke::run
