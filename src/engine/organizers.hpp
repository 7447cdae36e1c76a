#pragma once

// The organizers of a lane, taking turns. One that cannot be sent to (nothing ready, at its concurrency, closed, too early by its own
// rate, judged) is not in the round, so that choosing the next call costs the same with a hundred thousand of them.

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

using organizer_index = std::uint32_t;  // of an organizer in its lane
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
  bool queued = false;  // in a queue of those that want a page
  bool fetching = false;
  std::uint32_t fresh_left = 0, stale_left = 0;  // rows in the ledger that were not claimed yet, as far as is known
  bool unfetched = false;                        // counted as having rows in the ledger that will be sent
  bool awaiting = false;                         // its first row needs a connection that was never used, and none is there
  bool blocked = false;                          // judged by a permanent answer: nothing more is sent
  bool closing = false;                          // and that judgement is final: to be closed when its calls are back
  bool closed = false;
  scope cooldown;
  std::unique_ptr<pace> own;  // since the service throttled this organizer itself
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
  void unlink(organizer_index who, row_index i) noexcept;  // a ready row, wherever it is in the queue

  // Puts it into the round or takes it out, as its state says now; an organizer in the round keeps its turn.
  void update_round(organizer_index who, mono_time now, bool first = false);
  void end_turn(organizer_index who, mono_time now);  // its turn is over
  void set_aside(organizer_index who) noexcept;       // out of the round, until awaiting is taken back and it is seated again
  void call_made(organizer_index who, mono_time now);
  // The service throttled this organizer: from now on it has a pace of its own.
  void slow_down(organizer_index who, mono_time sent, mono_time now, mono_time until);
  void succeeded(organizer_index who, mono_time sent, mono_time now) noexcept;
  [[nodiscard]] organizer_index front() const noexcept { return head_; }
  [[nodiscard]] std::uint32_t sendable() const noexcept { return sendable_; }  // rows of those in the round
  void clear_round() noexcept;

  void wake(organizer_index who, mono_time at);
  // The next organizer whose time came; no_place where there is none.
  [[nodiscard]] organizer_index due(mono_time now);
  [[nodiscard]] std::optional<mono_time> next_timer();

 private:
  struct alarm {
    mono_time at;
    organizer_index who;
    bool operator<(const alarm& b) const noexcept { return at > b.at; }  // the earliest on top of a heap
  };

  void enter(organizer_index who, bool first) noexcept;
  void leave(organizer_index who) noexcept;
  void prune();

  row_store* rows_;
  lane_settings one_;  // how an organizer of its own pace is called
  unsigned concurrency_;
  std::vector<organizer> all_;
  std::vector<pacing::gcra> rates_;  // empty without --organizer-rate
  std::optional<double> rate_;
  flat_index<organizer_index> index_;
  std::vector<alarm> alarms_;
  organizer_index head_ = no_organizer, tail_ = no_organizer;
  std::uint32_t sendable_ = 0;
};

}  // namespace convoke::engine
