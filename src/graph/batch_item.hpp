#pragma once

// An item of a batch of calls for meetings is understood as the answer that it would be on its own.

#include <string_view>

#include "engine/types.hpp"
#include "graph/understanding.hpp"
#include "wire/batch.hpp"

namespace convoke::graph {

// Like understand() of an HTTP answer. An item has the Date of its envelope unless it has its own. An item that did not come
// (status 0) is a fault, because it is unknown whether its call was carried out. The caller has checked that the envelope is not foreign;
// the request ids within items are no evidence, because Graph writes the envelope's id into them. A refusal whose item id occurs twice in
// the envelope is not bound to its call.
void understand(const wire::batch_item& item, std::string_view envelope_date, const request& asked, wire::parser& parser,
                engine::answer& out);

}  // namespace convoke::graph
