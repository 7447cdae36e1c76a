#include <convoke/probe.hpp>

#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <convoke/key.hpp>

#include "core/text.hpp"
#include "net/address.hpp"
#include "net/net.hpp"
#include "run/context.hpp"
#include "run/probe_lane.hpp"
#include "run/run_to_end.hpp"
#include "run/validate.hpp"
#include "spec/attendees.hpp"

namespace convoke {
namespace {

namespace asio = boost::asio;
using namespace run;

result<void> check_options(const probe_options& options) {
  if (options.organizer.empty())
    return fail(errc::usage,
                "probe needs an organizer whose meetings it may make and delete: --organizer ID (an Entra object id or a UPN).");
  if (!parse_guid(options.organizer) && !spec::is_organizer_upn(options.organizer))
    return fail(errc::usage,
                fmt::format("--organizer: '{}' is neither an Entra object id nor a UPN.", core::escape_for_people(options.organizer)));
  if (!options.attendee.empty() && !spec::is_organizer_upn(options.attendee))
    return fail(errc::usage, fmt::format("--attendee: '{}' is not a UPN.", core::escape_for_people(options.attendee)));
  if (options.journal.empty()) return fail(errc::usage, "the journal of a probe needs a name.");
  if (options.interval.count() < 0 || options.interval > std::chrono::hours(1))
    return fail(errc::usage, "--interval: it must be 0 to one hour.");
  if (options.patience.count() < 0 || options.patience > std::chrono::days(1))
    return fail(errc::usage, "--patience: it must be 0 to one day.");
  return {};
}

result<void> check_lane(const job& j) {
  if (j.lanes.size() != 1) return fail(errc::usage, "probe looks at one tenant: choose it with --tenant NAME.");
  const auto& lane = j.lanes.front();
  if (lane.delegated())
    return fail(errc::usage, "In this tenant a person signs in. probe needs the credential of an app, such as --credential client-secret.");
  if (const auto named = lane_name(lane); !named) return std::unexpected(named.error());
  if (const auto target = check_target(lane); !target) return target;
  return check_credentials(lane);
}

// Meetings are made on it: whoever starts a probe of a real tenant has to name that tenant.
result<void> check_permission(const lane_options& lane, const probe_options& options, bool simulated) {
  const auto& allowed = options.allow_real_tenant;
  const bool names_it = core::equal_ignoring_case(allowed, lane.tenant) || (!lane.name.empty() && allowed == lane.name);
  const auto shown = core::escape_for_people(lane.name.empty() ? lane.tenant : lane.name);
  if (!allowed.empty() && !names_it)
    return fail(errc::usage, fmt::format("--allow-real-tenant names '{}', but the tenant is {}. Nothing was sent.",
                                         core::escape_for_people(allowed), shown));
  if (simulated || names_it) return {};
  return fail(errc::usage,
              fmt::format("{} is not on this machine: probe makes meetings there and deletes them. To allow this for tenant {}, add "
                          "--allow-real-tenant {}. Nothing was sent.",
                          core::escape_for_people(lane.graph_url), shown, shown));
}

std::string remedy(const probe_report& of) {
  switch (of.end) {
    case probe_ending::done:
      return {};
    case probe_ending::interrupted:
      return "Run the same command again: it continues, and removes what was made.";
    case probe_ending::denied:
      return " `convoke doctor --organizer ID` says what is missing. Then run the same command again: it removes what was made.";
    case probe_ending::unavailable:
      return " Run the same command again later: it continues, and removes what was made.";
    case probe_ending::left_over:
      return " Run the same command again, or delete the meetings by hand.";
  }
  std::unreachable();
}

}  // namespace

int probe_report::exit_code() const noexcept {
  switch (end) {
    case probe_ending::done:
      return 0;
    case probe_ending::interrupted:
      return 130;
    case probe_ending::denied:
      return 4;
    case probe_ending::unavailable:
      return 5;
    case probe_ending::left_over:
      return 3;
  }
  std::unreachable();
}

result<probe_report> probe(const job& j, const probe_options& options, const std::function<void(const std::string&)>& note,
                           std::stop_token stop) {
  if (const auto valid = check_options(options); !valid) return std::unexpected(valid.error());
  if (const auto valid = check_lane(j); !valid) return std::unexpected(valid.error());
  const auto& lane = j.lanes.front();
  const auto root = endpoint_of(lane, lane.graph_url);
  if (!root) return std::unexpected(root.error());
  const bool simulated = net::loopback_name(root->host);
  if (const auto allowed = check_permission(lane, options, simulated); !allowed) return std::unexpected(allowed.error());
  // Before the first call, so that nothing is made that is not written down.
  if (const auto journal = read_journal(options.journal); !journal) return std::unexpected(journal.error());
  auto tls = tls_contexts::create(std::span(&lane, 1));
  if (!tls) return std::unexpected(tls.error());
  const auto io = make_context();
  if (!io) return std::unexpected(io.error());
  auto parts = make_lane_parts(**io, *tls, lane, j.pace, static_cast<std::uint64_t>(net::wall_now().time_since_epoch().count()));
  if (!parts) return std::unexpected(parts.error());
  probe_lane one(**io, std::move(*parts), {.lane = lane, .pace = j.pace, .options = options, .note = note});
  run_to_end(**io, one, stop);
  auto out = one.report();
  if (!out) return out;
  out->simulated = simulated;
  out->detail += remedy(*out);
  return out;
}

result<void> end_probe(const probe_report& of, const probe_options& options) {
  if (of.end != probe_ending::done) return {};
  std::error_code wrong;
  std::filesystem::remove(options.journal, wrong);
  if (!wrong) return {};
  return fail(errc::storage,
              fmt::format("The journal {} cannot be removed: {}. Delete it, or the next probe shows the findings of this one.",
                          core::escape_for_people(options.journal), wrong.message()));
}

}  // namespace convoke
