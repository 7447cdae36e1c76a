#pragma once

// What follows when an operation of a row is complete: another operation, or the outcome of the row.

#include <optional>

#include "engine/types.hpp"

namespace convoke::engine {

struct step {
  std::optional<operation> next;     // the row owes this next ...
  outcome result = outcome::failed;  // ... or, where that is absent, this is its outcome
};

// `done` succeeded with the answer `a`.
[[nodiscard]] step after_success(operation done, update_rule rule, const answer& a) noexcept;

// The meeting that `done` was about does not exist. `recreated`: createOrGet was owed once more already, after an update that found no
// meeting. The second time the row fails, so a service that returns a meeting and does not find it is not called for ever.
[[nodiscard]] step after_gone(operation done, bool recreated) noexcept;

}  // namespace convoke::engine
