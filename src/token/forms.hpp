#pragma once

// The bodies of requests to `{authority}/{tenant}/oauth2/v2.0/…`, as application/x-www-form-urlencoded. Most of them hold a secret, and are
// written into one allocation, because a string that grows leaves copies behind.

#include <string_view>

#include <convoke/secret.hpp>

namespace convoke::token {

// A client-credentials grant (RFC 6749, section 4.4). The scope is `{graph_root}/.default`.
[[nodiscard]] secret client_secret_form(std::string_view client_id, std::string_view graph_root, const secret& client_secret);

// The same with a JWT in place of the secret (RFC 7523, section 2.2): made with a certificate, or issued by another identity provider.
[[nodiscard]] secret assertion_form(std::string_view client_id, std::string_view graph_root, const secret& assertion);

// For a signed-in user, by a public client, which has no secret. The scope is `{graph_root}/OnlineMeetings.ReadWrite openid profile
// offline_access`: `profile` puts the user's object id into the ID token, `offline_access` asks for a refresh token. None of the three
// needs an administrator's consent of its own, as `User.Read` for GET /me would.
//
// The request for a device code (RFC 8628, section 3.1).
[[nodiscard]] secret device_offer_form(std::string_view client_id, std::string_view graph_root);
// Whether a person has signed in with that code (section 3.4).
[[nodiscard]] secret device_code_form(std::string_view client_id, const secret& device_code);
// A new token by a refresh token (RFC 6749, section 6).
[[nodiscard]] secret refresh_form(std::string_view client_id, std::string_view graph_root, const secret& refresh_token);

}  // namespace convoke::token
