#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace convoke::wire {

// RFC 4648, section 4, with its padding. nullopt: `text` is something else.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace convoke::wire
