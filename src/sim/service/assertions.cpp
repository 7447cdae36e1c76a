#include "sim/service/assertions.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

// Entra allows clocks to differ by some minutes.
constexpr seconds tolerance = std::chrono::minutes(5);
constexpr seconds longest_life = std::chrono::hours(24);

// base64url without padding; nullopt for anything else.
std::optional<std::string> decode_part(std::string_view part) {
  if (part.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string text(part);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return decode_base64(text);
}

std::string_view text_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

std::optional<seconds> time_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains({name.data(), name.size()});
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return seconds(value->get_int64());
}

struct parsed_jwt {
  json::object header, claims;
  std::string_view signed_part;
  std::string signature;
};

std::optional<parsed_jwt> parse(std::string_view jwt) {
  constexpr std::size_t longest = 16 * 1024;
  if (jwt.size() > longest || std::ranges::count(jwt, '.') != 2) return std::nullopt;
  const auto first = jwt.find('.'), last = jwt.rfind('.');
  const auto header = decode_part(jwt.substr(0, first)), claims = decode_part(jwt.substr(first + 1, last - first - 1));
  auto signature = decode_part(jwt.substr(last + 1));
  if (!header || !claims || !signature) return std::nullopt;
  boost::system::error_code bad, worse;
  auto a = json::parse(*header, bad), b = json::parse(*claims, worse);
  if (bad || worse || !a.is_object() || !b.is_object()) return std::nullopt;
  return parsed_jwt{std::move(a.get_object()), std::move(b.get_object()), jwt.substr(0, last), std::move(*signature)};
}

bool verifies(const parsed_jwt& of, const public_key& key, bool pss) {
  return key.verifies(of.signed_part, of.signature, pss);
}

std::optional<assertion_problem> refuse(int number, std::string text) {
  return assertion_problem{number, std::move(text)};
}

}  // namespace

struct assertion_checker::impl {
  trusted_keys keys;
  std::map<std::string, seconds, std::less<>> seen;  // jti and when it may be forgotten

  [[nodiscard]] const trusted_certificate* named_by(const parsed_jwt& jwt) const;
  [[nodiscard]] static std::optional<assertion_problem> check_times(const parsed_jwt& jwt, seconds now);
  std::optional<assertion_problem> check_certificate(const parsed_jwt& jwt, std::string_view client_id,
                                                     const std::vector<std::string>& audiences, seconds now);
  [[nodiscard]] std::optional<assertion_problem> check_provider(const parsed_jwt& jwt, seconds now) const;
};

const trusted_certificate* assertion_checker::impl::named_by(const parsed_jwt& jwt) const {
  const bool pss = text_of(jwt.header, "alg") == "PS256";
  const auto name = text_of(jwt.header, pss ? "x5t#S256" : "x5t");
  const auto digest = decode_part(name);
  if (name.empty() || !digest) return nullptr;
  const auto found = std::ranges::find(keys.certificates, *digest, pss ? &trusted_certificate::sha256 : &trusted_certificate::sha1);
  return found == keys.certificates.end() ? nullptr : &*found;
}

std::optional<assertion_problem> assertion_checker::impl::check_times(const parsed_jwt& jwt, seconds now) {
  const auto from = time_of(jwt.claims, "nbf"), to = time_of(jwt.claims, "exp");
  if (!to) return refuse(50027, "JWT token is invalid or malformed: the claim exp is missing.");
  if ((from && *from > now + tolerance) || *to < now - tolerance || (from && *to - *from > longest_life))
    return refuse(700024, fmt::format("Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, "
                                      "expiry time of assertion {}.",
                                      now.count(), from.value_or(seconds(0)).count(), to->count()));
  return std::nullopt;
}

std::optional<assertion_problem> assertion_checker::impl::check_certificate(const parsed_jwt& jwt, std::string_view client_id,
                                                                            const std::vector<std::string>& audiences, seconds now) {
  const auto algorithm = text_of(jwt.header, "alg");
  if (algorithm != "PS256" && algorithm != "RS256")
    return refuse(50027, "JWT token is invalid or malformed: its algorithm is neither PS256 nor RS256.");
  const auto* by = named_by(jwt);
  if (by == nullptr)
    return refuse(700027, "The certificate with identifier used to sign the client assertion is not registered on application.");
  if (now < by->from.time_since_epoch() || now > by->to.time_since_epoch())
    return refuse(700027, fmt::format("Client assertion contains an invalid signature. [Reason - {}., Found key 'Start={}, End={}']",
                                      now > by->to.time_since_epoch() ? "The key used is expired" : "The key used is not yet valid",
                                      format_utc(by->from), format_utc(by->to)));
  if (!verifies(jwt, *by->key, algorithm == "PS256")) return refuse(700027, "Client assertion failed signature validation.");
  if (!same_ignoring_case(text_of(jwt.claims, "iss"), client_id) || !same_ignoring_case(text_of(jwt.claims, "sub"), client_id))
    return refuse(700021, "Client assertion application identifier doesn't match 'client_id' parameter.");
  if (std::ranges::none_of(audiences, [&](const std::string& one) { return text_of(jwt.claims, "aud") == one; }))
    return refuse(700023, "Client assertion audience claim does not match Realm issuer.");
  if (auto late = check_times(jwt, now)) return late;
  const auto id = text_of(jwt.claims, "jti");
  if (id.empty()) return refuse(50027, "JWT token is invalid or malformed: the claim jti is missing.");
  std::erase_if(seen, [now](const auto& one) { return one.second < now; });
  if (!seen.emplace(id, *time_of(jwt.claims, "exp") + tolerance).second)
    return refuse(50027, "JWT token is invalid or malformed: the assertion was used before (jti).");
  return std::nullopt;
}

std::optional<assertion_problem> assertion_checker::impl::check_provider(const parsed_jwt& jwt, seconds now) const {
  const auto issuer = text_of(jwt.claims, "iss"), subject = text_of(jwt.claims, "sub"), audience = text_of(jwt.claims, "aud");
  const auto matches = [](auto member, std::string_view value) {
    return [=](const trusted_provider& p) { return p.terms.*member == value; };
  };
  std::vector<const trusted_provider*> left;
  for (const auto& p : keys.providers) left.push_back(&p);
  const auto keep = [&left](auto matching) {
    std::erase_if(left, [&](const trusted_provider* p) { return !matching(*p); });
    return !left.empty();
  };
  if (!keep(matches(&federated_credential::issuer, issuer)))
    return refuse(700211, fmt::format("No matching federated identity record found for presented assertion issuer '{}'.", issuer));
  if (!keep(matches(&federated_credential::audience, audience)))
    return refuse(700212, fmt::format("No matching federated identity record found for presented assertion audience '{}'.", audience));
  if (!keep(matches(&federated_credential::subject, subject)))
    return refuse(700213, fmt::format("No matching federated identity record found for presented assertion subject '{}'.", subject));
  if (text_of(jwt.header, "alg") != "RS256" || !verifies(jwt, *left.front()->key, false))
    return refuse(50013, "Assertion failed signature validation.");
  return check_times(jwt, now);
}

assertion_checker::assertion_checker(trusted_keys keys) : impl_(std::make_unique<impl>()) {
  impl_->keys = std::move(keys);
}
assertion_checker::assertion_checker(assertion_checker&&) noexcept = default;
assertion_checker& assertion_checker::operator=(assertion_checker&&) noexcept = default;
assertion_checker::~assertion_checker() = default;

std::optional<assertion_problem> assertion_checker::check(std::string_view jwt, std::string_view client_id,
                                                          const std::vector<std::string>& audiences, utc_time now) {
  const auto read = parse(jwt);
  if (!read) return refuse(50027, "JWT token is invalid or malformed.");
  const auto at = std::chrono::floor<seconds>(now).time_since_epoch();
  const bool own = read->header.contains("x5t") || read->header.contains("x5t#S256");
  return own ? impl_->check_certificate(*read, client_id, audiences, at) : impl_->check_provider(*read, at);
}

}  // namespace convoke::sim
