#include "report/summary.hpp"

#include <string_view>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "core/text.hpp"
#include "report/counts.hpp"
#include "report/forecast.hpp"
#include "report/json_text.hpp"
#include "report/local_time.hpp"
#include "report/progress.hpp"

namespace convoke::report {
namespace {

namespace json = boost::json;

std::string_view word(ending e) {
  switch (e) {
    case ending::finished:
      return "finished";
    case ending::deferred:
      return "deferred";
    case ending::interrupted:
      return "interrupted";
    case ending::credentials:
      return "credentials";
    case ending::permission:
      return "permission";
    case ending::storage:
      return "storage";
  }
  return "unknown";
}

json::array sample_json(const std::vector<named_key>& keys) {
  json::array out;
  for (const auto& k : keys) out.push_back(json::object{{"organizer", k.organizer}, {"external_id", k.external_id}});
  return out;
}

// The first few keys as text; `…` where there are more.
std::string sample_text(const std::vector<named_key>& keys) {
  std::string out;
  for (std::size_t i = 0; i < keys.size() && i < 3; ++i)
    out += fmt::format("{}{} of {}", i == 0 ? "" : ", ", core::escape_for_people(keys[i].external_id), keys[i].organizer);
  return keys.size() > 3 ? out + ", …" : out;
}

double seconds(std::chrono::microseconds d) {
  return static_cast<double>(d.count()) / 1e6;
}

json::value forecast_value(const plan_summary& s, utc_time now) {
  return s.expected ? json::value(forecast_json(*s.expected, now)) : json::value(nullptr);
}

// The same object for `plan` and, as a member, for the report of a job. `expected`: the forecast, or null.
json::object plan_object(std::uint32_t run, const plan_summary& s, json::value expected) {
  json::array organizers;
  for (const auto& o : s.organizers)
    organizers.push_back(json::object{{"organizer", o.organizer},
                                      {"calls", o.calls},
                                      {"new", o.new_keys},
                                      {"made_this_month", o.made_this_month},
                                      {"vanished", o.vanished}});
  json::array warnings;
  for (const auto& w : plan_warnings(s)) warnings.emplace_back(w);
  return {{"run", run == 0 ? json::value(nullptr) : json::value(run)},
          {"rows", s.rows},
          {"calls", s.calls},
          {"new", s.new_keys},
          {"changed", s.changed_keys},
          {"retried", s.retried_keys},
          {"unchanged", s.unchanged},
          {"drifted", s.drifted},
          {"rejected", s.rejected},
          {"duplicates", s.duplicates},
          {"superseded", s.superseded},
          {"owed_elsewhere", s.owed_elsewhere},
          {"owed_elsewhere_sample", sample_json(s.owed_elsewhere_sample)},
          {"vanished", s.vanished},
          {"vanished_sample", sample_json(s.vanished_sample)},
          {"organizers", std::move(organizers)},
          {"forecast", std::move(expected)},
          {"warnings", std::move(warnings)}};
}

// ` now`, ` in 10 min 00 s, at 03:14 +01:00`, or nothing where no time is known: ready to be appended to a sentence.
std::string when_to_come_back(const convoke::job_report& r) {
  if (!r.come_back || !r.come_back_at) return {};
  if (r.come_back->count() == 0) return " now";
  return fmt::format(" in {}, at {}", duration_for_people(*r.come_back), local_minute(*r.come_back_at, *r.come_back_at - *r.come_back));
}

// The last line for people.
std::string last_line(const convoke::job_report& r) {
  const auto& c = r.counts;
  const auto good = c.created + c.existing + c.updated + c.unchanged + c.drifted + c.removed;
  switch (r.end) {
    case ending::finished:
      if (r.exit_code() == 0) return fmt::format("Done: all {} rows have their meeting.", grouped(r.rows));
      if (r.exit_code() == 9)
        return fmt::format("Done: all {} rows have their meeting, but an output could not be written. `convoke export` writes it again.",
                           grouped(r.rows));
      return fmt::format(
          "Finished: {} of {} rows have their meeting{}{}.", grouped(good), grouped(r.rows),
          r.drift_fails && c.drifted > 0 ? fmt::format(", {} of them different from what the input wants", grouped(c.drifted)) : "",
          r.failed.empty() ? "" : fmt::format("; the rows to correct are in {}", core::escape_for_people(r.failed)));
    case ending::deferred:
      return fmt::format("Work is left: {} of {} rows are done. Run the same command again{}.", grouped(r.rows - c.owed), grouped(r.rows),
                         when_to_come_back(r));
    case ending::interrupted:
      return fmt::format("Interrupted: {} of {} rows are done and saved. Run the same command again to continue.", grouped(r.rows - c.owed),
                         grouped(r.rows));
    case ending::credentials:
    case ending::permission:
      return fmt::format("Stopped: {} of {} rows are done. Correct the credentials or the permission, then run the same command again.",
                         grouped(r.rows - c.owed), grouped(r.rows));
    case ending::storage:
      return "Stopped: the ledger could not be written. Correct the storage fault, then run the same command again; nothing is lost.";
  }
  return {};
}

json::value path_value(const std::string& path) {
  return path.empty() ? json::value(nullptr) : json::value(json_text(path));
}

}  // namespace

std::string plan_counts(const plan_summary& s) {
  auto out = fmt::format("{} rows: {} calls owed ({} new, {} changed, {} tried before), {} unchanged", grouped(s.rows), grouped(s.calls),
                         grouped(s.new_keys), grouped(s.changed_keys), grouped(s.retried_keys), grouped(s.unchanged));
  if (s.drifted > 0) out += fmt::format(", {} known to have drifted", grouped(s.drifted));
  if (s.duplicates > 0) out += fmt::format(", {} the same as an earlier row", grouped(s.duplicates));
  if (s.rejected > 0) out += fmt::format(", {} wrong", grouped(s.rejected));
  return out + ", by " + grouped(s.organizers.size()) + (s.organizers.size() == 1 ? " organizer." : " organizers.");
}

std::string plan_text(const plan_summary& s, utc_time now) {
  return plan_counts(s) + "\n" + (s.expected ? forecast_text(*s.expected, now) + "\n" : std::string());
}

std::vector<std::string> plan_warnings(const plan_summary& s) {
  std::vector<std::string> out;
  if (s.superseded > 0) out.push_back(fmt::format("{} rows that older runs still owe are taken over by this run.", grouped(s.superseded)));
  if (s.owed_elsewhere > 0)
    out.push_back(
        fmt::format("{} keys that older runs still owe are not in this input and stay owed there: {}. Run that run's own command to send "
                    "them, or `convoke discard` it.",
                    grouped(s.owed_elsewhere), sample_text(s.owed_elsewhere_sample)));
  if (s.vanished > 0)
    out.push_back(fmt::format("{} keys of the previous run of this input are not in it any more; their meetings are not changed: {}.",
                              grouped(s.vanished), sample_text(s.vanished_sample)));
  for (const auto& o : s.organizers) {
    // Equal numbers are typical for a changed template: every class would get a second meeting.
    if (o.vanished > 0 && o.vanished == o.new_keys)
      out.push_back(
          fmt::format("Organizer {}: as many keys vanished as are new ({}). Did the external ids or their template change? That creates "
                      "second meetings.",
                      o.organizer, o.vanished));
    if (o.new_keys > 0 && o.new_keys + o.made_this_month > meetings_per_organizer_and_month)
      out.push_back(fmt::format("Organizer {}: {} new meetings{}; Graph documents {} per user, app and month, and may refuse the others.",
                                o.organizer, grouped(o.new_keys),
                                o.made_this_month > 0 ? fmt::format(", {} made this month already", grouped(o.made_this_month)) : "",
                                grouped(meetings_per_organizer_and_month)));
  }
  return out;
}

std::string plan_json(std::uint32_t run, const plan_summary& s, utc_time now) {
  return json_line(plan_object(run, s, forecast_value(s, now)));
}

std::string report_text(const convoke::job_report& r) {
  if (r.run == 0) return r.detail + "\n";
  auto out = fmt::format("Run {}: {} rows: {}.\n", r.run, grouped(r.rows), counts_text(r.counts));
  if (r.calls > 0)
    out += fmt::format("{} calls in {:.1f} s, {} throttled, {} faults.\n", grouped(r.calls), seconds(r.call_time), grouped(r.throttled),
                       grouped(r.faults));
  if (r.early_by_inference > 0)
    out += fmt::format(
        "{} of the calls were sent into a scope that was closed: the throttles did not name their scope and were attributed to an "
        "organizer.\n",
        grouped(r.early_by_inference));
  if (!r.results.empty()) out += fmt::format("Results: {}\n", core::escape_for_people(r.results));
  if (!r.failed.empty()) out += fmt::format("Failed rows, to correct and to apply again: {}\n", core::escape_for_people(r.failed));
  for (const auto& e : r.output_errors) out += e + "\n";
  for (const auto& w : r.warnings) out += fmt::format("Warning: {}\n", w);
  if (r.plan)
    for (const auto& warning : plan_warnings(*r.plan)) out += warning + "\n";
  // Where the run finished or was interrupted the last line gives the reason already.
  const bool in_last_line = r.end == ending::finished || r.end == ending::interrupted;
  if (!r.detail.empty() && !in_last_line) out += r.detail + "\n";
  return out + last_line(r) + "\n";
}

std::string report_json(const convoke::job_report& r, const interruption& by) {
  const bool interrupted = r.end == ending::interrupted;
  json::array output_errors;
  for (const auto& e : r.output_errors) output_errors.emplace_back(json_text(e));
  json::array warnings;
  for (const auto& w : r.warnings) warnings.emplace_back(json_text(w));
  const json::object out{
      {"run", r.run},
      {"end", interrupted ? by.word : word(r.end)},
      {"exit_code", interrupted ? by.exit_code : r.exit_code()},
      {"plan", r.plan ? json::value(plan_object(r.run, *r.plan, forecast_value(*r.plan, r.planned_at))) : json::value(nullptr)},
      {"rows", r.rows},
      {"outcomes", counts_json(r.counts)},
      {"calls", r.calls},
      {"throttled", r.throttled},
      {"early_by_inference", r.early_by_inference},
      {"faults", r.faults},
      {"detail", r.detail},
      {"come_back_s", r.come_back ? json::value(r.come_back->count()) : json::value(nullptr)},
      {"come_back_at", r.come_back_at ? json::value(local_time(*r.come_back_at)) : json::value(nullptr)},
      {"phases", json::object{{"plan_s", seconds(r.plan_time)}, {"call_s", seconds(r.call_time)}, {"results_s", seconds(r.results_time)}}},
      {"results", path_value(r.results)},
      {"failed", path_value(r.failed)},
      {"output_errors", std::move(output_errors)},
      {"warnings", std::move(warnings)},
      {"summary", last_line(r)},
  };
  return json_line(out);
}

std::string error_json(const error& why, int exit_code) {
  return json_line(json::object{{"exit_code", exit_code}, {"error", json_text(why.message)}});
}

}  // namespace convoke::report
