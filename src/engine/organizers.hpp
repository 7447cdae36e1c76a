#pragma once

// The organizers of a lane take turns. One that no call can be made for (no ready row, at its concurrency, in a cooldown, too early by its
// own rate, refused) is not in the round, so choosing the next call costs the same with a hundred thousand organizers as with one.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/flat_index.hpp"
#include "engine/pace.hpp"
#include "engine/rows.hpp"
#include "engine/scopes.hpp"
#include "engine/types.hpp"
#include "pacing/pacing.hpp"

namespace convoke::engine {

using organizer_index = std::uint32_t;  // of an organizer among those of its lane
inline constexpr organizer_index no_organizer = ~organizer_index{0};

struct organizer {
  organizer_id id = 0;
  row_index head = no_row, tail = no_row;  // ready rows
  std::uint32_t ready = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t waiting = 0;    // in the retry queue
  std::uint32_t requested = 0;  // rows of the page that is being fetched
  organizer_index before = no_organizer, after = no_organizer;
  bool in_round = false;
  bool queued = false;  // waits for a page of its to be claimed
  bool fetching = false;
  std::uint32_t fresh_left = 0, stale_left = 0;  // rows in the ledger that are not claimed yet, as far as is known
  bool unfetched = false;                        // counted among those that have rows in the ledger to be sent
  bool awaiting = false;                         // its first row waits for a connection that was never used
  bool blocked = false;                          // a permanent answer may end it: nothing more is sent
  bool closing = false;                          // and that is final: it is closed once none of its calls is in flight
  bool closed = false;
  scope cooldown;
  std::unique_ptr<pace> own;  // exists once the service has throttled this organizer itself
  std::uint32_t calls = 0;
  mono_time first_call = mono_time::min();
  mono_time timer = mono_time::min();
};

class organizers {
 public:
  organizers(const lane_settings& lane, row_store& rows);

  organizer_index add(organizer_id id, std::uint32_t fresh, std::uint32_t stale);
  [[nodiscard]] organizer_index find(organizer_id id) noexcept;
  [[nodiscard]] organizer& operator[](organizer_index who) noexcept { return all_[who]; }
  [[nodiscard]] organizer_index size() const noexcept { return static_cast<organizer_index>(all_.size()); }

  void push(organizer_index who, row_index i, bool front) noexcept;
  row_index pop(organizer_index who) noexcept;
  void unlink(organizer_index who, row_index i) noexcept;  // takes a ready row out of the middle of the queue

  // Adds the organizer to the round or removes it, as its present state requires; one in the round keeps its turn. `first`: its turn is
  // next.
  void update_round(organizer_index who, mono_time now, bool first = false);
  void end_turn(organizer_index who, mono_time now);  // moves it to the end of the round
  void set_aside(organizer_index who) noexcept;       // removes it from the round while it awaits a connection
  void call_made(organizer_index who, mono_time now);
  // The service throttled this organizer, which has a pace of its own from now on.
  void slow_down(organizer_index who, mono_time sent, mono_time now, mono_time until);
  void succeeded(organizer_index who, mono_time sent, mono_time now) noexcept;
  [[nodiscard]] organizer_index front() const noexcept { return head_; }
  [[nodiscard]] std::uint32_t sendable() const noexcept { return sendable_; }  // ready rows of the organizers in the round
  [[nodiscard]] std::uint32_t in_round() const noexcept { return in_round_; }  // organizers
  void clear_round() noexcept;

  void wake(organizer_index who, mono_time at);
  // The next organizer whose alarm is due; no_organizer where there is none.
  [[nodiscard]] organizer_index due(mono_time now);
  [[nodiscard]] std::optional<mono_time> next_timer();

 private:
  struct alarm {
    mono_time at;
    organizer_index who;
    bool operator<(const alarm& b) const noexcept { return at > b.at; }  // a heap: the earliest first
  };

  void join(organizer_index who, bool first) noexcept;
  void leave(organizer_index who) noexcept;
  void prune();

  row_store* rows_;
  lane_settings pace_settings_;  // of the pace of one organizer
  unsigned concurrency_;
  std::vector<organizer> all_;
  std::vector<pacing::gcra> rates_;  // empty without --organizer-rate
  std::optional<double> rate_;
  flat_index<organizer_index> index_;
  std::vector<alarm> alarms_;
  organizer_index head_ = no_organizer, tail_ = no_organizer;
  std::uint32_t sendable_ = 0, in_round_ = 0;
};

}  // namespace convoke::engine
