#include "sim/service/tokens.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

constexpr std::size_t signature_size = 256;  // as RSA-2048 has it
constexpr std::size_t longest_quote = 300;   // of what the caller sent
constexpr auto remembered_after_expiry = std::chrono::hours(1);

std::string decode_form(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced);
}

std::int64_t unix_seconds(utc_time t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}

// What the caller sent need not be UTF-8; the answer must be.
std::string cleaned(std::string_view sent) {
  std::string out(sent.substr(0, longest_quote));
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return out;
}

// Compares all bytes, so that its time does not depend on where the first difference is.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  return difference == 0;
}

}  // namespace

token_endpoint::token_endpoint(const identity& who, const token_options& how, std::uint64_t entropy, assertion_checker assertions)
    : who_(who),
      how_(how),
      assertions_(std::move(assertions)),
      random_(entropy, "tokens", 0, random_source::purpose::token),
      people_(how_.device, entropy) {}

token_endpoint::form token_endpoint::read_form(const request& q) {
  form sent;
  constexpr std::string_view basic = "Basic ";
  if (q.authorization.starts_with(basic)) {
    const auto pair = decode_base64(q.authorization.substr(basic.size())).value_or("");
    const auto colon = pair.find(':');
    sent.client_id = decode_form(std::string_view(pair).substr(0, colon));
    if (colon != std::string::npos) sent.client_secret = decode_form(std::string_view(pair).substr(colon + 1));
  }
  for (std::size_t at = 0; at < q.body.size();) {
    const auto end = std::min(q.body.find('&', at), q.body.size());
    const auto field = q.body.substr(at, end - at);
    const auto equals = field.find('=');
    const auto name = field.substr(0, equals);
    const auto value = equals == std::string_view::npos ? std::string() : decode_form(field.substr(equals + 1));
    if (name == "grant_type") sent.grant_type = value;
    if (name == "client_id") sent.client_id = value;
    if (name == "client_secret") sent.client_secret = value;
    if (name == "scope") sent.scope = value;
    if (name == "client_assertion_type") sent.assertion_type = value;
    if (name == "client_assertion") sent.assertion = value;
    if (name == "device_code") sent.device_code = value;
    if (name == "refresh_token") sent.refresh_token = value;
    at = end + 1;
  }
  return sent;
}

bool token_endpoint::known_scope(std::string_view scope) const {
  return std::ranges::any_of(who_.graph_roots, [&](const std::string& root) { return scope == root + "/.default"; });
}

std::optional<token_endpoint::problem> token_endpoint::refusal_of(std::string_view tenant, const request& q, const form& sent,
                                                                  utc_time now) {
  if (!same_ignoring_case(tenant, who_.tenant))
    return problem{400, 90002, "invalid_request",
                   fmt::format("Tenant '{}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
                               "cloud.",
                               cleaned(tenant))};
  const auto type = q.content_type.substr(0, q.content_type.find(';'));
  if (!same_ignoring_case(type, "application/x-www-form-urlencoded") || sent.grant_type.empty())
    return problem{400, 900144, "invalid_request", "The request body must contain the following parameter: 'grant_type'."};
  if (sent.grant_type != "client_credentials" && !sent.for_user())
    return problem{400, 70003, "unsupported_grant_type", "The app requested an unsupported grant type."};
  if (!same_ignoring_case(sent.client_id, who_.client_id))
    return problem{400, 700016, "unauthorized_client",
                   fmt::format("Application with identifier '{}' was not found in the directory. This can happen if the application has "
                               "not been installed by the administrator of the tenant.",
                               cleaned(sent.client_id))};
  if (sent.for_user()) return std::nullopt;  // its own refusals follow
  if (auto why = refusal_of_credential(sent, now)) return why;
  if (!known_scope(sent.scope))
    return problem{400, 70011, "invalid_scope", "The provided value for the input parameter 'scope' is not valid."};
  return std::nullopt;
}

std::optional<token_endpoint::problem> token_endpoint::refusal_of_credential(const form& sent, utc_time now) {
  constexpr std::string_view bearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
  if (!sent.assertion.empty()) {
    if (sent.assertion_type != bearer)
      return problem{401, 7000215, "invalid_client", fmt::format("The client_assertion_type must be '{}'.", bearer)};
    if (const auto own = exchangeable_.find(sent.assertion); own != exchangeable_.end())
      return who_.managed->trusted ? std::nullopt
                                   : std::optional(problem{401, 700213, "invalid_client",
                                                           "No matching federated identity record found for presented assertion subject '" +
                                                               who_.managed->object_id + "'."});
    std::vector<std::string> audiences;
    for (const auto& root : who_.graph_roots) audiences.push_back(fmt::format("{}/{}/oauth2/v2.0/token", root, who_.tenant));
    const auto why = assertions_.check(sent.assertion, who_.client_id, audiences, now);
    return why ? std::optional(problem{401, why->number, "invalid_client", cleaned(why->text)}) : std::nullopt;
  }
  if (sent.client_secret.empty())
    return problem{401, 7000216, "invalid_client",
                   "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."};
  if (!same_secret(sent.client_secret, who_.client_secret.reveal()))
    return problem{
        401, 7000215, "invalid_client",
        fmt::format("Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
                    "the client secret ID, for a secret added to app '{}'.",
                    cleaned(sent.client_id))};
  return std::nullopt;
}

bool token_endpoint::fault(reply& into) {
  if (how_.fault_rate <= 0 || random_.real() >= how_.fault_rate) return false;
  into.headers = fmt::format("Retry-After: {}\r\n", how_.retry_after);
  if (random_.below(3) == 0) {
    into.status = 503;
    into.headers += "Content-Type: application/json; charset=utf-8\r\n";
    into.body =
        R"({"error":"temporarily_unavailable","error_description":"AADSTS90033: A transient error has occurred. Please try again.","error_codes":[90033]})";
  } else {
    into.status = 429;
    into.headers += "Content-Type: text/plain\r\n";
    into.body = "Too Many Requests";
  }
  return true;
}

void token_endpoint::refuse(const problem& why, moment now, reply& into) {
  const auto trace = random_.guid(), correlation = random_.guid();
  std::string stamp;
  append_plain_time(stamp, now.wall);
  stamp[10] = ' ';
  std::string description;
  append_json_string(description, fmt::format("AADSTS{}: {} Trace ID: {} Correlation ID: {} Timestamp: {}Z", why.number, why.text, trace,
                                              correlation, stamp));
  into.status = why.status;
  into.headers = "Cache-Control: no-store, no-cache\r\nPragma: no-cache\r\nContent-Type: application/json; charset=utf-8\r\n";
  into.body = fmt::format(
      R"({{"error":"{}","error_description":{},"error_codes":[{}],"timestamp":"{}Z","trace_id":"{}","correlation_id":"{}","error_uri":"{}/error?code={}"}})",
      why.error, description, why.number, stamp, trace, correlation, who_.graph_roots.front(), why.number);
}

std::string token_endpoint::make_token(std::string_view audience, std::string_view client_id, moment now, std::string_view user) {
  if (how_.opaque) {
    std::string bytes, opaque;
    while (bytes.size() < signature_size) bytes += static_cast<char>(random_.next() >> 56);
    append_base64url(opaque, bytes);
    return opaque;
  }
  const auto issued = unix_seconds(now.wall);
  std::string roles;
  for (const auto& one : how_.roles) roles += (roles.empty() ? "\"" : ",\"") + one + "\"";
  const std::string_view tenant = how_.tenant.empty() ? who_.tenant : how_.tenant;
  if (!how_.audience.empty()) audience = how_.audience;
  const auto lifetime = static_cast<std::int64_t>(how_.lifetime_seconds);
  const auto caller = user.empty() ? fmt::format(R"("idtyp":"app","oid":"{}","roles":[{}])", random_.guid(), roles)
                                   : fmt::format(R"("idtyp":"user","oid":"{}","scp":"OnlineMeetings.ReadWrite openid profile")", user);
  std::string token;
  append_base64url(token, R"({"typ":"JWT","alg":"RS256","kid":"c2ltdWxhdGVkLWtleQ"})");
  token += '.';
  append_base64url(
      token,
      fmt::format(
          R"({{"aud":"{}","iss":"https://sts.windows.net/{}/","iat":{},"nbf":{},"exp":{},"app_displayname":"convoke","appid":"{}",{},"tid":"{}","uti":"{:016x}","ver":"1.0"}})",
          audience, tenant, issued, issued, issued + lifetime, client_id, caller, tenant, random_.next()));
  token += '.';
  std::string signature;
  while (signature.size() < signature_size) signature += static_cast<char>(random_.next() >> 56);
  append_base64url(token, signature);
  return token;
}

void token_endpoint::keep(std::string token, bool for_exchange, std::string app, moment now, std::string user) {
  const auto expires = now.mono + std::chrono::nanoseconds(static_cast<std::int64_t>(how_.lifetime_seconds * 1e9));
  by_age_.emplace_back(expires, token);
  if (for_exchange)
    exchangeable_.emplace(std::move(token), expires);
  else
    expiry_.emplace(std::move(token), issued_token{.expires = expires, .user = std::move(user), .app = std::move(app)});
}

void token_endpoint::forget(mono_time now) {
  while (!by_age_.empty() && by_age_.front().first + remembered_after_expiry < now) {
    expiry_.erase(by_age_.front().second);
    exchangeable_.erase(by_age_.front().second);
    by_age_.pop_front();
  }
}

void token_endpoint::handle(std::string_view tenant, const request& q, moment now, reply& into) {
  ++requests_;
  into.clear();
  if (fault(into)) return;
  const auto sent = read_form(q);
  if (const auto why = refusal_of(tenant, q, sent, now.wall)) return refuse(*why, now, into);

  if (sent.for_user()) return grant_to_user(sent, now, into);
  forget(now.mono);
  auto token = make_token(std::string_view(sent.scope).substr(0, sent.scope.rfind('/')), who_.client_id, now);
  ++issued_;
  into.headers = "Cache-Control: no-store, no-cache\r\nPragma: no-cache\r\nContent-Type: application/json; charset=utf-8\r\n";
  const auto seconds = static_cast<std::int64_t>(how_.lifetime_seconds);
  into.body = fmt::format(R"({{"token_type":"Bearer","expires_in":{},"ext_expires_in":{},"access_token":"{}"}})", seconds, seconds, token);
  keep(std::move(token), false, who_.client_id, now);
}

token_state token_endpoint::check(std::string_view token, mono_time now) const {
  const auto found = expiry_.find(token);
  if (found == expiry_.end()) return token_state::unknown;
  return now < found->second.expires ? token_state::valid : token_state::expired;
}

std::string_view token_endpoint::user_of(std::string_view token) const {
  const auto found = expiry_.find(token);
  return found == expiry_.end() ? std::string_view() : std::string_view(found->second.user);
}

std::string_view token_endpoint::app_of(std::string_view token) const {
  const auto found = expiry_.find(token);
  return found == expiry_.end() ? std::string_view() : std::string_view(found->second.app);
}

}  // namespace convoke::sim
