#pragma once

/// \file
/// The ids that identify a meeting. Graph keys createOrGet by tenant id, organizer object id and external id. convoke adds the Graph root,
/// so that a rehearsal against the simulator never counts as real. It compares all four in lower case: Microsoft does not document whether
/// Graph distinguishes `A-1` from `a-1`, so convoke never sends both.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace convoke {

/// ASCII lower case; other bytes stay.
[[nodiscard]] std::string to_lower(std::string_view text);

/// The lower-case form of an Entra id (`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, hexadecimal); nullopt for anything else.
[[nodiscard]] std::optional<std::string> parse_guid(std::string_view text);

/// The most bytes of an external id that convoke sends.
inline constexpr std::size_t longest_valid_external_id = 128;

/// True where `text` may be sent as an external id: 1 to longest_valid_external_id bytes of visible ASCII (0x21-0x7E).
[[nodiscard]] bool valid_external_id(std::string_view text) noexcept;

}  // namespace convoke
