#include "run/validate.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <convoke/key.hpp>

#include "auth/auth.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "net/net.hpp"
#include "net/proxy.hpp"
#include "report/results.hpp"
#include "run/option_defaults.hpp"
#include "run/setting_ranges.hpp"
#include "spec/template.hpp"
#include "token/token.hpp"

namespace convoke::run {
namespace {

std::string text_of(auto number) {
  return fmt::format("{}", number);
}
std::string text_of(std::chrono::milliseconds duration) {
  return fmt::format("{}ms", duration.count());
}

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

// The first setting of `owner` that is out of its range.
template <class Owner, class Table>
result<void> check_ranges(const Owner& owner, const Table& table) {
  result<void> out;
  const auto check = [&out](const auto& setting, const auto& value) {
    if (out && !contains(setting.range, value))
      out = fail(errc::usage, fmt::format("--{}: '{}' is not {}.", setting.flag, text_of(value), describe(setting.range)));
  };
  for_each_setting(table, [&](const auto& setting) {
    const auto& value = owner.*setting.member;
    if constexpr (is_optional<std::remove_cvref_t<decltype(value)>>) {
      if (value) check(setting, *value);
    } else {
      check(setting, value);
    }
  });
  return out;
}

// It is stored with every key and shown in messages.
result<void> check_feed(const std::optional<std::string>& feed) {
  constexpr std::size_t longest = 200;
  if (!feed) return {};
  if (feed->empty()) return fail(errc::usage, "--feed is empty: give a name, or leave it out.");
  const auto shown = core::escape_for_people(*feed, 60);
  if (feed->size() > longest)
    return fail(errc::usage, fmt::format("--feed '{}' is {} bytes long: a name has at most {}.", shown, feed->size(), longest));
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::ranges::any_of(*feed, is_control) || core::valid_utf8_prefix(*feed) != feed->size())
    return fail(errc::usage, fmt::format("--feed '{}' holds control characters or is not UTF-8: choose another name.", shown));
  return {};
}

// The roles and the columns themselves are compared with the header.
result<void> check_columns(const plan_options& options) {
  for (const auto& [role, header] : options.columns)
    if (core::trim(role).empty() || core::trim(header).empty())
      return fail(errc::usage, fmt::format("--column '{}={}' needs the form ROLE=HEADER, such as start=Beginn.",
                                           core::escape_for_people(role, 60), core::escape_for_people(header, 60)));
  for (const auto& header : options.carry)
    if (core::trim(header).empty()) return fail(errc::usage, "--carry is empty: it needs the name of a column.");
  return {};
}

// graph-api: an update before the expiry of a meeting extends it by 60 days.
constexpr std::chrono::milliseconds extension_of_an_update = std::chrono::days(60);

result<void> check_plan_options(const plan_options& options) {
  if (const auto valid = check_ranges(options, plan_ranges); !valid) return valid;
  if (options.keep_alive && *options.keep_alive >= extension_of_an_update)
    return fail(errc::usage,
                fmt::format("--keep-alive {}ms is too long: an update extends a meeting to 60 days from then, so each run would "
                            "call for all meetings again. Use at most 59d.",
                            options.keep_alive->count()));
  if (const auto valid = check_columns(options); !valid) return valid;
  if (const auto valid = check_options(options.options, "[options]"); !valid) return valid;
  const auto equals = options.only.find('=');
  if (!options.only.empty() && (equals == std::string::npos || equals == 0))
    return fail(errc::usage, fmt::format("--only '{}' needs the form COLUMN=VALUE.", core::escape_for_people(options.only)));
  if (options.external_id_template.empty()) return {};
  // What is wrong with the template whatever the columns are. That a column is missing only the input can say.
  const auto parsed = spec::id_template::parse(options.external_id_template, spec::header{});
  if (!parsed && parsed.error().code == errc::usage) return std::unexpected(parsed.error());
  return {};
}

// What only a run that makes meetings can do; and what needs an input.
result<void> check_kind(const job& j, job_use use) {
  const auto& options = j.plan;
  if (options.kind == run_kind::provision)
    return options.repair ? fail(errc::usage, "--repair is of a run that verifies: use `convoke verify`.") : result<void>();
  // A plan that is opened without `apply` would delete without a question.
  if (use == job_use::check || use == job_use::plan)
    return fail(errc::usage, "A run that verifies or removes is planned and carried out in one step: it has no check and no plan.");
  if (options.vanished == on_vanished::remove || options.keep_alive || options.max_new)
    return fail(errc::usage, fmt::format("--on-vanished remove, --keep-alive and --max-new are of a run that makes meetings: `convoke {}` "
                                         "does not take them.",
                                         to_string(options.kind)));
  if (options.kind == run_kind::remove)
    return options.repair || options.drift != on_drift::report
               ? fail(errc::usage, "--repair and --on-drift are of a run that verifies: `convoke remove` does not take them.")
               : result<void>();
  const bool part = options.limit || options.expect_rows || !options.only.empty();
  if (j.input.empty() && part)
    return fail(errc::usage, "--limit, --only and --expect-rows are about the rows of a file: `convoke verify` needs FILE with them.");
  return {};
}

// It goes into the form of the token request and names the lane in the ledger. Test servers use other names than GUIDs.
result<void> check_client_id(const std::string& id) {
  constexpr std::size_t longest = 128;
  const bool valid = id.size() <= longest && std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7F; });
  if (valid) return {};
  return fail(errc::usage, fmt::format("--client-id '{}' is not an Entra application id: it is a GUID such as "
                                       "00000000-0000-0000-0000-000000000000.",
                                       core::escape_for_people(id)));
}

result<void> check_managed_identity(const lane_options& lane) {
  const bool service = !lane.identity_endpoint.empty();
  if (const auto at = net::parse_metadata_endpoint(service ? lane.identity_endpoint : lane.metadata_url); !at)
    return std::unexpected(at.error());
  if (service && (lane.identity_header.empty() || !net::safe_header_value(lane.identity_header.reveal())))
    return fail(errc::usage, "IDENTITY_ENDPOINT is set, but IDENTITY_HEADER is empty or cannot be sent as a header.");
  return {};
}

result<void> check_secret(const lane_options& lane) {
  if (lane.client_secret.empty()) return fail(errc::usage, "No client secret and no ready token is given.");
  if (const auto flaw = auth::flaw_of_secret(lane.client_secret.reveal()))
    return fail(errc::usage, fmt::format("The client secret {}.", *flaw));
  return {};
}

// A row names a lane by its name or its tenant, so no text may stand for two.
result<void> check_lane_names(const job& j) {
  for (std::size_t i = 0; i < j.lanes.size(); ++i) {
    const auto& name = j.lanes[i].name;
    if (name.empty()) continue;
    for (std::size_t k = 0; k < j.lanes.size(); ++k) {
      if (k == i) continue;
      const bool same = core::equal_ignoring_case(name, j.lanes[k].name) || core::equal_ignoring_case(name, j.lanes[k].tenant);
      if (same) return fail(errc::usage, fmt::format("The tenant name '{}' stands for two lanes.", core::escape_for_people(name)));
    }
  }
  return {};
}

result<void> check_lanes(const job& j) {
  if (j.lanes.empty()) return fail(errc::usage, "No lane is given: a job needs the Graph root, the tenant and the app to call.");
  std::vector<ledger::lane_name> names;
  for (const auto& lane : j.lanes) {
    if (const auto target = check_target(lane); !target) return target;
    auto named = lane_name(lane);
    if (!named) return std::unexpected(named.error());
    if (std::ranges::find(names, *named) != names.end())
      return fail(errc::usage, fmt::format("Two lanes are the same one: tenant {}, application {}.", core::escape_for_people(named->tenant),
                                           core::escape_for_people(to_lower(lane.client_id))));
    names.push_back(std::move(*named));
    if (lane.pace)
      if (const auto valid = check_ranges(*lane.pace, lane_pace_ranges); !valid) return valid;
  }
  return check_lane_names(j);
}

}  // namespace

result<void> check_credentials(const lane_options& lane) {
  const auto kind = lane.signs_in_by();
  if (kind == credential_kind::token) {
    if (const auto flaw = token::flaw_of_token(lane.token.reveal()))
      return fail(errc::usage, fmt::format("The ready token is not a bearer token: {}.", *flaw));
    return {};
  }
  if (kind == credential_kind::managed_identity) return check_managed_identity(lane);
  if (lane.client_id.empty()) return fail(errc::usage, "No application is given: set --client-id to the Entra application id.");
  switch (kind) {
    case credential_kind::device_code:
      return {};
    case credential_kind::client_certificate:
      if (lane.certificate_file.empty()) return fail(errc::usage, "No certificate is given: set --client-certificate-file.");
      return {};
    case credential_kind::workload_identity:
      if (lane.federated_token_file.empty()) return fail(errc::usage, "No federated token is given: set --federated-token-file.");
      return {};
    case credential_kind::managed_identity_federation:
      return check_managed_identity(lane);
    default:
      return check_secret(lane);
  }
}

result<void> check_target(const lane_options& lane) {
  if (const auto valid = check_client_id(lane.client_id); !valid) return valid;
  for (const auto& url : {lane.graph_url, lane.authority_url})
    if (const auto parsed = net::parse_endpoint(url, lane.allow_http); !parsed) return std::unexpected(parsed.error());
  if (lane.proxy.empty()) return {};
  const auto through = net::parse_proxy(lane.proxy.reveal(), lane.proxy_credentials.reveal());
  return through ? result<void>() : std::unexpected(through.error());
}

result<ledger::lane_name> lane_name(const lane_options& lane) {
  const auto tenant = parse_guid(lane.tenant);
  if (!tenant)
    return fail(errc::usage,
                lane.tenant.empty()
                    ? "No tenant is given: set --tenant to the Entra tenant id (a GUID), or tenant in the configuration."
                    : fmt::format("The tenant '{}' is not an Entra tenant id (a GUID such as 00000000-0000-0000-0000-000000000000).",
                                  core::escape_for_people(lane.tenant)));
  std::string root = to_lower(lane.graph_url);
  while (root.ends_with('/')) root.pop_back();
  // A person is another caller than the app, with a token, a pace and cooldowns of their own, and a run of one is none of another's.
  const auto app = to_lower(lane.client_id) + (lane.delegated() ? "/" + lane.user : std::string());
  return ledger::lane_name{root, *tenant, app};
}

result<void> validate_before_sign_in(const job& j, job_use use) {
  if (const auto valid = check_feed(j.feed); !valid) return valid;
  if (const auto valid = check_plan_options(j.plan); !valid) return valid;
  if (const auto valid = check_kind(j, use); !valid) return valid;
  for (const auto& lane : j.lanes)
    if (const auto valid = check_options(lane.options, "[tenants.NAME.options]"); !valid) return valid;
  if (use == job_use::check) return {};
  if (const auto valid = check_ranges(j, job_ranges); !valid) return valid;
  if (const auto valid = check_ranges(j.pace, pace_ranges); !valid) return valid;
  if (const auto valid = check_ranges(j.pace, lane_pace_ranges); !valid) return valid;
  if (const auto valid = check_lanes(j); !valid) return valid;
  if (const auto url = ledger::parse_ledger_url(j.ledger); !url) return std::unexpected(url.error());
  for (const auto& lane : j.lanes)
    if (lane.delegated() || use != job_use::plan)
      if (const auto valid = check_credentials(lane); !valid) return valid;
  if (use == job_use::plan) return {};
  if (use == job_use::work) return {};
  if (j.results.empty() || j.results == "-") return {};
  if (const auto known = report::format_of(j.results); !known) return std::unexpected(known.error());
  return {};
}

}  // namespace convoke::run

namespace convoke {

result<void> validate(const job& j, job_use use) {
  if (const auto valid = run::validate_before_sign_in(j, use); !valid || use == job_use::check) return valid;
  for (const auto& lane : j.lanes)
    if (lane.delegated() && (!parse_guid(lane.user) || (use != job_use::plan && !lane.session)))
      return fail(errc::usage, "No user has signed in to a lane that calls for a person: call convoke::sign_in for this job first.");
  return {};
}

}  // namespace convoke
