#pragma once

// The run as one state machine. It touches no socket, file, thread or clock: time is an argument of every event, randomness
// comes from the seed in the settings, and what it wants done comes out as actions. Policy about pace, retries, cooldowns,
// deadlines and stopping lives here and in pacing, and nowhere else.
//
// Use: feed an event, then take_actions() and carry them all out in order; an action's answer is a later event.
// Not thread-safe: one thread, one engine.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/types.hpp"

namespace convoke::engine {

class engine {
 public:
  engine(const settings& s, std::vector<lane_setup> lanes, mono_time now);
  ~engine();
  engine(engine&&) noexcept;

  // The pages that one fetch_rows asked for, all of them, also the empty ones.
  void rows_arrived(lane_id, bool stale, std::span<const claimed_page> pages, mono_time now);
  // This slot has an open, idle connection, ready to write. `reused`: it has carried an answer before.
  void connection_ready(lane_id, connection_id, bool reused, mono_time now);
  // The slot's idle connection closed (it must not be granted); the driver will reconnect and say connection_ready again.
  void connection_lost(lane_id, connection_id, mono_time now);
  // Connecting failed: the answer's error says how (connect, tls, local_resources, timeout). The driver asks may_connect_at.
  void connect_failed(lane_id, connection_id, const answer& why, mono_time now);
  // When the driver may try to connect next in this lane (backoff after failures lives here; in the past: at once). Failures that come
  // before that time belong to the same round of attempts and do not lengthen the wait.
  [[nodiscard]] mono_time may_connect_at(lane_id) const;
  // A token is there; `token` > 0 numbers it. Requests granted from now on carry it.
  void token_ready(lane_id, std::uint32_t token, mono_time now);
  // No token is usable and none could be had: nothing is sent until token_ready. `fatal`: the credential is wrong (the lane stops, exit 4);
  // otherwise the driver goes on asking by itself, not before `again` where that is known. The lane does not wait for more than ten
  // minutes.
  void token_failed(lane_id, const error& why, bool fatal, std::optional<mono_time> again, mono_time now);
  // The answer to a send_call; ignored where the drain gave the call up. After this the connection is not ready until connection_ready says
  // so again.
  void answered(row_id, answer a, mono_time now);
  // Outcomes, releases, advances: durable now. `lost`: of rows that the ledger no longer holds for this process; what it wrote about them
  // changed nothing.
  void committed(std::span<const row_id> rows, std::span<const row_id> lost, mono_time now);
  // The rows that close_organizer failed are committed.
  void organizer_closed(lane_id, organizer_id, std::uint32_t rows, mono_time now);
  // The ledger failed: nothing more is sent, answers in flight are dropped.
  void storage_failed(const error& why, mono_time now);
  // Stop new calls, let those in flight finish (settings.drain at most), release the rest.
  void stop(stop_reason why, mono_time now);
  // Time passed.
  void tick(mono_time now);

  // What is to be done, in order. Empties the list. wake_at comes at most once, as the last one; finished is the last action ever.
  [[nodiscard]] std::vector<action> take_actions();
  // The same into a vector that is reused (its old contents are dropped): no allocation once both have grown.
  void take_actions(std::vector<action>& into);

  [[nodiscard]] const counters& numbers() const noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::engine
