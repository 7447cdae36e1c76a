// Times and durations: a time that is read is written, and read alike.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <convoke/spec.hpp>
#include <convoke/time.hpp>

#include "core/civil.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "spec/duration.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto t = convoke::parse_utc(text)) {
    if (convoke::parse_utc(convoke::format_utc(*t)) != *t) std::abort();
    if (!convoke::core::parse_civil(text)) std::abort();
  }
  if (const auto d = convoke::spec::parse_duration(text); d && d->count() < 0) std::abort();
  // Stored specs come from a file that may be damaged.
  if (const auto s = convoke::decode_spec(text); s && convoke::encode_spec(*s) != text) std::abort();
  const std::string shown = convoke::core::escape_for_people(text, 100);
  if (convoke::core::valid_utf8_prefix(shown) != shown.size() || shown.find('\x1b') != std::string::npos) std::abort();
  return 0;
}
