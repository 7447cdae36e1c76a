#pragma once

// Finds the bytes that mean something to a CSV parser, 64 bytes at a time.

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace convoke::csv {

// A bit for each of the 64 bytes at `p` that is the delimiter, a quote, or at most 0x0D (as NUL, LF and CR are).
[[nodiscard]] inline std::uint64_t marks_of_block(const char* p, char delimiter) noexcept {
  std::uint64_t out = 0;
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i delim = _mm_set1_epi8(delimiter);
  const __m128i low = _mm_set1_epi8(0x0D);
  for (unsigned i = 0; i < 4; ++i) {
    __m128i v;
    std::memcpy(&v, p + std::size_t{16} * i, sizeof v);
    const __m128i hit =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, delim)), _mm_cmpeq_epi8(_mm_min_epu8(v, low), v));
    out |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(hit))) << (16 * i);
  }
#else
  for (unsigned i = 0; i < 64; ++i) {
    const bool hit = p[i] == '"' || p[i] == delimiter || static_cast<unsigned char>(p[i]) <= 0x0D;
    out |= static_cast<std::uint64_t>(hit) << i;
  }
#endif
  return out;
}

// The same for the first 64 of `n` bytes, or for all of them.
[[nodiscard]] inline std::uint64_t marks(const char* p, std::size_t n, char delimiter) noexcept {
  if (n >= 64) return marks_of_block(p, delimiter);
  char block[64];
  std::memset(block, 'x', sizeof block);
  std::memcpy(block, p, n);
  return marks_of_block(block, delimiter) & ((std::uint64_t{1} << n) - 1);
}

}  // namespace convoke::csv
