// Tokens for a person who signs in: the devicecode endpoint, the two grants for users, and the document that says where the endpoints are.
// Written from RFC 8628 and Microsoft's documentation ("OAuth 2.0 device authorization grant flow", "ID token claims reference").

#include <algorithm>

#include <fmt/format.h>

#include "sim/service/text.hpp"
#include "sim/service/tokens.hpp"

namespace convoke::sim {
namespace {

constexpr std::string_view json_lines =
    "Cache-Control: no-store, no-cache\r\nPragma: no-cache\r\nContent-Type: application/json; charset=utf-8\r\n";
constexpr std::string_view needed = "/OnlineMeetings.ReadWrite";

bool has_word(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == wanted) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

std::int64_t whole(double seconds) {
  return static_cast<std::int64_t>(seconds);
}

}  // namespace

// The Graph root of a scope for users; empty where the scope is not known.
std::string token_endpoint::root_of_scope(std::string_view scope) const {
  const auto found =
      std::ranges::find_if(who_.graph_roots, [&](const std::string& root) { return has_word(scope, root + std::string(needed)); });
  return found == who_.graph_roots.end() ? std::string() : *found;
}

void token_endpoint::handle_device_code(std::string_view tenant, const request& q, moment now, reply& into) {
  ++requests_;
  into.clear();
  if (fault(into)) return;
  const auto sent = read_form(q);
  if (!same_ignoring_case(tenant, who_.tenant)) return refuse({400, 90002, "invalid_request", "Tenant not found."}, now, into);
  if (!same_ignoring_case(sent.client_id, who_.client_id))
    return refuse({400, 700016, "unauthorized_client", "Application was not found in the directory."}, now, into);
  if (root_of_scope(sent.scope).empty())
    return refuse({400, 70011, "invalid_scope", "The provided value for the input parameter 'scope' is not valid."}, now, into);
  const auto made = people_.make_offer(now.mono);
  offered_scopes_.emplace(made.device_code, sent.scope);
  const auto url = who_.graph_roots.front() + "/devicelogin";
  into.headers = json_lines;
  into.body = fmt::format(
      R"({{"user_code":"{0}","device_code":"{1}","verification_uri":"{2}","expires_in":{3},"interval":{4},"message":"To sign in, use a web browser to open the page {2} and enter the code {0} to authenticate."}})",
      made.user_code, made.device_code, url, whole(how_.device.lifetime_seconds), whole(how_.device.interval_seconds));
}

std::optional<token_endpoint::problem> token_endpoint::refusal_of_poll(const form& sent, moment now, std::string& user) {
  switch (people_.poll(sent.device_code, now.mono, user)) {
    case sign_ins::verdict::granted:
      break;
    case sign_ins::verdict::pending:
      return problem{400, 70016, "authorization_pending", "OAuth 2.0 device flow error. Authorization is pending. Continue polling."};
    case sign_ins::verdict::slow_down:
      return problem{400, 70016, "slow_down", "OAuth 2.0 device flow error. The requests come too fast."};
    case sign_ins::verdict::denied:
      return problem{400, 70018, "authorization_declined", "The user denied the authorization request."};
    case sign_ins::verdict::expired:
      return problem{400, 70020, "expired_token", "The provided value for the input parameter 'device_code' is not valid: it has expired."};
    case sign_ins::verdict::unknown:
      return problem{400, 70018, "bad_verification_code", "The provided value for the input parameter 'device_code' is not valid."};
  }
  // What Entra finds out only once it knows the user.
  if (how_.device.refusal == 0) return std::nullopt;
  const bool client = how_.device.refusal == 7000218;
  return problem{client ? 401 : 400, how_.device.refusal, client ? "invalid_client" : "invalid_grant", "The sign-in is refused."};
}

void token_endpoint::grant_to_user(const form& sent, moment now, reply& into) {
  std::string user, scope = sent.scope;
  if (sent.grant_type == "refresh_token") {
    if (root_of_scope(scope).empty()) return refuse({400, 70011, "invalid_scope", "The scope is not valid."}, now, into);
    if (!people_.refresh(sent.refresh_token, user))
      return refuse({400, 50173, "invalid_grant", "The provided grant has expired due to it being revoked, a fresh auth token is needed."},
                    now, into);
  } else {
    if (const auto why = refusal_of_poll(sent, now, user)) return refuse(*why, now, into);
    scope = offered_scopes_.find(sent.device_code)->second;
  }
  forget(now.mono);
  auto token = make_token(root_of_scope(scope), who_.client_id, now, user);
  ++issued_;
  const auto seconds = whole(how_.lifetime_seconds);
  into.headers = json_lines;
  into.body = fmt::format(R"({{"token_type":"Bearer","scope":"{}","expires_in":{},"ext_expires_in":{},"access_token":"{}")", scope, seconds,
                          seconds, token);
  if (has_word(scope, "offline_access")) into.body += fmt::format(R"(,"refresh_token":"{}")", people_.make_refresh_token(user));
  if (has_word(scope, "openid")) into.body += fmt::format(R"(,"id_token":"{}")", make_id_token(user, has_word(scope, "profile"), now));
  into.body += '}';
  keep(std::move(token), false, who_.client_id, now, std::move(user));
}

std::string token_endpoint::make_id_token(const std::string& user, bool with_profile, moment now) {
  const auto issued = std::chrono::floor<std::chrono::seconds>(now.wall).time_since_epoch().count();
  std::string token;
  append_base64url(token, R"({"typ":"JWT","alg":"RS256","kid":"c2ltdWxhdGVkLWtleQ"})");
  token += '.';
  append_base64url(token,
                   fmt::format(R"({{"aud":"{}","iss":"{}/{}/v2.0","iat":{},"nbf":{},"exp":{},{}"sub":"{:016x}","tid":"{}","ver":"2.0"}})",
                               who_.client_id, who_.graph_roots.front(), who_.tenant, issued, issued, issued + 3600,
                               with_profile ? fmt::format(R"("oid":"{}",)", user) : std::string(), random_.next(), who_.tenant));
  token += '.';
  std::string signature;
  while (signature.size() < 256) signature += static_cast<char>(random_.next() >> 56);
  append_base64url(token, signature);
  return token;
}

void token_endpoint::handle_configuration(std::string_view tenant, moment now, reply& into) {
  into.clear();
  if (!same_ignoring_case(tenant, who_.tenant)) return refuse({400, 90002, "invalid_tenant", "Tenant not found."}, now, into);
  const auto base = who_.graph_roots.front() + "/" + who_.tenant;
  const auto host = std::string_view(who_.graph_roots.front()).substr(who_.graph_roots.front().find("//") + 2);
  into.headers = json_lines;
  into.body = fmt::format(
      R"({{"issuer":"{0}/v2.0","authorization_endpoint":"{0}/oauth2/v2.0/authorize","token_endpoint":"{0}/oauth2/v2.0/token",)"
      R"("device_authorization_endpoint":"{0}/oauth2/v2.0/devicecode",)"
      R"("jwks_uri":"{0}/discovery/v2.0/keys","response_types_supported":["code","id_token"],"subject_types_supported":["pairwise"],)"
      R"("id_token_signing_alg_values_supported":["RS256"],"token_endpoint_auth_methods_supported":["client_secret_post","private_key_jwt",)"
      R"("client_secret_basic"],"scopes_supported":["openid","profile","email","offline_access"],"tenant_region_scope":"EU",)"
      R"("msgraph_host":"{1}"}})",
      base, host);
}

// No key: the signatures of the tokens are random bytes.
void token_endpoint::handle_keys(reply& into) {
  into.clear();
  into.headers = json_lines;
  into.body = R"({"keys":[]})";
}

}  // namespace convoke::sim
