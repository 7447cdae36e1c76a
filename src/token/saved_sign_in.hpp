#pragma once

// The content of the file that keeps a sign-in from one command to the next.

#include <optional>
#include <string>
#include <string_view>

#include <convoke/secret.hpp>

namespace convoke::token {

struct saved_sign_in {
  std::string authority, tenant, client_id;  // whom the refresh token is for: it is sent nowhere else
  std::string user;                          // object id, lower case
  secret refresh_token;
};

// One JSON object and a line end, in one allocation.
[[nodiscard]] secret write_saved(const saved_sign_in& what);
// nullopt for what write_saved did not write.
[[nodiscard]] std::optional<saved_sign_in> read_saved(std::string_view text);

}  // namespace convoke::token
