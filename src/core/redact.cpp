#include "core/redact.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "core/decoded.hpp"

namespace convoke::core {

namespace {

// A piece of a secret of at least this many bytes counts as a quote of it.
constexpr std::size_t shortest_quote = 12, word = 8;
// Looking at 8 bytes after every `step` bytes is enough: within any 12 consecutive bytes, one of these looks lies.
constexpr std::size_t step = shortest_quote - word + 1;

// Big-endian, so that shifting moves bits from one byte to the one before.
std::uint64_t load(const char* eight) noexcept {
  std::uint64_t bits = 0;
  std::memcpy(&bits, eight, word);
  return std::endian::native == std::endian::little ? std::byteswap(bits) : bits;
}

std::size_t hash(std::uint64_t bits) noexcept {
  bits *= 0x9e3779b97f4a7c15U;
  return static_cast<std::size_t>(bits ^ (bits >> 32U));
}

// The longest piece of `hidden` that `text` begins with.
std::size_t longest_piece(std::string_view text, std::string_view hidden) noexcept {
  std::size_t longest = 0;
  for (std::size_t from = 0; from + longest < hidden.size(); ++from) {
    const auto piece = hidden.substr(from);
    const auto ends = std::ranges::mismatch(text, piece);
    longest = std::max(longest, static_cast<std::size_t>(ends.in2 - piece.begin()));
  }
  return longest;
}

struct range {
  std::size_t begin, end;
};

std::string without(std::string_view text, std::vector<range>& found) {
  std::ranges::sort(found, {}, &range::begin);
  std::string out;
  std::size_t done = 0;
  for (const auto& [begin, end] : found) {
    if (end <= done) continue;
    if (begin >= done) out.append(text.substr(done, begin - done)).append("***");
    done = end;
  }
  return out.append(text.substr(done));
}

}  // namespace

void secret_finder::look_for(std::string_view hidden) {
  if (hidden == hidden_.reveal()) return;
  hidden_ = secret(std::string(hidden));
  places_.clear();
  marks_.clear();
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  never_ = std::ranges::all_of(hidden, [](char c) { return static_cast<unsigned char>(c) < 0x80; }) ? high_bits : 0;
  if (hidden.size() < shortest_quote) return;
  places_.resize(std::bit_ceil(2 * hidden.size()));
  marks_.resize(std::bit_ceil(hidden.size()));
  for (std::size_t at = 0; at + word <= hidden.size(); ++at) {
    const auto bits = load(hidden.data() + at);
    const auto h = hash(bits);
    marks_[h / 64 & (marks_.size() - 1)] |= std::uint64_t{1} << h % 64;
    auto bucket = h & (places_.size() - 1);
    while (places_[bucket] != 0 && load(hidden.data() + places_[bucket] - 1) != bits) bucket = (bucket + 1) & (places_.size() - 1);
    if (places_[bucket] == 0) places_[bucket] = static_cast<std::uint32_t>(at + 1);
  }
}

bool secret_finder::perhaps(std::uint64_t eight) const noexcept {
  if ((eight & never_) != 0) return false;  // base64 of other things rarely decodes to eight ASCII characters in a row
  const auto h = hash(eight);
  return (marks_[h / 64 & (marks_.size() - 1)] >> h % 64 & 1U) != 0;
}

bool secret_finder::knows(std::uint64_t eight) const noexcept {
  if (!perhaps(eight)) return false;
  const auto* const hidden = hidden_.reveal().data();
  for (auto bucket = hash(eight) & (places_.size() - 1); places_[bucket] != 0; bucket = (bucket + 1) & (places_.size() - 1))
    if (load(hidden + places_[bucket] - 1) == eight) return true;
  return false;
}

bool secret_finder::is_piece(std::string_view enough) const noexcept {
  if (enough.size() == shortest_quote && !knows(load(enough.data()))) return false;
  return hidden_.reveal().contains(enough);
}

bool secret_finder::in_plain(std::string_view plain) const noexcept {
  for (std::size_t at = 0; at + word <= plain.size(); at += step) {
    if (!knows(load(plain.data() + at))) continue;
    for (auto from = at - std::min(at, step - 1); from <= at && from + shortest_quote <= plain.size(); ++from)
      if (is_piece(plain.substr(from, shortest_quote))) return true;
  }
  return false;
}

// Each digit is six bits of one stream, wherever the encoding begins: only the division of the stream into bytes differs. So the run is
// decoded once, and the stream is looked at with four shifts.
bool secret_finder::perhaps_in_base64(std::string_view run) const {
  std::array<char, 1024> few;
  std::string many;
  const auto needed = run.size() / 4 * 3 + 3 + word;
  if (needed > few.size()) many.resize(needed);
  char* const stream = needed > few.size() ? many.data() : few.data();
  std::size_t filled = 0;
  for (std::size_t at = 0; at < run.size(); at += 4) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i)
      bits = bits << 6U | (at + i < run.size() ? std::uint32_t{digits::value(digits::base64, run[at + i])} : 0U);
    for (const unsigned shift : {16U, 8U, 0U}) stream[filled++] = static_cast<char>(static_cast<unsigned char>(bits >> shift));
  }
  stream[filled] = '\0';  // the digits may end with a piece, and the loop reads one byte more
  for (std::size_t at = 0; at + word <= filled; at += step) {
    const auto bits = load(stream + at);
    const auto next = static_cast<unsigned char>(stream[at + word]);
    for (const unsigned shift : {0U, 2U, 4U, 6U})
      if (knows(bits << shift | next >> (8 - shift))) return true;
  }
  return false;
}

// A quick test that is never false where an encoded piece is there, so that few texts have to be decoded in every way.
bool secret_finder::perhaps_encoded_in(std::string_view text) const {
  if ((text.contains('%') || text.contains('\\')) && in_plain(unescaped(text))) return true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto begin = at;
    std::size_t hex = 0, most_hex = 0;
    for (; at < text.size() && digits::value(digits::base64, text[at]) != digits::none; ++at) {
      hex = digits::value(digits::hex, text[at]) != digits::none ? hex + 1 : 0;
      most_hex = std::max(most_hex, hex);
    }
    if (most_hex >= 2 * shortest_quote) return true;
    if (at - begin >= shortest_quote / 3 * 4 && perhaps_in_base64(text.substr(begin, at - begin))) return true;
  }
  return false;
}

bool secret_finder::found_in(std::string_view text) const {
  if (hidden_.reveal().size() < shortest_quote || text.size() < shortest_quote) return false;
  if (in_plain(text)) return true;
  if (!perhaps_encoded_in(text)) return false;
  bool found = false;
  for_each_decoding(text, [&](const decoded& plain) { found = found || in_plain(plain.bytes); });
  return found;
}

std::string secret_finder::redact(std::string_view text) const {
  const auto hidden = hidden_.reveal();
  if (hidden.empty()) return std::string(text);
  const auto enough = std::min(shortest_quote, hidden.size());
  std::vector<range> found;
  const auto look = [&](std::string_view plain, auto&& begin, auto&& end) {
    for (std::size_t at = 0; at + enough <= plain.size();) {
      if (!is_piece(plain.substr(at, enough))) {
        ++at;
        continue;
      }
      const auto length = longest_piece(plain.substr(at), hidden);
      found.push_back({begin(at), end(at + length - 1)});
      at += length;
    }
  };
  look(text, [](std::size_t i) { return i; }, [](std::size_t i) { return i + 1; });
  if (hidden.size() >= shortest_quote) {
    for_each_decoding(text, [&](const decoded& plain) {
      look(plain.bytes, [&](std::size_t i) { return plain.from[i].begin; }, [&](std::size_t i) { return plain.from[i].end; });
    });
  }
  return without(text, found);
}

std::string redact(std::string_view text, std::string_view hidden) {
  secret_finder finder;
  finder.look_for(hidden);
  return finder.redact(text);
}

}  // namespace convoke::core
