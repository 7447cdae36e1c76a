#pragma once

// From an input to a committed plan.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <convoke/job.hpp>

#include "files/output.hpp"
#include "ledger/ledger.hpp"
#include "run/input_scan.hpp"
#include "run/organizers.hpp"
#include "run/stop_tokens.hpp"

namespace convoke::run {

// The run header of this input under these settings: identity, settings as JSON, dialect, header.
[[nodiscard]] ledger::run_header make_header(const job& j, const scanned_input& input, std::vector<ledger::lane_name> lanes);

// A plan that is classified and not committed.
struct planned {
  std::unique_ptr<ledger::plan_builder> planning;
  plan_summary summary;
};

// Reads, validates and classifies; commits nothing. The observer gets every wrong row, on the caller's thread. Errors: input (a header that
// does not fit, another number of rows than expect_rows, a file that changed while it was read, no row left), usage (`only` without its
// column), storage, interrupted, and those of organizer_source::resolve(). Where rows name organizers by UPN, the input is read and planned
// once more after they were looked up; and once more where what vanished is to be removed and rows of other tenants are left out. `stop` is
// polled every thousand rows, and by the ledger while it classifies.
[[nodiscard]] result<planned> make_plan(ledger::store& store, scanned_input& input, const job& j, const ledger::run_header& header,
                                        observer& watch, const stop_tokens& stop, organizer_source& organizers);

// What stands for the input of a run without one.
[[nodiscard]] scanned_input no_input();
// make_plan for a run that verifies and has no input: a row for every known meeting of its lanes. The reading of the ledger ends without a
// stop; the classification polls it.
[[nodiscard]] result<planned> plan_inventory(ledger::store& store, const ledger::run_header& header, const stop_tokens& stop);

// The ledger reports only that it was interrupted; the message says what that means for the command.
[[nodiscard]] error in_planning(error why);
// Drops the warnings that say nothing of value where rows only name meetings. `kind` of the summary is set.
void keep_warnings_of_kind(plan_summary& summary);

// make_plan for a run that was planned before, from its stored records. The observer gets no wrong rows: they were reported then.
[[nodiscard]] result<planned> reopen_plan(ledger::store& store, const ledger::run_info& run, const job& j);

// Whether a plan may be committed: errc::input where rows are wrong without skip_invalid, more keys are new than max_new allows, more
// meetings would be removed than max_remove allows, or the input has no rows and what vanished is to be removed.
// `failed_file`: where the wrong rows are, for the message; empty: nowhere.
[[nodiscard]] result<void> accept(const plan_summary& summary, const job& j, const std::string& failed_file);

// Whether make_plan accepts the header.
[[nodiscard]] result<void> check_header(const scanned_input& input, const job& j);
// Whether the input has as many rows as expect_rows says, where it is set: for runs that need no plan any more.
[[nodiscard]] result<void> check_expected_rows(scanned_input& input, const job& j, const stop_tokens& stop);

// The feed that the input belongs to; empty: none. A run that verifies or removes has one only where the job names it.
[[nodiscard]] std::string feed_of(const job& j);

// A pipe has no folder and no name of its own: `<(...)` is called /dev/fd/63.
[[nodiscard]] bool is_pipe(std::string_view input) noexcept;

// Where failed rows go: --failed, or beside the input, for each kind of run another file; empty where there is neither.
[[nodiscard]] std::string failed_path(const job& j);
[[nodiscard]] files::naming failed_naming(const job& j);

}  // namespace convoke::run
