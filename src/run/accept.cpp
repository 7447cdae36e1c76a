// Whether a plan may be committed.

#include <string_view>

#include <fmt/format.h>

#include "core/text.hpp"
#include "report/summary.hpp"
#include "report/wording.hpp"
#include "run/input_scan.hpp"
#include "run/planner.hpp"

namespace convoke::run {

using report::count_of, report::form;

namespace {

// A short or wrong export lacks meetings that are wanted.
result<void> accept_removals(const plan_summary& summary, const job& j) {
  if (summary.barred == removal_bar::no_rows)
    return std::unexpected(
        in_file(j.input, {errc::input,
                          "the file has no rows, and --on-vanished remove would delete every meeting of its feed. Nothing was sent and "
                          "nothing is deleted. Is the export whole? `convoke remove FILE` deletes the meetings of a file."}));
  const auto n = report::removals_of(summary);
  if (n <= j.plan.max_remove) return {};
  return std::unexpected(in_file(
      j.input,
      {errc::input,
       fmt::format("{} of the feed '{}' would be removed, because the file lacks {}, but --max-remove allows {}: {}. Nothing was sent and "
                   "nothing is deleted. Is the export whole? If it is, raise --max-remove to {} or more; --on-vanished report keeps {}.",
                   count_of(n, "meeting", "meetings"), core::escape_for_people(summary.feed), form(n, "it", "them"),
                   report::grouped(j.plan.max_remove), report::removals_text(summary), n, form(n, "the meeting", "the meetings"))}));
}

}  // namespace

result<void> accept(const plan_summary& summary, const job& j, const std::string& failed_file) {
  if (summary.rejected > 0 && !j.plan.skip_invalid) {
    // The rows of the file: people correct these, not the meetings of a row that repeats.
    const bool known = summary.rejected_records > 0;
    const auto wrong = known ? summary.rejected_records : summary.rejected;
    const auto rows = known ? summary.records : summary.rows;
    const auto kept = failed_file.empty()
                          ? std::string()
                          : fmt::format(" {} in {}.", form(wrong, "It is", "They are"), core::escape_for_people(failed_file));
    const auto others = wrong < rows ? fmt::format(", or use --skip-invalid to {} the others", to_string(j.plan.kind)) : std::string();
    return std::unexpected(in_file(
        j.input, {errc::input,
                  fmt::format("{} of {} {} wrong; nothing was sent.{} Correct {} and run the same command again{}.", report::grouped(wrong),
                              count_of(rows, "row", "rows"), form(wrong, "is", "are"), kept, form(wrong, "it", "them"), others)}));
  }
  if (j.plan.max_new && summary.new_keys > *j.plan.max_new)
    return std::unexpected(in_file(
        j.input, {errc::input,
                  fmt::format("{} new, but --max-new allows {}. Nothing was sent. Look at the plan, then raise --max-new if it is right.",
                              count_of(summary.new_keys, "meeting is", "meetings are"), *j.plan.max_new)}));
  return accept_removals(summary, j);
}

}  // namespace convoke::run
