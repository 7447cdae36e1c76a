#pragma once

// When meetings expire, and what createOrGet does with the key of an expired one. Graph documents the first (the onlineMeeting resource:
// 60 days after the end, and an update before that extends by 60 days) and not the second.

#include <chrono>
#include <cstdint>
#include <string_view>

#include <convoke/error.hpp>
#include <convoke/time.hpp>

namespace convoke::sim {

struct key_record;

enum class expired_key : std::uint8_t {
  keep,      // 200 with the expired meeting, which stays expired
  make_new,  // 201 with a new meeting
  revive,    // 200 with the same meeting, which lives on as after an update
};

struct expiry_options {
  // From the end of a meeting, or from when it was made where that is later: Graph documents that an activation extends it, and a meeting
  // that has just been made is not dead. Negative: it expires before its end.
  std::chrono::seconds lifetime = std::chrono::days(60);
  expired_key key = expired_key::keep;
};

// How far an update or a revival extends a meeting, from when it happens.
inline constexpr std::chrono::days extension{60};

[[nodiscard]] utc_time expires_at(const key_record& record, const expiry_options& how) noexcept;
[[nodiscard]] bool has_expired(const key_record& record, const expiry_options& how, utc_time now) noexcept;

// A time as of every setting, `90s`, `1d`, also with a minus before it, `-2h`; whole seconds, ten years at most. errc::usage for anything
// else.
[[nodiscard]] result<std::chrono::seconds> parse_lifetime(std::string_view text);

}  // namespace convoke::sim
