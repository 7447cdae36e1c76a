#pragma once

// Progress for people: a live line on a terminal, else a plain line per 10 % or 30 s, or JSON lines. Written to stderr.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <convoke/job.hpp>

namespace convoke::report {

enum class progress_style : std::uint8_t { tty, plain, json, none };

class progress_printer {
 public:
  progress_printer(progress_style style, std::FILE* to) : style_(style), to_(to) {}
  void show(const observer::progress& p);
  // Erases a live line, so that other text can be written.
  void clear();

 private:
  void write(std::string_view text);
  void show_live(const observer::progress& p);
  void show_plain(const observer::progress& p);
  void show_json(const observer::progress& p);

  progress_style style_;
  std::FILE* to_;
  bool live_ = false;
  std::uint64_t last_tenth_ = 0;
  std::chrono::milliseconds last_shown_{0};
};

// `12 s`, `3 min 20 s`, `2 h 05 min`, `3 days`.
[[nodiscard]] std::string duration_for_people(std::chrono::milliseconds d);
// `1,234,567`.
[[nodiscard]] std::string grouped(std::uint64_t number);
// One line: rows done, rate, throttle state, time left.
[[nodiscard]] std::string progress_line(const observer::progress& p);

}  // namespace convoke::report
