#include "run/owed.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "ledger/open.hpp"
#include "run/validate.hpp"

namespace convoke::run {
namespace {

struct wanted_lane {
  ledger::lane_name name;
  bool of_any_user = false;  // the name of the app ends where that of the user begins
};

bool is_wanted(const std::vector<wanted_lane>& wanted, const ledger::lane_name& lane) {
  return std::ranges::any_of(wanted, [&](const wanted_lane& one) {
    if (!one.of_any_user) return one.name == lane;
    return one.name.graph_root == lane.graph_root && one.name.tenant == lane.tenant && lane.app.starts_with(one.name.app);
  });
}

// Only of a run that has other lanes too the rows are read.
result<bool> owes_to(const std::vector<wanted_lane>& wanted, ledger::reader& from, const ledger::run_info& info) {
  if (info.state != ledger::run_state::open || info.counts.owed == 0) return false;
  const auto fits = [&](const ledger::lane_name& lane) { return is_wanted(wanted, lane); };
  if (std::ranges::none_of(info.header.lanes, fits)) return false;
  if (std::ranges::all_of(info.header.lanes, fits)) return true;
  const auto status = from.status(info.id);
  if (!status) return std::unexpected(status.error());
  for (std::size_t i = 0; i < info.header.lanes.size(); ++i)
    if (fits(info.header.lanes[i]) && status->calls_left_of_lanes.at(i) > 0) return true;
  return false;
}

}  // namespace

result<bool> owes_rows_to(ledger::reader& from, const job& j) {
  std::vector<wanted_lane> wanted;
  for (const auto& lane : j.lanes) {
    auto name = lane_name(lane);
    if (!name) return std::unexpected(std::move(name.error()));
    wanted.push_back({.name = std::move(*name), .of_any_user = lane.delegated() && lane.user.empty()});
  }
  const auto runs = from.runs();
  if (!runs) return std::unexpected(runs.error());
  for (const auto& info : *runs) {
    auto owes = owes_to(wanted, from, info);
    if (!owes || *owes) return owes;
  }
  return false;
}

result<void> check_follow(const job& j, const work_options& how) {
  const auto url = ledger::parse_ledger_url(j.ledger);
  if (!url) return std::unexpected(url.error());
  if (!how.follow || url->kind != ledger::store_kind::sqlite) return {};
  return fail(errc::usage,
              "--follow needs a PostgreSQL ledger: while this process has a SQLite ledger no other one could plan a run. Leave --follow "
              "out, or use `convoke apply`.");
}

}  // namespace convoke::run
