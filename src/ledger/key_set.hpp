#pragma once

// A set of inventory ids. Each plan gives its new keys consecutive ids, so the ids form dense ranges, and a sparse bitmap of small blocks
// holds a million of them in about 200 KB.

#include <array>
#include <cstdint>
#include <unordered_map>

#include "ledger/ledger.hpp"

namespace convoke::ledger {

class key_set {
 public:
  key_set() = default;
  key_set(const key_set&) = delete;  // last_ points into the map
  key_set& operator=(const key_set&) = delete;

  // True if the key was not in the set.
  bool insert(key_id key) {
    const auto block = key / block_bits;
    if (last_ == nullptr || block != last_block_) {
      last_ = &blocks_[block];
      last_block_ = block;
    }
    auto& word = (*last_)[key % block_bits / 64];
    const auto bit = std::uint64_t{1} << key % 64;
    const bool added = (word & bit) == 0;
    word |= bit;
    count_ += added ? 1 : 0;
    return added;
  }

  [[nodiscard]] bool contains(key_id key) const {
    const auto found = blocks_.find(key / block_bits);
    return found != blocks_.end() && (found->second[key % block_bits / 64] >> key % 64 & 1) != 0;
  }

  [[nodiscard]] std::uint64_t size() const noexcept { return count_; }

 private:
  static constexpr std::uint64_t block_bits = 4096;
  using block = std::array<std::uint64_t, block_bits / 64>;
  std::unordered_map<std::uint64_t, block> blocks_;  // its nodes do not move
  block* last_ = nullptr;
  std::uint64_t last_block_ = 0, count_ = 0;
};

}  // namespace convoke::ledger
