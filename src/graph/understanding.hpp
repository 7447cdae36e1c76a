#pragma once

// What an HTTP answer to a request means, in the terms of the engine. Pure: no socket, no clock.

#include <span>
#include <string_view>

#include "engine/types.hpp"
#include "graph/request.hpp"
#include "wire/wire.hpp"

namespace convoke::graph {

// The parts of an answer that are looked at. The views are the caller's.
struct http_answer {
  int status = 0;
  std::string_view body, date, request_id, client_request_id, throttle_scope;
  std::span<const std::string_view> retry_after;  // every Retry-After line
  bool whole = true;                              // false: the body was cut
  bool of_batch = false;                          // an item of a batch, which its envelope and its id bind to its request
};

// Fills `out`, whose finished_at (the receipt) and client_request_id (ours) are set already.
//
// An answer of any status that names another client-request-id, in its header or else in its body, is foreign: nothing else of it is
// reported. The successes of an operation are
//   createOrGet  200 and 201 with a meeting that has an id, a join URL and our external id;
//   update       200 with the meeting that has the id of the request;
//   get          200 with the meeting that has the id of the request;
//   remove       204 without a body.
// A meeting is believed only where no part of it names another organizer, and where its external id is ours; an answer to an update or a
// get may leave the external id and the join URL out. What is believed is compared with the spec (answer::drift, and answer::to_set and
// answer::settled for what createOrGet cannot set); what differed before an update that did not send it, and is not shown, differs still.
// And only what the ledger keeps of it is kept (answer::stored). An answer without a body is tied to its request by the client-request-id
// alone, so that it is believed only with it; then answer::stored stays empty. Any other 2xx is not believed: it does not say what became
// of the request. That holds for a 204 to an update too, which Graph does not document: it does not show the meeting, so nothing says what
// differs now.
//
// Retry-After is parsed relative to the answer's Date.
void understand(const http_answer& from, const request& asked, wire::parser& parser, engine::answer& out);

}  // namespace convoke::graph
