#pragma once

// The ledger's hashes: SHA-256 cut to 128 bits, big-endian, so that numeric order is byte order.

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace convoke::ledger::sqlite {

// The way keys and payloads are hashed. A change needs a new number: the ledger remembers which one it was written with.
inline constexpr int hash_version = 1;

struct digest {
  std::uint64_t high = 0, low = 0;
  friend auto operator<=>(const digest&, const digest&) = default;
};

// A digest as it is stored.
class digest_bytes {
 public:
  explicit digest_bytes(const digest& d) noexcept {
    const std::uint64_t words[2] = {std::byteswap(d.high), std::byteswap(d.low)};
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(bytes_.data(), words, sizeof words);
  }
  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, 16> bytes_;
};

// All zero where `stored` is not 16 bytes long.
[[nodiscard]] inline digest read_digest(std::string_view stored) noexcept {
  std::uint64_t words[2] = {0, 0};
  if (stored.size() == sizeof words) std::memcpy(words, stored.data(), sizeof words);
  return {std::byteswap(words[0]), std::byteswap(words[1])};
}

class hasher {
 public:
  hasher();
  ~hasher();
  hasher(const hasher&) = delete;
  hasher& operator=(const hasher&) = delete;
  // Of the parts one after the other. Callers see to it that no two lists of parts run together the same way.
  [[nodiscard]] digest operator()(std::initializer_list<std::string_view> parts);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace convoke::ledger::sqlite
