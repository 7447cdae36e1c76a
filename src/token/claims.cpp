#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/key.hpp>

#include "token/json.hpp"
#include "token/token.hpp"

namespace convoke::token {

namespace {

namespace json = boost::json;

int value_of(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  if (c == '_') return 63;
  return -1;
}

std::optional<std::string> decode_base64url(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(static_cast<unsigned char>((bits >> count) & 0xFFU));
  }
  return out;
}

std::optional<json::object> payload(std::string_view jwt) {
  constexpr std::size_t longest = std::size_t{64} * 1024;
  if (jwt.size() > longest || std::ranges::count(jwt, '.') != 2) return std::nullopt;
  const auto first = jwt.find('.');
  const auto decoded = decode_base64url(jwt.substr(first + 1, jwt.rfind('.') - first - 1));
  if (!decoded) return std::nullopt;
  return parse_object(*decoded);
}

}  // namespace

std::optional<std::string> readable_tenant(std::string_view jwt) {
  const auto claims = payload(jwt);
  if (!claims) return std::nullopt;
  return parse_guid(text_of(*claims, "tid"));
}

std::optional<utc_time> readable_expiry(std::string_view jwt) {
  const auto claims = payload(jwt);
  if (!claims) return std::nullopt;
  const auto* value = claims->if_contains("exp");
  if (value == nullptr || !value->is_number()) return std::nullopt;
  // RFC 7519 allows fractions. Up to the end of the year 9999.
  constexpr double last = 253'402'300'799.0;
  const auto number = value->to_number<double>();
  if (!(number >= 0 && number <= last)) return std::nullopt;
  return utc_time{std::chrono::seconds(static_cast<std::int64_t>(number))};
}

}  // namespace convoke::token
