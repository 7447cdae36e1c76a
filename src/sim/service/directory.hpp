#pragma once

// The users of a tenant: their UPNs and object ids.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/service/meetings.hpp"

namespace convoke::sim {

class directory {
 public:
  struct user {
    std::string upn, id;  // lower case; the UPN may be empty where a user is named by its id
  };

  // `everyone`: each UPN has a user, whose id is made from the UPN; users that are set or removed are exceptions.
  explicit directory(bool everyone) noexcept : everyone_(everyone) {}

  // Gives this UPN to the user with this id, who has no other one from then on. No id: the tenant has no user of this name.
  void set(std::string_view upn, std::optional<std::string_view> id);
  // By UPN or object id, in any case.
  [[nodiscard]] std::optional<user> find(std::string_view name) const;

  // The id of a UPN where everyone exists.
  [[nodiscard]] static std::string id_of(std::string_view upn);

 private:
  bool everyone_;
  text_map<std::string> ids_;    // by UPN; empty: there is no such user
  text_map<std::string> names_;  // by id
};

// Lines `upn,id`, perhaps after a header; empty lines and those that begin with # are skipped. False where one is wrong: `why` names it.
[[nodiscard]] bool read_users(std::string_view text, std::vector<directory::user>& into, std::string& why);

}  // namespace convoke::sim
