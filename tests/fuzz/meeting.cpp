#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static convoke::wire::parser reused;
  // A copy of the exact size: a byte read past the end is seen.
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto got = reused.parse_meeting(body);
  convoke::wire::parser fresh;
  const auto again = fresh.parse_meeting(body);
  // What a parser read before makes no difference.
  if (got.has_value() != again.has_value() || (got && *got != *again)) std::abort();
  if (!got && got.error().code != convoke::errc::protocol) std::abort();
  return 0;
}
