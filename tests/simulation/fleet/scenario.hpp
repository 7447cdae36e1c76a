#pragma once

// What a seed of the fleet simulates.

#include <chrono>
#include <cstdint>

#include "simulation/scenario.hpp"

namespace convoke::simulation::fleet {

struct scenario {
  simulation::scenario job;  // the service, the network, the rows and the settings of each worker
  unsigned workers = 3;
  bool follow = false;
  nanoseconds trouble = std::chrono::minutes(3);  // failures happen before this time; what follows is quiet

  unsigned late_rows = 0;   // rows of runs that are planned while workers are at work
  unsigned late_runs = 0;   // they are divided among so many runs
  double overlapping = 0;   // share of the late rows whose key an earlier run has
  unsigned late_joins = 0;  // workers that start later than the others
  unsigned kills = 0, pauses = 0, drains = 0;
  nanoseconds longest_pause = std::chrono::seconds(130);
  unsigned database_cuts = 0, service_cuts = 0;  // partitions of one worker
  nanoseconds longest_cut = std::chrono::seconds(100);
  unsigned failovers = 0;
  nanoseconds most_lost = std::chrono::seconds(10);  // of commits, in a failover
  unsigned wall_jumps = 0;
  nanoseconds skew{0};  // of the workers' wall clocks

  // The connections to the database.
  nanoseconds latency = std::chrono::milliseconds(4);  // one way, at most
  double slow = 0;                                     // share of the requests that take up to seven seconds
  double lost = 0;                                     // transactions whose connection is lost before they are committed
  double in_doubt = 0;                                 // whose connection is lost after they are committed
};

[[nodiscard]] scenario fleet_scenario(std::uint64_t seed);

}  // namespace convoke::simulation::fleet
