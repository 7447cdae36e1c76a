#include "token/assertion.hpp"

#include <chrono>

#include <boost/json.hpp>

#include "core/base64.hpp"

namespace convoke::token {
namespace {

namespace json = boost::json;

constexpr std::chrono::minutes lifetime{10};

json::string_view text(std::string_view from) noexcept {
  return {from.data(), from.size()};
}

}  // namespace

std::string signing_input(const assertion_terms& of) {
  const bool pss = of.algorithm == signature_algorithm::ps256;
  std::string thumbprint;
  core::append_base64url(thumbprint, of.thumbprint);
  const json::object header{{"alg", pss ? "PS256" : "RS256"}, {"typ", "JWT"}, {pss ? "x5t#S256" : "x5t", text(thumbprint)}};
  const auto now = std::chrono::floor<std::chrono::seconds>(of.now).time_since_epoch().count();
  const json::object claims{{"aud", text(of.audience)},
                            {"iss", text(of.client_id)},
                            {"sub", text(of.client_id)},
                            {"jti", text(of.id)},
                            {"nbf", now},
                            {"iat", now},
                            {"exp", now + std::chrono::seconds(lifetime).count()}};
  std::string out;
  core::append_base64url(out, json::serialize(header));
  out += '.';
  core::append_base64url(out, json::serialize(claims));
  return out;
}

}  // namespace convoke::token
