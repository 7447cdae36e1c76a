#include "net/watchdog.hpp"

#include <algorithm>

#include "net/net.hpp"

namespace convoke::net {

boost::asio::execution_context::id watchdog::id;

watchdog::watchdog(boost::asio::execution_context& context)
    : service(context), timer_(std::in_place, static_cast<boost::asio::io_context&>(context).get_executor()) {}

void watchdog::shutdown() {
  timer_.reset();
}

void watchdog::arm(deadline& d, mono_time when) {
  if (d.slot_ == deadline::unarmed) {
    d.slot_ = armed_.size();
    armed_.push_back(&d);
  }
  d.when_ = when;
  if (!waiting_for_ || when < *waiting_for_) wait_until(when);
}

void watchdog::disarm(deadline& d) noexcept {
  if (d.slot_ == deadline::unarmed) return;
  armed_[d.slot_] = armed_.back();
  armed_[d.slot_]->slot_ = d.slot_;
  armed_.pop_back();
  d.slot_ = deadline::unarmed;
  if (armed_.empty() && timer_) {
    waiting_for_.reset();
    timer_->cancel();
  }
}

void watchdog::wait_until(mono_time when) {
  if (!timer_) return;
  waiting_for_ = when;
  timer_->expires_after(std::max(when - boot_now(), mono_clock::duration::zero()));
  timer_->async_wait([this, when](const boost::system::error_code& ec) {
    // A wait that was replaced may already be queued as a success: only the latest one counts.
    if (!ec && waiting_for_ == when) fired();
  });
}

void watchdog::fired() {
  waiting_for_.reset();
  const auto now = boot_now();
  std::vector<deadline*> due;
  for (auto* d : armed_)
    if (d->when_ <= now) due.push_back(d);
  for (auto* d : due) {
    disarm(*d);
    d->expired();
  }
  if (armed_.empty()) return;
  const auto next = std::ranges::min(armed_, {}, [](const deadline* d) { return d->when_; })->when_;
  if (!waiting_for_ || next < *waiting_for_) wait_until(next);
}

}  // namespace convoke::net
