#pragma once

// Several workers whose lane has one hidden limit, in virtual time: real engines, a real division of the rate, and a small model of the
// exchange through the ledger. Every worker always has rows, unless a test says otherwise.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <vector>

#include "engine/engine.hpp"
#include "engine/sharing.hpp"

namespace convoke::engine::test {

// A bucket of `depth` tokens that fills by `rate` a second. A throttled call is answered with Retry-After: 1.
struct hidden_limit {
  double rate = 50, depth = 10;
  bool strict = false;     // calls before the end of the Retry-After are refused whatever the bucket holds ...
  bool prolonged = false;  // ... and each of them begins the second anew
};

class fleet {
 public:
  struct worker_setup {
    double weight = 1;
    std::uint32_t rows = 1'000'000;  // of each of its organizers
    unsigned connections = 16;
  };

  fleet(const hidden_limit& limit, const settings& s, std::uint64_t seed);

  // A worker that begins now. Returns its number.
  std::size_t join(const worker_setup& setup);
  std::size_t join() { return join(worker_setup{}); }
  // It stops at once and says nothing to the others. Its session ends with its lease, a minute after its last heartbeat.
  void kill(std::size_t worker);
  void run_until(std::chrono::nanoseconds end);

  struct count {
    std::uint64_t accepted = 0, throttled = 0, early = 0;
  };
  // What the service saw, in all or of one worker.
  [[nodiscard]] count seen() const { return seen_; }
  [[nodiscard]] count seen(std::size_t worker) const { return workers_[worker]->seen; }
  [[nodiscard]] double part(std::size_t worker) const { return workers_[worker]->session.part; }
  [[nodiscard]] std::optional<std::size_t> leader() const;
  [[nodiscard]] double rate() const { return published_rate_; }
  void limit(const hidden_limit& changed) { limit_ = changed; }

 private:
  // What the ledger has of a worker.
  struct session {
    mono_time began{}, renewed{}, lease_end{};
    lane_report said;                                                   // the latest; calls and successes are those in all
    std::vector<std::pair<mono_time, lane_share::throttle>> throttles;  // with the time of their report
    double part = 0, safe_part = 0;
    mono_time exchanged = mono_time::min();                // when it read what the others said
    std::uint64_t others_calls = 0, others_successes = 0;  // read then
  };
  struct worker {
    worker(const settings& s, lane_setup setup, mono_time now) : machine(s, {std::move(setup)}, now) {}
    engine machine;
    worker_setup setup;
    session session;
    std::vector<granted_part> grants;  // to be published with the next exchange
    std::vector<row_id> to_commit;
    mono_time wake = mono_time::max();
    mono_time announced = mono_time::min();  // cooldowns that were announced before are known
    row_id next_row = 1;
    count seen;
    bool alive = true;
  };
  struct event {
    mono_time at;
    std::uint64_t order;
    std::function<void()> happen;
    bool operator<(const event& b) const { return at != b.at ? at > b.at : order > b.order; }
  };
  struct announcement {
    mono_time at, until;
    std::size_t by;
  };

  void after(std::chrono::nanoseconds wait, std::function<void()> happen) { events_.push({now_ + wait, ++order_, std::move(happen)}); }
  void carry_out(std::size_t w);
  void claim(std::size_t w, const fetch_rows& a);
  void call(std::size_t w, const send_call& a);
  void commit(std::size_t w);
  void announce(std::size_t w);
  void exchange(std::size_t w);
  void renewed(std::size_t w);
  [[nodiscard]] bool live(const session& s) const { return now_ < s.lease_end; }
  [[nodiscard]] std::chrono::nanoseconds between(std::chrono::nanoseconds a, std::chrono::nanoseconds b) {
    return std::chrono::nanoseconds(std::uniform_int_distribution<std::int64_t>(a.count(), b.count())(random_));
  }

  static constexpr mono_time start_ = mono_time{} + std::chrono::seconds(1000);
  mono_time now_ = start_;
  hidden_limit limit_;
  settings settings_;
  std::mt19937_64 random_;
  std::priority_queue<event> events_;
  std::uint64_t order_ = 0;
  std::vector<std::unique_ptr<worker>> workers_;
  std::vector<announcement> announcements_;
  std::vector<action> actions_;
  double published_rate_ = 0;
  std::optional<learnt_pace> published_pace_;
  double tokens_;
  mono_time filled_ = start_, closed_ = start_;
  count seen_;
};

}  // namespace convoke::engine::test
