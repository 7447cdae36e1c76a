#pragma once

// The Retry-After header of a throttled answer.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "sim/service/behaviour.hpp"
#include "sim/service/random_source.hpp"

namespace convoke::sim {

// integer, decimal, date, joined, absent, two-lines, garbage, mix, constant:SECONDS. errc::usage.
[[nodiscard]] result<void> parse_retry_after_form(std::string_view word, throttle_options& into);
// The word that parse_retry_after_form reads as the form of `from`.
[[nodiscard]] std::string retry_after_word(const throttle_options& from);

struct retry_after {
  std::string lines;                                  // complete header lines, perhaps none
  std::optional<std::chrono::nanoseconds> announced;  // how long the scope is closed by it; absent where the header says no time
};

// `date` is the answer's own Date: what a date form is relative to.
[[nodiscard]] retry_after make_retry_after(const throttle_options& how, std::chrono::nanoseconds wait, utc_time date,
                                           random_source& random);

}  // namespace convoke::sim
