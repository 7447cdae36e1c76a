#pragma once

// The dates of a rule, by libical's iterator.

#include <chrono>
#include <expected>
#include <string>
#include <vector>

#include "spec/repeat_rule.hpp"

namespace convoke::spec {

// The last day that a row may repeat on: max_repeat_span after its start.
[[nodiscard]] std::chrono::local_days last_day_of_repeats(std::chrono::local_days start) noexcept;

// `last`: the last day on which the rule may have a date; last_day_of_repeats where the rule ends by a count.
struct repeat_bounds {
  std::chrono::local_days start, last;
  int count = max_occurrences;  // dates before the rule is over
  bool by_count = false;        // fewer dates than `count` until `last` are too few
};

// The dates of the rule from `bounds.start`, which is the first one, in ascending order. The failure is the reason, for people, why the
// rule is wrong for this start: the start is not on it, it has more than max_occurrences dates, or too few. Where the rule names no day it
// means the start's; a start that some months do not have (the 31st) is then refused. The work is bounded: a few hundred periods at most.
[[nodiscard]] std::expected<std::vector<std::chrono::local_days>, std::string> expand(const repeat_rule& rule, const repeat_bounds& bounds);

// Why the rule does not have this day; empty where it has. Regards no INTERVAL and no end.
[[nodiscard]] std::string why_not_on(const repeat_rule& rule, std::chrono::local_days day);

}  // namespace convoke::spec
