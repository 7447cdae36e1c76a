#include "files/zone_names.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace convoke::files {

namespace {

constexpr windows_zone zones[] = {
#include "files/windows_zones.inc"
};

}  // namespace

std::span<const windows_zone> windows_zones() noexcept {
  return zones;
}

std::string shown_name_key(std::string_view name) {
  name = core::trim(name);
  std::string out;
  bool in_offset = name.starts_with('(');
  bool blank = false;
  while (!name.empty()) {
    const core::utf8_char c = core::decode_utf8(name);
    const std::size_t length = std::max<std::size_t>(c.length, 1);
    if (c.length != 0 && core::blank_or_invisible(c.code_point)) {
      blank = true;
    } else {
      if (blank && !in_offset) out += ' ';
      blank = false;
      for (const char byte : name.substr(0, length)) out += core::ascii_lower(byte);
      if (in_offset && out.back() == ')') {
        in_offset = false;
        blank = true;
      }
    }
    name.remove_prefix(length);
  }
  if (out.starts_with("(gmt")) out.replace(1, 3, "utc");
  if (out.starts_with("(utc)")) out.insert(4, "+00:00");
  return out;
}

std::string_view without_offset(std::string_view key) noexcept {
  constexpr std::string_view end = ") ";
  if (!key.starts_with("(utc")) return key;
  const auto at = key.find(end);
  return at == std::string_view::npos ? key : key.substr(at + end.size());
}

}  // namespace convoke::files
