#include "sim/server/switches.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "sim/server/access_switches.hpp"
#include "sim/server/private_files.hpp"
#include "sim/server/switch_values.hpp"
#include "sim/service/directory.hpp"
#include "sim/service/retry_after.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

using setter = std::function<result<void>(options&, std::string_view)>;

// A setter of the member that `find` returns.
template <class Find>
setter real(Find find, double most) {
  return [find, most](options& o, std::string_view text) -> result<void> {
    const auto value = read_real(text, 0, most);
    if (!value) return std::unexpected(value.error());
    find(o) = *value;
    return {};
  };
}

template <class Find>
setter seconds(Find find) {
  return [find](options& o, std::string_view text) -> result<void> {
    const auto value = read_seconds(text);
    if (!value) return std::unexpected(value.error());
    find(o) = *value;
    return {};
  };
}

template <class Find>
setter whole(Find find) {
  return [find](options& o, std::string_view text) -> result<void> {
    using target = std::remove_reference_t<decltype(find(o))>;
    const auto value = read_whole(text, std::numeric_limits<target>::max());
    if (!value) return std::unexpected(value.error());
    find(o) = static_cast<target>(*value);
    return {};
  };
}

template <class Find>
setter text(Find find) {
  return [find](options& o, std::string_view value) -> result<void> {
    find(o) = std::string(value);
    return {};
  };
}

template <class Find>
setter yes(Find find, bool value = true) {
  return [find, value](options& o, std::string_view) -> result<void> {
    find(o) = value;
    return {};
  };
}

// One word of a list.
template <class Value, class Find>
setter word(Find find, std::vector<std::pair<std::string_view, Value>> words) {
  return [find, words = std::move(words)](options& o, std::string_view given) -> result<void> {
    std::string known;
    for (const auto& [name, value] : words) {
      if (name == given) {
        find(o) = value;
        return {};
      }
      known += known.empty() ? "" : ", ";
      known += name;
    }
    return fail(errc::usage, fmt::format("\"{}\" is not one of {}", given, known));
  };
}

// GUIDs separated by commas, or a file that holds some.
template <class Find>
setter ids(Find find) {
  return [find](options& o, std::string_view given) -> result<void> { return read_ids(given, find(o)); };
}

// A number with a sign.
template <class Find>
setter signed_real(Find find, double most) {
  return [find, most](options& o, std::string_view text) -> result<void> {
    const bool negative = text.starts_with('-');
    const auto value = read_real(text.substr(negative ? 1 : 0), 0, most);
    if (!value) return std::unexpected(value.error());
    find(o) = negative ? -*value : *value;
    return {};
  };
}

result<void> set_latency(options& o, std::string_view given) {
  auto& latency = o.service.latency;
  constexpr std::string_view lognormal = "lognormal:";
  auto rest = given;
  latency = latency_options();
  latency.shape = latency_options::kind::fixed;
  if (given.starts_with(lognormal)) {
    rest.remove_prefix(lognormal.size());
    const auto colon = rest.find(':');
    const auto sigma = read_real(colon == std::string_view::npos ? "" : rest.substr(colon + 1), 0, 10);
    if (!sigma) return fail(errc::usage, "use lognormal:MEDIAN:SIGMA, as in lognormal:20ms:0.5");
    latency.shape = latency_options::kind::lognormal;
    latency.sigma = *sigma;
    rest = rest.substr(0, colon);
  }
  const auto median = read_seconds(rest);
  if (!median) return std::unexpected(median.error());
  latency.median_seconds = *median;
  if (*median <= 0) latency.shape = latency_options::kind::none;
  return {};
}

result<void> set_script(options& o, std::string_view file) {
  const auto content = read_small_file(std::string(file));
  if (!content) return std::unexpected(content.error());
  auto script = parse_script(*content);
  if (!script) return std::unexpected(std::move(script.error()));
  o.service.script = std::move(*script);
  return {};
}

result<void> set_users(options& o, std::string_view file) {
  const auto content = read_small_file(std::string(file));
  if (!content) return std::unexpected(content.error());
  std::vector<directory::user> users;
  std::string why;
  if (!read_users(*content, users, why)) return fail(errc::usage, fmt::format("{}: {}", file, why));
  auto& to = o.service.directory.users.emplace();
  for (auto& one : users) to.emplace_back(std::move(one.upn), std::move(one.id));
  return {};
}

setter spread(std::vector<fault> kinds) {
  return [kinds = std::move(kinds)](options& o, std::string_view given) -> result<void> {
    const auto total = read_real(given, 0, 1);
    if (!total) return std::unexpected(total.error());
    if (kinds.empty()) {
      o.service.faults.spread(*total);
    } else {
      o.service.faults.spread(*total, kinds);
    }
    return {};
  };
}

result<void> add_federated(options& o, std::string_view given) {
  std::vector<std::string> parts;
  for (std::string_view left = given; parts.size() < 4;) {
    const auto end = parts.size() == 3 ? left.size() : left.find(',');
    if (end == std::string_view::npos) break;
    parts.emplace_back(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  if (parts.size() != 4) return fail(errc::usage, fmt::format("\"{}\" does not have the form ISSUER,SUBJECT,AUDIENCE,FILE", given));
  auto key = read_small_file(parts[3]);
  if (!key) return std::unexpected(std::move(key.error()));
  o.federated.push_back({parts[0], parts[1], parts[2], std::move(*key)});
  return {};
}

void add_place(std::vector<flag>& all) {
  all.push_back({"--port", "N", "listen on this port of the loopback address (default: a free one)",
                 whole([](options& o) -> auto& { return o.port; })});
  all.push_back({"--plain", "", "serve http instead of https", yes([](options& o) -> auto& { return o.plain; }), false});
  all.push_back({"--certificate-host", "NAME", "make the certificate for this host instead of localhost",
                 text([](options& o) -> auto& { return o.certificate_host; })});
  all.push_back({"--certificate-days", "N", "the server's certificate expires in so many days (default 90); negative: it has expired",
                 signed_real([](options& o) -> auto& { return o.certificate_days; }, 3000)});
  all.push_back({"--clock-offset", "SECONDS", "the service's clock is so many seconds ahead; negative: behind",
                 signed_real([](options& o) -> auto& { return o.clock_offset_seconds; }, 1e7)});
  all.push_back({"--ca-file", "FILE", "write the certificate of the authority to this file (default: beside the configuration)",
                 text([](options& o) -> auto& { return o.ca_file; })});
  all.push_back(
      {"--write-config", "FILE", "write a configuration file for convoke", text([](options& o) -> auto& { return o.config_file; })});
  all.push_back({"--secret-file", "FILE", "read the client secret from this file (default: a random secret)",
                 text([](options& o) -> auto& { return o.secret_file; })});
  all.push_back({"--certificate", "FILE", "a certificate (PEM) that is registered with the app; may be repeated",
                 [](options& o, std::string_view given) -> result<void> {
                   o.certificates.emplace_back(given);
                   return {};
                 }});
  all.push_back({"--federated-credential", "ISSUER,SUBJECT,AUDIENCE,FILE",
                 "an identity provider whose tokens the app accepts; FILE has its public key (PEM); may be repeated", add_federated});
  all.push_back({"--metadata-port", "PORT", "offer a managed identity at this port, over plain HTTP; 0: any that is free",
                 [](options& o, std::string_view given) -> result<void> {
                   const auto n = read_whole(given, 65535);
                   if (!n) return std::unexpected(n.error());
                   o.metadata_port = static_cast<std::uint16_t>(*n);
                   return {};
                 }});
  all.push_back({"--managed-identity", "GUID", "client id of that identity", text([](options& o) -> auto& { return o.managed_identity; })});
  all.push_back({"--trust-managed-identity", "", "the app accepts tokens of that identity in place of a secret",
                 yes([](options& o) -> auto& { return o.trust_managed_identity; }), false});
  all.push_back({"--identity-header-file", "FILE", "also offer the endpoint of App Service, whose secret header is in this file",
                 text([](options& o) -> auto& { return o.identity_header_file; })});
  all.push_back({"--tenant", "GUID", "id of the tenant", text([](options& o) -> auto& { return o.tenant; })});
  all.push_back({"--another-tenant", "GUID",
                 "a further tenant; the flags that follow are its own, and it begins with those of the one before but the secret",
                 [](options& o, std::string_view given) -> result<void> {
                   o.earlier.push_back(o);
                   o.tenant = std::string(given);
                   o.secret_file.clear();
                   return {};
                 }});
  all.push_back({"--client-id", "GUID", "client id of the app", text([](options& o) -> auto& { return o.client_id; })});
  all.push_back({"--seed", "N",
                 "seed of the random faults: which call of a key fails depends on the seed, the key and the number of the call",
                 whole([](options& o) -> auto& { return o.service.seed; })});
  all.push_back({"--keep-alive-requests", "N", "close a connection after so many answers (default: no limit)",
                 whole([](options& o) -> auto& { return o.keep_alive_requests; })});
  all.push_back({"--drop-idle", "SECONDS", "close connections that are idle for this long, without notice",
                 seconds([](options& o) -> auto& { return o.drop_idle_seconds; })});
  all.push_back(
      {"--calls", "N", "number of calls that /_sim/calls keeps (default 1000)", [](options& o, std::string_view given) -> result<void> {
         const auto n = read_whole(given, 1'000'000);
         if (!n) return std::unexpected(n.error());
         o.service.kept_calls = *n;
         return {};
       }});
}

void add_people(std::vector<flag>& all) {
  all.push_back(
      {"--organizers", "IDS|FILE", "only these users exist (default: every id)", [](options& o, std::string_view given) -> result<void> {
         if (!o.service.organizers) o.service.organizers.emplace();
         return ids([](options& to) -> auto& { return *to.service.organizers; })(o, given);
       }});
  all.push_back({"--no-policy", "IDS|FILE", "organizers without an application access policy",
                 ids([](options& o) -> auto& { return o.service.no_policy; })});
  all.push_back(
      {"--unlicensed", "IDS|FILE", "organizers without a licence", ids([](options& o) -> auto& { return o.service.unlicensed; })});
  all.push_back({"--users", "FILE",
                 "the users of the tenant, in lines UPN,OBJECT-ID (default: every UPN has a user with an id made from it)", set_users});
  all.push_back({"--no-user-read", "", "the app lacks the permission User.Read.All: users cannot be looked up",
                 yes([](options& o) -> auto& { return o.service.directory.readable; }, false), false});
  all.push_back({"--directory-rate", "R", "quota of look-ups of users: users per second, apart from the quotas of meetings",
                 real([](options& o) -> auto& { return o.service.directory.quota.rate; }, 1e9)});
  all.push_back({"--directory-burst", "B", "size of the token bucket of look-ups (default: the quota of one window)",
                 real([](options& o) -> auto& { return o.service.directory.quota.burst; }, 1e9)});
  all.push_back({"--directory-faults", "P", "probability that a look-up in a batch is answered 503, or is left out of the answer",
                 real([](options& o) -> auto& { return o.service.directory.fault_rate; }, 1)});
  all.push_back({"--no-batch", "", "there is no $batch: it is answered 400",
                 yes([](options& o) -> auto& { return o.service.batch.offered; }, false), false});
  all.push_back({"--batch-missing", "P", "probability that an item of a batch is carried out and left out of the answer",
                 real([](options& o) -> auto& { return o.service.batch.missing; }, 1)});
  all.push_back({"--batch-extra", "P", "probability that the answer of a batch has an item more, of an unknown id or twice the same",
                 real([](options& o) -> auto& { return o.service.batch.extra; }, 1)});
  all.push_back({"--show-roles", "", "show attendees' roles in answers; Graph returns null",
                 yes([](options& o) -> auto& { return o.service.show_roles; }), false});
  all.push_back({"--small-answers", "", "leave the invitation text out of answers, for benchmarks",
                 yes([](options& o) -> auto& { return o.service.small_answers; }), false});
  all.push_back({"--break-idempotency", "P", "create a second meeting for a key that has one, to test that duplicates are counted",
                 real([](options& o) -> auto& { return o.service.break_idempotency; }, 1)});
  add_sign_ins(all);
  all.push_back({"--token-lifetime", "SECONDS", "lifetime of a token (default 3599)",
                 seconds([](options& o) -> auto& { return o.service.tokens.lifetime_seconds; })});
  all.push_back({"--token-faults", "P", "probability that the token endpoint answers 429 or 503",
                 real([](options& o) -> auto& { return o.service.tokens.fault_rate; }, 1)});
  all.push_back({"--token-retry-after", "SECONDS", "Retry-After of those answers (default 60)",
                 seconds([](options& o) -> auto& { return o.service.tokens.retry_after; })});
}

void add_quotas(std::vector<flag>& all) {
  const auto throttle = [&all](const char* name, const char* value, const char* help, setter set) {
    all.push_back({name, value, help, std::move(set)});
  };
  throttle("--lane-rate", "R", "quota of the lane: calls per second of the app in the tenant",
           real([](options& o) -> auto& { return o.service.throttle.lane.rate; }, 1e9));
  throttle("--lane-burst", "B", "size of the token bucket of the lane (default: the quota of one window)",
           real([](options& o) -> auto& { return o.service.throttle.lane.burst; }, 1e9));
  throttle("--organizer-rate", "R", "quota of each organizer: calls per second",
           real([](options& o) -> auto& { return o.service.throttle.organizer.rate; }, 1e9));
  throttle("--organizer-burst", "B", "size of the token bucket of an organizer",
           real([](options& o) -> auto& { return o.service.throttle.organizer.burst; }, 1e9));
  throttle("--window", "KIND", "how quotas are counted: bucket, fixed or sliding window",
           word<window_kind>([](options& o) -> auto& { return o.service.throttle.window; },
                             {{"bucket", window_kind::bucket}, {"fixed", window_kind::fixed}, {"sliding", window_kind::sliding}}));
  throttle("--window-seconds", "SECONDS", "length of the window (default 1)", [](options& o, std::string_view given) -> result<void> {
    const auto value = read_seconds(given);
    if (!value) return std::unexpected(value.error());
    if (*value < 1e-3) return fail(errc::usage, "a window is at least 1ms");
    o.service.throttle.window_seconds = *value;
    return {};
  });
  throttle("--throttled-count", "yes|no", "throttled calls count against the quota (default yes, as in Graph)",
           word<bool>([](options& o) -> auto& { return o.service.throttle.throttled_count; }, {{"yes", true}, {"no", false}}));
  throttle("--early-penalty", "SECONDS", "each call during a cooldown makes it this much longer",
           seconds([](options& o) -> auto& { return o.service.throttle.early_penalty; }));
  throttle("--retry-after-form", "FORM",
           "form of Retry-After: integer, decimal, date, joined, absent, two-lines, garbage, mix or constant:SECONDS",
           [](options& o, std::string_view given) { return parse_retry_after_form(given, o.service.throttle); });
  throttle("--retry-after-max", "SECONDS", "longest wait that Retry-After announces",
           seconds([](options& o) -> auto& { return o.service.throttle.retry_after_max; }));
  all.push_back({"--throttle-scope-header", "", "name the throttled scope in x-ms-throttle-scope",
                 yes([](options& o) -> auto& { return o.service.throttle.scope_header; }), false});
  throttle("--throttle-wait", "SECONDS", "longest wait of a random throttle (default 1)",
           seconds([](options& o) -> auto& { return o.service.throttle.random_wait; }));
  throttle("--throttle-scope", "SCOPE", "scope of a random throttle: lane, organizer, mix (of these two) or app",
           word<scope_kind>(
               [](options& o) -> auto& { return o.service.throttle.random_scope; },
               {{"lane", scope_kind::lane}, {"organizer", scope_kind::organizer}, {"mix", scope_kind::mix}, {"app", scope_kind::app}}));
}

void add_faults(std::vector<flag>& all) {
  all.push_back({"--faults", "P", "all kinds of faults below except throttles and false 401s: P in total", spread({})});
  all.push_back({"--cut", "P", "all kinds of cut bodies: P in total", spread({fault::cut_length, fault::cut_chunked, fault::cut_close})});
  all.push_back({"--malformed", "P", "all kinds of malformed successes: P in total",
                 spread({fault::html_200, fault::empty_200, fault::wrong_type, fault::other_external_id, fault::missing_id})});
  for (std::size_t i = 1; i < fault_count; ++i) {
    const auto kind = static_cast<fault>(i);
    std::string name = "--" + std::string(to_string(kind));
    for (auto& c : name) c = c == '_' ? '-' : c;
    all.push_back({name, "P", std::string(describe(kind)), real([kind](options& o) -> auto& { return o.service.faults[kind]; }, 1)});
  }
  all.push_back({"--slow-seconds", "SECONDS", "delay of a slow answer (default 1)",
                 seconds([](options& o) -> auto& { return o.service.slow_seconds; })});
  all.push_back({"--latency", "DIST", "latency of every answer: 0, 10ms or lognormal:20ms:0.5 (median and sigma)", set_latency});
  all.push_back({"--capacity", "R",
                 "calls per second that the service can answer: further calls are queued, not throttled (default: no limit)",
                 real([](options& o) -> auto& { return o.service.capacity; }, 1e9)});
  all.push_back({"--script", "FILE", "faults at given calls: a JSON list of {\"key\" or \"call\", \"operation\", \"fault\"}", set_script});
}

}  // namespace

std::vector<flag> flags() {
  std::vector<flag> all;
  add_place(all);
  add_people(all);
  add_access_flags(all);
  add_quotas(all);
  add_faults(all);
  return all;
}

result<void> apply_flag(options& into, std::string_view name, std::string_view value) {
  for (const auto& f : flags()) {
    if (f.name != name) continue;
    auto done = f.set(into, value);
    if (!done) return fail(done.error().code, fmt::format("{}: {}", name, done.error().message));
    return done;
  }
  return fail(errc::usage, fmt::format("{}: the simulator has no such flag", name));
}

}  // namespace convoke::sim
