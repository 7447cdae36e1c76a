#include "auth/credential.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/redact.hpp"
#include "core/text.hpp"

namespace convoke::auth {
namespace {

namespace asio = boost::asio;

// The tenant becomes a part of the path, so it must not have any other characters than an id or a domain name has.
bool plain_tenant(std::string_view tenant) {
  return !tenant.empty() &&
         std::ranges::all_of(tenant, [](char c) { return core::ascii_letter(c) || core::ascii_digit(c) || c == '-' || c == '.'; });
}

}  // namespace

std::string app_identity::token_url() const {
  return std::string(authority.tls ? "https://" : "http://") + authority.host_header + authority.base_path + "/" + tenant +
         "/oauth2/v2.0/token";
}

result<std::string> oauth_path(const app_identity& app, std::string_view what) {
  if (!plain_tenant(app.tenant)) return fail(errc::usage, "the tenant is neither an id nor a domain name");
  return "/" + app.tenant + "/oauth2/v2.0/" + std::string(what);
}

reply no_answer(const exchanged& ended) {
  // A wrong password for a proxy stays wrong, and directories lock accounts after a few.
  const bool login = ended.what == net::failure::proxy_login;
  const auto code = login ? errc::credentials : ended.what == net::failure::local_resources ? errc::resources : errc::network;
  return {std::unexpected(token::refusal{
              .fatal = login, .retry_after = {}, .message = "no access token: " + ended.message, .doubtful = login, .proxy_login = login}),
          code};
}

reply not_sent(error why, bool fatal) {
  return {std::unexpected(token::refusal{.fatal = fatal, .retry_after = {}, .message = std::move(why.message)}), why.code};
}

asio::awaitable<reply> request_token(token_client& via, const app_identity& app, const secret& form, const secret& hidden) {
  const auto path = oauth_path(app, "token");
  if (!path) co_return not_sent(path.error(), true);
  const secret request = make_token_request(app.authority, *path, {}, form);
  const auto ended = co_await via.exchange(app.authority, request);
  if (ended.nothing()) co_return no_answer(ended);
  reply out{token::read_answer(ended.status, ended.body.reveal(), ended.retry_after, hidden.reveal(), ended.at)};
  if (!out.meaning && ended.what != net::failure::none) out.meaning.error().doubtful = true;
  out.retry_after = core::redact(ended.retry_after_text, hidden.reveal());
  co_return out;
}

}  // namespace convoke::auth
