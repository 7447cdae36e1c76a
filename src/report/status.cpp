#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "core/text.hpp"
#include "engine/forecast.hpp"
#include "report/counts.hpp"
#include "report/forecast.hpp"
#include "report/json_text.hpp"
#include "report/local_time.hpp"
#include "report/progress.hpp"
#include "report/summary.hpp"

namespace convoke::report {
namespace {

namespace json = boost::json;

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

json::value time_json(const std::optional<utc_time>& t) {
  return t ? json::value(format_utc(*t)) : json::value(nullptr);
}

json::object run_json(const ledger::run_info& r) {
  return {{"run", r.id},
          {"state", word(r.state)},
          {"input", json_text(r.header.input_name)},
          {"input_sha256", r.header.input_sha256},
          {"planned_at", format_utc(r.planned_at)},
          {"opened_at", time_json(r.opened_at)},
          {"finished_at", time_json(r.finished_at)},
          {"rows", r.rows},
          {"outcomes", counts_json(r.counts)}};
}

// What a process that carries the run out has to expect; nullopt where nothing is known of the limit. The settings of that process are not
// known here: the learnt rate stands for its pace.
std::optional<forecast> outlook(const ledger::run_status& run, utc_time now) {
  if (run.calls_left == 0 || run.lanes.empty() || !run.lanes.front().learnt) return std::nullopt;
  const auto& lane = run.lanes.front();
  const auto& [pace, when] = *lane.learnt;
  engine::settings as_learnt;
  as_learnt.rate = std::max(as_learnt.rate, pace.rate);
  const engine::remembered_pace remembered{.pace = {.rate = pace.rate, .refused = pace.refused, .credit = pace.credit},
                                           .age = std::max(now, when) - when};
  auto open_at = now;
  for (const auto& f : lane.cooldowns)
    if (f.organizer.empty()) open_at = std::max(open_at, f.until);
  return engine::foresee(as_learnt, {.calls = run.calls_left}, remembered, open_at - now);
}

std::string left_text(const ledger::run_status& run, utc_time now) {
  std::string out;
  if (run.calls_left > 0) {
    const auto left = outlook(run, now);
    out += left ? forecast_text(*left, now) + "\n"
                : fmt::format("Forecast: {} calls are left; the rate that the service takes is not known yet.\n", grouped(run.calls_left));
  }
  constexpr std::size_t most_named = 20;
  for (const auto& lane : run.lanes) {
    for (std::size_t i = 0; i < std::min(lane.cooldowns.size(), most_named); ++i) {
      const auto& f = lane.cooldowns[i];
      const auto who = f.organizer.empty() ? std::string("The lane") : "Organizer " + f.organizer;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(f.until - now);
      out += fmt::format("{} is closed by the service until {}, for {} yet.\n", who, local_minute(f.until, now), duration_for_people(left));
    }
    if (lane.cooldowns.size() > most_named)
      out += fmt::format("{} more organizers are closed.\n", grouped(lane.cooldowns.size() - most_named));
  }
  return out;
}

json::array lanes_json(const ledger::run_status& run, utc_time now) {
  json::array out;
  for (std::size_t i = 0; i < run.lanes.size(); ++i) {
    const auto& name = run.info.header.lanes[i];
    const auto& [learnt, cooldowns] = run.lanes[i];
    json::object lane{
        {"graph_root", name.graph_root}, {"tenant", name.tenant}, {"app", name.app}, {"learnt", nullptr}, {"closed_until", nullptr}};
    if (learnt) {
      lane["learnt"] =
          json::object{{"rate_per_s", learnt->pace.rate},
                       {"refused_per_s", learnt->pace.refused > 0 ? json::value(learnt->pace.refused) : json::value(nullptr)},
                       {"at", format_utc(learnt->saved_at)},
                       {"ago_s", std::chrono::floor<std::chrono::seconds>(std::max(now, learnt->saved_at) - learnt->saved_at).count()}};
    }
    json::array closed;
    for (const auto& f : cooldowns) {
      if (f.organizer.empty())
        lane["closed_until"] = format_utc(f.until);
      else
        closed.push_back(json::object{{"organizer", f.organizer}, {"until", format_utc(f.until)}});
    }
    lane.emplace("closed_organizers", std::move(closed));
    out.push_back(std::move(lane));
  }
  return out;
}

}  // namespace

std::string runs_text(const std::vector<ledger::run_info>& runs) {
  if (runs.empty()) return "No runs yet.\n";
  std::string out;
  for (const auto& r : runs)
    out += fmt::format("{:>4}  {:<9}  {}  {:>9} rows  {}  {}\n", r.id, word(r.state),
                       format_utc(std::chrono::floor<std::chrono::seconds>(r.planned_at)), grouped(r.rows),
                       core::escape_for_people(r.header.input_name), counts_text(r.counts));
  return out;
}

std::string runs_json(const std::vector<ledger::run_info>& runs) {
  json::array out;
  for (const auto& r : runs) out.push_back(run_json(r));
  return json_line(out);
}

std::string status_text(const std::vector<ledger::count_by>& inventory, const ledger::run_status* run, utc_time now) {
  std::string out = "Inventory:";
  if (inventory.empty()) out += " no meetings yet";
  for (const auto& [state, n] : inventory) out += fmt::format(" {} {}", grouped(n), state);
  out += '\n';
  if (run == nullptr) return out + "No runs yet.\n";
  const auto& info = run->info;
  out += fmt::format("Run {} ({}), {}: {} rows: {}.\n", info.id, word(info.state), core::escape_for_people(info.header.input_name),
                     grouped(info.rows), counts_text(info.counts));
  out += left_text(*run, now);
  if (!run->errors.empty()) out += "Errors:\n";
  for (const auto& [code, n] : run->errors) out += fmt::format("  {:>9}  {}\n", grouped(n), core::escape_for_people(code));
  out += "Organizers:\n";
  for (const auto& o : run->organizers) out += fmt::format("  {}  {}\n", o.organizer, counts_text(o.counts));
  return out;
}

std::string status_json(const std::vector<ledger::count_by>& inventory, const ledger::run_status* run, utc_time now) {
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
    about.emplace("calls_left", run->calls_left);
    const auto left = outlook(*run, now);
    about.emplace("forecast", left ? json::value(forecast_json(*left, now)) : json::value(nullptr));
    about.emplace("lanes", lanes_json(*run, now));
    out["run"] = std::move(about);
  }
  return json_line(out);
}

}  // namespace convoke::report
