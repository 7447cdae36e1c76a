#pragma once

#include <rapidcheck.h>

#include <string>

#include "core/utf8.hpp"

namespace convoke::test {

// Any Unicode text: code points, not bytes.
inline std::string arbitrary_utf8() {
  const auto points = *rc::gen::container<std::u32string>(
      rc::gen::oneOf(rc::gen::cast<char32_t>(rc::gen::inRange(0, 0x80)), rc::gen::cast<char32_t>(rc::gen::inRange(0x80, 0xD800)),
                     rc::gen::cast<char32_t>(rc::gen::inRange(0xE000, 0x110000)), rc::gen::element(U'"', U'\\', U'\n', U'\u2028', U'/')));
  std::string out;
  for (const auto c : points) convoke::core::append_utf8(out, c);
  return out;
}

}  // namespace convoke::test
