#include "sim/service/scenario.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "sim/service/settings.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

constexpr double over = -1;
constexpr std::size_t most_logged = 1000;
constexpr std::size_t most_checked = 10'000;

double seconds_between(mono_time from, mono_time to) {
  return std::chrono::duration<double>(to - from).count();
}

// When the step is done next after it was done at `at`.
double following(const scenario_step& step, double at) {
  if (step.every <= 0) return over;
  const double next = at + step.every;
  return step.until > 0 && next > step.until ? over : next;
}

// The step whose time is the earliest; of two at one time the one that is written first.
std::optional<std::size_t> earliest(const std::vector<double>& at) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < at.size(); ++i)
    if (at[i] >= 0 && (!found || at[i] < at[*found])) found = i;
  return found;
}

std::vector<double> first_times(const std::vector<scenario_step>& steps) {
  std::vector<double> out;
  for (const auto& one : steps) out.push_back(one.at);
  return out;
}

void append_changes(std::string& out, const scenario_step& step) {
  out += R"("changes":{)";
  for (std::size_t i = 0; i < step.changes.size(); ++i) {
    append_json_string(out += i == 0 ? "" : ",", step.changes[i].first);
    append_json_string(out += ':', step.changes[i].second);
  }
  fmt::format_to(std::back_inserter(out), R"(}},"granted":{},"revoked":{})", step.grant.size(), step.revoke.size());
}

}  // namespace

std::optional<scenario_fault> check_scenario(const std::vector<scenario_step>& steps, const behaviour& start) {
  // Every name and value first: steps that repeat can use up the number of checks before a late one has its turn.
  auto any = start;
  for (std::size_t i = 0; i < steps.size(); ++i)
    for (const auto& [name, value] : steps[i].changes)
      if (const auto set = apply_setting(any, name, value); !set) return scenario_fault{i, name, set.error().message};
  auto how = start;
  auto at = first_times(steps);
  for (std::size_t n = 0; n < most_checked; ++n) {
    const auto i = earliest(at);
    if (!i) break;
    for (const auto& [name, value] : steps[*i].changes)
      if (const auto set = apply_setting(how, name, value); !set) return scenario_fault{*i, name, set.error().message};
    if (const auto good = check_settings(how); !good) return scenario_fault{*i, {}, good.error().message};
    at[*i] = following(steps[*i], at[*i]);
  }
  return std::nullopt;
}

void scenario_player::restart(mono_time now) {
  start_ = now;
  next_at_ = first_times(steps_);
  log_.clear();
  schedule();
}

void scenario_player::schedule() {
  const auto i = earliest(next_at_);
  next_ = i ? start_ + std::chrono::nanoseconds(static_cast<std::int64_t>(next_at_[*i] * 1e9)) : mono_time::max();
}

void scenario_player::advance(mono_time now, const std::function<std::string(const scenario_step&)>& apply) {
  while (due(now)) {
    const auto i = earliest(next_at_);
    if (!i) return;
    if (log_.size() == most_logged) log_.erase(log_.begin());
    log_.push_back({*i, next_at_[*i], seconds_between(start_, now), apply(steps_[*i])});
    next_at_[*i] = following(steps_[*i], next_at_[*i]);
    schedule();
  }
}

std::string scenario_player::json(mono_time now) const {
  const auto left = std::ranges::count_if(next_at_, [](double at) { return at >= 0; });
  std::string out = fmt::format(R"({{"seconds":{:.3f},"left":{},"applied":[)", next_at_.empty() ? 0 : seconds_between(start_, now), left);
  for (bool first = true; const auto& one : log_) {
    fmt::format_to(std::back_inserter(out), R"({}{{"step":{},"at":{:.3f},"applied_at":{:.3f},)", std::exchange(first, false) ? "" : ",",
                   one.step + 1, one.planned, one.applied);
    append_changes(out, steps_[one.step]);
    if (!one.why.empty()) append_json_string(out += R"(,"error":)", one.why);
    out += '}';
  }
  return out + "]}";
}

}  // namespace convoke::sim
