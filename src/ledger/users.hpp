#pragma once

// What a ledger remembers of a tenant's users whom rows name by UPN.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <convoke/time.hpp>

namespace convoke::ledger {

// A user whom rows name by UPN.
struct known_user {
  std::string upn;        // lower case
  std::string object_id;  // lower case
  friend bool operator==(const known_user&, const known_user&) = default;
};
// How long a look-up is believed: a UPN can be given to another user.
inline constexpr std::chrono::hours user_lifetime{7 * 24};
// The status of an answer about an organizer whom the service does not know: the names that lead to this user are forgotten.
inline constexpr int no_such_organizer = 404;

// What is remembered of the look-ups in a tenant. It belongs to the Graph root and the tenant, whatever the app of the lane is.
struct remembered_users {
  std::vector<known_user> users;         // looked up within user_lifetime, in the order of their UPNs
  std::optional<utc_time> closed_until;  // the service throttled look-ups, and the time has not come
};
struct learnt_users {
  std::vector<known_user> users;
  std::optional<utc_time> closed_until;  // absent: what is saved stays
};

}  // namespace convoke::ledger
