// Times, durations and date formats: a time that is read is written, and read alike.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <convoke/spec.hpp>
#include <convoke/time.hpp>

#include "core/civil.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "spec/date_format.hpp"
#include "spec/duration.hpp"
#include "spec/written_time.hpp"

namespace {

// What core reads is read alike; a reason is never empty; what is read exists.
void read_cells(std::string_view cell, const convoke::spec::date_format* format) {
  using namespace std::chrono;
  using convoke::spec::time_cell;
  if (cell.empty()) return;
  for (const auto wanted : {time_cell::moment, time_cell::day, time_cell::time_of_day}) {
    const auto read = convoke::spec::read_written_time(cell, wanted, format);
    if (!read) {
      if (read.error().empty()) std::abort();
      continue;
    }
    if (!read->date && !read->time) std::abort();
    if (read->offset && !read->time) std::abort();
    if (read->time && (*read->time < seconds{0} || *read->time >= days{1})) std::abort();
    if (const auto usual = convoke::core::parse_civil(cell); usual && !format && *read->date + *read->time != usual->local) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto t = convoke::parse_utc(text)) {
    if (convoke::parse_utc(convoke::format_utc(*t)) != *t) std::abort();
    if (!convoke::core::parse_civil(text)) std::abort();
  }
  if (const auto d = convoke::spec::parse_duration(text); d && d->count() < 0) std::abort();
  if (convoke::spec::why_no_duration(text).empty()) std::abort();
  read_cells(convoke::core::trim(text), nullptr);
  // A format and a cell.
  if (const auto line = text.find('\n'); line != std::string_view::npos) {
    const auto format = convoke::spec::date_format::parse(text.substr(0, line));
    if (format) read_cells(convoke::core::trim(text.substr(line + 1)), &*format);
  }
  // Stored specs come from a file that may be damaged.
  if (const auto s = convoke::decode_spec(text); s && convoke::encode_spec(*s) != text) std::abort();
  const std::string shown = convoke::core::escape_for_people(text, 100);
  if (convoke::core::valid_utf8_prefix(shown) != shown.size() || shown.find('\x1b') != std::string::npos) std::abort();
  return 0;
}
