#include "ledger/planning/claims.hpp"

namespace convoke::ledger::planning {

void inherited_claims::sort() {
  std::ranges::sort(entries_, {}, &entry::key);
  std::vector<entry> merged;
  for (const auto& e : entries_) {
    if (merged.empty() || merged.back().key != e.key) {
      merged.push_back(e);
    } else {
      merged.back().claim = merge(merged.back().claim, e.claim);
    }
  }
  entries_ = std::move(merged);
}

inherited_claim inherited_claims::of(key_id key) const {
  const auto found = std::ranges::lower_bound(entries_, key, {}, &entry::key);
  return found != entries_.end() && found->key == key ? found->claim : inherited_claim{};
}

}  // namespace convoke::ledger::planning
