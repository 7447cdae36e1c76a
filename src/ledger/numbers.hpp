#pragma once

// The numbers and names by which a ledger refers to its runs, rows, keys, organizers and lanes.

#include <cstdint>
#include <string>

namespace convoke::ledger {

// Numbers of one ledger. They mean nothing in another one, and are not reused while the ledger refers to what they name.
using run_id = std::uint32_t;
using row_id = std::uint64_t;  // run << 32 | number of the row in the run
using key_id = std::uint64_t;
using organizer_id = std::uint32_t;  // of an organizer in a lane: the same user in two lanes has two numbers

// The position of a lane in run_header::lanes, in a session in those of opened_run. It is valid within that run or session only; what
// identifies a lane in the whole ledger, from one run to the next, is its lane_name.
using lane_id = std::uint16_t;

// Rows are held under a token: random, never 0. Every write about a row names the token of its claim, and changes nothing if the row is
// held under another one by then. A store chooses whether each claim or each session has a token of its own.
using lease_token = std::uint64_t;

// In the place of a run in what a session asks for: every open run of the session, the one that was opened first before the others.
inline constexpr run_id all_runs = 0;

// Whether a row whose createOrGet succeeded owes an update next. The numbers are stored.
enum class update_rule : std::uint8_t {
  never = 0,         // differences are reported
  if_different = 1,  // if the answer differs from the spec
  always = 2,        // the spec wants something that createOrGet cannot set: always, unless the answer shows that it is set
  both = 3,          // always or if_different
};

// What holds where both rules hold: the numbers are sets of two bits.
constexpr update_rule operator|(update_rule a, update_rule b) noexcept {
  return static_cast<update_rule>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
// Whether the rule has the other one in it.
constexpr bool includes(update_rule a, update_rule b) noexcept {
  return (a | b) == a;
}

constexpr row_id make_row(run_id run, std::uint32_t number) noexcept {
  return row_id{run} << 32 | number;
}
constexpr run_id run_of(row_id row) noexcept {
  return static_cast<run_id>(row >> 32);
}
constexpr std::uint32_t number_of(row_id row) noexcept {
  return static_cast<std::uint32_t>(row);
}

struct lane_name {
  std::string graph_root, tenant, app;  // lower case, the root without a trailing slash
  friend bool operator==(const lane_name&, const lane_name&) = default;
};

}  // namespace convoke::ledger
