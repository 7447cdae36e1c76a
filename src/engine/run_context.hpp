#pragma once

// What the lanes of one run share.

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/rows.hpp"
#include "engine/rules.hpp"
#include "engine/scopes.hpp"
#include "engine/types.hpp"
#include "engine/weight.hpp"
#include "pacing/pacing.hpp"

namespace convoke::engine {

struct run_context {
  explicit run_context(const settings& run) : config(run), random(run.seed) {}

  settings config;
  pacing::random_engine random;
  std::vector<action> actions;
  counters numbers;
  mono_time now = mono_time::min();  // of the event that is being handled
  mono_time lease_until = mono_time::max();
  row_store rows;
  key_guard keys;
  // Rows that a look finds stale may come with any claim of stale rows from then on, in all lanes, and they have to wait. So no lane looks
  // while one of them waits to claim stale rows or claims them, and none claims them while a look is under way.
  std::uint32_t looks = 0, stale_claims = 0, stale_waits = 0;  // not answered yet; pages; lanes
  std::uint32_t closings = 0;                                  // close_organizer actions that were not answered yet

  // From this time on nothing is sent or claimed, unless the lease is extended before.
  [[nodiscard]] mono_time lease_trusted_until() const noexcept {
    if (lease_until == mono_time::max() || !holds(rule::lease_obeyed)) return mono_time::max();
    if (!holds(rule::lease_margin_kept)) return lease_until;
    return std::max(lease_until, mono_time::min() + config.lease_margin) - config.lease_margin;
  }

  // Each of these three starts a commit; until `acknowledged`, the row is unacknowledged. The first two are the row's end in this process.
  void record(row_index i, outcome result, answer&& last) {
    auto& r = rows[i];
    commit(r, row_state::committing, last);
    actions.emplace_back(std::in_place_type<record_outcome>, r.lane, r.owed.row, r.owed.key, r.owed.token, result, r.sends,
                         std::move(last));
  }
  void release(row_index i, bool strike, answer&& last) {
    auto& r = rows[i];
    commit(r, row_state::committing, last);
    actions.emplace_back(std::in_place_type<release_row>, r.lane, r.owed.row, r.owed.token, strike, r.sends, std::move(last));
  }
  void advance(row_index i, operation next, answer&& last) {
    auto& r = rows[i];
    commit(r, row_state::advancing, last);
    r.begin(next);
    actions.emplace_back(std::in_place_type<advance_row>, r.lane, r.owed.row, r.owed.key, r.owed.token, next, r.sends, std::move(last));
  }
  void acknowledged(const row& r) noexcept {
    numbers.unacknowledged_bytes -= r.weight;
    --numbers.unacknowledged;
  }

 private:
  void commit(row& r, row_state state, const answer& last) {
    r.state = state;
    r.weight = weight_of(last);
    r.last.reset();
    ++numbers.unacknowledged;
    numbers.unacknowledged_bytes += r.weight;
  }
};

}  // namespace convoke::engine
