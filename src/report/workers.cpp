#include "report/workers.hpp"

#include <algorithm>
#include <chrono>
#include <ranges>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "core/text.hpp"
#include "report/json_text.hpp"
#include "report/local_time.hpp"
#include "report/progress.hpp"
#include "report/wording.hpp"

namespace convoke::report {
namespace {

namespace json = boost::json;

auto parts_of(const lane_key& lane) {
  return std::tie(lane.graph_root, lane.tenant, lane.app);
}

std::string name_of(const worker_status& w) {
  return fmt::format("{}, process {}", core::escape_for_people(w.host), w.process);
}

std::string lease_text(std::chrono::seconds left) {
  if (left.count() >= 0) return fmt::format("its lease lasts {} s", left.count());
  return fmt::format("its lease ended {} ago", duration_for_people(-left));
}

std::string share_text(const worker_status::share& share) {
  const auto has = share.rate > 0   ? fmt::format("{:.1f} calls/s ({:.0f} %)", share.rate, share.part * 100)
                   : share.part > 0 ? fmt::format("{:.0f} % of the rate", share.part * 100)
                                    : std::string("nothing yet");
  return fmt::format("has {}, wants {:.1f} calls/s{}", has, share.wants, share.leads ? "; leads" : "");
}

// A worker whose lease has ended may send nothing.
bool live(const worker_status& w) {
  return w.lease_left.count() >= 0;
}

// Each lane once, in the order in which the workers name them.
std::vector<lane_key> lanes_of(const std::vector<worker_status>& workers) {
  std::vector<lane_key> out;
  for (const auto& w : workers | std::views::filter(live))
    for (const auto& share : w.lanes)
      if (std::ranges::none_of(out, [&](const lane_key& seen) { return parts_of(seen) == parts_of(share.lane); }))
        out.push_back(share.lane);
  return out;
}

std::string lane_text(const lane_key& lane, const std::vector<worker_status>& workers) {
  std::string lines;
  double granted = 0;
  for (const auto& w : workers | std::views::filter(live)) {
    for (const auto& share : w.lanes) {
      if (parts_of(share.lane) != parts_of(lane)) continue;
      granted += share.rate;
      lines += fmt::format("  {}: {}\n", name_of(w), share_text(share));
    }
  }
  return fmt::format("Lane of tenant {}, application {}{}:\n", core::escape_for_people(lane.tenant), core::escape_for_people(lane.app),
                     granted > 0 ? fmt::format(", {:.1f} calls/s granted", granted) : "") +
         lines;
}

}  // namespace

std::string workers_text(const std::vector<worker_status>& workers, utc_time now) {
  if (workers.empty()) return "Workers: none\n";
  std::string out = "Workers:\n";
  for (const auto& w : workers)
    out += fmt::format("  {}: since {}, {}, {} held\n", name_of(w), local_minute(w.started_at, now), lease_text(w.lease_left),
                       count_of(w.rows_held, "row", "rows"));
  for (const auto& lane : lanes_of(workers)) out += lane_text(lane, workers);
  return out;
}

json::array workers_json(const std::vector<worker_status>& workers) {
  json::array out;
  for (const auto& w : workers) {
    json::array lanes;
    for (const auto& share : w.lanes)
      lanes.push_back(json::object{{"graph_root", json_text(share.lane.graph_root)},
                                   {"tenant", json_text(share.lane.tenant)},
                                   {"app", json_text(share.lane.app)},
                                   {"leads", share.leads},
                                   {"wants_per_s", share.wants},
                                   {"part", share.part},
                                   {"rate_per_s", share.rate > 0 ? json::value(share.rate) : json::value(nullptr)}});
    out.push_back(json::object{{"host", json_text(w.host)},
                               {"process", w.process},
                               {"started_at", format_utc(std::chrono::floor<std::chrono::seconds>(w.started_at))},
                               {"lease_left_s", w.lease_left.count()},
                               {"rows_held", w.rows_held},
                               {"lanes", std::move(lanes)}});
  }
  return out;
}

}  // namespace convoke::report
