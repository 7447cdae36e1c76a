#include "report/lanes.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "report/counts.hpp"
#include "report/endings.hpp"
#include "report/json_text.hpp"
#include "report/wording.hpp"

namespace convoke::report {

namespace json = boost::json;

std::string lane_text(const std::string& name, const std::string& tenant) {
  return name.empty() ? core::escape_for_people(tenant)
                      : fmt::format("{} ({})", core::escape_for_people(name), core::escape_for_people(tenant));
}

std::string lanes_text(std::span<const lane_result> lanes) {
  if (lanes.size() < 2) return {};
  std::string out;
  for (const auto& lane : lanes) {
    // A worker does not know the outcomes of a lane: others carry out its rows too.
    const auto counts = lane.counts != outcome_counts() ? counts_text(lane.counts) + ", " : std::string();
    out += fmt::format("Tenant {}: {}{}; {}", lane_text(lane.name, lane.tenant), counts, count_of(lane.calls, "call", "calls"),
                       word(lane.end));
    if (lane.end != ending::finished && !lane.detail.empty()) out += ": " + lane.detail;
    out += '\n';
  }
  return out;
}

json::array lanes_json(std::span<const lane_result> lanes) {
  json::array out;
  for (const auto& lane : lanes)
    out.push_back(json::object{{"name", lane.name.empty() ? json::value(nullptr) : json::value(json_text(lane.name))},
                               {"tenant", json_text(lane.tenant)},
                               {"app", json_text(lane.app)},
                               {"end", word(lane.end)},
                               {"detail", json_text(lane.detail)},
                               {"calls", lane.calls},
                               {"outcomes", counts_json(lane.counts)}});
  return out;
}

}  // namespace convoke::report
