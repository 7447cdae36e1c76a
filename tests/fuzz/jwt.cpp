#include <cstdint>
#include <cstdlib>
#include <string>

#include <convoke/key.hpp>

#include "token/claims.hpp"
#include "token/token.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string token(reinterpret_cast<const char*>(data), size);
  const auto tenant = convoke::token::readable_tenant(token);
  if (tenant && convoke::parse_guid(*tenant) != tenant) std::abort();
  const auto expiry = convoke::token::readable_expiry(token);
  if (expiry && convoke::parse_utc(convoke::format_utc(*expiry)) != expiry) std::abort();
  const auto claims = convoke::token::read_claims(token);
  if (claims && claims->expires != expiry) std::abort();
  if (tenant && (!claims || convoke::parse_guid(claims->tenant) != tenant)) std::abort();
  if (claims && (claims->roles.size() > 200 || claims->scopes.size() > 200)) std::abort();
  return 0;
}
