#pragma once

// The rows of a verify run without a file: the meetings of the inventory.

#include <cstdint>
#include <functional>
#include <string_view>

#include "ledger/planning/plan_store.hpp"

namespace convoke::ledger::planning {

// One of them, with the number of its row.
using take_known_meeting = std::function<result<void>(std::uint32_t number, const inventory_entry& meeting)>;

// Calls `take` with every meeting of the run's lanes that is_verified, in order of their keys' ids. Returns how many there are. Memory is
// bounded by a page.
[[nodiscard]] result<std::uint64_t> for_each_known_meeting(plan_store& store, row_numbers& numbers, utc_time now,
                                                           const take_known_meeting& take);

}  // namespace convoke::ledger::planning
