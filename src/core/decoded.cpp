#include "core/decoded.hpp"

#include <algorithm>

namespace convoke::core {

namespace {

constexpr std::size_t shortest_base64 = 16, shortest_hex = 24;  // digits of 12 bytes

using digits::base64;
using digits::hex;
using digits::none;
using digits::value;

void add(decoded& to, unsigned byte, std::size_t begin, std::size_t end) {
  to.bytes += static_cast<char>(static_cast<unsigned char>(byte));
  to.from.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
}

// The value of `count` hexadecimal digits at `at`; -1 where they are not there.
int hex_value(std::string_view text, std::size_t at, std::size_t count) noexcept {
  if (at + count > text.size()) return -1;
  int number = 0;
  for (const char c : text.substr(at, count)) {
    if (value(hex, c) == none) return -1;
    number = number * 16 + value(hex, c);
  }
  return number;
}

// `%41`, `\x41`, `\u0041` and `\/`: the escapes of characters that a token or a secret may have.
struct escape {
  int byte = -1;
  std::size_t length = 0;
};
escape escape_at(std::string_view text, std::size_t at) noexcept {
  if (text[at] == '%') return {hex_value(text, at + 1, 2), 3};
  if (text[at] != '\\' || at + 1 == text.size()) return {};
  const char next = text[at + 1];
  if (next == 'x') return {hex_value(text, at + 2, 2), 4};
  if (next == 'u') {
    const int code = hex_value(text, at + 2, 4);
    return {code < 0x80 ? code : -1, 6};
  }
  if (next == '/' || next == '\\' || next == '"') return {static_cast<unsigned char>(next), 2};
  return {};
}

// Calls put(byte, begin, end) for each byte of the decoded text.
template <class Put>
void unescape(std::string_view text, const Put& put) {
  for (std::size_t at = 0; at < text.size();) {
    const auto found = text[at] == '%' || text[at] == '\\' ? escape_at(text, at) : escape{};
    const auto length = found.byte < 0 ? 1 : found.length;
    put(found.byte < 0 ? static_cast<unsigned char>(text[at]) : static_cast<unsigned>(found.byte), at, at + length);
    at += length;
  }
}

// A group of fewer than four digits at the end holds one byte less than it has digits.
void decode_base64_run(std::string_view text, std::size_t begin, std::size_t end, decoded& out) {
  for (; begin + 2 <= end; begin += 4) {
    const auto digits = std::min<std::size_t>(4, end - begin);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) bits = (bits << 6U) | (i < digits ? value(base64, text[begin + i]) : 0U);
    for (std::size_t i = 0; i + 1 < digits; ++i) add(out, (bits >> (16 - 8 * i)) & 0xFFU, begin, begin + digits);
  }
}

void decode_hex_run(std::string_view text, std::size_t begin, std::size_t end, decoded& out) {
  for (; begin + 2 <= end; begin += 2) add(out, static_cast<unsigned>(hex_value(text, begin, 2)), begin, begin + 2);
}

// Decodes every run of at least `shortest` digits, from each of the `phases` places where its encoding may begin.
template <class Decode>
void for_each_run(std::string_view text, const digits::table& of, std::size_t shortest, std::size_t phases, const Decode& decode,
                  const std::function<void(const decoded&)>& look) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto begin = at;
    while (at < text.size() && value(of, text[at]) != none) ++at;
    if (at - begin < shortest) continue;
    for (std::size_t phase = 0; phase < phases; ++phase) {
      decoded out;
      decode(text, begin + phase, at, out);
      look(out);
    }
  }
}

}  // namespace

std::string unescaped(std::string_view text) {
  std::string out(text.size(), '\0');
  std::size_t size = 0;
  unescape(text, [&](unsigned byte, std::size_t, std::size_t) { out[size++] = static_cast<char>(static_cast<unsigned char>(byte)); });
  out.resize(size);
  return out;
}

void for_each_decoding(std::string_view text, const std::function<void(const decoded&)>& look) {
  const auto runs = [&look](std::string_view of) {
    for_each_run(of, base64, shortest_base64, 4, decode_base64_run, look);
    for_each_run(of, hex, shortest_hex, 2, decode_hex_run, look);
  };
  runs(text);
  if (text.find_first_of("%\\") == std::string_view::npos) return;
  decoded plain;
  unescape(text, [&plain](unsigned byte, std::size_t begin, std::size_t end) { add(plain, byte, begin, end); });
  look(plain);
}

}  // namespace convoke::core
