#pragma once

// The bodies of requests to `{authority}/{tenant}/oauth2/v2.0/…`, as application/x-www-form-urlencoded. Each of them holds a secret, and is
// written into one allocation, because a string that grows leaves copies behind.

#include <string_view>

#include <convoke/secret.hpp>

namespace convoke::token {

// A client-credentials grant (RFC 6749, section 4.4). The scope is `{graph_root}/.default`.
[[nodiscard]] secret client_secret_form(std::string_view client_id, std::string_view graph_root, const secret& client_secret);

// The same with a JWT in place of the secret (RFC 7523, section 2.2): made with a certificate, or issued by another identity provider.
[[nodiscard]] secret assertion_form(std::string_view client_id, std::string_view graph_root, const secret& assertion);

}  // namespace convoke::token
