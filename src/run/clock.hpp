#pragma once

// Time as the driver and its lane sessions see it: an interface, so that tests run them in virtual time.

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include <convoke/time.hpp>

namespace convoke::run {

// Calls its handler once for each expiry, on the io_context's thread, from the io_context and never from within a function of this class.
// The handler is not called after the timer's end.
class timer {
 public:
  virtual ~timer() = default;
  // Expire at this time, in place of an earlier request. A time in the past: as soon as possible.
  virtual void expire_at(mono_time when) = 0;
  virtual void cancel() noexcept = 0;
};

class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual mono_time now() const noexcept = 0;
  [[nodiscard]] virtual utc_time wall_now() const noexcept = 0;
  [[nodiscard]] virtual std::unique_ptr<timer> make_timer(std::function<void()> handler) = 0;
};

// The machine's clocks (os/clock.hpp). The io_context must outlive it and its timers.
class machine_clock final : public clock {
 public:
  explicit machine_clock(boost::asio::io_context& io) noexcept : io_(io) {}
  [[nodiscard]] mono_time now() const noexcept override;
  [[nodiscard]] utc_time wall_now() const noexcept override;
  [[nodiscard]] std::unique_ptr<timer> make_timer(std::function<void()> handler) override;

 private:
  boost::asio::io_context& io_;
};

}  // namespace convoke::run
