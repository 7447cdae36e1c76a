#pragma once

// What the tests of runs with several lanes have in common.

#include <vector>

#include "engine/script.hpp"

namespace convoke::engine::test {

inline lane_setup of_app(std::uint32_t app) {
  lane_setup l;
  l.app = app;
  return l;
}
inline lane_setup with(const lane_settings& own) {
  lane_setup l;
  l.own = own;
  return l;
}
inline std::vector<lane_id> lanes_of(const std::vector<send_call>& calls) {
  std::vector<lane_id> out;
  for (const auto& c : calls) out.push_back(c.lane);
  return out;
}
inline std::vector<stop_reason> reasons(const finished& f) {
  std::vector<stop_reason> out;
  for (const auto& l : f.lanes) out.push_back(l.reason);
  return out;
}
// Sends what is granted and answers it like this until nothing is granted; commits whatever is handed over.
template <class Answer>
void carry_out(script& t, Answer reply) {
  for (;;) {
    std::vector<row_id> done;
    for (const auto& r : t.all<record_outcome>()) done.push_back(r.row);
    for (const auto& r : t.all<release_row>()) done.push_back(r.row);
    if (!done.empty()) t.commit(done);
    for (const auto& c : t.all<close_organizer>()) t.closed(c.organizer, 0);
    const auto calls = t.all<send_call>();
    if (calls.empty() && done.empty()) return;
    for (const auto& c : calls) t.finish(c, reply(c));
  }
}

}  // namespace convoke::engine::test
