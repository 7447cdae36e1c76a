#pragma once

// How a row ended, compared with the meetings of the service.

#include <optional>
#include <string>

#include <convoke/outcome.hpp>
#include <convoke/spec.hpp>

#include "engine/types.hpp"
#include "sim/service/meetings.hpp"

namespace convoke::simulation {

struct ended_row {
  const meeting_spec& wanted;
  operation planned;  // the first that it owed
  engine::update_rule update;
  outcome result;
  unsigned strikes;
  const engine::answer& last;  // what it ended with
  bool repairs = false;        // see engine::owed_row
};
// What is wrong with it, as the end of a sentence that begins with the row's name.
[[nodiscard]] std::optional<std::string> wrong_end(const ended_row& row, const sim::meeting_store& meetings);

}  // namespace convoke::simulation
