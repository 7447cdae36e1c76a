#pragma once

// Runs that verify and remove, for the conformance suite.

#include <algorithm>
#include <string>
#include <vector>

#include "ledger/fixture.hpp"

namespace convoke::ledger::testing {

using words = std::vector<std::string>;

inline run_header of_kind(run_kind kind, const std::string& identity, operation_settings operations = {}) {
  auto out = header(identity);
  out.kind = kind;
  out.operations = operations;
  if (kind == run_kind::remove) out.feed.clear();
  return out;
}

struct with_kinds : at_work {
  // Meetings `a`, `b`, `c` of one organizer, made by an earlier run.
  run_id made() {
    const auto run = three_rows();
    carry_out(*s, run);
    return run;
  }
  planned_run verify_all(const std::string& identity, operation_settings operations = {}, bool open = true) {
    auto planning = must(s->begin_plan(of_kind(run_kind::verify, identity, operations)));
    must(planning->add_inventory(before_any_meeting));
    planned_run out;
    out.summary = must(planning->classify(before_any_meeting));
    out.id = must(planning->commit(open));
    return out;
  }
  // `external id state drift` of every key.
  words inventory() {
    words out;
    must(r->for_each_inventory([&](const inventory_row& got) -> result<void> {
      out.push_back(std::string(got.external_id) + " " + std::string(got.state) + (got.drift.empty() ? "" : " " + std::string(got.drift)));
      return {};
    }));
    std::ranges::sort(out);
    return out;
  }
  std::vector<claimed_row> claimed(run_id run, bool stale = false) { return claim_first(*s, run, 100, stale).rows; }
};

inline finished_row gone(const claimed_row& row, outcome o) {
  auto out = ended(row, o);
  out.http_status = 404;
  out.stored.reset();
  return out;
}

}  // namespace convoke::ledger::testing
