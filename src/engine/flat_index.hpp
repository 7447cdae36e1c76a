#pragma once

// A hash table from 64-bit numbers to small values: open addressing, no allocation per entry, never iterated.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace convoke::engine {

template <class Value>
class flat_index {
 public:
  [[nodiscard]] Value* find(std::uint64_t key) noexcept {
    if (cells_.empty()) return nullptr;
    auto& c = cells_[locate(key)];
    return c.used ? &c.value : nullptr;
  }
  // The value of this key; inserted where it is absent.
  Value& operator[](std::uint64_t key) {
    if ((size_ + 1) * 2 > cells_.size()) grow();
    auto& c = cells_[locate(key)];
    if (!c.used) {
      c = {key, Value{}, true};
      ++size_;
    }
    return c.value;
  }
  void erase(std::uint64_t key) noexcept {
    if (cells_.empty()) return;
    auto hole = locate(key);
    if (!cells_[hole].used) return;
    // Entries behind the hole move up unless they would leave their probe path. There are no tombstones, so the table does not degrade.
    for (auto i = next(hole); cells_[i].used; i = next(i)) {
      const auto home = home_of(cells_[i].key);
      if (((i - home) & mask()) >= ((i - hole) & mask())) {
        cells_[hole] = cells_[i];
        hole = i;
      }
    }
    cells_[hole].used = false;
    --size_;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct cell {
    std::uint64_t key = 0;
    Value value{};
    bool used = false;
  };

  [[nodiscard]] std::size_t mask() const noexcept { return cells_.size() - 1; }
  [[nodiscard]] std::size_t next(std::size_t i) const noexcept { return (i + 1) & mask(); }
  [[nodiscard]] std::size_t home_of(std::uint64_t key) const noexcept {
    const auto mixed = (key ^ (key >> 32)) * 0x9E3779B97F4A7C15ULL;
    return static_cast<std::size_t>(mixed >> 32) & mask();
  }
  [[nodiscard]] std::size_t locate(std::uint64_t key) const noexcept {
    auto i = home_of(key);
    while (cells_[i].used && cells_[i].key != key) i = next(i);
    return i;
  }
  void grow() {
    std::vector<cell> old(cells_.empty() ? 64 : cells_.size() * 2);
    std::swap(old, cells_);
    for (auto& c : old) {
      if (c.used) cells_[locate(c.key)] = c;
    }
  }

  std::vector<cell> cells_;
  std::size_t size_ = 0;
};

}  // namespace convoke::engine
