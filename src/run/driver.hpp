#pragma once

// Carries an opened run out: the coroutines between the engine and the world. They ask the engine, await, and report back;
// no decision about pace, retries or stopping is made here.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include <convoke/job.hpp>

#include "engine/types.hpp"
#include "ledger/ledger.hpp"
#include "run/signals.hpp"

namespace convoke::run {

struct driven {
  engine::stop_reason reason = engine::stop_reason::finished;
  std::string detail;
  std::optional<std::chrono::nanoseconds> come_back;
  engine::counters numbers;
  std::chrono::nanoseconds call_time{0};  // first send to last commit
};

// What the engine is told of a job, of a lane's memory, and of what is left.
[[nodiscard]] engine::settings engine_settings(const job& j, std::uint64_t seed);
[[nodiscard]] std::optional<engine::remembered_pace> remembered(const std::optional<ledger::saved_pace>& saved, utc_time wall);
[[nodiscard]] std::uint64_t calls_owed(const ledger::opened_run& opened) noexcept;

// Blocks until the run is over or has stopped. Errors: usage and credentials (before the first call).
[[nodiscard]] result<driven> drive(boost::asio::io_context& io, signals& caught, ledger::store& store, const ledger::opened_run& opened,
                                   const job& j, std::uint64_t seed, observer& watch);

}  // namespace convoke::run
