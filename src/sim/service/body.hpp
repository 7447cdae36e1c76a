#pragma once

// Reads the body of createOrGet.

#include <string>
#include <string_view>

#include "sim/service/meetings.hpp"

namespace convoke::sim {

// Why a body is refused: what goes into Graph's error.
struct refusal {
  std::string code, message;
};

// True where `body` is a createOrGet; else `why` says what is wrong. Missing times become `now` and one hour later.
// Members that nobody knows are skipped, as Graph does.
[[nodiscard]] bool read_create_or_get(std::string_view body, utc_time now, wanted_meeting& into, refusal& why);

}  // namespace convoke::sim
