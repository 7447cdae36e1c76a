#include "sim/service/random_source.hpp"

#include <array>
#include <cstddef>

namespace convoke::sim {
namespace {

std::uint64_t mix(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t hash_of(std::string_view text, std::uint64_t start) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ mix(start);
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix(hash);
}

random_source::random_source(std::uint64_t seed, std::string_view key, std::uint64_t nth, purpose p) noexcept
    : state_(mix(hash_of(key, seed) + 0x9e3779b97f4a7c15ULL * nth) ^ mix(static_cast<std::uint64_t>(p))) {}

std::uint64_t random_source::next() noexcept {
  state_ += 0x9e3779b97f4a7c15ULL;
  return mix(state_);
}

double random_source::real() noexcept {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::uint64_t random_source::below(std::uint64_t bound) noexcept {
  return next() % bound;
}

void random_source::append_guid(std::string& out) {
  static constexpr std::string_view digits = "0123456789abcdef";
  const std::array<std::uint64_t, 2> bits = {(next() & 0xffffffffffff0fffULL) | 0x4000ULL,
                                             (next() & 0x3fffffffffffffffULL) | 0x8000000000000000ULL};
  std::array<char, 36> text;
  std::size_t to = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) text[to++] = '-';
    text[to++] = digits[(bits[i / 16] >> (60 - 4 * (i % 16))) & 0xf];
  }
  out.append(text.data(), text.size());
}

std::string random_source::guid() {
  std::string out;
  append_guid(out);
  return out;
}

}  // namespace convoke::sim
