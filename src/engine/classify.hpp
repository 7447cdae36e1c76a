#pragma once

// The class of an answer: what it means for its row, its lane and its organizer. What each class leads to is in lane_answers.cpp.

#include <cstdint>

#include "engine/types.hpp"

namespace convoke::engine {

enum class answer_class : std::uint8_t {
  success,
  gone,                 // the meeting that the operation is about does not exist
  throttle,             // closes its scope for a time; costs the row no attempt
  fault,                // sent again after a backoff; costs the row an attempt
  conflict,             // a fault that fails the row at the second attempt
  stale,                // a dead connection: sent again on a new one; costs no attempt, within a bound
  unsent,               // the request never began; costs no attempt
  auth,                 // the token was refused
  ours,                 // this machine lacks a resource: fewer connections
  organizer_permanent,  // no call for this organizer can succeed
  row_permanent,        // no call for this row can succeed
};

struct classified {
  answer_class what;
  bool new_connection;  // the connection that carried the answer must not be used again
};

[[nodiscard]] classified classify(operation op, const answer& a) noexcept;

[[nodiscard]] constexpr bool is_permanent(answer_class c) noexcept {
  return c == answer_class::organizer_permanent || c == answer_class::row_permanent;
}
// True where the row would end by the status alone. Such an answer must be proven before it counts. A success that contains the meeting
// needs no other proof.
[[nodiscard]] constexpr bool rests_on_status(operation op, answer_class c) noexcept {
  return is_permanent(c) || c == answer_class::gone || (c == answer_class::success && op == operation::remove);
}
// True where the answer is complete and names the request that it belongs to.
[[nodiscard]] inline bool proven(const answer& a) noexcept {
  return a.whole && a.bound;
}
// True where the call may still be carried out by the service, because its own answer was perhaps not received. Its key rests before it is
// sent again.
[[nodiscard]] bool may_be_at_work(operation op, const answer& a) noexcept;

// True where the answer shows that the service works, whatever it means for the row.
[[nodiscard]] bool shows_life(answer_class c) noexcept;

}  // namespace convoke::engine
