#pragma once

// Progress for people: a live line on a terminal, else a plain line per 10 % or 30 s, or JSON lines. Written to stderr.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/job.hpp>

namespace convoke::report {

// tty: one line that is overwritten. plain: a line for each tenth of the rows, or after 30 s. json: a JSON object each second.
enum class progress_style : std::uint8_t { tty, plain, json, none };

class progress_printer {
 public:
  // `to` stays open as long as the printer exists. Nothing is written before show().
  progress_printer(progress_style style, std::FILE* to) : style_(style), to_(to) {}
  // Writes the progress, unless the style says that it is too early for another line. Failed writes are ignored.
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
  bool live_ = false;                       // a line is shown that clear() would erase
  std::uint64_t last_tenth_ = 0;            // of the rows, when the last plain line was written
  std::optional<std::uint64_t> last_done_;  // then
  std::chrono::milliseconds last_shown_{0};
};

// `12 s`, `3 min 20 s`, `2 h 05 min`, `3 days`.
[[nodiscard]] std::string duration_for_people(std::chrono::milliseconds d);
// `1,234,567`.
[[nodiscard]] std::string grouped(std::uint64_t number);
// One line: rows done, rate, throttle state, time left.
[[nodiscard]] std::string progress_line(const observer::progress& p);

}  // namespace convoke::report
