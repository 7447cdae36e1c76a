#pragma once

// A row that this process holds, and what is known for its next request.

#include <string>
#include <unordered_map>
#include <vector>

#include <convoke/spec.hpp>

#include "engine/types.hpp"
#include "graph/graph.hpp"

namespace convoke::run {

struct claimed_row {
  meeting_spec wanted;
  engine::key_id key = 0;
  engine::organizer_id organizer = 0;
  std::string meeting_id{};            // where the row owes another operation than createOrGet
  std::vector<std::string> changed{};  // where it owes an update because of an answer of this process: the fields that differ

  // An operation succeeded with this answer, and another one is owed.
  void advance(const engine::answer& last) {
    if (last.stored) meeting_id = last.stored->id;
    changed = last.drift;
  }
  // It refers to this row, which must live until the answer is there. An update of a row that another process advanced sends every field:
  // which ones differ is not kept.
  [[nodiscard]] graph::request request(operation op) const noexcept {
    return {.op = op, .wanted = wanted, .meeting_id = meeting_id, .changed = changed};
  }
};
using claimed_rows = std::unordered_map<engine::row_id, claimed_row>;

}  // namespace convoke::run
