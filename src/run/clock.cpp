#include "run/clock.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/basic_waitable_timer.hpp>

#include "os/clock.hpp"

namespace convoke::run {
namespace {

namespace asio = boost::asio;

// The engine asks for another time after almost every event, mostly for a later one. Asio's timer is touched only for an earlier one: where
// it expires before the requested time, it is set again.
class machine_timer final : public timer {
 public:
  machine_timer(asio::io_context& io, std::function<void()> handler) : state_(std::make_shared<state>(io, std::move(handler))) {}
  ~machine_timer() override { cancel(); }
  machine_timer(const machine_timer&) = delete;
  machine_timer& operator=(const machine_timer&) = delete;

  void expire_at(mono_time when) override {
    state_->requested = when;
    if (!state_->set_to || when < *state_->set_to) state::set(state_, when);
  }
  void cancel() noexcept override {
    state_->requested.reset();
    state_->set_to.reset();
    state_->waits.cancel();
  }

 private:
  // Shared with the wait that is under way: a wait that has expired but was not resumed yet may outlive the timer.
  struct state {
    using asio_timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                                  asio::io_context::executor_type>;
    state(asio::io_context& io, std::function<void()> h) : waits(io.get_executor()), handler(std::move(h)) {}

    static void set(const std::shared_ptr<state>& self, mono_time when) {
      self->set_to = when;
      self->waits.expires_after(std::max(when - os::boot_now(), mono_clock::duration::zero()));
      self->waits.async_wait([self, when](const boost::system::error_code& cancelled) {
        if (!cancelled && self->set_to == when) expired(self);
      });
    }
    static void expired(const std::shared_ptr<state>& self) {
      self->set_to.reset();
      if (!self->requested) return;
      if (*self->requested > os::boot_now()) return set(self, *self->requested);
      self->requested.reset();
      self->handler();
    }

    asio_timer waits;
    std::function<void()> handler;
    std::optional<mono_time> requested;
    std::optional<mono_time> set_to;  // of the wait that is under way
  };
  std::shared_ptr<state> state_;
};

}  // namespace

mono_time machine_clock::now() const noexcept {
  return os::boot_now();
}

utc_time machine_clock::wall_now() const noexcept {
  return os::wall_now();
}

std::unique_ptr<timer> machine_clock::make_timer(std::function<void()> handler) {
  return std::make_unique<machine_timer>(io_, std::move(handler));
}

}  // namespace convoke::run
