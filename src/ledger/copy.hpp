#pragma once

// Copies the inventory of one ledger, and what it remembers of its lanes, into another one. The users that were looked up are not copied:
// what is remembered of them expires within days, and looking one up again costs a twentieth of a call.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ledger/inventory.hpp"

namespace convoke::ledger {

struct copied_inventory {
  std::uint64_t keys = 0;   // of the source
  std::uint64_t added = 0;  // the others were in the target already
  std::uint64_t cooldowns = 0, paces = 0, counts = 0;
  std::string source_digest, target_digest;  // over everything about these keys, as each ledger has it
};

struct copy_progress {
  std::uint64_t keys = 0, of = 0;  // gone through so far, of all keys of the source
  bool verifying = false;
};

// Goes through the source in pages. A key that the target has must be the same there: errc::usage if it differs, and nothing of that page
// is copied. So a copy that was interrupted goes on when it is repeated, and one that was completed changes nothing. At last both ledgers
// are read anew; errc::storage where they differ. `after_page` may end the copy with its error.
[[nodiscard]] result<copied_inventory> copy_inventory(inventory_access& from, inventory_access& to,
                                                      const std::function<result<void>(const copy_progress&)>& after_page);

// Hashes of keys.
class inventory_hasher {
 public:
  // The hash under which a key is found. errc::storage where its payload cannot be read.
  [[nodiscard]] result<digest> key_of(const inventory_key& key, const std::vector<lane_name>& lanes);
  // Over everything about the key but its number.
  [[nodiscard]] digest content_of(const inventory_key& key, const std::vector<lane_name>& lanes);

 private:
  hasher hash_;
};

}  // namespace convoke::ledger
