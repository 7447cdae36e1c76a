#pragma once

// Cooldowns that --max-cooldown cuts: the notes about them, and what is obeyed of a saved one.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/job.hpp>

#include "ledger/ledger.hpp"

namespace convoke::run {

// The note that a Retry-After was cut. `header`: as it was sent, safe to print; empty where only the time is known.
[[nodiscard]] std::string cooldown_cut_note(std::string_view header, std::chrono::nanoseconds announced, std::string_view scope,
                                            std::chrono::nanoseconds limit);

// Sends the observer a note for each of the first few saved cooldowns that are longer than is obeyed.
void note_saved_cuts(const ledger::opened_run& opened, std::chrono::nanoseconds limit, utc_time wall, observer& watch);

// Cuts the saved cooldowns of lanes to what is obeyed, and removes those that are over then.
void obey_limit(std::vector<ledger::lane_memory>& lanes, std::chrono::nanoseconds limit, utc_time wall);

}  // namespace convoke::run
