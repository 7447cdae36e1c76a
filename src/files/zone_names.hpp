#pragma once

#include <span>
#include <string>
#include <string_view>

namespace convoke::files {

// The names of a zone of Windows, from CLDR.
struct windows_zone {
  std::string_view name;   // `W. Europe Standard Time`
  std::string_view iana;   // that CLDR assigns to it for territory 001, the world
  std::string_view shown;  // in the lists of Windows and Outlook: `(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna`
};
[[nodiscard]] std::span<const windows_zone> windows_zones() noexcept;

// The form in which shown names are compared: lower case, one blank where there are several, `(UTC+00:00)` for `(UTC)` and `UTC` for `GMT`
// in the offset.
[[nodiscard]] std::string shown_name_key(std::string_view name);
// The same without the offset: `amsterdam, berlin, …`. A view into `key`.
[[nodiscard]] std::string_view without_offset(std::string_view key) noexcept;

}  // namespace convoke::files
