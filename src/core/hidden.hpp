#pragma once

namespace convoke::core {

// True for characters that are invisible, reorder text or end a line, although they are not C0 or C1 controls.
[[nodiscard]] constexpr bool hides_or_reorders(char32_t c) noexcept {
  return c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF);
}

}  // namespace convoke::core
