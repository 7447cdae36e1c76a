#pragma once

// What kind of world a seed plays in: the service and what it hides, the network, the misfortunes, the job, and how convoke is set up.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/types.hpp"
#include "sim/service/behaviour.hpp"
#include "simulation/dice.hpp"

namespace convoke::simulation {

// From `at` (since the world's start) on, the service has these limits.
struct limit_change {
  nanoseconds at;
  sim::quota_options lane, organizer;
};

struct span {
  nanoseconds from, to;  // since the world's start
};

struct network {
  nanoseconds one_way = std::chrono::milliseconds(5);
  nanoseconds connect = std::chrono::milliseconds(20);
  double refused = 0;      // connects that fail
  double lost = 0;         // requests that never arrive
  double deaf = 0;         // answers that never arrive: the attempt times out
  double duplicated = 0;   // requests that arrive a second time, later
  double stale = 0;        // requests on a reused connection that had closed; sometimes carried out all the same
  bool used_once = false;  // every connection is closed at its second request
  double stray = 0;        // calls that are answered first by an answer to another request, of any status
  double cut = 0;          // answers whose body is cut
  double unnamed = 0;      // answers that do not say which request they are for
  double starved = 0;      // calls that this machine has no resources for
  double idle_drop = 0;    // connections that close while they are idle
  std::vector<span> outages;
  bool outages_connect = false;  // in an outage connections are made, and nothing answers on them
};

struct plot {
  std::uint64_t seed = 1;
  std::string name;
  engine::settings engine;
  sim::behaviour service;
  network net;
  bool exaggerates = false;  // where the service says more than --max-cooldown it is open again at about that time

  unsigned organizers = 5;
  unsigned rows = 100;
  double skew = 0;                // share of the rows that the first organizer has, beyond its turn
  double shared_keys = 0;         // rows whose key another row has too (two open runs)
  double known = 0, drifted = 0;  // rows whose meeting is there before, as wanted and otherwise
  double refused_rows = 0;        // rows that the service takes for a bad request
  unsigned lost_organizers = 0;   // organizers without policy, licence or existence

  unsigned crashes = 0;                                     // processes that are killed
  unsigned interrupts = 0;                                  // processes that are asked to stop
  unsigned rollbacks = 0;                                   // yesterday's copy of the ledger comes back
  unsigned wall_jumps = 0;                                  // the machine's wall clock jumps
  nanoseconds life = std::chrono::seconds(60);              // of a process that is killed or stopped, at most
  nanoseconds commit = std::chrono::milliseconds(15);       // the longest that a group commit takes
  bool refresh_early = true;                                // tokens are renewed before they run out
  nanoseconds token_wait = std::chrono::milliseconds(200);  // the longest that the token endpoint takes
  std::vector<limit_change> changes;
  std::optional<engine::remembered_pace> learnt;
  std::optional<nanoseconds> ends;  // the world ends here, whatever is left to do
  unsigned most_processes = 200;
};

// Who organizer n of a world is.
[[nodiscard]] std::string organizer_guid(std::uint64_t seed, std::uint32_t n);

}  // namespace convoke::simulation
