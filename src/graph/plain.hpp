#pragma once

// A request that is no operation on a meeting, such as a look-up of users or a read that diagnoses a problem, and its answer.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <convoke/time.hpp>

#include "engine/types.hpp"

namespace convoke::graph {

// The views need to live until the request is written, which is before the coroutine of the call first suspends.
struct plain_request {
  std::string_view method = "GET";
  std::string_view target;  // after the path of the Graph root: `/v1.0/users/…`
  std::string_view body{};  // JSON; empty: none
};

struct plain_answer {
  engine::attempt_error error = engine::attempt_error::none;  // of the transport; `foreign` for the answer to another request
  std::string error_message;                                  // for people, where `error` is not none
  bool sent = true;                                           // false: nothing was given to the network
  int status = 0;                                             // 0: no header came
  std::string body;                                           // as it came; cut where `whole` is false
  bool whole = true;
  std::string date, request_id;  // as the header has them, fit to be shown; may be empty
  std::optional<std::chrono::nanoseconds> retry_after;
  std::string retry_after_text;  // the first line, fit to be shown
  std::uint32_t token = 0;       // number of the token that was sent
  utc_time finished_at{};
};

}  // namespace convoke::graph
