#pragma once

#include <string>
#include <string_view>

namespace convoke::files {

// SHA-256 as 64 lower-case hexadecimal digits (FIPS 180-4).
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace convoke::files
