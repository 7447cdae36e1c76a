#pragma once

// Tokens for a signed-in user: the device authorization grant (RFC 8628) as Entra has it at `{authority}/{tenant}/oauth2/v2.0/devicecode`,
// and the refresh grant (RFC 6749, section 6). Without network and clock.

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/secret.hpp>

#include "token/token.hpp"

namespace convoke::token {

// For whom tokens are requested. The ids are compared without regard to case.
struct audience {
  std::string_view client_id, tenant;
};

struct user_grant {
  grant access;
  secret refresh_token;  // empty: the one that was sent stays valid
  std::string user;      // object id, lower case; empty: the answer has no ID token, as one to a refresh token may lack it
};

// The answer to the request for a device code.
struct device_offer {
  secret device_code;
  std::string user_code, url;  // as they were sent: 1 to 64 and 1 to 1,024 bytes
  std::chrono::seconds interval{5}, valid_for{};
};

// Reads an answer of the devicecode endpoint. What is fatal: see read_answer. `url` may be any text: whether it may be shown is the
// caller's decision. An interval is 1 s at least; where there is none it is 5 s (RFC 8628, section 3.2).
[[nodiscard]] std::expected<device_offer, refusal> read_device_offer(int status, std::string_view body,
                                                                     std::optional<std::chrono::nanoseconds> retry_after);

// Reads an answer of the token endpoint to a grant for a user: that to a refresh token, or the last one to a device code. Who has signed in
// is read from the ID token, which the endpoint itself sends over TLS, so that its signature needs no check (OpenID Connect Core, section
// 3.1.3.7); it must be for this client id and of this tenant. Otherwise as read_answer.
[[nodiscard]] std::expected<user_grant, refusal> read_user_grant(int status, std::string_view body,
                                                                 std::optional<std::chrono::nanoseconds> retry_after,
                                                                 std::string_view redacted, const clocks& at, const audience& who);

// What the token endpoint says of a sign-in that is waited for.
enum class sign_in_state : std::uint8_t {
  over,       // granted, or refused: read_user_grant
  pending,    // the user has not signed in yet
  slow_down,  // the same, and the requests come too fast
  failed,     // the service did not answer the question: another request may be made
};
[[nodiscard]] sign_in_state read_sign_in_state(int status, std::string_view body);

// Whether a refusal of a refresh token means that the user has to sign in anew: it has expired, was revoked or used up, or a policy demands
// it.
[[nodiscard]] bool wants_new_sign_in(int status, std::string_view body);

// The `oid` of an ID token for `who`, or a sentence that says why it is none.
[[nodiscard]] std::expected<std::string, std::string> read_user(std::string_view id_token, const audience& who);

}  // namespace convoke::token
