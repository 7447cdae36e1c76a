#include "run/option_defaults.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "core/meeting_options.hpp"
#include "core/text.hpp"

namespace convoke::run {
namespace {

constexpr std::string_view off = "-";

// By the exact names, in the order of these; the job has been validated.
boost::json::object as_object(std::vector<option_default> options) {
  for (auto& one : options) {
    const auto known = core::option_named(one.name);
    if (!known) continue;
    one.name = (*known)->name;
    if (auto value = core::canonical_value(**known, one.value)) one.value = *std::move(value);
  }
  std::ranges::sort(options, {}, &option_default::name);
  boost::json::object out;
  for (const auto& one : options) out[one.name] = one.value;
  return out;
}

}  // namespace

result<void> check_options(std::span<const option_default> options, std::string_view table) {
  std::vector<const core::meeting_option*> seen;
  for (const auto& one : options) {
    const auto known = core::option_named(one.name);
    if (!known) return fail(errc::usage, fmt::format("{}: {}{}", table, known.error(), known.error().ends_with('?') ? "" : "."));
    if (std::ranges::find(seen, *known) != seen.end())
      return fail(errc::usage, fmt::format("{}: the option {} is there twice. Remove one of them.", table, (*known)->name));
    seen.push_back(*known);
    if (one.value == off) continue;
    if (const auto value = core::canonical_value(**known, one.value); !value)
      return fail(errc::usage,
                  fmt::format("{}: {}: '{}' {}", table, (*known)->name, core::escape_for_people(one.value, 60), value.error()));
  }
  return {};
}

void add_options(boost::json::object& settings, const job& j) {
  if (!j.plan.options.empty()) settings["options"] = as_object(j.plan.options);
  const bool own = std::ranges::any_of(j.lanes, [](const lane_options& lane) { return !lane.options.empty(); });
  if (!own) return;
  boost::json::array of_lanes;
  for (const auto& lane : j.lanes) of_lanes.push_back(as_object(lane.options));
  settings["options_of_lane"] = std::move(of_lanes);
}

}  // namespace convoke::run
