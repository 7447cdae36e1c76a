#pragma once

// The few examples that a summary names of many keys.

#include <optional>
#include <utility>
#include <vector>

#include "ledger/planning/plan_store.hpp"

namespace convoke::ledger::planning {

inline constexpr std::size_t sample_size = 20;

// Keeps the first ones.
inline void sample(std::vector<key_id>& keys, key_id key) {
  if (keys.size() < sample_size) keys.push_back(key);
}

inline result<void> name_sample(plan_store& store, const std::vector<key_id>& keys, std::vector<named_key>& into) {
  if (keys.empty()) return {};
  std::vector<std::optional<named_key>> found;
  if (auto named = store.name_keys(keys, found); !named) return named;
  for (auto& name : found) {
    if (name) into.push_back(std::move(*name));
  }
  return {};
}

}  // namespace convoke::ledger::planning
