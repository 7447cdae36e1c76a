#include "run/progress_meter.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine/forecast.hpp"

namespace convoke::run {
namespace {

using namespace std::chrono_literals;

constexpr double short_memory = 2, long_memory = 20;  // s: time constants of the two rates
constexpr double enough = 2;                          // s that must be observed before the observed rate is used
constexpr auto longest_usual_cooldown = 10s;
constexpr auto stalled_after = 30s;  // without a row while the lane is open

}  // namespace

void progress_meter::decayed_rate::add(double elapsed, double n, double time_constant) noexcept {
  const auto keep = std::exp(-elapsed / time_constant);
  seconds = seconds * keep + elapsed;
  rows = rows * keep + n;
}

double progress_meter::decayed_rate::per_second() const noexcept {
  return seconds > 0 ? rows / seconds : 0;
}

progress_meter::progress_meter(std::uint64_t rows, std::uint64_t done, std::uint64_t calls, mono_time now) noexcept
    : calls_left_(calls), began_(now), last_report_(now), last_row_(now) {
  shown_.rows = rows;
  shown_.done = done;
}

void progress_meter::ended(std::uint64_t calls, std::uint64_t rows, mono_time now) noexcept {
  calls_left_ -= std::min(calls, calls_left_);
  shown_.done = std::min(shown_.done + rows, shown_.rows);
  ended_ += rows;
  if (rows > 0) last_row_ = now;
}

void progress_meter::found(std::uint64_t calls_left, mono_time now) noexcept {
  // Rows that other workers held at the start are among `rows` and not among the calls that were left then.
  if (calls_left > calls_left_)
    shown_.rows = std::max(shown_.rows, shown_.done + calls_left);
  else
    shown_.done = std::min(shown_.done + (calls_left_ - calls_left), shown_.rows);
  if (calls_left != calls_left_) last_row_ = now;
  calls_left_ = calls_left;
}

observer::progress progress_meter::report(const engine::counters& numbers, mono_time now, utc_time wall) {
  const auto elapsed = std::chrono::duration<double>(now - last_report_).count();
  const auto rows = static_cast<double>(ended_ - reported_);
  reported_ = ended_;
  last_report_ = now;
  const bool closed = numbers.cooldown_until && *numbers.cooldown_until > now;
  recent_.add(elapsed, rows, short_memory);
  if (closed) last_row_ = std::max(last_row_, *numbers.cooldown_until);
  // Short cooldowns that come again and again belong to the usual rate. One long cooldown says nothing about the time after it.
  const bool in_long_cooldown = closed && (in_long_cooldown_ || *numbers.cooldown_until - now > longest_usual_cooldown);
  if (!in_long_cooldown && !in_long_cooldown_) usual_.add(elapsed, rows, long_memory);
  in_long_cooldown_ = in_long_cooldown;

  auto& p = shown_;
  p.calls = numbers.calls;
  p.throttled = numbers.throttled;
  p.rate = recent_.per_second();
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
  if (calls_left_ > 0 && now - last_row_ >= stalled_after) p.nothing_for = std::chrono::floor<std::chrono::seconds>(now - last_row_);
  const auto observed = usual_.seconds >= enough ? usual_.per_second() : 0.0;
  p.left = p.nothing_for ? std::nullopt : engine::time_left(calls_left_, numbers.rate, observed, wait);
  return p;
}

}  // namespace convoke::run
