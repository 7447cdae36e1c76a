#include "run/progress_meter.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine/forecast.hpp"

namespace convoke::run {
namespace {

using namespace std::chrono_literals;

constexpr double short_memory = 2, long_memory = 20;  // s
constexpr double enough = 2;                          // s, before what was seen says anything
constexpr auto short_cooldown = 10s;
constexpr auto patience = 30s;  // without a row, in an open lane

}  // namespace

void progress_meter::tally::add(double elapsed, double n, double memory) noexcept {
  const auto keep = std::exp(-elapsed / memory);
  seconds = seconds * keep + elapsed;
  rows = rows * keep + n;
}

double progress_meter::tally::rate() const noexcept {
  return seconds > 0 ? rows / seconds : 0;
}

progress_meter::progress_meter(std::uint64_t rows, std::uint64_t done, std::uint64_t calls, mono_time now) noexcept
    : calls_left_(calls), began_(now), last_look_(now), last_row_(now) {
  shown_.rows = rows;
  shown_.done = done;
}

void progress_meter::ended(std::uint64_t calls, std::uint64_t rows, mono_time now) noexcept {
  calls_left_ -= std::min(calls, calls_left_);
  shown_.done = std::min(shown_.done + rows, shown_.rows);
  seen_ += rows;
  if (rows > 0) last_row_ = now;
}

observer::progress progress_meter::look(const engine::counters& numbers, mono_time now, utc_time wall) {
  const auto elapsed = std::chrono::duration<double>(now - last_look_).count();
  const auto rows = static_cast<double>(seen_ - looked_);
  looked_ = seen_;
  last_look_ = now;
  const bool closed = numbers.cooldown_until && *numbers.cooldown_until > now;
  recent_.add(elapsed, rows, short_memory);
  if (closed) last_row_ = std::max(last_row_, *numbers.cooldown_until);
  // A service that throttles every few seconds is as fast as it is with its cooldowns; one long cooldown says nothing of what comes after
  // it.
  const bool long_closed = closed && (long_closed_ || *numbers.cooldown_until - now > short_cooldown);
  if (!long_closed && !long_closed_) usual_.add(elapsed, rows, long_memory);
  long_closed_ = long_closed;

  auto& p = shown_;
  p.calls = numbers.calls;
  p.throttled = numbers.throttled;
  p.rate = recent_.rate();
  p.pace = numbers.rate;
  p.learning = numbers.learning;
  p.calls_left = calls_left_;
  p.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
  const auto wait = closed ? *numbers.cooldown_until - now : 0ns;
  p.closed_for.reset();
  p.closed_until.reset();
  if (closed) {
    p.closed_for = std::chrono::ceil<std::chrono::milliseconds>(wait);
    p.closed_until = wall + std::chrono::ceil<ticks>(wait);
  }
  p.nothing_for.reset();
  if (now - last_row_ >= patience) p.nothing_for = std::chrono::floor<std::chrono::seconds>(now - last_row_);
  const auto seen = usual_.seconds >= enough ? usual_.rate() : 0.0;
  p.left = p.nothing_for ? std::nullopt : engine::time_left(calls_left_, numbers.rate, seen, wait);
  return p;
}

}  // namespace convoke::run
