#pragma once

// What an HTTP answer to createOrGet means, in the engine's words. Pure: no socket, no clock.

#include <span>
#include <string_view>

#include <convoke/spec.hpp>

#include "engine/types.hpp"
#include "wire/wire.hpp"

namespace convoke::graph {

// As much of an answer as is looked at. The views are the caller's.
struct http_answer {
  int status = 0;
  std::string_view body, date, request_id, throttle_scope;
  std::span<const std::string_view> retry_after;  // every Retry-After line
};

// Fills `out`, whose finished_at (the receipt) is set already: believed only with id, join URL and our external id; compared with `wanted`;
// Retry-After parsed relative to the answer's Date.
void understand(const http_answer& from, const spec& wanted, wire::parser& parser, engine::answer& out);

}  // namespace convoke::graph
