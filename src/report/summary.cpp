#include "report/summary.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "core/text.hpp"
#include "report/counts.hpp"
#include "report/endings.hpp"
#include "report/json_text.hpp"
#include "report/lanes.hpp"
#include "report/local_time.hpp"
#include "report/plan_object.hpp"
#include "report/progress.hpp"
#include "report/reasons.hpp"
#include "report/wording.hpp"

namespace convoke::report {
namespace {

namespace json = boost::json;

// Where every row is satisfied. Removed meetings are of rows that no input has.
std::string all_have(const convoke::job_report& r) {
  const auto removed = r.counts.removed;
  const auto rows = r.rows - std::min(removed, r.rows);
  auto out = rows == 1 ? std::string("the row has its meeting") : fmt::format("all {} rows have their meeting", grouped(rows));
  if (removed > 0)
    out += fmt::format(", and {} that vanished {} removed", count_of(removed, "meeting", "meetings"), form(removed, "is", "are"));
  return out;
}

// Whether some of its rows are meetings that vanished: that a row has its meeting can be said of the others only.
bool removes(const convoke::job_report& r) {
  return r.counts.removed > 0 || std::ranges::any_of(r.reasons, [](const failure_reason& why) { return why.code == "not_removed"; });
}

// `6 of 10 rows are done`.
std::string done_of(const convoke::job_report& r) {
  return fmt::format("{} of {} {} done", grouped(r.rows - r.counts.owed), count_of(r.rows, "row", "rows"), form(r.rows, "is", "are"));
}

// `10 rows`; where rows of the input repeat and this call planned them, `2 rows (10 with every repetition)`.
std::string rows_of(const convoke::job_report& r) {
  const auto removals = r.plan ? std::min(removals_of(*r.plan), r.rows) : 0;
  const auto rows = r.rows - removals;
  const bool repeats = r.plan && r.plan->records != 0 && r.plan->records != rows && r.plan->rows == r.rows;
  auto out = repeats ? fmt::format("{} ({} with every repetition)", count_of(r.plan->records, "row", "rows"), grouped(rows))
                     : count_of(rows, "row", "rows");
  if (removals > 0) out += fmt::format(" and {} to remove", count_of(removals, "meeting", "meetings"));
  return out;
}

// Whether something in the rows of the failed file is to be corrected. Otherwise the same command sends them again.
bool rows_are_wrong(const convoke::job_report& r) {
  return r.reasons.empty() || std::ranges::any_of(r.reasons, &failure_reason::in_rows);
}

// The last line for people.
std::string last_line(const convoke::job_report& r) {
  const auto& c = r.counts;
  const auto good = c.created + c.existing + c.updated + c.unchanged + c.drifted + c.removed;
  switch (r.end) {
    case ending::finished:
      if (r.kind != run_kind::provision) {
        const auto lost_output = r.exit_code() == 9 ? ", but an output could not be written. `convoke export` writes it again" : "";
        return fmt::format("{}: {}{}.", r.exit_code() == 3 ? "Finished" : "Done", end_of_kind(r), lost_output);
      }
      if (r.exit_code() == 0) return fmt::format("Done: {}.", all_have(r));
      if (r.exit_code() == 9)
        return fmt::format("Done: {}, but an output could not be written. `convoke export` writes it again.", all_have(r));
      return fmt::format(
          "Finished: {} of {} {} {}{}{}.", grouped(good), count_of(r.rows, "row", "rows"),
          removes(r) ? form(r.rows, "is", "are") : form(r.rows, "has its", "have their"), removes(r) ? "done as wanted" : "meeting",
          r.drift_fails && c.drifted > 0 ? fmt::format(", {} of them different from what the input wants", grouped(c.drifted)) : "",
          r.failed.empty() ? ""
                           : fmt::format("; the {} are in {}", rows_are_wrong(r) ? "rows to correct" : "failed rows",
                                         core::escape_for_people(r.failed)));
    case ending::deferred:
      return fmt::format("Work is left: {}. Run the same command again{}.", done_of(r), when_to_come_back(r.come_back, r.come_back_at));
    case ending::interrupted:
      return fmt::format("Interrupted: {} and saved. Run the same command again to continue.", done_of(r));
    case ending::credentials:
    case ending::permission:
      return fmt::format("Stopped: {}. Correct the credentials or the permission, then run the same command again.", done_of(r));
    case ending::storage:
      return "Stopped: the ledger could not be written. Correct the storage fault, then run the same command again; nothing is lost.";
  }
  return {};
}

// Which fields of meetings were changed: `12 meetings were updated: subject 7, start 5.`
std::string updated_text(const convoke::job_report& r) {
  if (r.counts.updated == 0 || r.updated_fields.empty()) return {};
  std::string fields;
  for (const auto& field : r.updated_fields)
    fields += fmt::format("{}{} {}", fields.empty() ? "" : ", ", core::escape_for_people(field.name), grouped(field.rows));
  return fmt::format("{} updated: {}.\n", count_of(r.counts.updated, "meeting was", "meetings were"), fields);
}

json::object updated_json(const convoke::job_report& r) {
  json::object out;
  for (const auto& field : r.updated_fields) out[json_text(field.name)] = field.rows;
  return out;
}

json::value verified_json(const convoke::job_report& r) {
  if (!r.verified) return nullptr;
  const auto& v = *r.verified;
  const auto time = [](const std::optional<utc_time>& t) { return t ? json::value(format_utc(*t)) : json::value(nullptr); };
  return json::object{{"inventory", r.of_inventory},
                      {"rows", v.rows},
                      {"from", time(v.from)},
                      {"to", time(v.to)},
                      {"unchanged", r.counts.unchanged},
                      {"drifted", r.counts.drifted},
                      {"expired", v.expired},
                      {"lost", r.counts.lost},
                      {"failed", r.counts.failed},
                      {"unread", v.unread},
                      {"unknown", v.unknown},
                      {"results_sha256", v.results_sha256.empty() ? json::value(nullptr) : json::value(v.results_sha256)}};
}

json::value path_value(const std::string& path) {
  return path.empty() ? json::value(nullptr) : json::value(json_text(path));
}

}  // namespace

std::string report_text(const convoke::job_report& r) {
  if (r.run == 0) return r.detail + "\n";
  auto out = fmt::format("Run {}: {}: {}.\n", r.run, rows_of(r), counts_text(r.counts));
  out += verified_text(r);
  out += updated_text(r);
  if (r.plan) out += look_ups_text(*r.plan) + input_text(*r.plan);
  if (r.calls > 0)
    out += fmt::format("{} in {:.1f} s, {} throttled, {}.\n", count_of(r.calls, "call", "calls"), seconds(r.call_time),
                       grouped(r.throttled), count_of(r.faults, "fault", "faults"));
  out += batches_text(r.batches, r.strange);
  if (r.early_by_inference > 0)
    out += fmt::format(
        "{} of the calls {} sent into a scope that was closed: the throttles did not name their scope and were attributed to an "
        "organizer.\n",
        grouped(r.early_by_inference), form(r.early_by_inference, "was", "were"));
  out += lanes_text(r.lanes);
  out += reasons_text(r.reasons);
  if (!r.results.empty()) out += fmt::format("Results: {}\n", core::escape_for_people(r.results));
  if (!r.failed.empty())
    out += fmt::format("Failed rows{}: {}\n",
                       r.kind != run_kind::provision ? ""
                       : rows_are_wrong(r)           ? ", to correct and to apply again"
                                                     : ", which need no correction: the same command sends them again",
                       core::escape_for_people(r.failed));
  if (!r.removed_failed.empty())
    out += fmt::format("Removed, because nothing failed this time: {}, the failed rows of an earlier run.\n",
                       core::escape_for_people(r.removed_failed));
  for (const auto& e : r.output_errors) out += e + "\n";
  for (const auto& w : r.warnings) out += fmt::format("Warning: {}\n", w);
  if (r.plan)
    for (const auto& warning : plan_warnings(*r.plan, r.counts.removed >= removals_of(*r.plan))) out += warning + "\n";
  // Where the run finished or was interrupted the last line gives the reason already.
  const bool in_last_line = r.end == ending::finished || r.end == ending::interrupted;
  if (!r.detail.empty() && !in_last_line) out += r.detail + "\n";
  return out + last_line(r) + "\n";
}

std::string report_json(const convoke::job_report& r, const interruption& by, const reported& more) {
  const bool interrupted = r.end == ending::interrupted;
  json::array output_errors;
  for (const auto& e : r.output_errors) output_errors.emplace_back(json_text(e));
  json::array warnings;
  for (const auto& w : r.warnings) warnings.emplace_back(json_text(w));
  const json::object out{
      {"run", r.run},
      {"kind", to_string(r.kind)},
      {"verified", verified_json(r)},
      {"end", interrupted ? by.word : word(r.end)},
      {"exit_code", interrupted ? by.exit_code : r.exit_code()},
      {"plan", r.plan ? json::value(plan_object(r.run, *r.plan, r.planned_at)) : json::value(nullptr)},
      {"rows", r.rows},
      {"lanes", lanes_json(r.lanes)},
      {"outcomes", counts_json(r.counts)},
      {"updated_fields", updated_json(r)},
      {"calls", r.calls},
      {"throttled", r.throttled},
      {"early_by_inference", r.early_by_inference},
      {"batches", r.batches},
      {"strange_answers", r.strange},
      {"faults", r.faults},
      {"detail", r.detail},
      {"come_back_s", r.come_back ? json::value(r.come_back->count()) : json::value(nullptr)},
      {"come_back_at", r.come_back_at ? json::value(local_time(*r.come_back_at)) : json::value(nullptr)},
      {"phases", json::object{{"plan_s", seconds(r.plan_time)}, {"call_s", seconds(r.call_time)}, {"results_s", seconds(r.results_time)}}},
      {"results", path_value(r.results)},
      {"failed", path_value(r.failed)},
      {"removed_failed", path_value(r.removed_failed)},
      {"reasons", reasons_json(r.reasons)},
      {"output_errors", std::move(output_errors)},
      {"warnings", std::move(warnings)},
      {"notes", notes_json(more.notes)},
      {"summary", last_line(r)},
  };
  return json_line(out);
}

}  // namespace convoke::report
