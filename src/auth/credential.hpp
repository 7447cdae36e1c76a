#pragma once

// How an app proves who it is. One class for each kind; what they have in common, when to ask and how long a token is used, is in
// auth/renewal.cpp.

#include <expected>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include <convoke/error.hpp>

#include "auth/token_client.hpp"
#include "token/token.hpp"

namespace convoke::auth {

struct reply {
  std::expected<token::grant, token::refusal> meaning;
  errc code = errc::credentials;  // of a refusal
  std::string retry_after{};      // as it was written, without what must not be shown
};

// Whose token: an app in a tenant.
struct app_identity {
  net::endpoint authority;
  std::string tenant, client_id, graph_root;

  // `{authority}/{tenant}/oauth2/v2.0/token`, as an assertion names it.
  [[nodiscard]] std::string token_url() const;
};

class credential {
 public:
  virtual ~credential() = default;
  // Requests one token. What goes wrong is in the reply. One request at a time; the credential and `via` outlive it.
  virtual boost::asio::awaitable<reply> request(token_client& via) = 0;
};

// A request that ended without an answer.
[[nodiscard]] reply no_answer(const exchanged& ended);
// A request that was not made, because of what is on this machine. Fatal unless it may be different soon.
[[nodiscard]] reply not_sent(error why, bool fatal);
// `/{tenant}/oauth2/v2.0/{what}`. errc::usage where the tenant has other characters than an id or a domain name.
[[nodiscard]] result<std::string> oauth_path(const app_identity& app, std::string_view what);
// Sends this form to the token endpoint of the tenant. `hidden`: the part of the form that must not be shown.
[[nodiscard]] boost::asio::awaitable<reply> request_token(token_client& via, const app_identity& app, const secret& form,
                                                          const secret& hidden);

}  // namespace convoke::auth
