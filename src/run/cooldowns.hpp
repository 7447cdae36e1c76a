#pragma once

// Cooldowns and --max-cooldown, in words and in what the ledger remembers.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/job.hpp>

#include "ledger/ledger.hpp"

namespace convoke::run {

// A Retry-After was cut. `header`: as it was sent, safe to print; empty where only the time is known.
[[nodiscard]] std::string cooldown_cut_note(std::string_view header, std::chrono::nanoseconds announced, std::string_view scope,
                                            std::chrono::nanoseconds limit);

// Of the saved cooldowns, those that are longer than is obeyed: a note for each of the first few.
void note_saved_cuts(const ledger::opened_run& opened, std::chrono::nanoseconds limit, utc_time wall, observer& watch);

// What was read of a lane, as it is obeyed: ends are cut, and what is over then is gone.
void obey_limit(std::vector<ledger::lane_memory>& lanes, std::chrono::nanoseconds limit, utc_time wall);

}  // namespace convoke::run
