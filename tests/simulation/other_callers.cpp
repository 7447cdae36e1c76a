// Calls that this process of convoke does not make: those of other programs before the job, and those of another process that has claimed
// its rows.

#include <utility>

#include "graph/understanding.hpp"
#include "simulation/world.hpp"

namespace convoke::simulation {

using namespace std::chrono_literals;
using engine::update_rule;

// Makes a call without the simulated network. False where there is no token for it.
bool world::call_directly(operation op, std::size_t index, const meeting_spec& s, sim::reply& r) {
  const auto& planned = ledger_.rows()[index];
  const auto bearer = fetch_token(planned.lane);
  if (bearer.empty()) return false;
  auto& service = *lanes_[planned.lane].service;
  sim::request q;
  build_request(op, s, planned.meeting_id, {}, now_, text_, q);
  const auto authorization = "Bearer " + bearer;
  q.authorization = authorization;
  q.client_request_id = "eeeeeeee-0000-4000-8000-000000000001";
  service.handle(q, true_time(), r);
  service.finish(r);
  return true;
}

// Another process claims a few rows that this one holds, as it may when a lease has ended, and carries them out at once.
void world::take_over() {
  if (ended_) return;
  for (int tries = 0; tries < 8; ++tries) {
    const auto index = static_cast<std::size_t>(random_.below(specs_.size()));
    if (!ledger_.take_over(index)) continue;
    if (log_) log("row " + std::to_string(index + 1) + " is taken over by another process");
    shared_keys_[ledger_.rows()[index].key] = true;
    carry_out_elsewhere(index);
    checker_->taken_over(index);
  }
}

void world::carry_out_elsewhere(std::size_t index) {
  for (int steps = 0; steps < 4; ++steps) {
    if (!step_elsewhere(index)) return;
  }
  ledger_.release_elsewhere(index);
}

// One operation. False: the row has ended, or is released.
bool world::step_elsewhere(std::size_t index) {
  const auto row = ledger_.rows()[index];
  sim::reply r;
  engine::answer a;
  a.client_request_id = "eeeeeeee-0000-4000-8000-000000000001";
  if (!call_directly(row.op, index, specs_[index], r) || r.how != sim::delivery::whole || r.throttled) {
    ledger_.release_elsewhere(index);
    return false;
  }
  graph::http_answer h;
  h.status = r.status;
  h.body = r.body;
  h.client_request_id = a.client_request_id;
  graph::understand(h, {.op = row.op, .wanted = specs_[index], .meeting_id = row.meeting_id}, parser_, a);
  const bool known = row.op != operation::create_or_get;
  const bool gone = known && a.status == 404;
  const bool done = a.stored.has_value() || (row.op == operation::remove && a.status == 204);
  if (a.error != engine::attempt_error::none || (!gone && !done)) {
    ledger_.release_elsewhere(index);
    return false;
  }
  const bool repairs = row.repairs && row.op == operation::get;
  const bool differs = row.update == update_rule::if_different && !a.drift.empty();
  const bool update = (repairs && !gone && differs) || (row.op == operation::create_or_get &&
                                                        (!a.to_set.empty() || row.update == update_rule::always || differs));
  if (update || (gone && (repairs || row.op == operation::update))) {
    ledger_.advance_elsewhere(index, update ? operation::update : operation::create_or_get, a);
    return true;
  }
  auto result = a.drift.empty() ? outcome::existing : outcome::drifted;
  if (row.op == operation::create_or_get && a.status == 201) result = outcome::created;
  if (row.op == operation::update) result = outcome::updated;
  if (row.op == operation::get) result = gone ? outcome::lost : a.drift.empty() ? outcome::unchanged : outcome::drifted;
  if (row.op == operation::remove) result = outcome::removed;
  ledger_.end_elsewhere(index, result, a);
  return false;
}

}  // namespace convoke::simulation
