#pragma once

// What a JWT says of itself, for diagnosis only: nothing is verified, and no decision of a run depends on it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/time.hpp>

namespace convoke::token {

struct claims {
  std::string audience;             // aud
  std::string tenant;               // tid
  std::string app;                  // appid, or azp of newer tokens
  std::string principal;            // oid
  std::vector<std::string> roles;   // application permissions
  std::vector<std::string> scopes;  // scp: delegated permissions
  std::optional<utc_time> expires;  // exp
};

// nullopt where the text is no JWT whose payload can be read. Members of another type count as absent; of lists at most 200 entries are
// read.
[[nodiscard]] std::optional<claims> read_claims(std::string_view jwt);

}  // namespace convoke::token
