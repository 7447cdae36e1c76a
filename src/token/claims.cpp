#include "token/claims.hpp"

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

namespace {

std::optional<utc_time> expiry_in(const json::object& claims) {
  const auto* value = claims.if_contains("exp");
  if (value == nullptr || !value->is_number()) return std::nullopt;
  // RFC 7519 allows fractions of a second. The limit is the end of the year 9999, the last that utc_time can be written for.
  constexpr double last = 253'402'300'799.0;
  const auto number = value->to_number<double>();
  if (!(number >= 0 && number <= last)) return std::nullopt;
  return utc_time{std::chrono::seconds(static_cast<std::int64_t>(number))};
}

constexpr std::size_t most_entries = 200;

std::vector<std::string> strings_of(const json::object& claims, std::string_view name) {
  std::vector<std::string> out;
  const auto* list = claims.if_contains({name.data(), name.size()});
  if (list == nullptr || !list->is_array()) return out;
  for (const auto& one : list->get_array())
    if (one.is_string() && out.size() < most_entries) out.emplace_back(one.get_string().data(), one.get_string().size());
  return out;
}

// Separated by blanks (RFC 6749, section 3.3).
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  while (out.size() < most_entries) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) break;
    const auto end = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

}  // namespace

std::optional<utc_time> readable_expiry(std::string_view jwt) {
  const auto claims = claims_of(jwt);
  return claims ? expiry_in(*claims) : std::nullopt;
}

std::optional<claims> read_claims(std::string_view jwt) {
  const auto from = claims_of(jwt);
  if (!from) return std::nullopt;
  claims out;
  out.audience = text_of(*from, "aud");
  out.tenant = text_of(*from, "tid");
  out.app = text_of(*from, from->contains("appid") ? "appid" : "azp");
  out.principal = text_of(*from, "oid");
  out.roles = strings_of(*from, "roles");
  out.scopes = words_of(text_of(*from, "scp"));
  out.expires = expiry_in(*from);
  return out;
}

}  // namespace convoke::token
