#pragma once

// An item of a batch is understood as the answer it would have been on its own.

#include <string_view>

#include <convoke/spec.hpp>

#include "engine/types.hpp"
#include "graph/understanding.hpp"
#include "wire/batch.hpp"

namespace convoke::graph {

// Like understand() of an HTTP answer. An item has the Date of its envelope unless it brings its own. One that did not come (status 0)
// is a fault: it is unknown whether its call was carried out. The caller has checked that the envelope is not foreign. Ids within items
// are no evidence: Graph was seen to write the envelope's there. A refusal whose id comes twice in the envelope is not bound to its call.
void understand(const wire::batch_item& item, std::string_view envelope_date, const meeting_spec& wanted, wire::parser& parser,
                engine::answer& out);

}  // namespace convoke::graph
