#pragma once

/// \file
/// The identity of a meeting.

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace convoke {

/// (Graph root, tenant id, organizer object id, external id): the identity of a meeting, as Graph keys createOrGet by
/// (tenant, user, externalId). The root belongs to it, so that a rehearsal against a simulator never passes for the real thing.
/// All members are folded to lower case: nobody publishes whether Graph tells `A-1` from `a-1`, so convoke never sends both.
struct meeting_key {
  std::string graph_root;
  std::string tenant;
  std::string organizer;
  std::string external_id;

  friend auto operator<=>(const meeting_key&, const meeting_key&) = default;
};

/// ASCII lower case; other bytes stay.
[[nodiscard]] std::string to_lower(std::string_view text);

/// The lower-case form of an Entra id (`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, hexadecimal); nullopt for anything else.
[[nodiscard]] std::optional<std::string> parse_guid(std::string_view text);

/// True where `text` may be sent as an external id: 1 to 128 bytes of visible ASCII (0x21-0x7E).
[[nodiscard]] bool valid_external_id(std::string_view text) noexcept;

}  // namespace convoke
