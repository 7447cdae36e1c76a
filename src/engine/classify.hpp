#pragma once

// What an answer means for its row, its lane and its organizer: the table of the manual's chapter "Answers", and nothing else.

#include <cstdint>

#include "engine/types.hpp"

namespace convoke::engine {

enum class answer_class : std::uint8_t {
  success,
  gone,                 // the meeting that the operation is about does not exist
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

struct classified {
  answer_class what;
  bool new_connection;  // this connection must not be used again
};

[[nodiscard]] classified classify(operation op, const answer& a) noexcept;

[[nodiscard]] constexpr bool is_permanent(answer_class c) noexcept {
  return c == answer_class::organizer_permanent || c == answer_class::row_permanent;
}
// True where nothing but the status says what happened, and the row would end by it: such an answer has to be proven. A success with a
// meeting in it proves itself.
[[nodiscard]] constexpr bool rests_on_status(operation op, answer_class c) noexcept {
  return is_permanent(c) || c == answer_class::gone || (c == answer_class::success && op == operation::remove);
}
// It came whole, and it belongs to the request without doubt.
[[nodiscard]] inline bool proven(const answer& a) noexcept {
  return a.whole && a.bound;
}
// True where the call's own answer was perhaps not seen: its key rests before it is sent again.
[[nodiscard]] bool may_be_at_work(operation op, const answer& a) noexcept;

// True where the answer shows a service that works, whatever it thinks of this row.
[[nodiscard]] bool shows_life(answer_class c) noexcept;

}  // namespace convoke::engine
