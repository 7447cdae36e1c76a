#pragma once

// What the engine is set up with: from a job's settings, and from what the ledger remembers of its lanes.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <convoke/job.hpp>

#include "engine/types.hpp"
#include "ledger/ledger.hpp"

namespace convoke::run {

struct session_terms {
  bool shared = false, follow = false;  // see engine::settings
  std::chrono::nanoseconds spent{0};    // of the time limit
};
[[nodiscard]] engine::settings engine_settings(const job& j, std::uint64_t seed, const session_terms& of = {});

// Of a lane with a pace of its own, or with the job's.
[[nodiscard]] engine::lane_settings lane_settings_of(const job& j, const std::optional<lane_pace_options>& own);

// What was learnt of a lane, with its age by wall clock.
[[nodiscard]] std::optional<engine::remembered_pace> remembered(const std::optional<ledger::saved_pace>& saved, utc_time wall);

// Calls that a run owes, and those that one of its lanes owes.
[[nodiscard]] std::uint64_t calls_owed(const ledger::opened_run& opened) noexcept;
[[nodiscard]] std::uint64_t calls_owed(const ledger::opened_run& opened, engine::lane_id lane) noexcept;

// For each lane the number of its application. Lanes of one Graph root with the same client id are one application, whose cooldown closes
// them all. A lane with a ready token may lack a client id: it counts as an application of its own.
[[nodiscard]] std::vector<std::uint32_t> app_numbers(std::span<const ledger::lane_name> lanes);

// For each lane of the run the options that the job has for it. errc::usage where the job lacks one.
[[nodiscard]] result<std::vector<const lane_options*>> options_of_lanes(const ledger::run_header& run, const job& j);

// One for each lane of the run. `paces`: of those that have one of their own, by number; may be shorter.
[[nodiscard]] std::vector<engine::lane_setup> lane_setups(const ledger::opened_run& opened, const job& j, mono_time now, utc_time wall,
                                                          std::span<const std::optional<lane_pace_options>> paces = {});

}  // namespace convoke::run
