#pragma once

// How a throttled answer says when to come back.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "sim/service/behaviour.hpp"
#include "sim/service/dice.hpp"

namespace convoke::sim {

// integer, decimal, date, joined, absent, two-lines, garbage, mix, constant:SECONDS. errc::usage.
[[nodiscard]] result<void> parse_retry_after_form(std::string_view word, throttle_options& into);

struct retry_after {
  std::string lines;                                  // complete header lines, perhaps none
  std::optional<std::chrono::nanoseconds> announced;  // what an obedient caller waits; absent where nothing was said
};

// `date` is the answer's own Date: what a date form is relative to.
[[nodiscard]] retry_after make_retry_after(const throttle_options& how, std::chrono::nanoseconds wait, utc_time date, dice& random);

}  // namespace convoke::sim
