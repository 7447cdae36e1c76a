#include "graph/batch_item.hpp"

namespace convoke::graph {

void understand(const wire::batch_item& item, std::string_view envelope_date, const request& asked, wire::parser& parser,
                engine::answer& out) {
  if (item.status == 0) {
    out.error = engine::attempt_error::truncated;
    out.error_message = "the answer of the batch has no item for this call";
    return;
  }
  const http_answer from{.status = item.status,
                         .body = item.body,
                         .date = item.date.empty() ? envelope_date : item.date,
                         .request_id = item.request_id,
                         .throttle_scope = item.throttle_scope,
                         .retry_after = item.retry_after,
                         .of_batch = true};
  understand(from, asked, parser, out);
  // Of two items with one id it is not known which one answers this call.
  if (item.repeated) out.bound = false;
}

}  // namespace convoke::graph
