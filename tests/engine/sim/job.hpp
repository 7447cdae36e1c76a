#pragma once

// A whole job in virtual time: processes one after the other, killed, interrupted or finished, until nothing is owed.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "engine/sim/ledger.hpp"
#include "engine/sim/service.hpp"

namespace convoke::engine::sim {

struct plot {
  unsigned organizers = 5;
  unsigned rows = 100;
  temper service;
  unsigned crashes = 0;     // processes that are killed at a random time
  unsigned interrupts = 0;  // processes that are asked to stop at a random time
  settings engine;
};

class job {
 public:
  job(std::uint64_t seed, const plot& p);
  // Everything that went wrong; empty where all is as it must be.
  std::vector<std::string> run();

  [[nodiscard]] std::uint64_t calls() const noexcept { return service_.calls(); }
  [[nodiscard]] unsigned processes() const noexcept { return processes_; }

 private:
  struct event {
    mono_time at;
    std::uint64_t order;
    std::function<void()> happen;
    bool operator<(const event& b) const noexcept { return at != b.at ? at > b.at : order > b.order; }
  };

  void later(std::chrono::nanoseconds in, std::function<void()> what);
  void start();
  void end_process();
  void drive();
  void pump();
  void carry_out(action& a);
  void send(const send_call& c);
  void check_send(const send_call& c);
  void answer_came(const send_call& c, service::reply r);
  void note_throttle(organizer_id who, const answer& a);
  void open(connection_id c);
  void enqueue(std::function<void()> op);
  void commit();
  void complain(std::string what);
  [[nodiscard]] std::chrono::nanoseconds some(std::chrono::nanoseconds upto);

  plot plot_;
  dice dice_;
  service service_;
  ledger ledger_;
  mono_time now_ = mono_time{} + std::chrono::hours(1);
  std::priority_queue<event> events_;
  std::uint64_t order_ = 0;
  std::unique_ptr<engine> engine_;
  unsigned generation_ = 0, processes_ = 0;
  std::optional<finished> ended_;
  bool killed_ = false;

  std::uint32_t token_ = 0;
  bool refreshing_ = false;
  std::uint64_t wake_ = 0;
  std::set<connection_id> idle_;
  unsigned enabled_ = 0;
  std::set<key_id> in_flight_;
  std::map<key_id, mono_time> rests_;
  std::map<row_id, unsigned> charged_;
  std::map<std::optional<organizer_id>, mono_time> announced_;
  std::vector<std::function<void()>> queue_;  // ledger work not committed yet
  std::vector<row_id> queued_rows_;
  std::vector<std::function<void()>> after_;  // told to the engine after the commit
  std::vector<std::string> wrong_;
};

}  // namespace convoke::engine::sim
