#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static convoke::wire::parser parser;
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto got = parser.parse_error(body);
  for (const auto* text : {&got.code, &got.message, &got.request_id, &got.client_request_id}) {
    // An escape is ten characters at most.
    if (text->size() > 5100) std::abort();
    if (std::ranges::any_of(*text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) std::abort();
  }
  return 0;
}
