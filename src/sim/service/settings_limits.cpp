// Settings: quotas, and what throttled answers say.

#include <algorithm>

#include <fmt/format.h>

#include "sim/service/retry_after.hpp"
#include "sim/service/setting_values.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

constexpr double most = 1e9;

// `GUID=RATE` or `GUID=RATE:BURST`, with commas between them.
result<void> set_organizer_limits(behaviour& b, std::string_view list) {
  std::map<std::string, quota_options> limits;
  if (list == "none") list = {};
  while (!list.empty()) {
    const auto one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(one.size() + 1, list.size()));
    if (one.empty()) continue;
    const auto equals = std::min(one.find('='), one.size());
    const auto id = one.substr(0, equals), numbers = one.substr(std::min(equals + 1, one.size()));
    const auto colon = std::min(numbers.find(':'), numbers.size());
    if (!is_guid(id)) return fail(errc::usage, fmt::format("\"{}\" does not have the form GUID=RATE:BURST", one.substr(0, 64)));
    const auto rate = read_real(numbers.substr(0, colon), 0, most);
    if (!rate) return std::unexpected(rate.error());
    auto& made = limits[lower(id)];
    made.rate = *rate;
    if (colon == numbers.size()) continue;
    const auto burst = read_real(numbers.substr(colon + 1), 0, most);
    if (!burst) return std::unexpected(burst.error());
    made.burst = *burst;
  }
  b.throttle.by_organizer = std::move(limits);
  return {};
}

std::string organizer_limits_of(const behaviour& b) {
  std::string out;
  for (const auto& [id, limit] : b.throttle.by_organizer) {
    if (!out.empty()) out += ',';
    out += id + "=" + write_number(limit.rate);
    if (limit.burst > 0) out += ":" + write_number(limit.burst);
  }
  return out.empty() ? "none" : out;
}

void add_quotas(std::vector<setting>& to) {
  to.push_back(real_setting(
      {"app_rate", "quotas", "R",
       "The quota of the app in all tenants together, in calls per second: each tenant's service counts the calls of "
       "all. 0, which is the default: no limit."},
      [](auto& b) -> auto& { return b.throttle.app.rate; }, 0, most));
  to.push_back(real_setting(
      {"app_burst", "quotas", "B", "The size of the token bucket of the app (default: the quota of one window)."},
      [](auto& b) -> auto& { return b.throttle.app.burst; }, 0, most));
  to.push_back(real_setting(
      {"lane_rate", "quotas", "R", "The quota of the app in one tenant, in calls per second. 0, which is the default: no limit."},
      [](auto& b) -> auto& { return b.throttle.lane.rate; }, 0, most));
  to.push_back(real_setting(
      {"lane_burst", "quotas", "B", "The size of the token bucket of the app in a tenant (default: the quota of one window)."},
      [](auto& b) -> auto& { return b.throttle.lane.burst; }, 0, most));
  to.push_back(real_setting(
      {"organizer_rate", "quotas", "R", "The quota of each organizer, in calls per second. 0, which is the default: no limit."},
      [](auto& b) -> auto& { return b.throttle.organizer.rate; }, 0, most));
  to.push_back(real_setting(
      {"organizer_burst", "quotas", "B", "The size of the token bucket of an organizer (default: the quota of one window)."},
      [](auto& b) -> auto& { return b.throttle.organizer.burst; }, 0, most));
  to.push_back(
      {.name = "organizer_limits",
       .topic = "quotas",
       .value = "GUID=RATE:BURST,…",
       .sentence = "Quotas of single organizers, in place of the one for each. The burst may be left out; a rate of 0 is no limit.",
       .form = value_form::list,
       .set = set_organizer_limits,
       .get = organizer_limits_of});
  to.push_back(whole_setting(
      {"monthly_quota", "quotas", "N",
       "How many meetings each organizer may have made in a calendar month (UTC): further ones are answered with 429 "
       "whose Retry-After is the rest of the month. Microsoft says 2000. 0, which is the default: no limit."},
      [](auto& b) -> auto& { return b.throttle.monthly; }, 1'000'000'000));
  to.push_back(word_setting({"window", "quotas", "KIND",
                             "How quotas are counted: in a token `bucket`, which is the default, or in a `fixed` or a `sliding` window."},
                            [](auto& b) -> auto& { return b.throttle.window; }, {"bucket", "fixed", "sliding"}));
  to.push_back(seconds_setting(
      {"window_seconds", "quotas", "SECONDS", "The length of the window (default 1), at least 1ms."},
      [](auto& b) -> auto& { return b.throttle.window_seconds; }, 1e-3));
  to.push_back(word_setting({"throttled_count", "quotas", "yes|no",
                             "Throttled calls use up the quota too. `yes` is the default, because Graph's documentation says so."},
                            [](auto& b) -> auto& { return b.throttle.throttled_count; }, {"no", "yes"}));
}

void add_throttles(std::vector<setting>& to) {
  to.push_back({.name = "retry_after_form",
                .topic = "throttles",
                .value = "FORM",
                .sentence =
                    "The form of Retry-After: integer, which is the default, decimal, date, joined (0,120), absent, two-lines, garbage, "
                    "mix, or constant:SECONDS.",
                .set = [](behaviour& b, std::string_view given) { return parse_retry_after_form(given, b.throttle); },
                .get = [](const behaviour& b) { return retry_after_word(b.throttle); }});
  to.push_back(
      seconds_setting({"retry_after_max", "throttles", "SECONDS",
                       "The longest wait that Retry-After announces, however long the quota is used up. 0, which is the default: as "
                       "long as it takes."},
                      [](auto& b) -> auto& { return b.throttle.retry_after_max; }));
  to.push_back(seconds_setting({"early_penalty", "throttles", "SECONDS",
                                "Each call that comes before an announced wait has ended makes that wait this much longer."},
                               [](auto& b) -> auto& { return b.throttle.early_penalty; }));
  to.push_back(yes_no_setting({"throttle_scope_header", "throttles", "",
                               "Throttled answers name what is throttled in x-ms-throttle-scope, as Graph's directory does."},
                              [](auto& b) -> auto& { return b.throttle.scope_header; }));
  to.push_back(seconds_setting({"throttle_wait", "throttles", "SECONDS", "The longest wait of a random throttle (default 1)."},
                               [](auto& b) -> auto& { return b.throttle.random_wait; }));
  to.push_back(word_setting(
      {"throttle_scope", "throttles", "SCOPE",
       "What a random throttle closes: the `lane`, which is the app in the tenant and the default, the `organizer`, a `mix` of "
       "these two, or the `app` in all tenants."},
      [](auto& b) -> auto& { return b.throttle.random_scope; }, {"lane", "organizer", "mix", "app"}));
}

}  // namespace

void add_limit_settings(std::vector<setting>& to) {
  add_quotas(to);
  add_throttles(to);
}

}  // namespace convoke::sim
