#include <cstdint>
#include <cstdlib>
#include <string>

#include <convoke/key.hpp>

#include "wire/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static convoke::wire::parser parser;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto got = parser.parse_user(body);
  // What is read is an object id in lower case, and the same again: it becomes a part of paths and keys.
  if (got && convoke::parse_guid(*got) != *got) std::abort();
  if (!got && got.error().code != convoke::errc::protocol) std::abort();
  const auto again = parser.parse_user(body);
  if (again.has_value() != got.has_value() || (got && *again != *got)) std::abort();
  return 0;
}
