#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base64.hpp"

namespace convoke::test {

// Encodes `bytes` for core::decode_base64. `pad`: with `=` up to a whole group.
inline std::string encode_base64(std::string_view bytes, core::base64_alphabet alphabet, bool pad) {
  const std::string_view letters = alphabet == core::base64_alphabet::url
                                       ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                                       : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned bits = 0;
    for (std::size_t j = 0; j < 3; ++j) bits = bits << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    const auto used = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t j = 0; j < used; ++j) out += letters[bits >> (18 - 6 * j) & 63U];
    if (pad) out.append(4 - used, '=');
  }
  return out;
}

}  // namespace convoke::test
