#pragma once

// The run as one state machine. It uses no socket, file, thread or clock: time is an argument of every event, randomness comes from the
// seed in the settings, and what is to be done comes out as actions. All policy about pace, retries, cooldowns, deadlines and stopping is
// here and in pacing.
//
// Use: pass an event, then call take_actions() and carry out all of them in order. The result of an action is a later event.
// Not thread-safe.

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

  // The answer to one fetch_rows: all pages that it names, also the empty ones.
  void rows_arrived(lane_id, bool stale, std::span<const claimed_page> pages, mono_time now);
  // This connection is open, idle and ready to write. `reused`: it has carried an answer before.
  void connection_ready(lane_id, connection_id, bool reused, mono_time now);
  // This connection closed while it was idle, so no call is granted on it. The driver reconnects and reports connection_ready again.
  void connection_lost(lane_id, connection_id, mono_time now);
  // Connecting failed: the answer's error says how (connect, tls, local_resources, timeout). may_connect_at says when to try again.
  void connect_failed(lane_id, connection_id, const answer& why, mono_time now);
  // When the driver may try to connect next in this lane: a time that is past means now, mono_time::max() means not before token_ready.
  // Failures that are reported before that time belong to the same round of attempts and do not lengthen the wait.
  [[nodiscard]] mono_time may_connect_at(lane_id) const;
  // A token is available; `token` > 0 is its number. Calls that are granted from now on carry it.
  void token_ready(lane_id, std::uint32_t token, mono_time now);
  // There is no usable token, and a request for one failed: nothing is sent until token_ready. `fatal`: the credential is wrong, and the
  // lane stops (exit 4). Otherwise the driver requests a token again by itself, not before `again` where that is known; the lane does not
  // wait for more than ten minutes. errc::resources: the request lacked a descriptor, so idle connections are closed, and may_connect_at
  // holds back new ones until token_ready.
  void token_failed(lane_id, const error& why, bool fatal, std::optional<mono_time> again, mono_time now);
  // The answer to a send_call. It is ignored where the end of a drain abandoned the call. The connection is not ready again before the next
  // connection_ready.
  void answered(row_id, answer a, mono_time now);
  // The answer to a send_batch, all calls of it at once.
  void batch_answered(lane_id, batch_answer a, mono_time now);
  // The outcomes, releases and advances of `rows` are durable. Those of `lost` changed nothing, because the ledger no longer holds these
  // rows for this process.
  void committed(std::span<const row_id> rows, std::span<const row_id> lost, mono_time now);
  // The rows that a close_organizer failed are committed.
  void organizer_closed(lane_id, organizer_id, std::uint32_t rows, mono_time now);
  // The ledger failed: nothing more is sent, and answers in flight are dropped.
  void storage_failed(const error& why, mono_time now);
  // ---- several workers (design.md section 9). A job that has its ledger for itself has none of these events.

  // The lease on the rows of this process ends at this time, unless a later event moves it. No call is granted from settings::lease_margin
  // before it on; calls in flight may finish, and their outcomes are recorded: the ledger decides whether they still count. A time that is
  // past means that a heartbeat failed: nothing is sent until a later one succeeds.
  void lease_until(mono_time until, mono_time now);
  // What this worker may use of the lane's rate from now on.
  void share_changed(lane_id, const lane_share& share, mono_time now);
  // Other workers were throttled: the scopes are closed here too, all of them before the next call. Such a cooldown is not saved again.
  void cooldown_announced(std::span<const announced_cooldown> all, mono_time now);
  // The answer to look_for_rows: the organizers that have rows to claim, with how many (an organizer that is not named has none; one that
  // is new is added to the round), and how many rows other workers hold, which may come back. It is passed
  // on to every lane, first to those that did not look: the stale rows that it names may come with any claim from then on.
  void rows_available(lane_id, std::span<const organizer_setup> organizers, std::uint64_t held_elsewhere, mono_time now);
  // What to say of this lane to the other workers. Counts begin anew with each report.
  [[nodiscard]] lane_report report(lane_id, mono_time now);

  // Stops all lanes: no new calls, those in flight may finish (for settings.drain at most), all other rows are released.
  void stop(stop_reason why, mono_time now);
  // Time passed.
  void tick(mono_time now);

  // What is to be done, in order; empties the list. wake_at comes at most once, as the last action of a list. finished is the last action
  // of all.
  [[nodiscard]] std::vector<action> take_actions();
  // The same into a vector that is reused and whose contents are dropped: no allocation once both vectors have grown.
  void take_actions(std::vector<action>& into);

  [[nodiscard]] const counters& numbers() const noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace convoke::engine
