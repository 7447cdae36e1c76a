#pragma once

// What a seed simulates: the service and its hidden limits, the network, the failures, the job, and the settings of convoke.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <convoke/spec.hpp>

#include "engine/types.hpp"
#include "sim/service/behaviour.hpp"
#include "simulation/random_source.hpp"

namespace convoke::simulation {

// From `at` (since the world's start) on, the service has these limits.
struct limit_change {
  nanoseconds at;
  sim::quota_options lane, organizer;
};

struct span {
  nanoseconds from, to;  // since the world's start
};

// Shares are probabilities of a call, 0..1.
struct network {
  nanoseconds one_way = std::chrono::milliseconds(5);
  nanoseconds connect = std::chrono::milliseconds(20);
  double refused = 0;         // connects that fail
  double request_lost = 0;    // requests that never arrive
  double answer_lost = 0;     // answers that never arrive: the attempt times out
  double duplicated = 0;      // requests that arrive a second time, later
  double stale = 0;           // requests on a reused connection that had closed; sometimes carried out all the same
  bool single_use = false;    // every connection is closed at its second request
  double stray = 0;           // calls that are answered first by an answer to another request, of any status
  double cut = 0;             // answers whose body is cut
  double unnamed = 0;         // answers that do not say which request they are for
  double out_of_sockets = 0;  // calls for which this machine has no resources
  double idle_closed = 0;     // connections that the server closes while they are idle
  double batch_refused = 0;   // batches that the service refuses as a whole, without carrying out any of their calls
  double batch_damaged = 0;   // batches that are carried out and whose answer is lost, cut or too large as a whole
  std::vector<span> outages;
  bool outages_connect = false;  // in an outage connections are made, and nothing answers on them
};

struct scenario {
  std::uint64_t seed = 1;
  std::string name;
  engine::settings engine;
  sim::behaviour service;
  network net;
  bool exaggerates = false;  // a scope closed for longer than --max-cooldown by announcement opens after about --max-cooldown

  unsigned organizers = 5;
  unsigned rows = 100;
  double skew = 0;                  // share of the rows that the first organizer has, beyond its share
  double shared_keys = 0;           // rows whose key another row has too (two open runs)
  double known = 0, different = 0;  // rows whose meeting exists before, as wanted and otherwise
  double refused_rows = 0;          // rows that the service refuses as bad requests
  unsigned refused_organizers = 0;  // organizers without policy, licence or existence
  double with_update_rule = 0;      // rows that may owe an update after createOrGet
  double later_operation = 0;       // of the rows whose meeting exists: those that begin with update, get or remove
  double deleted_before = 0;        // of these: those whose meeting was deleted before the job

  unsigned lanes = 1;                          // organizers are divided among them
  bool one_app = true;                         // the lanes belong to one application, each in another tenant
  std::optional<engine::lane_settings> own;    // of the last lane; absent: those of the run
  std::optional<sim::behaviour> last_service;  // of the last lane; absent: as the others'
  unsigned wrong_credentials = 0;              // processes in which the credentials of the last lane are refused

  unsigned crashes = 0;                                     // processes that are killed
  unsigned interrupts = 0;                                  // processes that are interrupted
  unsigned rollbacks = 0;                                   // an older copy of the ledger is restored
  unsigned wall_jumps = 0;                                  // the machine's wall clock jumps
  unsigned take_overs = 0;                                  // another process claims rows of this one and carries them out
  nanoseconds life = std::chrono::seconds(60);              // of a process that is killed or stopped, at most
  nanoseconds commit = std::chrono::milliseconds(15);       // the longest that a group commit takes
  bool refresh_early = true;                                // tokens are renewed before they expire
  nanoseconds token_wait = std::chrono::milliseconds(200);  // the longest that the token endpoint takes
  std::vector<limit_change> changes;
  std::optional<engine::remembered_pace> learnt;
  std::optional<nanoseconds> ends;  // the world ends then, whatever is owed
  unsigned most_processes = 200;
};

// The object id of organizer n of a world.
[[nodiscard]] std::string organizer_guid(std::uint64_t seed, std::uint32_t n);
// What a row wants. `refused`: the service refuses it as a bad request.
[[nodiscard]] meeting_spec make_spec(const scenario& of, unsigned row, engine::organizer_id organizer, bool refused);

}  // namespace convoke::simulation
