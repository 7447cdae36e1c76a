#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/key.hpp>

#include "core/base64.hpp"
#include "token/json.hpp"
#include "token/token.hpp"

namespace convoke::token {

namespace json = boost::json;

std::optional<json::object> claims_of(std::string_view jwt) {
  constexpr std::size_t longest = std::size_t{64} * 1024;
  if (jwt.size() > longest || std::ranges::count(jwt, '.') != 2) return std::nullopt;
  const auto first = jwt.find('.');
  const auto decoded = core::decode_base64(jwt.substr(first + 1, jwt.rfind('.') - first - 1), core::base64_alphabet::url);
  if (!decoded) return std::nullopt;
  return parse_object(*decoded);
}

std::optional<std::string> readable_tenant(std::string_view jwt) {
  const auto claims = claims_of(jwt);
  if (!claims) return std::nullopt;
  return parse_guid(text_of(*claims, "tid"));
}

std::optional<utc_time> readable_expiry(std::string_view jwt) {
  const auto claims = claims_of(jwt);
  if (!claims) return std::nullopt;
  const auto* value = claims->if_contains("exp");
  if (value == nullptr || !value->is_number()) return std::nullopt;
  // RFC 7519 allows fractions of a second. The limit is the end of the year 9999, the last that utc_time can be written for.
  constexpr double last = 253'402'300'799.0;
  const auto number = value->to_number<double>();
  if (!(number >= 0 && number <= last)) return std::nullopt;
  return utc_time{std::chrono::seconds(static_cast<std::int64_t>(number))};
}

}  // namespace convoke::token
