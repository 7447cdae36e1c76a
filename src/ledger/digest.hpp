#pragma once

// The hashes of keys and payloads: SHA-256 cut to 128 bits, big-endian, so that numeric order is byte order in every store.

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace convoke::ledger {

// The version of the way in which keys and payloads are hashed. A ledger records the version that it was written with, so a change of the
// hashed bytes needs a new number.
inline constexpr int hash_version = 1;

struct digest {
  std::uint64_t high = 0, low = 0;
  friend auto operator<=>(const digest&, const digest&) = default;
};

// A digest as the bytes that a store keeps.
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
  // Hashes the concatenation of the parts. The caller separates them so that two different lists never give the same bytes.
  [[nodiscard]] digest operator()(std::initializer_list<std::string_view> parts);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace convoke::ledger
