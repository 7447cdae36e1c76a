// Settings: people who sign in with a device code.

#include <fmt/format.h>

#include "sim/service/setting_values.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

// `ask`, `deny`, `deny:N` or `N`.
result<void> set_approval(behaviour& b, std::string_view given) {
  constexpr std::string_view deny = "deny", deny_after = "deny:";
  auto made = b.tokens.device;
  made.answer = given == "ask" ? device_answer::ask : given.starts_with(deny) ? device_answer::deny : device_answer::approve;
  made.after_polls = 0;
  if (given != "ask" && given != deny) {
    if (given.starts_with(deny_after)) given.remove_prefix(deny_after.size());
    const auto n = read_whole(given, 1000);
    if (!n) return std::unexpected(n.error());
    made.after_polls = static_cast<std::uint32_t>(*n);
  }
  b.tokens.device = made;
  return {};
}

std::string approval_of(const behaviour& b) {
  const auto& device = b.tokens.device;
  if (device.answer == device_answer::ask) return "ask";
  if (device.answer == device_answer::approve) return std::to_string(device.after_polls);
  return device.after_polls == 0 ? "deny" : fmt::format("deny:{}", device.after_polls);
}

result<void> set_user(behaviour& b, std::string_view given) {
  if (!is_guid(given)) return fail(errc::usage, fmt::format("\"{}\" is not a GUID", given.substr(0, 64)));
  b.tokens.device.user = lower(given);
  return {};
}

constexpr std::uint64_t longest = 86'400;

}  // namespace

void add_sign_in_settings(std::vector<setting>& to) {
  to.push_back({.name = "device_approval",
                .topic = "sign-in",
                .value = "N|deny|deny:N|ask",
                .sentence =
                    "A sign-in with a device code is approved after N requests for its token (default 1), or denied, at once or after "
                    "N requests. `ask`: it waits until POST /_sim/device decides.",
                .set = set_approval,
                .get = approval_of});
  // Whole seconds: the endpoint announces no fractions.
  to.push_back(whole_setting(
      {"device_interval", "sign-in", "SECONDS", "The announced time between two requests for the token (default 5)."},
      [](auto& b) -> auto& { return b.tokens.device.interval_seconds; }, longest));
  to.push_back(whole_setting(
      {"device_code_lifetime", "sign-in", "SECONDS", "How long a device code is valid (default 900)."},
      [](auto& b) -> auto& { return b.tokens.device.lifetime_seconds; }, longest));
  to.push_back(whole_setting(
      {"device_slow_down", "sign-in", "N", "The first N requests for the token are answered with slow_down although they come in time."},
      [](auto& b) -> auto& { return b.tokens.device.slow_downs; }, 1000));
  to.push_back(whole_setting(
      {"device_refusal", "sign-in", "NUMBER",
       "Each sign-in is refused with this AADSTS number once the person has entered the code; 0: none is."},
      [](auto& b) -> auto& { return b.tokens.device.refusal; }, 99'999'999));
  to.push_back({.name = "signed_in_user",
                .topic = "sign-in",
                .value = "GUID",
                .sentence = "The object id of the user who signs in.",
                .set = set_user,
                .get = [](const behaviour& b) { return b.tokens.device.user; }});
  to.push_back(yes_no_setting(
      {"single_use_refresh_tokens", "sign-in", "", "A refresh token is accepted once only, although Entra accepts it until it expires."},
      [](auto& b) -> auto& { return b.tokens.device.single_use; }));
}

}  // namespace convoke::sim
