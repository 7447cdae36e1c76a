#include "report/progress.hpp"

#include <fmt/format.h>

#include "files/file.hpp"
#include "report/local_time.hpp"

namespace convoke::report {
namespace {

using namespace std::chrono_literals;

double in_seconds(std::chrono::milliseconds d) {
  return static_cast<double>(d.count()) / 1000;
}

std::uint64_t percent(const observer::progress& p) {
  return p.rows == 0 ? 100 : p.done * 100 / p.rows;
}

}  // namespace

std::string duration_for_people(std::chrono::milliseconds d) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(d).count();
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  if (seconds < 48 * 3600) return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
  return grouped(static_cast<std::uint64_t>(seconds) / 86400) + " days";
}

std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > 0; i -= 3) text.insert(static_cast<std::size_t>(i), 1, ',');
  return text;
}

std::string progress_line(const observer::progress& p) {
  auto line = fmt::format("{} of {} rows ({} %), {:.0f}/s", grouped(p.done), grouped(p.rows), percent(p), p.rate);
  if (p.throttled > 0) line += fmt::format(", throttled {}x", grouped(p.throttled));
  if (p.closed_for) {
    line += fmt::format(", closed by the service for {}", duration_for_people(*p.closed_for));
    if (p.closed_until && *p.closed_for >= 1min)
      line += fmt::format(" (until {})", local_minute(*p.closed_until, *p.closed_until - *p.closed_for));
  }
  if (p.done >= p.rows) return line;
  if (p.nothing_for) line += fmt::format(", no row has ended for {}", duration_for_people(*p.nothing_for));
  if (p.learning && !p.closed_for) line += ", still finding the limit";
  if (p.left) line += fmt::format(", about {} left", duration_for_people(*p.left));
  return line;
}

void progress_printer::show(const observer::progress& p) {
  switch (style_) {
    case progress_style::tty:
      return show_live(p);
    case progress_style::plain:
      return show_plain(p);
    case progress_style::json:
      return show_json(p);
    case progress_style::none:
      return;
  }
}

// Progress that cannot be written is dropped: a full disk or a closed pipe must not end a run.
void progress_printer::write(std::string_view text) {
  std::fflush(to_);
  static_cast<void>(files::write_all(::fileno(to_), text));
}

void progress_printer::show_live(const observer::progress& p) {
  // The rest of the line is erased after writing: before it, the line would flicker.
  write(fmt::format("\r{}\x1b[K", progress_line(p)));
  live_ = true;
}

void progress_printer::show_plain(const observer::progress& p) {
  const auto tenth = percent(p) / 10;
  if (tenth == last_tenth_ && p.elapsed - last_shown_ < 30s) return;
  // A worker that waits for more rows says nothing until some come.
  if (p.done >= p.rows && p.done == last_done_) return;
  last_done_ = p.done;
  last_tenth_ = tenth;
  last_shown_ = p.elapsed;
  write(progress_line(p) + "\n");
}

void progress_printer::show_json(const observer::progress& p) {
  if (p.elapsed - last_shown_ < 1s) return;
  last_shown_ = p.elapsed;
  write(fmt::format(
      R"({{"progress":{{"rows":{},"done":{},"calls":{},"calls_left":{},"throttled":{},"rate":{:.2f},"pace":{:.2f},"learning":{},)"
      R"("closed_for_s":{:.1f},"left_s":{},"elapsed_s":{:.1f}}}}})"
      "\n",
      p.rows, p.done, p.calls, p.calls_left, p.throttled, p.rate, p.pace, p.learning, p.closed_for ? in_seconds(*p.closed_for) : 0.0,
      p.left ? fmt::format("{:.1f}", in_seconds(*p.left)) : "null", in_seconds(p.elapsed)));
}

void progress_printer::clear() {
  if (!live_) return;
  write("\r\x1b[K");
  live_ = false;
}

}  // namespace convoke::report
