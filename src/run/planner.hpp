#pragma once

// From an input to a committed plan.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <convoke/job.hpp>

#include "files/output.hpp"
#include "ledger/ledger.hpp"
#include "run/input_scan.hpp"

namespace convoke::run {

// The lane of a job as the ledger names it. errc::usage where the tenant is no GUID.
[[nodiscard]] result<ledger::lane_name> lane_name(const lane_options& lane);

// The run header of this input under these settings: identity, settings as JSON, dialect, header.
[[nodiscard]] ledger::run_header make_header(const job& j, const scanned_input& input, const ledger::lane_name& lane);

struct planned {
  std::unique_ptr<ledger::plan_builder> planning;  // classified, not committed
  plan_summary summary;
  std::string failed_file;  // written because rows are wrong; empty: none
};

// A rehearsal writes nothing.
enum class failed_rows : std::uint8_t { kept, only_reported };

// Reads, validates and classifies; commits nothing. Wrong rows go to the observer and into the failed file (`kept`); without skip_invalid
// they end it with errc::input, as do expect_rows and max_new. `interrupted` is asked every few thousand rows.
[[nodiscard]] result<planned> make_plan(ledger::store& store, scanned_input& input, const job& j, const ledger::run_header& header,
                                        observer& watch, const std::function<bool()>& interrupted, failed_rows failed = failed_rows::kept);

// Whether the input has as many rows as expect_rows says, where that is asked: for runs that need no plan any more.
[[nodiscard]] result<void> check_expected_rows(scanned_input& input, const job& j, const std::function<bool()>& interrupted);

// make_plan for a run that was planned before: from its stored records.
[[nodiscard]] result<planned> reopen_plan(ledger::store& store, const ledger::run_info& run, const job& j);

// Where failed rows go: --failed, or beside the input.
[[nodiscard]] std::string failed_path(const job& j);
[[nodiscard]] files::naming failed_naming(const job& j);

}  // namespace convoke::run
