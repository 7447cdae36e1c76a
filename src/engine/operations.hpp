#pragma once

// What follows when an operation of a row is complete: another operation, or the outcome of the row.

#include <optional>

#include "engine/types.hpp"

namespace convoke::engine {

struct step {
  std::optional<operation> next;     // the row owes this next ...
  outcome result = outcome::failed;  // ... or, where that is absent, this is its outcome
};

// Whether the answer shows that the service has let the meeting expire. Its link may be dead.
[[nodiscard]] bool shows_expiry(const answer& a) noexcept;

// `done` succeeded with the answer `a`. `repairs`: see owed_row.
[[nodiscard]] step after_success(operation done, update_rule rule, const answer& a, bool repairs = false) noexcept;

// The meeting that `done` was about does not exist. `recreated`: createOrGet was owed once more already, after an update that found no
// meeting. The second time the row fails, so a service that returns a meeting and does not find it is not called for ever.
//
// Of a get: Graph documents no difference between the 404 of a meeting that is gone and that of an organizer who has left the tenant (the
// bodies that were seen have the code `UnknownError` or `NotFound` and no message, for users too). So both are `lost`: the link is dead in
// both cases. Where the row repairs, the createOrGet that follows shows which it was: its 404 can only be the organizer's.
[[nodiscard]] step after_gone(operation done, bool recreated, bool repairs = false) noexcept;

}  // namespace convoke::engine
