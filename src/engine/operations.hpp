#pragma once

// What follows for a row when an operation of it is complete: another operation, or its outcome.

#include <optional>

#include "engine/types.hpp"

namespace convoke::engine {

struct step {
  std::optional<operation> next;     // the row owes this now ...
  outcome result = outcome::failed;  // ... or, where it is absent, it ended so
};

// `done` succeeded with answer `a`.
[[nodiscard]] step after_success(operation done, update_rule rule, const answer& a) noexcept;

// The meeting that `done` was about does not exist. `recreated`: createOrGet was owed once more already, after an update that found no
// meeting; a service that goes on denying a meeting which it returns is not asked for ever.
[[nodiscard]] step after_gone(operation done, bool recreated) noexcept;

}  // namespace convoke::engine
