#pragma once

// What to answer to the name of a zone that is not one, or should not be used.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace convoke::files {

// `EST`, `MST` and `HST`: tzdata has them, as offsets without summer time.
[[nodiscard]] bool lacks_summer_time(std::string_view zone) noexcept;

// Why an abbreviation (`EST`, `IST`, `PDT`) or an offset (`UTC+1`, `+0100`) is no zone, and what to write instead; nullopt for other names.
[[nodiscard]] std::optional<std::string> why_no_zone(std::string_view zone);

// A sentence about `Etc/GMT+n` and `Etc/GMT-n`; nullopt for other names, and for n = 0.
[[nodiscard]] std::optional<std::string> inverted_sign(std::string_view zone);

// The one of `known`, which are IANA names, or of the Windows names that is most similar to `zone`. `Berlin` is similar to `Europe/Berlin`.
[[nodiscard]] std::optional<std::string> nearest_zone(std::string_view zone, std::span<const std::string_view> known);

}  // namespace convoke::files
