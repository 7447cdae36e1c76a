#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "core/text.hpp"
#include "report/forecast.hpp"
#include "report/lanes.hpp"
#include "report/summary.hpp"
#include "report/wording.hpp"

namespace convoke::report {
namespace {

// `12 rows`, or where rows repeat `12 rows (180 with every repetition)`.
std::string rows_text(const plan_summary& s) {
  const auto rows = s.rows - removals_of(s);
  if (s.records == 0 || s.records == rows) return count_of(rows, "row", "rows");
  return fmt::format("{} ({} with every repetition)", count_of(s.records, "row", "rows"), grouped(rows));
}

// What a plan and a check both say at the end of their counts.
std::string other_rows(const plan_summary& s) {
  std::string out;
  if (s.duplicates > 0) out += fmt::format(", {} the same as an earlier row", grouped(s.duplicates));
  if (s.rejected > 0) out += fmt::format(", {} wrong", grouped(s.rejected));
  return out;
}

std::string how_used(const column_use& c) {
  switch (c.use) {
    case column_use::kind::used:
      return c.role;
    case column_use::kind::carried:
      return "carried to the results";
    case column_use::kind::ignored:
      return "ignored";
  }
  return {};
}

// Why calls are owed. The numbers add up to the calls.
std::string call_reasons(const plan_summary& s) {
  auto out = fmt::format("{} new, {} changed, {} tried before", grouped(s.new_keys), grouped(s.changed_keys),
                         grouped(s.retried_keys - s.update_keys));
  if (s.update_keys > 0) out += fmt::format(", {} to update", grouped(s.update_keys));
  if (s.extended_keys > 0) out += fmt::format(", {} to extend", grouped(s.extended_keys));
  if (s.expired_keys > 0) out += fmt::format(", {} expired", grouped(s.expired_keys));
  if (removals_of(s) > 0) out += fmt::format(", {} to remove", grouped(removals_of(s)));
  return out;
}

// The columns of the input and what each is used for, as a table.
std::string mapping_text(const std::vector<column_use>& columns) {
  constexpr std::size_t most_shown = 40;  // characters of a name
  if (columns.empty()) return {};
  const auto name = [](const column_use& c) {
    return c.header.empty() ? std::string("(no name)") : core::escape_for_people(c.header, most_shown);
  };
  std::size_t width = 0;
  for (const auto& c : columns) width = std::max(width, fmt::formatted_size("{}", name(c)));
  std::string out = "Columns:\n";
  for (const auto& c : columns) out += fmt::format("  {:>3}  {:<{}}  {}\n", c.column, name(c), std::min(width, most_shown), how_used(c));
  return out;
}

// Of a plan over several lanes, a line for each.
std::string plan_lanes_text(const plan_summary& s, utc_time now) {
  std::string out;
  if (s.lanes.size() < 2) return out;
  for (const auto& lane : s.lanes)
    out += fmt::format("Tenant {}: {} owed ({} new). {}\n", lane_text(lane.name, lane.tenant), count_of(lane.calls, "call", "calls"),
                       grouped(lane.new_keys), forecast_text(lane.expected, now));
  return out;
}

}  // namespace

std::string plan_counts(const plan_summary& s) {
  if (s.kind != run_kind::provision) return counts_of_kind(s);
  auto out = fmt::format("{}: {} owed ({}), {} unchanged", rows_text(s), count_of(s.calls, "call", "calls"), call_reasons(s),
                         grouped(s.unchanged));
  if (s.drifted > 0) out += fmt::format(", {} known to have drifted", grouped(s.drifted));
  out += other_rows(s);
  // The summary also lists organizers whose meetings vanished, and owe no call.
  const auto callers = std::ranges::count_if(s.organizers, [](const auto& o) { return o.calls > 0; });
  if (callers > 0) out += ", by " + count_of(static_cast<std::uint64_t>(callers), "organizer", "organizers");
  out += ".";
  if (s.settings_keys > 0)
    out += fmt::format(" After {} of the calls an update sets options or the roles of attendees, unless they are set already.",
                       grouped(s.settings_keys));
  return out;
}

std::string input_text(const plan_summary& s) {
  std::string out;
  if (!s.feed.empty()) out += fmt::format("Feed: {}.", core::escape_for_people(s.feed));
  if (s.empty_records > 0)
    out += fmt::format("{}{} skipped.", out.empty() ? "" : " ", count_of(s.empty_records, "empty row is", "empty rows are"));
  if (!out.empty()) out += "\n";
  if (s.other_tenants > 0) {
    const auto& one = s.lanes.size() == 1 ? s.lanes.front() : plan_summary::per_lane();
    const auto kept = one.name.empty() ? one.tenant : one.name;
    out += fmt::format("{} of other tenants {} left out{}.\n", count_of(s.other_tenants, "row", "rows"), form(s.other_tenants, "is", "are"),
                       kept.empty() ? "" : fmt::format(" (--tenant {})", core::escape_for_people(kept, 60)));
  }
  if (s.removed_before > 0)
    out += fmt::format("{} {} left out, because {} of convoke's results and their column 'outcome' says that the meeting is removed.\n",
                       count_of(s.removed_before, "row", "rows"), form(s.removed_before, "is", "are"),
                       form(s.removed_before, "it is", "they are"));
  return out;
}

std::string look_ups_text(const plan_summary& s) {
  const auto& n = s.look_ups;
  if (n.names == 0) return {};
  auto out = fmt::format("{} by UPN: {} looked up, {} known from before", count_of(n.names, "organizer", "organizers"),
                         grouped(n.looked_up), grouped(n.cached));
  if (n.unknown > 0) out += fmt::format(", {} unknown", grouped(n.unknown));
  return out + ".\n";
}

std::string plan_text(const plan_summary& s, utc_time now) {
  return plan_counts(s) + "\n" + look_ups_text(s) + input_text(s) + (s.expected ? forecast_text(*s.expected, now) + "\n" : std::string()) +
         plan_lanes_text(s, now);
}

std::string check_text(const plan_summary& s) {
  auto out = fmt::format("{}: {} of {}{}.\n", rows_text(s), count_of(s.calls, "meeting", "meetings"),
                         count_of(s.organizers.size(), "organizer", "organizers"), other_rows(s));
  if (const auto names = s.look_ups.names; names > 0)
    out += fmt::format("{} {} named by UPN: a plan looks up those that it does not know from before.\n",
                       count_of(names, "organizer", "organizers"), form(names, "is", "are"));
  out += input_text(s) + mapping_text(s.columns);
  if (!s.defaults.empty()) out += "Defaults:\n";
  for (const auto& one : s.defaults) out += fmt::format("  {}\n", core::escape_for_people(one));
  return out;
}

}  // namespace convoke::report
