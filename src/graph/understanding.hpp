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
  std::string_view body, date, request_id, client_request_id, throttle_scope;
  std::span<const std::string_view> retry_after;  // every Retry-After line
  bool whole = true;                              // false: the body was cut
  bool of_batch = false;                          // an item, which its envelope and its id bind to its request
};

// Fills `out`, whose finished_at (the receipt) and client_request_id (ours) are set already. An answer of any status that names another
// client-request-id, in its header or else in its body, is foreign: nothing else of it is reported. A 200 or 201 is believed only with id,
// join URL and our external id, and where neither of its parts names another organizer; it is compared with `wanted`, and what is kept of
// it is what the ledger keeps. Retry-After is parsed relative to the answer's Date.
void understand(const http_answer& from, const meeting_spec& wanted, wire::parser& parser, engine::answer& out);

}  // namespace convoke::graph
