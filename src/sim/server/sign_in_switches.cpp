#include <algorithm>

#include <fmt/format.h>

#include "sim/server/switch_values.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

device_options& of(options& o) {
  return o.service.tokens.device;
}

// `ask`, `deny`, `deny:N` or `N`.
result<void> set_approval(options& o, std::string_view given) {
  constexpr std::string_view deny = "deny";
  auto& to = of(o);
  to.answer = given == "ask" ? device_answer::ask : given.starts_with(deny) ? device_answer::deny : device_answer::approve;
  to.after_polls = 0;
  if (given == "ask" || given == deny) return {};
  if (given.starts_with(deny)) given.remove_prefix(deny.size() + 1);
  const auto n = read_whole(given, 1000);
  if (!n) return std::unexpected(n.error());
  to.after_polls = static_cast<std::uint32_t>(*n);
  return {};
}

// A whole number of seconds: the endpoint announces no fractions.
template <double device_options::* Member>
result<void> set_seconds(options& o, std::string_view given) {
  const auto n = read_whole(given, 86'400);
  if (!n) return std::unexpected(n.error());
  of(o).*Member = static_cast<double>(*n);
  return {};
}

result<void> set_user(options& o, std::string_view given) {
  if (!is_guid(given)) return fail(errc::usage, fmt::format("\"{}\" is not a GUID", given));
  of(o).user = lower(given);
  return {};
}

}  // namespace

void add_sign_ins(std::vector<flag>& all) {
  all.push_back({"--device-approval", "N|deny|deny:N|ask",
                 "sign-ins with a device code are approved (or denied) after N requests for the token (default 1); ask: at /_sim/device",
                 set_approval});
  all.push_back({"--device-interval", "SECONDS", "announced time between two requests for the token (default 5)",
                 set_seconds<&device_options::interval_seconds>});
  all.push_back({"--device-code-lifetime", "SECONDS", "how long a device code is valid (default 900)",
                 set_seconds<&device_options::lifetime_seconds>});
  all.push_back({"--device-slow-down", "N", "the first N requests for the token are answered with slow_down",
                 [](options& o, std::string_view given) -> result<void> {
                   const auto n = read_whole(given, 1000);
                   if (!n) return std::unexpected(n.error());
                   of(o).slow_downs = static_cast<std::uint32_t>(*n);
                   return {};
                 }});
  all.push_back({"--device-refusal", "NUMBER", "refuse each sign-in with this AADSTS number once the person has entered the code",
                 [](options& o, std::string_view given) -> result<void> {
                   const auto n = read_whole(given, 99'999'999);
                   if (!n) return std::unexpected(n.error());
                   of(o).refusal = static_cast<int>(*n);
                   return {};
                 }});
  all.push_back({"--signed-in-user", "GUID", "object id of the user who signs in", set_user});
  all.push_back({"--single-use-refresh-tokens", "", "accept a refresh token once only; Entra accepts it again",
                 [](options& o, std::string_view) -> result<void> {
                   of(o).single_use = true;
                   return {};
                 },
                 false});
}

}  // namespace convoke::sim
