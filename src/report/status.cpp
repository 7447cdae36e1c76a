#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "core/text.hpp"
#include "report/counts.hpp"
#include "report/forecast.hpp"
#include "report/json_text.hpp"
#include "report/local_time.hpp"
#include "report/plan_object.hpp"
#include "report/progress.hpp"
#include "report/reasons.hpp"
#include "report/summary.hpp"
#include "report/wording.hpp"
#include "report/workers.hpp"

namespace convoke {

std::string_view to_string(run_state s) noexcept {
  switch (s) {
    case run_state::planned:
      return "planned";
    case run_state::open:
      return "open";
    case run_state::finished:
      return "finished";
    case run_state::discarded:
      return "discarded";
  }
  return "unknown";
}

}  // namespace convoke

namespace convoke::report {
namespace {

namespace json = boost::json;

json::value time_json(const std::optional<utc_time>& t) {
  return t ? json::value(format_utc(*t)) : json::value(nullptr);
}

json::object run_json(const run_info& r) {
  return {{"run", r.id},
          {"state", to_string(r.state)},
          {"kind", to_string(r.kind)},
          {"input", json_text(r.input)},
          {"input_sha256", r.input_sha256},
          {"feed", r.feed.empty() ? json::value(nullptr) : json::value(json_text(r.feed))},
          {"planned_at", format_utc(r.planned_at)},
          {"opened_at", time_json(r.opened_at)},
          {"finished_at", time_json(r.finished_at)},
          {"rows", r.rows},
          {"outcomes", counts_json(r.counts)}};
}

// The input of a run, and its feed where the name does not show it; first what the run does, where it does not provision.
std::string input_of(const run_info& r) {
  auto out = core::escape_for_people(r.input);
  if (r.kind != run_kind::provision) out = std::string(to_string(r.kind)) + (out.empty() ? "" : " ") + out;
  if (!r.feed.empty() && r.feed != r.input) out += fmt::format(" (feed {})", core::escape_for_people(r.feed));
  return out;
}

// The feeds of the inventory; nothing where no meeting belongs to one.
std::string feeds_text(const std::vector<counted>& feeds) {
  constexpr std::size_t most_named = 20;
  if (std::ranges::all_of(feeds, [](const counted& one) { return one.what.empty(); })) return {};
  std::string out = "Feeds:\n";
  for (std::size_t i = 0; i < std::min(feeds.size(), most_named); ++i)
    out += fmt::format("  {:>9}  {}\n", grouped(feeds[i].count),
                       feeds[i].what.empty() ? std::string("(no feed)") : core::escape_for_people(feeds[i].what));
  if (feeds.size() > most_named) out += fmt::format("  {}\n", count_of(feeds.size() - most_named, "more feed", "more feeds"));
  return out;
}

json::array feeds_json(const std::vector<counted>& feeds) {
  json::array out;
  for (const auto& [feed, n] : feeds)
    out.push_back(json::object{{"feed", feed.empty() ? json::value(nullptr) : json::value(json_text(feed))}, {"meetings", n}});
  return out;
}

// What is left of a run: the forecast, and which scopes are closed for how long.
std::string left_text(const run_status& run, utc_time now) {
  std::string out;
  if (run.calls_left > 0) out += forecast_text(run.calls_left, run.expected, now) + "\n";
  constexpr std::size_t most_named = 20;  // more lines would move the counts off the screen
  for (const auto& lane : run.lanes) {
    for (std::size_t i = 0; i < std::min(lane.closed.size(), most_named); ++i) {
      const auto& f = lane.closed[i];
      const auto of_lane =
          run.lanes.size() > 1 ? "The lane of tenant " + core::escape_for_people(lane.lane.tenant) : std::string("The lane");
      const auto who = f.organizer.empty() ? of_lane : "Organizer " + f.organizer;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(f.until - now);
      out += fmt::format("{} is closed by the service until {}, for another {}.\n", who, local_minute(f.until, now),
                         duration_for_people(left));
    }
    if (lane.closed.size() > most_named)
      out += fmt::format("{} closed.\n", count_of(lane.closed.size() - most_named, "more organizer is", "more organizers are"));
  }
  return out;
}

// The rows of a run by lane: those whose organizer is known.
std::vector<outcome_counts> counts_by_lane(const run_status& run) {
  std::vector<outcome_counts> out(run.lanes.size());
  for (const auto& o : run.organizers) out.at(o.lane) += o.counts;
  return out;
}

// Of a run over several lanes: the counts of each, and where calls are left its forecast.
std::string lanes_text(const run_status& run, utc_time now) {
  if (run.lanes.size() < 2) return {};
  std::string out = "Lanes:\n";
  const auto counts = counts_by_lane(run);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto& lane = run.lanes[i];
    out += fmt::format("  tenant {}, application {}  {}\n", core::escape_for_people(lane.lane.tenant),
                       core::escape_for_people(lane.lane.app), counts_text(counts[i]));
    if (run.calls_left > 0) out += fmt::format("    {}\n", forecast_text(lane.calls_left, lane.expected, now));
  }
  return out;
}

// Behind an organizer of a run over several lanes.
std::string tenant_of(const run_status& run, std::size_t lane) {
  return run.lanes.size() < 2 ? std::string() : fmt::format(" of tenant {}", core::escape_for_people(run.lanes.at(lane).lane.tenant));
}

json::value forecast_or_null(const std::optional<forecast>& f, utc_time now) {
  return f ? json::value(forecast_json(*f, now)) : json::value(nullptr);
}

// The other runs that owe rows: what was left out of the run that is shown, by --tenant for example.
std::vector<const run_info*> other_open_runs(const ledger_state& s) {
  std::vector<const run_info*> out;
  for (const auto& one : s.runs)
    if (one.state == run_state::open && one.counts.owed > 0 && (s.run == nullptr || one.id != s.run->run.id)) out.push_back(&one);
  return out;
}

std::string other_runs_text(const ledger_state& s) {
  constexpr std::size_t most_named = 5;
  const auto open = other_open_runs(s);
  if (open.empty()) return {};
  std::uint64_t owed = 0;
  std::string named;
  for (std::size_t i = 0; i < open.size(); ++i) {
    owed += open[i]->counts.owed;
    if (i < most_named) named += fmt::format("{}run {} ({})", i == 0 ? "" : ", ", open[i]->id, input_of(*open[i]));
  }
  if (open.size() > most_named) named += fmt::format(" and {} more", grouped(open.size() - most_named));
  return fmt::format("{} {} open and {} {}: {}. `convoke runs` lists all runs.\n", count_of(open.size(), "other run", "other runs"),
                     form(open.size(), "is", "are"), form(open.size(), "owes", "owe"), count_of(owed, "row", "rows"), named);
}

json::array other_runs_json(const ledger_state& s) {
  json::array out;
  for (const auto* one : other_open_runs(s))
    out.push_back(json::object{{"run", one->id}, {"input", json_text(one->input)}, {"owed", one->counts.owed}});
  return out;
}

// Per lane: its rows, the learnt rate, the end of its own cooldown, and the organizers that are closed; where there are several, also what
// the run has for all of them together: the calls that are left, and the forecast. Unknown values are null.
json::array lanes_json(const run_status& run, utc_time now) {
  json::array out;
  const auto counts = counts_by_lane(run);
  for (const auto& [name, learnt, cooldowns, calls_left, expected] : run.lanes) {
    json::object lane{{"graph_root", name.graph_root},
                      {"tenant", name.tenant},
                      {"app", name.app},
                      {"outcomes", counts_json(counts[out.size()])},
                      {"learnt", nullptr},
                      {"closed_until", nullptr}};
    if (learnt) {
      lane["learnt"] =
          json::object{{"rate_per_s", learnt->rate},
                       {"refused_per_s", learnt->refused > 0 ? json::value(learnt->refused) : json::value(nullptr)},
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
    if (run.lanes.size() > 1) {
      lane.emplace("calls_left", calls_left);
      lane.emplace("forecast", forecast_or_null(expected, now));
    }
    out.push_back(std::move(lane));
  }
  return out;
}

}  // namespace

std::string runs_text(const std::vector<run_info>& runs) {
  if (runs.empty()) return "No runs yet.\n";
  std::string out;
  for (const auto& r : runs)
    out += fmt::format("{:>4}  {:<9}  {}  {:>9} {:<4}  {}  {}\n", r.id, to_string(r.state),
                       format_utc(std::chrono::floor<std::chrono::seconds>(r.planned_at)), grouped(r.rows), form(r.rows, "row", "rows"),
                       input_of(r), counts_text(r.counts));
  return out;
}

std::string runs_json(const std::vector<run_info>& runs) {
  json::array out;
  for (const auto& r : runs) out.push_back(run_json(r));
  return json_line(out);
}

std::string status_text(const ledger_state& s, utc_time now) {
  const auto* run = s.run;
  std::string out = "Inventory:";
  if (s.inventory.empty()) out += " no meetings yet";
  for (std::string_view before = " "; const auto& [state, n] : s.inventory) {
    out += fmt::format("{}{} {}", before, grouped(n), state);
    before = ", ";
  }
  if (s.expired > 0) out += fmt::format("; {} expired", count_of(s.expired, "meeting has", "meetings have"));
  out += '\n';
  out += feeds_text(s.feeds);
  if (s.workers) out += workers_text(*s.workers, now);
  if (run == nullptr) return out + "No runs yet.\n";
  const auto& info = run->run;
  out += fmt::format("Run {} ({}), {}: {}: {}.\n", info.id, to_string(info.state), input_of(info), count_of(info.rows, "row", "rows"),
                     counts_text(info.counts));
  out += lanes_text(*run, now);
  out += left_text(*run, now);
  out += other_runs_text(s);
  out += reasons_text(run->reasons);
  if (!run->errors.empty()) out += "Errors:\n";
  for (const auto& [code, n] : run->errors) out += fmt::format("  {:>9}  {}\n", grouped(n), core::escape_for_people(code));
  out += "Organizers:\n";
  for (const auto& o : run->organizers) out += fmt::format("  {}{}  {}\n", o.organizer, tenant_of(*run, o.lane), counts_text(o.counts));
  return out;
}

std::string status_json(const ledger_state& s, utc_time now) {
  const auto* run = s.run;
  json::object states;
  for (const auto& [state, n] : s.inventory) states.emplace(state, n);
  json::object out{{"inventory", std::move(states)},        {"inventory_expired", s.expired},
                   {"feeds", feeds_json(s.feeds)},          {"run", nullptr},
                   {"other_open_runs", other_runs_json(s)}, {"notes", notes_json(s.notes)}};
  if (s.workers) out.emplace("workers", workers_json(*s.workers));
  if (run != nullptr) {
    auto about = run_json(run->run);
    json::object errors;
    for (const auto& [code, n] : run->errors) errors.emplace(code, n);
    about.emplace("errors", std::move(errors));
    about.emplace("reasons", reasons_json(run->reasons));
    json::array organizers;
    for (const auto& o : run->organizers)
      organizers.push_back(
          json::object{{"tenant", run->lanes.at(o.lane).lane.tenant}, {"organizer", o.organizer}, {"outcomes", counts_json(o.counts)}});
    about.emplace("organizers", std::move(organizers));
    about.emplace("calls_left", run->calls_left);
    about.emplace("forecast", forecast_or_null(run->expected, now));
    about.emplace("lanes", lanes_json(*run, now));
    out["run"] = std::move(about);
  }
  return json_line(out);
}

}  // namespace convoke::report
