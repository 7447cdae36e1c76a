#pragma once

// From the calls of an experiment to requests, and from answers to what the experiment looks at.

#include <string>
#include <string_view>

#include "experiments/seen.hpp"
#include "graph/plain.hpp"

namespace convoke::run {

// The request for a call. The organizer is an object id.
struct probe_request {
  std::string method, target, body;
};
[[nodiscard]] probe_request request_of(const experiments::call& made, std::string_view organizer);

[[nodiscard]] experiments::seen seen_of(const graph::plain_answer& answer, experiments::verb asked);

// The form of a Retry-After as it was sent.
[[nodiscard]] experiments::retry_form form_of_retry_after(std::string_view text) noexcept;

}  // namespace convoke::run
