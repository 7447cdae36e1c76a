#pragma once

// Deadlines of everything that runs in one io_context, under one timer. A timer of its own would cost each exchange an entry in the
// timer queue; here arming is a push_back, and the timer is touched only when the earliest deadline moves forward.

#include <cstddef>
#include <optional>
#include <vector>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include <convoke/time.hpp>

namespace convoke::net {

// An operation with a deadline. `expired` is called once, on the io_context's thread, and must not destroy the object.
class deadline {
 public:
  deadline() = default;
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

  virtual void expired() noexcept = 0;

 protected:
  ~deadline() = default;

 private:
  friend class watchdog;
  static constexpr std::size_t unarmed = static_cast<std::size_t>(-1);
  mono_time when_{};
  std::size_t slot_ = unarmed;
};

// Found with asio::use_service. The io_context has no work from it while nothing is armed.
class watchdog final : public boost::asio::execution_context::service {
 public:
  using key_type = watchdog;
  static boost::asio::execution_context::id id;

  explicit watchdog(boost::asio::execution_context& context);

  void arm(deadline& d, mono_time when);
  void disarm(deadline& d) noexcept;

 private:
  using timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>,
                                                  boost::asio::io_context::executor_type>;
  void shutdown() override;
  void wait_until(mono_time when);
  void fired();

  std::optional<timer> timer_;
  std::vector<deadline*> armed_;
  std::optional<mono_time> waiting_for_;
};

}  // namespace convoke::net
