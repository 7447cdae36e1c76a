#pragma once

// Carries an opened run out. The driver connects the engine with the ledger and with one session for each lane: it carries out the engine's
// actions and reports what came of them. No decision about pace, retries or stopping is made here.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include <convoke/job.hpp>

#include "engine/types.hpp"
#include "ledger/ledger.hpp"
#include "run/driver_setup.hpp"
#include "run/stop_tokens.hpp"
#include "run/tls_contexts.hpp"

namespace convoke::run {

// How a run that was carried out ended.
struct driven {
  engine::stop_reason reason = engine::stop_reason::finished;
  std::string detail;
  std::optional<std::chrono::nanoseconds> come_back;
  std::vector<engine::lane_end> lanes;  // one for each lane; empty where the ledger failed or the run was left at once
  std::optional<error> session_over;    // the ledger has begun another session of the run: this one may write nothing more
  engine::counters numbers;
  std::uint64_t rows_ended = 0;           // rows of the input that got their outcome by this session
  std::chrono::nanoseconds call_time{0};  // first send to last commit
  std::uint64_t waiting = 0;              // rows that waited for all others when they were last counted (store::claim)
};

// What a session of a ledger for several processes is more than one that has its ledger for itself.
struct shared_session {
  mono_time joined{};                 // when the session was requested: its lease counts from then
  std::chrono::nanoseconds spent{0};  // of the time limit, which all sessions of a command share
  bool follow = false;
  // Called where nothing is owed and no other worker holds a row, each time that this comes about after rows have ended; and where only
  // rows are owed that wait for all others (store::claim), each time that their number has changed, and once a minute. It may block: no
  // call is in flight then. May be empty.
  std::function<void()> nothing_left{};
};

// Blocks until the run is over or has stopped; the io_context is run on the caller's thread, which is where the observer is called. Stops
// may be requested on any thread. What the observer throws comes out, after what was known has been handed to the ledger. `tls` is made of
// the job's lanes. Where opened.shared is absent, only `spent` of `shared` is used. Errors: usage and credentials (before the first call).
[[nodiscard]] result<driven> drive(boost::asio::io_context& io, const stop_tokens& stops, tls_contexts& tls, ledger::store& store,
                                   const ledger::opened_run& opened, const job& j, std::uint64_t seed, observer& watch,
                                   const shared_session& shared);

}  // namespace convoke::run
