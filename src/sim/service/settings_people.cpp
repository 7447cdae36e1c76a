// Settings: users, organizers, policies, the directory and tokens.

#include <algorithm>

#include <fmt/format.h>

#include "sim/service/setting_values.hpp"

namespace convoke::sim {
namespace {

// Ids, or a word that stands for the absent set.
template <class At>
setting optional_ids(setting_head head, At at, std::string_view absent) {
  return {.name = head.name,
          .topic = head.topic,
          .value = head.value,
          .sentence = std::move(head.sentence),
          .form = value_form::list,
          .set = [at, absent](behaviour& b, std::string_view text) -> result<void> {
            std::set<std::string> ids;
            if (text != absent && text != "none")
              if (auto read = read_ids(text, ids); !read) return read;
            if (text == absent) {
              at(b).reset();
            } else {
              at(b) = std::move(ids);
            }
            return {};
          },
          .get =
              [at, absent](const behaviour& b) {
                if (!at(b)) return std::string(absent);
                return at(b)->empty() ? std::string("none") : write_ids(*at(b));
              },
          .from_file = true};
}

result<void> set_roles(behaviour& b, std::string_view list) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.";
  std::vector<std::string> roles;
  if (list == "none") list = {};
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    const auto role = list.substr(0, end);
    if (role.find_first_not_of(letters) != std::string_view::npos)
      return fail(errc::usage, fmt::format("\"{}\" is not a role", role.substr(0, 64)));
    if (!role.empty()) roles.emplace_back(role);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  b.tokens.roles = std::move(roles);
  return {};
}

std::string roles_of(const behaviour& b) {
  std::string out;
  for (const auto& one : b.tokens.roles) out += (out.empty() ? "" : ",") + one;
  return out.empty() ? "none" : out;
}

// A claim of the tokens: it becomes part of a JSON text as it is.
template <class At>
setting claim(setting_head head, At at) {
  return {.name = head.name,
          .topic = head.topic,
          .value = head.value,
          .sentence = std::move(head.sentence),
          .set = [at](behaviour& b, std::string_view text) -> result<void> {
            const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
            if (!plain || text.size() > 256) return fail(errc::usage, "it is a word of at most 256 ASCII characters without quotes");
            at(b) = std::string(text);
            return {};
          },
          .get = [at](const behaviour& b) { return std::string(at(b)); }};
}

void add_people(std::vector<setting>& to) {
  to.push_back(optional_ids(
      {"organizers", "people", "IDS|FILE",
       "Only these users exist as organizers; every other id is answered with 404. `all`, which is the default: "
       "every id is an organizer. A file has ids with commas, blanks or line ends between them."},
      [](auto& b) -> auto& { return b.organizers; }, "all"));
  to.push_back(ids_setting({"unlicensed", "people", "IDS|FILE",
                            "These organizers have no licence for Teams: every call for their meetings is answered with 403."},
                           [](auto& b) -> auto& { return b.unlicensed; }));
  to.push_back(word_setting({"unlicensed_answer", "people", "empty|subcode",
                             "What an organizer without a licence gets: `empty`, which is the default, is Forbidden with an empty message; "
                             "`subcode` has the number 9024 in the inner error, as one source reports."},
                            [](auto& b) -> auto& { return b.to_unlicensed; }, {"empty", "subcode"}));
  to.push_back(ids_setting(
      {"guests", "people", "IDS|FILE", "These users are guests in the tenant and organize nothing: 403 Forbidden with an empty message."},
      [](auto& b) -> auto& { return b.guests; }));
  to.push_back(
      word_setting({"upn_answer", "people", "not-found|forbidden",
                    "What a UPN in the path of a meeting gets, where Graph wants an object id: `not-found`, which is the default, is "
                    "404 UnknownError; `forbidden` is 403 with an empty message. Both were seen."},
                   [](auto& b) -> auto& { return b.to_upn; }, {"not-found", "forbidden"}));
}

void add_policies(std::vector<setting>& to) {
  to.push_back(optional_ids(
      {"policy", "policies", "IDS|FILE|none|all",
       "Only these organizers have an application access policy, and it names the app with the --client-id. `all`, "
       "which is the default: everyone has one, for any app. POST /_sim/policies changes it while the service runs."},
      [](auto& b) -> auto& { return b.policy.granted; }, "all"));
  to.push_back(ids_setting({"no_policy", "policies", "IDS|FILE",
                            "These organizers have no application access policy until POST /_sim/policies or a scenario grants one."},
                           [](auto& b) -> auto& { return b.no_policy; }));
  to.push_back(seconds_setting({"policy_delay", "policies", "SECONDS",
                                "A policy that is granted or revoked while the service runs takes effect after this time (default 30 "
                                "minutes, as Microsoft says)."},
                               [](auto& b) -> auto& { return b.policy.delay_seconds; }));
  to.push_back(
      word_setting({"policy_answer", "policies", "FORM",
                    "The 403 where no policy names the app: `documented`, `with-ids` (it names app and user), `general` (its code is "
                    "General), `older` (its code is Unauthorized), or `mix`, which is the default: one of the first three, always "
                    "the same one for an organizer."},
                   [](auto& b) -> auto& { return b.to_no_policy; }, {"mix", "documented", "with-ids", "general", "older"}));
}

void add_directory(std::vector<setting>& to) {
  to.push_back(yes_no_setting(
      {"no_user_read", "directory", "", "The app lacks the permission User.Read.All, so users cannot be looked up."},
      [](auto& b) -> auto& { return b.directory.readable; }, false));
  to.push_back(real_setting(
      {"directory_rate", "directory", "R",
       "The quota of look-ups, in users per second; it is apart from the quotas of meetings. 0, which is the default: no "
       "limit."},
      [](auto& b) -> auto& { return b.directory.quota.rate; }, 0, 1e9));
  to.push_back(real_setting(
      {"directory_burst", "directory", "B", "The size of the token bucket of look-ups (default: the quota of one window)."},
      [](auto& b) -> auto& { return b.directory.quota.burst; }, 0, 1e9));
  to.push_back(real_setting(
      {"directory_faults", "directory", "P", "The probability that an item of a batch is answered with 503, or is left out of the answer."},
      [](auto& b) -> auto& { return b.directory.fault_rate; }, 0, 1));
}

void add_tokens(std::vector<setting>& to) {
  to.push_back(seconds_setting({"token_lifetime", "tokens", "SECONDS", "How long a token is valid (default 3599)."},
                               [](auto& b) -> auto& { return b.tokens.lifetime_seconds; }));
  to.push_back(real_setting(
      {"token_faults", "tokens", "P",
       "The probability that the token endpoint answers 429 with a plain text, or 503, both with Retry-After."},
      [](auto& b) -> auto& { return b.tokens.fault_rate; }, 0, 1));
  to.push_back(seconds_setting({"token_retry_after", "tokens", "SECONDS", "The Retry-After of those answers (default 60)."},
                               [](auto& b) -> auto& { return b.tokens.retry_after; }));
  to.push_back({.name = "token_roles",
                .topic = "tokens",
                .value = "LIST|none",
                .sentence =
                    "The roles in the tokens, with commas between them. Without OnlineMeetings.ReadWrite.All every call for meetings "
                    "is answered with 403.",
                .form = value_form::list,
                .set = set_roles,
                .get = roles_of});
  to.push_back(claim({"token_tenant", "tokens", "GUID", "The tid of the tokens, in place of the tenant's id."},
                     [](auto& b) -> auto& { return b.tokens.tenant; }));
  to.push_back(claim({"token_audience", "tokens", "URI", "The aud of the tokens, in place of the Graph root that they are for."},
                     [](auto& b) -> auto& { return b.tokens.audience; }));
  to.push_back(yes_no_setting({"opaque_tokens", "tokens", "", "Tokens are no JWT, so that no claims can be read in them."},
                              [](auto& b) -> auto& { return b.tokens.opaque; }));
}

}  // namespace

void add_people_settings(std::vector<setting>& to) {
  add_people(to);
  add_policies(to);
  add_directory(to);
  add_tokens(to);
}

}  // namespace convoke::sim
