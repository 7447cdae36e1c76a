#pragma once

// What every command starts from: the input, read once; the header of its run; the ledger.

#include <cstdint>
#include <memory>
#include <optional>

#include <convoke/job.hpp>

#include "ledger/ledger.hpp"
#include "run/input_scan.hpp"
#include "run/stop_tokens.hpp"

namespace convoke::run {

// What a command does with the job's ledger.
enum class ledger_use : std::uint8_t {
  none,       // check: an empty ledger that is gone with the workspace stands in, and a lane without a name for the job's
  rehearsal,  // dry run: reads it, and writes nothing
  write,
};

struct workspace {
  scanned_input input;
  ledger::run_header header;
  std::unique_ptr<ledger::store> store;

  // Refuses files that are one and the same, scans the input, opens the ledger; the observer gets the warnings about it. The job is valid.
  // Errors: usage, input, storage, busy, interrupted. The store polls `stop`, which it keeps a copy of.
  [[nodiscard]] static result<workspace> open(const job& j, observer& watch, const stop_tokens& stop, ledger_use use);
};

// Adds what to expect of the calls to a plan, from what the ledger remembers of the lane.
[[nodiscard]] result<void> add_forecast(const workspace& w, const job& j, plan_summary& to);

// The runs of this job that can be taken up again, one at most: see "The same command again" in README.md.
struct known_run {
  std::optional<ledger::run_info> planned, open, done;

  [[nodiscard]] bool any() const noexcept { return planned || open || done; }
};
[[nodiscard]] result<known_run> find_known_run(const workspace& w);
// Whether other processes may plan on this ledger at the same time.
[[nodiscard]] bool shared_ledger(const job& j);

}  // namespace convoke::run
