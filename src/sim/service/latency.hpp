#pragma once

// How long answers take: distributions, as texts and as times.

#include <chrono>
#include <string>
#include <string_view>

#include <convoke/error.hpp>

#include "sim/service/behaviour.hpp"
#include "sim/service/random_source.hpp"

namespace convoke::sim {

// `10ms`, `uniform:10ms:50ms`, `lognormal:20ms:0.5`, `percentiles:50=20ms,99=1s`. errc::usage.
[[nodiscard]] result<latency_options> parse_latency(std::string_view text);
// The text that parse_latency reads as this.
[[nodiscard]] std::string latency_text(const latency_options& of);
// At most an hour. Draws from `random` only where the distribution needs it.
[[nodiscard]] std::chrono::nanoseconds draw_latency(const latency_options& from, random_source& random);

}  // namespace convoke::sim
