#pragma once

// A row that this process holds, and what is known for its next request.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <convoke/spec.hpp>

#include "engine/types.hpp"
#include "graph/graph.hpp"
#include "ledger/planning/rules.hpp"
#include "ledger/types.hpp"

namespace convoke::run {

struct claimed_row {
  claimed_row() = default;
  // As the ledger gave it out; `spec` is its decoded payload.
  claimed_row(ledger::claimed_row&& claimed, meeting_spec&& spec);

  meeting_spec wanted;
  engine::key_id key = 0;
  engine::organizer_id organizer = 0;
  std::uint32_t line = 0;  // of its record in the input
  ledger::update_rule update = ledger::update_rule::never;
  std::string meeting_id;  // where the row owes another operation than createOrGet
  // Where it owes an update: the fields to send, which differed or have to be set; empty: all of them.
  std::vector<std::string> changed;
  std::vector<std::string> kept;  // fields that are known to differ and are not sent
  bool extends = false;           // the update changes nothing: it is sent because an update extends the life of the meeting

  // An operation is complete with this answer, and another one is owed.
  void advance(const engine::answer& last);
  // It refers to this row, which must live until the answer is there.
  [[nodiscard]] graph::request request(operation op) const noexcept {
    return {.op = op, .wanted = wanted, .meeting_id = meeting_id, .changed = changed, .kept = kept};
  }

 private:
  void send(ledger::planning::update_fields&& fields);
};

// The fields that an update sends once this answer has come: those that differ, and the options that are to be set.
[[nodiscard]] std::vector<std::string> fields_to_send(const engine::answer& last);

using claimed_rows = std::unordered_map<engine::row_id, claimed_row>;

}  // namespace convoke::run
