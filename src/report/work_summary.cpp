#include <algorithm>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "core/text.hpp"
#include "report/counts.hpp"
#include "report/endings.hpp"
#include "report/json_text.hpp"
#include "report/lanes.hpp"
#include "report/local_time.hpp"
#include "report/plan_object.hpp"
#include "report/summary.hpp"
#include "report/wording.hpp"

namespace convoke::report {
namespace {

namespace json = boost::json;

// Empty where all rows that have ended have their meeting.
std::string unsatisfied_text(const worked_run& run) {
  const auto n = run.unsatisfied();
  if (n == 0) return {};
  return fmt::format(
      "  {} not have the meeting that the input wants: `convoke status --run {}` says why, `convoke export --run {} --failed FILE` writes "
      "{}.\n",
      count_of(n, "row does", "rows do"), run.run, run.run, form(n, "it", "them"));
}

std::string finished_text(const worked_run& run) {
  return fmt::format("Run {} is finished: {}: {}.\n", run.run, count_of(run.rows, "row", "rows"), counts_text(run.counts)) +
         unsatisfied_text(run);
}

std::string left_text(const worked_run& run) {
  return fmt::format("Run {}: {} of {} left.\n", run.run, grouped(run.counts.owed), count_of(run.rows, "row is", "rows are")) +
         unsatisfied_text(run);
}

std::uint64_t unsatisfied_of(const std::vector<worked_run>& runs) {
  std::uint64_t n = 0;
  for (const auto& one : runs) n += one.unsatisfied();
  return n;
}

// Where nothing stopped the work.
std::string finished_line(const work_report& r) {
  const auto n = unsatisfied_of(r.finished) + unsatisfied_of(r.left);
  auto out =
      fmt::format("{}: {}{}.", n == 0 ? "Done" : "Finished",
                  r.left.empty() ? "no open run owes anything" : "nothing is owed that this worker can carry out",
                  n == 0 ? "" : fmt::format(", but {} not have the meeting that the input wants", count_of(n, "row does", "rows do")));
  if (!r.left.empty())
    out += fmt::format(" {} with rows of other lanes {} left.", count_of(r.left.size(), "open run", "open runs"),
                       form(r.left.size(), "is", "are"));
  return out;
}

// The last line for people.
std::string last_line(const work_report& r) {
  switch (r.end) {
    case ending::finished:
      return finished_line(r);
    case ending::deferred:
      return fmt::format("Work is left. Run the same command again{}.", when_to_come_back(r.come_back, r.come_back_at));
    case ending::interrupted:
      return "Interrupted: what was done is saved, and other workers can take what is left. Run the same command again to continue.";
    case ending::credentials:
    case ending::permission:
      return "Stopped. Correct the credentials or the permission, then run the same command again.";
    case ending::storage:
      return "Stopped: the ledger could not be read or written. Correct the storage fault, then run the same command again; nothing is "
             "lost.";
  }
  return {};
}

json::array runs_json(const std::vector<worked_run>& runs) {
  json::array out;
  for (const auto& one : runs)
    out.push_back(
        json::object{{"run", one.run}, {"rows", one.rows}, {"outcomes", counts_json(one.counts)}, {"unsatisfied", one.unsatisfied()}});
  return out;
}

}  // namespace

std::string work_text(const work_report& r) {
  std::string out = fmt::format("{} ended by this worker.\n", count_of(r.rows, "row was", "rows were"));
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
  for (const auto& run : r.finished) out += finished_text(run);
  for (const auto& run : r.left) out += left_text(run);
  for (const auto& w : r.warnings) out += fmt::format("Warning: {}\n", w);
  const bool in_last_line = r.end == ending::finished || r.end == ending::interrupted;
  if (!r.detail.empty() && !in_last_line) out += r.detail + "\n";
  return out + last_line(r) + "\n";
}

std::string work_json(const work_report& r, const interruption& by, const reported& more) {
  const bool interrupted = r.end == ending::interrupted;
  json::array warnings;
  for (const auto& w : r.warnings) warnings.emplace_back(json_text(w));
  const json::object out{
      {"end", interrupted ? by.word : word(r.end)},
      {"exit_code", interrupted ? by.exit_code : r.exit_code()},
      {"rows", r.rows},
      {"lanes", lanes_json(r.lanes)},
      {"calls", r.calls},
      {"throttled", r.throttled},
      {"early_by_inference", r.early_by_inference},
      {"batches", r.batches},
      {"strange_answers", r.strange},
      {"faults", r.faults},
      {"sessions", r.sessions},
      {"call_s", seconds(r.call_time)},
      {"finished", runs_json(r.finished)},
      {"left", runs_json(r.left)},
      {"detail", r.detail},
      {"come_back_s", r.come_back ? json::value(r.come_back->count()) : json::value(nullptr)},
      {"come_back_at", r.come_back_at ? json::value(local_time(*r.come_back_at)) : json::value(nullptr)},
      {"warnings", std::move(warnings)},
      {"notes", notes_json(more.notes)},
      {"summary", last_line(r)},
  };
  return json_line(out);
}

}  // namespace convoke::report
