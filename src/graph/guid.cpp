#include "graph/guid.hpp"

namespace convoke::graph {

// SplitMix64 (Steele, Lea and Flood, 2014): an addition and a mixing function, with a period of 2^64.
std::uint64_t guid_source::next() noexcept {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

void guid_source::write(char* into) noexcept {
  static constexpr char digits[] = "0123456789abcdef";
  std::uint64_t bits = 0;
  for (std::size_t i = 0, digit = 0; i < size; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      into[i] = '-';
      continue;
    }
    if (digit++ % 16 == 0) bits = next();
    into[i] = digits[bits & 15U];
    bits >>= 4;
  }
  into[14] = '4';
  into[19] = digits[8U | (static_cast<unsigned>(into[19]) & 3U)];
}

}  // namespace convoke::graph
