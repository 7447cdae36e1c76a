#pragma once

// What an answer means for its row, its lane and its organizer: the table of the manual's chapter "Answers", and nothing else.

#include <cstdint>

#include "engine/types.hpp"

namespace convoke::engine {

enum class answer_class : std::uint8_t {
  success,
  throttle,             // cooldown the scope; costs the row nothing
  fault,                // backoff; costs the row an attempt
  conflict,             // a fault, but two attempts are enough: then failed
  stale,                // free, on another connection
  unsent,               // the request never began: free
  auth,                 // the token was refused
  ours,                 // this machine ran out of something: fewer connections
  organizer_permanent,  // nothing of this organizer will work
  row_permanent,
};

struct verdict {
  answer_class what;
  bool new_connection;  // this connection must not be used again
};

[[nodiscard]] verdict classify(const answer& a) noexcept;

[[nodiscard]] constexpr bool is_permanent(answer_class c) noexcept {
  return c == answer_class::organizer_permanent || c == answer_class::row_permanent;
}
// What a refusal says is final only where it came whole and belongs to the request without doubt.
[[nodiscard]] inline bool proven(const answer& a) noexcept {
  return a.whole && a.bound;
}
// True where the call's own answer was perhaps not seen: its key rests before it is sent again.
[[nodiscard]] bool may_be_at_work(const answer& a) noexcept;

// True where the answer shows a service that works, whatever it thinks of this row.
[[nodiscard]] bool shows_life(answer_class c) noexcept;

}  // namespace convoke::engine
