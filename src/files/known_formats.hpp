#pragma once

// Files that are no CSV, although their name or their sender says so.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "files/input.hpp"

namespace convoke::files {

// How many of the first bytes are worth looking at.
inline constexpr std::size_t first_bytes = 4096;
// How many bytes tell the binary formats from text.
inline constexpr std::size_t enough_bytes = 16;

// What a file that begins with `bytes` is, and what to do: `is a PDF file, not CSV: …`. nullopt where it may be CSV.
[[nodiscard]] std::optional<std::string> foreign_format(std::string_view bytes);

// The byte order of text that looks like UTF-16 without a byte-order mark, as ASCII does in it: every second byte is NUL.
[[nodiscard]] std::optional<encoding> looks_like_utf16(std::string_view bytes) noexcept;

}  // namespace convoke::files
