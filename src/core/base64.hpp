#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace convoke::core {

// RFC 4648. `standard` (section 4, `+` and `/`): always padded. `url` (section 5, `-` and `_`): padded or, as in a JWT, not at all.
enum class base64_alphabet { standard, url };

// Decodes `text`. nullopt for anything that an encoder does not write: a foreign character or a line break; padding that is missing,
// misplaced or too long; bits set behind the last byte.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text, base64_alphabet alphabet);

// Appends `bytes` in the url alphabet without padding, as a JWT has it (RFC 7515, section 2).
void append_base64url(std::string& out, std::string_view bytes);

}  // namespace convoke::core
