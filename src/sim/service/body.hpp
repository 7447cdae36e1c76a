#pragma once

// Reads the bodies of createOrGet and PATCH.

#include <string>
#include <string_view>

#include "sim/service/behaviour.hpp"
#include "sim/service/meetings.hpp"

namespace convoke::sim {

// Why a body is refused: what goes into Graph's error. The message names the member that is wrong.
struct refusal {
  std::string code, message;
};

// True where `body` is a createOrGet; else `why` says what is wrong. Missing times become `now` and one hour later.
// Members that are not documented are skipped, as Graph does, and so are those that createOrGet cannot set.
// `channels`: chatInfo.threadId names the channel of the meeting; otherwise it is skipped too.
[[nodiscard]] bool read_create_or_get(std::string_view body, utc_time now, wanted_meeting& into, refusal& why, bool channels = false);

// True where `body` is a PATCH of a meeting; else `why` says what is wrong. Times come as a pair. Members that are documented and cannot be
// changed are refused, or skipped where `to_fixed` says so (meetingType is refused all the same); members that are not documented are
// skipped.
[[nodiscard]] bool read_update(std::string_view body, meeting_changes& into, refusal& why,
                               fixed_member_answer to_fixed = fixed_member_answer::refuse);

// The options in the body of a createOrGet, as read_update reads those of a PATCH: `into` has nothing else.
[[nodiscard]] bool read_options(std::string_view body, meeting_changes& into, refusal& why);

}  // namespace convoke::sim
