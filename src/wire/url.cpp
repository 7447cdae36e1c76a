#include <stdexcept>
#include <string>
#include <string_view>

#include <convoke/key.hpp>

#include "wire/wire.hpp"

namespace convoke::wire {

namespace {

bool unreserved(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
      continue;
    }
    const auto b = static_cast<unsigned char>(c);
    out += '%';
    out += digits[b >> 4U];
    out += digits[b & 0xFU];
  }
  return out;
}

std::string create_or_get_path(std::string_view organizer) {
  // Input was checked when it was read. Whatever else comes here is a bug, and must not reach a request line.
  const auto guid = parse_guid(organizer);
  if (!guid) throw std::invalid_argument("create_or_get_path: the organizer is no object id");
  return "/v1.0/users/" + *guid + "/onlineMeetings/createOrGet";
}

}  // namespace convoke::wire
