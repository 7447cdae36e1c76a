#pragma once

// JSON strings, percent-encoding, base64 and dates. The simulator has its own code for them: it must not share a mistake with the client.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/time.hpp>

namespace convoke::sim {

// A JSON string with its quotes. `text` is UTF-8 (Boost.JSON has checked it).
void append_json_string(std::string& out, std::string_view text);
void append_number(std::string& out, std::uint64_t value);
// All but unreserved characters.
void append_percent(std::string& out, std::string_view text);
[[nodiscard]] std::string percent_decode(std::string_view text);  // `+` stays; a broken escape stays as it is
void append_base64(std::string& out, std::string_view bytes);     // with padding
void append_base64url(std::string& out, std::string_view bytes);  // without
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

[[nodiscard]] bool same_ignoring_case(std::string_view a, std::string_view b) noexcept;
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] bool is_guid(std::string_view text) noexcept;

// Edm.DateTimeOffset as Graph takes it: an offset or Z is a must, up to 12 fractional digits (7 kept).
[[nodiscard]] std::optional<utc_time> read_instant(std::string_view text);
// UTC with Z and so many fractional digits, 0 to 7; more: as many as are not zero.
void append_instant(std::string& out, utc_time t, unsigned digits = 8);
// `Sun, 06 Nov 1994 08:49:37 GMT`, whole seconds.
[[nodiscard]] std::string http_date(utc_time t);
// `2026-09-01T08:00:00`, as innerError has it.
void append_plain_time(std::string& out, utc_time t);

}  // namespace convoke::sim
