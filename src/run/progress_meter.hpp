#pragma once

// Computes what progress reports from what happened so far: rows per second and the time left. Pure: time is an argument.

#include <cstdint>

#include <convoke/job.hpp>

#include "engine/types.hpp"

namespace convoke::run {

class progress_meter {
 public:
  // `calls`: owed at the start.
  progress_meter(std::uint64_t rows, std::uint64_t done, std::uint64_t calls, mono_time now) noexcept;

  // A commit: calls that ended, those of released rows included, and the rows that got an outcome by them.
  void ended(std::uint64_t calls, std::uint64_t rows, mono_time now) noexcept;
  // So many calls are left by now, whoever makes them: rows came since the last count, or others have ended some.
  void found(std::uint64_t calls_left, mono_time now) noexcept;
  // What to report now. Meant to be called at regular intervals: the rates are those since the previous calls.
  [[nodiscard]] observer::progress report(const engine::counters& numbers, mono_time now, utc_time wall);

 private:
  // Rows and seconds, older ones with less weight.
  struct decayed_rate {
    double seconds = 0, rows = 0;
    void add(double elapsed, double n, double time_constant) noexcept;
    [[nodiscard]] double per_second() const noexcept;
  };
  observer::progress shown_;
  std::uint64_t calls_left_;
  std::uint64_t ended_ = 0, reported_ = 0;  // rows that ended since the start; at the latest report
  mono_time began_, last_report_, last_row_;
  bool in_long_cooldown_ = false;
  decayed_rate recent_, usual_;  // of all time; of the time outside long cooldowns
};

}  // namespace convoke::run
