#include "report/summary.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "core/text.hpp"
#include "report/progress.hpp"

namespace convoke::report {
namespace {

namespace json = boost::json;

using named_count = std::pair<std::string_view, std::uint64_t>;

std::array<named_count, 9> all_counts(const outcome_counts& c) {
  return {{{"created", c.created},
           {"existing", c.existing},
           {"drifted", c.drifted},
           {"updated", c.updated},
           {"unchanged", c.unchanged},
           {"failed", c.failed},
           {"rejected", c.rejected},
           {"superseded", c.superseded},
           {"deferred", c.owed}}};
}

std::string counts_text(const outcome_counts& counts) {
  std::string out;
  for (const auto& [word, n] : all_counts(counts))
    if (n > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", grouped(n), word);
  return out.empty() ? "nothing" : out;
}

json::object counts_json(const outcome_counts& counts) {
  json::object out;
  for (const auto& [word, n] : all_counts(counts)) out.emplace(word, n);
  return out;
}

std::string_view word(ledger::run_state s) {
  switch (s) {
    case ledger::run_state::planned:
      return "planned";
    case ledger::run_state::open:
      return "open";
    case ledger::run_state::finished:
      return "finished";
    case ledger::run_state::discarded:
      return "discarded";
  }
  return "unknown";
}

std::string_view word(ending e) {
  switch (e) {
    case ending::finished:
      return "finished";
    case ending::deferred:
      return "deferred";
    case ending::interrupted:
      return "interrupted";
    case ending::terminated:
      return "terminated";
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

std::string sample_text(const std::vector<named_key>& keys) {
  std::string out;
  for (std::size_t i = 0; i < keys.size() && i < 3; ++i)
    out += fmt::format("{}{} of {}", i == 0 ? "" : ", ", escape_for_people(keys[i].external_id), keys[i].organizer);
  return keys.size() > 3 ? out + ", …" : out;
}

double seconds(std::chrono::microseconds d) {
  return static_cast<double>(d.count()) / 1e6;
}

json::value time_json(const std::optional<utc_time>& t) {
  return t ? json::value(format_utc(*t)) : json::value(nullptr);
}

json::object run_json(const ledger::run_info& r) {
  return {{"run", r.id},
          {"state", word(r.state)},
          {"input", r.header.input_name},
          {"input_sha256", r.header.input_sha256},
          {"planned_at", format_utc(r.planned_at)},
          {"opened_at", time_json(r.opened_at)},
          {"finished_at", time_json(r.finished_at)},
          {"rows", r.rows},
          {"outcomes", counts_json(r.counts)}};
}

json::object plan_object(std::uint32_t run, const plan_summary& s) {
  json::array organizers;
  for (const auto& o : s.organizers)
    organizers.push_back(json::object{{"organizer", o.organizer}, {"calls", o.calls}, {"new", o.new_keys}, {"vanished", o.vanished}});
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
          {"warnings", std::move(warnings)}};
}

// The one line a person reads.
std::string last_line(const convoke::job_report& r) {
  const auto& c = r.counts;
  const auto good = c.created + c.existing + c.updated + c.unchanged + c.drifted;
  switch (r.end) {
    case ending::finished:
      if (r.exit_code() == 0) return fmt::format("Done: all {} rows have their meeting.", grouped(r.rows));
      if (r.exit_code() == 9)
        return fmt::format("Done: all {} rows have their meeting, but an output could not be written. `convoke export` makes it again.",
                           grouped(r.rows));
      return fmt::format("Finished: {} of {} rows have their meeting{}.", grouped(good), grouped(r.rows),
                         r.failed.empty() ? "" : fmt::format("; the others are in {}", escape_for_people(r.failed)));
    case ending::deferred:
      return fmt::format("Work is left: {} of {} rows are done. Run the same command again{}.", grouped(r.rows - c.owed), grouped(r.rows),
                         r.come_back ? fmt::format(" in {}", duration_for_people(*r.come_back)) : std::string());
    case ending::interrupted:
    case ending::terminated:
      return fmt::format("Interrupted: {} of {} rows are done and saved. Run the same command again to go on.", grouped(r.rows - c.owed),
                         grouped(r.rows));
    case ending::credentials:
    case ending::permission:
      return fmt::format("Stopped: {} of {} rows are done. Mend the permission, then run the same command again.", grouped(r.rows - c.owed),
                         grouped(r.rows));
    case ending::storage:
      return "Stopped: the ledger could not be written. Mend the storage, then run the same command again; nothing is lost.";
  }
  return {};
}

}  // namespace

std::string plan_text(const plan_summary& s) {
  auto out = fmt::format("{} rows: {} calls owed ({} new, {} changed, {} tried before), {} unchanged", grouped(s.rows), grouped(s.calls),
                         grouped(s.new_keys), grouped(s.changed_keys), grouped(s.retried_keys), grouped(s.unchanged));
  if (s.drifted > 0) out += fmt::format(", {} known to have drifted", grouped(s.drifted));
  if (s.duplicates > 0) out += fmt::format(", {} the same as an earlier row", grouped(s.duplicates));
  if (s.rejected > 0) out += fmt::format(", {} wrong", grouped(s.rejected));
  return out + ", by " + grouped(s.organizers.size()) + (s.organizers.size() == 1 ? " organizer.\n" : " organizers.\n");
}

std::vector<std::string> plan_warnings(const plan_summary& s) {
  std::vector<std::string> out;
  if (s.superseded > 0) out.push_back(fmt::format("{} rows that older runs still owe are taken over by this one.", grouped(s.superseded)));
  if (s.owed_elsewhere > 0)
    out.push_back(
        fmt::format("{} keys that older runs still owe are not in this input and stay owed there: {}. Run that run's own command to send "
                    "them, or `convoke discard` it.",
                    grouped(s.owed_elsewhere), sample_text(s.owed_elsewhere_sample)));
  if (s.vanished > 0)
    out.push_back(fmt::format("{} keys of the previous run of this input are gone from it; their meetings are left alone: {}.",
                              grouped(s.vanished), sample_text(s.vanished_sample)));
  for (const auto& o : s.organizers) {
    if (o.vanished > 0 && o.vanished == o.new_keys)
      out.push_back(fmt::format(
          "Organizer {}: as many keys vanished as are new ({}). Did the external ids or their template change? That makes second meetings.",
          o.organizer, o.vanished));
    if (o.new_keys > 2000)
      out.push_back(
          fmt::format("Organizer {}: {} new meetings; Graph documents 2,000 per user and month.", o.organizer, grouped(o.new_keys)));
  }
  return out;
}

std::string plan_json(std::uint32_t run, const plan_summary& s) {
  return json::serialize(plan_object(run, s)) + "\n";
}

std::string report_text(const convoke::job_report& r) {
  if (r.run == 0) return r.detail + "\n";
  auto out = fmt::format("Run {}: {} rows: {}.\n", r.run, grouped(r.rows), counts_text(r.counts));
  if (r.calls > 0)
    out += fmt::format("{} calls in {:.1f} s, {} throttled, {} faults.\n", grouped(r.calls), seconds(r.call_time), grouped(r.throttled),
                       grouped(r.faults));
  if (!r.results.empty()) out += fmt::format("Results: {}\n", escape_for_people(r.results));
  if (!r.failed.empty()) out += fmt::format("Failed rows, to be mended and fed back: {}\n", escape_for_people(r.failed));
  for (const auto& e : r.output_errors) out += e + "\n";
  if (r.plan)
    for (const auto& warning : plan_warnings(*r.plan)) out += warning + "\n";
  // After a signal the last line says it all.
  const bool told = r.end == ending::finished || r.end == ending::interrupted || r.end == ending::terminated;
  if (!r.detail.empty() && !told) out += r.detail + "\n";
  return out + last_line(r) + "\n";
}

std::string report_json(const convoke::job_report& r) {
  json::array output_errors;
  for (const auto& e : r.output_errors) output_errors.emplace_back(e);
  const json::object out{
      {"run", r.run},
      {"end", word(r.end)},
      {"exit_code", r.exit_code()},
      {"plan", r.plan ? json::value(plan_object(r.run, *r.plan)) : json::value(nullptr)},
      {"rows", r.rows},
      {"outcomes", counts_json(r.counts)},
      {"calls", r.calls},
      {"throttled", r.throttled},
      {"faults", r.faults},
      {"detail", r.detail},
      {"come_back_s", r.come_back ? json::value(r.come_back->count()) : json::value(nullptr)},
      {"phases", json::object{{"plan_s", seconds(r.plan_time)}, {"call_s", seconds(r.call_time)}, {"results_s", seconds(r.results_time)}}},
      {"results", r.results.empty() ? json::value(nullptr) : json::value(r.results)},
      {"failed", r.failed.empty() ? json::value(nullptr) : json::value(r.failed)},
      {"output_errors", std::move(output_errors)},
      {"summary", last_line(r)},
  };
  return json::serialize(out) + "\n";
}

std::string error_json(const error& why) {
  return json::serialize(json::object{{"exit_code", exit_code(why.code)}, {"error", why.message}}) + "\n";
}

std::string runs_text(const std::vector<ledger::run_info>& runs) {
  if (runs.empty()) return "No runs yet.\n";
  std::string out;
  for (const auto& r : runs)
    out += fmt::format("{:>4}  {:<9}  {}  {:>9} rows  {}  {}\n", r.id, word(r.state),
                       format_utc(std::chrono::floor<std::chrono::seconds>(r.planned_at)), grouped(r.rows),
                       escape_for_people(r.header.input_name), counts_text(r.counts));
  return out;
}

std::string runs_json(const std::vector<ledger::run_info>& runs) {
  json::array out;
  for (const auto& r : runs) out.push_back(run_json(r));
  return json::serialize(out) + "\n";
}

std::string status_text(const std::vector<ledger::count_by>& inventory, const ledger::run_status* run) {
  std::string out = "Inventory:";
  if (inventory.empty()) out += " no meetings yet";
  for (const auto& [state, n] : inventory) out += fmt::format(" {} {}", grouped(n), state);
  out += '\n';
  if (run == nullptr) return out + "No runs yet.\n";
  const auto& info = run->info;
  out += fmt::format("Run {} ({}), {}: {} rows: {}.\n", info.id, word(info.state), escape_for_people(info.header.input_name),
                     grouped(info.rows), counts_text(info.counts));
  if (!run->errors.empty()) out += "Errors:\n";
  for (const auto& [code, n] : run->errors) out += fmt::format("  {:>9}  {}\n", grouped(n), escape_for_people(code));
  out += "Organizers:\n";
  for (const auto& o : run->organizers) out += fmt::format("  {}  {}\n", o.organizer, counts_text(o.counts));
  return out;
}

std::string status_json(const std::vector<ledger::count_by>& inventory, const ledger::run_status* run) {
  json::object states;
  for (const auto& [state, n] : inventory) states.emplace(state, n);
  json::object out{{"inventory", std::move(states)}, {"run", nullptr}};
  if (run != nullptr) {
    auto about = run_json(run->info);
    json::object errors;
    for (const auto& [code, n] : run->errors) errors.emplace(code, n);
    about.emplace("errors", std::move(errors));
    json::array organizers;
    for (const auto& o : run->organizers)
      organizers.push_back(json::object{{"organizer", o.organizer}, {"outcomes", counts_json(o.counts)}});
    about.emplace("organizers", std::move(organizers));
    out["run"] = std::move(about);
  }
  return json::serialize(out) + "\n";
}

}  // namespace convoke::report
