#pragma once

// From what happened so far to what is told of it: rows per second, and the time left. No clock: time is an argument.

#include <cstdint>

#include <convoke/job.hpp>

#include "engine/types.hpp"

namespace convoke::run {

class progress_meter {
 public:
  // `calls`: owed at the start.
  progress_meter(std::uint64_t rows, std::uint64_t done, std::uint64_t calls, mono_time now) noexcept;

  // Committed: calls that ended (those of released rows too) and the rows that got an outcome by them.
  void ended(std::uint64_t calls, std::uint64_t rows, mono_time now) noexcept;
  [[nodiscard]] observer::progress look(const engine::counters& numbers, mono_time now, utc_time wall);

 private:
  struct tally {
    double seconds = 0, rows = 0;
    void add(double elapsed, double n, double memory) noexcept;
    [[nodiscard]] double rate() const noexcept;
  };
  observer::progress shown_;
  std::uint64_t calls_left_;
  std::uint64_t seen_ = 0, looked_ = 0;  // rows that ended since the start; at the last look
  mono_time began_, last_look_, last_row_;
  bool long_closed_ = false;
  tally recent_, usual_;  // all time; the time without long cooldowns
};

}  // namespace convoke::run
