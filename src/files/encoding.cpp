#include <string>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "files/input.hpp"
#include "files/windows_1252.hpp"

namespace convoke::files {

namespace {

void append_utf16(std::string& out, char32_t unit, encoding enc) {
  const auto high = static_cast<char>(static_cast<unsigned char>(unit >> 8));
  const auto low = static_cast<char>(static_cast<unsigned char>(unit & 0xFF));
  out += enc == encoding::utf16le ? low : high;
  out += enc == encoding::utf16le ? high : low;
}

void append(std::string& out, char32_t c, encoding enc) {
  if (enc == encoding::windows_1252) {
    out += static_cast<char>(to_windows_1252(c).value_or('?'));
  } else if (c < 0x10000) {
    append_utf16(out, c, enc);
  } else {
    append_utf16(out, 0xD800 + ((c - 0x10000) >> 10), enc);
    append_utf16(out, 0xDC00 + ((c - 0x10000) & 0x3FF), enc);
  }
}

}  // namespace

std::optional<encoding> parse_encoding(std::string_view name) {
  const std::string folded = core::fold_name(name);
  if (folded == "utf8") return encoding::utf8;
  if (folded == "utf16le") return encoding::utf16le;
  if (folded == "utf16be") return encoding::utf16be;
  // A file that is said to be ISO 8859-1 is mostly windows-1252, which has the same letters
  // (https://encoding.spec.whatwg.org/#names-and-labels).
  for (const std::string_view one : {"windows1252", "cp1252", "latin1", "iso88591"}) {
    if (folded == one) return encoding::windows_1252;
  }
  return std::nullopt;
}

std::string_view to_string(encoding enc) noexcept {
  switch (enc) {
    case encoding::utf8:
      return "utf-8";
    case encoding::utf16le:
      return "utf-16le";
    case encoding::utf16be:
      return "utf-16be";
    case encoding::windows_1252:
      return "windows-1252";
  }
  return "";
}

std::string encode(std::string_view utf8, encoding enc) {
  std::string out;
  if (enc == encoding::utf8) return out = utf8;
  out.reserve(utf8.size() * 2);
  while (!utf8.empty()) {
    const core::utf8_char c = core::decode_utf8(utf8);
    append(out, c.length == 0 ? 0xFFFD : c.code_point, enc);
    utf8.remove_prefix(c.length == 0 ? 1 : c.length);
  }
  return out;
}

}  // namespace convoke::files
