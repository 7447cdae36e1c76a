#include "cli/job_builder.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <convoke/key.hpp>

#include "auth/auth.hpp"
#include "core/text.hpp"
#include "graph/graph.hpp"
#include "net/address.hpp"
#include "net/net.hpp"
#include "token/token.hpp"

namespace convoke::cli {
namespace {

using namespace std::chrono_literals;

// Reads typed values and keeps the first thing that is wrong.
class typed {
 public:
  explicit typed(const settings& from) : from_(from) {}

  template <class Integer>
  void integer(std::string_view name, Integer& into, std::uint64_t least, std::uint64_t most) {
    const auto* set = value(name);
    if (set == nullptr) return;
    std::uint64_t number = 0;
    const auto* end = set->text.data() + set->text.size();
    const auto [stopped, bad] = std::from_chars(set->text.data(), end, number);
    if (bad != std::errc() || stopped != end || number < least || number > most)
      return wrong(*set, most == ~std::uint64_t{0} ? fmt::format("a whole number of {} or more", least)
                                                   : fmt::format("a whole number from {} to {}", least, most));
    into = static_cast<Integer>(number);
  }

  void integer(std::string_view name, std::optional<std::uint64_t>& into) {
    if (value(name) == nullptr) return;
    into.emplace(0);
    integer(name, *into, 0, ~std::uint64_t{0});
  }

  void rate(std::string_view name, double& into) {
    const auto* set = value(name);
    if (set == nullptr) return;
    double number = 0;
    const auto* end = set->text.data() + set->text.size();
    const auto [stopped, bad] = std::from_chars(set->text.data(), end, number);
    if (bad != std::errc() || stopped != end || !std::isfinite(number) || number < 0.01 || number > 10'000'000)
      return wrong(*set, "a number from 0.01 to 10000000");
    into = number;
  }

  void duration(std::string_view name, std::chrono::milliseconds& into, bool zero = false) {
    const auto* set = value(name);
    if (set == nullptr) return;
    const auto parsed = parse_duration(set->text);
    if (!parsed || (*parsed == 0ms && !zero)) return wrong(*set, "a duration such as 10s, 5m or 1h30m");
    into = *parsed;
  }

  std::string word(std::string_view name, std::initializer_list<std::string_view> allowed) {
    const auto* set = value(name);
    if (set == nullptr) return {};
    std::string list;
    for (const auto one : allowed) {
      if (set->text == one) return set->text;
      list += (list.empty() ? "" : ", ") + std::string(one);
    }
    wrong(*set, "one of " + list);
    return {};
  }

  void refuse(error e) {
    if (!wrong_) wrong_ = std::move(e);
  }
  [[nodiscard]] const std::optional<error>& first_wrong() const { return wrong_; }

 private:
  const setting* value(std::string_view name) const {
    const auto* set = from_.find(name);
    return set == nullptr || set->text.empty() ? nullptr : set;
  }
  void wrong(const setting& set, const std::string& needed) {
    refuse({errc::usage, fmt::format("{}: '{}' is not {}.", set.named(), core::escape_for_people(set.text), needed)});
  }

  const settings& from_;
  std::optional<error> wrong_;
};

void read_plan(const settings& from, typed& read, plan_options& plan) {
  plan.encoding = from.text("encoding");
  plan.delimiter = from.text("delimiter");
  plan.time_zone = from.text("time-zone");
  plan.overlap = read.word("overlap", {"earlier", "later"});
  plan.external_id_template = from.text("external-id");
  read.integer("limit", plan.limit);
  plan.only = from.text("only");
  plan.skip_invalid = from.flag("skip-invalid");
  read.integer("expect-rows", plan.expect_rows);
  read.integer("max-new", plan.max_new);
  const auto drift = read.word("on-drift", {"report", "update", "fail"});
  if (drift == "update") read.refuse({errc::usage, "--on-drift update is not built yet: use report or fail."});
  plan.drift = drift == "fail" ? on_drift::fail : on_drift::report;
}

void read_pace(const settings& from, typed& read, pace_options& pace) {
  read.rate("rate", pace.rate);
  read.rate("start-rate", pace.start_rate);
  pace.fixed_rate = from.flag("fixed-rate");
  if (!from.text("organizer-rate").empty()) read.rate("organizer-rate", pace.organizer_rate.emplace(0));
  read.integer("organizer-concurrency", pace.organizer_concurrency, 1, 1000);
  read.integer("connections", pace.connections, 1, 1000);
  read.integer("max-attempts", pace.max_attempts, 1, 100);
  unsigned batch = 1;
  read.integer("batch-size", batch, 1, 20);
  if (batch > 1) read.refuse({errc::usage, "--batch-size over 1 is not built yet: leave it at 1."});
  read.duration("connect-timeout", pace.connect_timeout);
  read.duration("attempt-timeout", pace.attempt_timeout);
  read.duration("row-deadline", pace.row_deadline);
  read.duration("max-outage", pace.max_outage);
  read.duration("max-cooldown", pace.max_cooldown);
  pace.forget_cooldowns = from.flag("forget-cooldowns");
  if (!from.text("max-duration").empty()) read.duration("max-duration", pace.max_duration.emplace(0));
}

std::string cloud_names() {
  std::string out;
  for (const auto& one : graph::all_clouds()) out += (out.empty() ? "" : ", ") + std::string(one.name);
  return out;
}

// Goes into the form of the token request and names the lane in the ledger. Test servers know other names than GUIDs.
result<void> check_client_id(const std::string& id) {
  constexpr std::size_t longest = 128;
  const bool good = id.size() <= longest && std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7F; });
  if (good) return {};
  return fail(errc::usage, fmt::format("--client-id '{}' is no Entra application id: it is a GUID such as "
                                       "00000000-0000-0000-0000-000000000000.",
                                       core::escape_for_people(id)));
}

result<void> read_target(const settings& from, lane_options& lane) {
  const auto name = from.text("cloud");
  const auto* cloud = graph::find_cloud(name);
  if (cloud == nullptr)
    return fail(errc::usage, fmt::format("--cloud '{}' is none that convoke knows: {}; or give --graph-url and --authority-url.",
                                         core::escape_for_people(name), cloud_names()));
  const auto graph_url = from.text("graph-url");
  if (graph_url.empty() && name == "china")
    return fail(errc::usage, "The cloud 'china' has no createOrGet: Graph's documentation lists it as not supported there.");
  const auto authority = from.text("authority-url");
  lane.graph_url = graph_url.empty() ? std::string(cloud->graph_root) : graph_url;
  lane.authority_url = authority.empty() ? std::string(cloud->authority) : authority;
  lane.ca_file = from.text("ca-file");
  lane.allow_http = from.flag("allow-http");
  lane.tenant = from.text("tenant");
  lane.client_id = from.text("client-id");
  if (const auto good = check_client_id(lane.client_id); !good) return good;
  const auto root = net::parse_endpoint(lane.graph_url, lane.allow_http);
  if (!root) return std::unexpected(root.error());
  if (const auto issuer = net::parse_endpoint(lane.authority_url, lane.allow_http); !issuer) return std::unexpected(issuer.error());
  return {};
}

// Whether a NO_PROXY list names the host, or a domain above it: `graph.microsoft.com, .microsoft.com, *`. Ports in it are passed over.
bool without_proxy(std::string_view list, std::string_view host) {
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(", \t"), list.size());
    auto entry = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (entry == "*") return true;
    if (entry.starts_with("*.")) entry.remove_prefix(1);
    if (entry.starts_with('.')) entry.remove_prefix(1);
    if (std::ranges::count(entry, ':') == 1) entry = entry.substr(0, entry.find(':'));
    if (entry.empty() || entry.size() > host.size() || !core::equal_ignoring_case(host.substr(host.size() - entry.size()), entry)) continue;
    if (entry.size() == host.size() || host[host.size() - entry.size() - 1] == '.') return true;
  }
  return false;
}

// A proxy that is asked for and silently passed by would look like an outage.
result<void> refuse_proxy(const settings& from, const lane_options& lane) {
  auto proxy = from.environment("HTTPS_PROXY");
  if (proxy.empty()) proxy = from.environment("https_proxy");
  if (proxy.empty()) return {};
  auto except = from.environment("NO_PROXY");
  if (except.empty()) except = from.environment("no_proxy");
  const bool asks_for_tokens = from.environment("CONVOKE_TOKEN").empty();
  for (const auto& url : {lane.graph_url, asks_for_tokens ? lane.authority_url : lane.graph_url}) {
    const auto root = net::parse_endpoint(url, lane.allow_http);
    if (!root) return std::unexpected(root.error());
    if (net::loopback_name(root->host) || without_proxy(except, root->host)) continue;
    return fail(errc::usage,
                fmt::format("HTTPS_PROXY is set, but proxies are not built yet. Unset it, or name {} in NO_PROXY.", root->host));
  }
  return {};
}

result<void> use_ready_token(const std::string& token, lane_options& lane) {
  if (const auto flaw = token::flaw_of_token(token))
    return fail(errc::usage, fmt::format("CONVOKE_TOKEN is no bearer token: {}. Set it to the token alone, or unset it.", *flaw));
  if (lane.tenant.empty()) return fail(errc::usage, "CONVOKE_TOKEN needs --tenant GUID: the token alone does not say it reliably.");
  if (const auto tid = token::readable_tenant(token); tid && to_lower(*tid) != to_lower(lane.tenant))
    return fail(errc::credentials, fmt::format("CONVOKE_TOKEN is for tenant {}, but --tenant says {}. Get a token for the right tenant.",
                                               core::escape_for_people(*tid), core::escape_for_people(lane.tenant)));
  lane.token = secret(token);
  return {};
}

result<void> read_credentials(const settings& from, lane_options& lane) {
  if (!from.environment("CONVOKE_TOKEN").empty()) return use_ready_token(from.environment("CONVOKE_TOKEN"), lane);
  if (lane.client_id.empty())
    return fail(errc::usage,
                "No application is given: set --client-id to the Entra application id, or client_id in the configuration, or CONVOKE_TOKEN "
                "to a ready token.");
  const auto* file = from.find("client-secret-file");
  const bool file_is_nearer = file != nullptr && (file->source.starts_with("--") || file->source.starts_with("CONVOKE_"));
  const auto azure = from.environment("AZURE_CLIENT_SECRET");
  if (!azure.empty() && !file_is_nearer) {
    if (const auto flaw = auth::flaw_of_secret(azure))
      return fail(errc::usage, fmt::format("AZURE_CLIENT_SECRET {}. Set it to the secret's value alone, or unset it.", *flaw));
    lane.client_secret = secret(azure);
    return {};
  }
  std::string path = file == nullptr ? std::string() : file->text;
  if (path.empty()) {
    const auto folder = from.environment("CREDENTIALS_DIRECTORY");
    std::error_code ignored;
    if (!folder.empty() && std::filesystem::exists(folder + "/convoke-secret", ignored)) path = folder + "/convoke-secret";
  }
  if (path.empty()) {
    if (!from.environment("AZURE_FEDERATED_TOKEN_FILE").empty() || !from.environment("AZURE_CLIENT_CERTIFICATE_PATH").empty())
      return fail(errc::usage,
                  "Signing in by certificate or federated token is not built yet: give a client secret with --client-secret-file or "
                  "AZURE_CLIENT_SECRET.");
    return fail(errc::credentials,
                "No client secret is given: use --client-secret-file FILE, AZURE_CLIENT_SECRET, or $CREDENTIALS_DIRECTORY/convoke-secret.");
  }
  auto read = auth::read_secret_file(path);
  if (!read) return std::unexpected(read.error());
  lane.client_secret = std::move(*read);
  return {};
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr double most = 10.0 * 365 * 24 * 3600 * 1000;
  double total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double number = 0;
    const auto [stopped, bad] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (bad != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stopped - text.data()));
    const auto unit = text.substr(0, text.find_first_of("0123456789."));
    text.remove_prefix(unit.size());
    if (unit == "ms")
      total += number;
    else if (unit == "s" || unit.empty())
      total += number * 1e3;
    else if (unit == "m" || unit == "min")
      total += number * 60e3;
    else if (unit == "h")
      total += number * 3600e3;
    else if (unit == "d")
      total += number * 86400e3;
    else
      return std::nullopt;
    if (!(total <= most)) return std::nullopt;
  }
  return std::chrono::milliseconds(std::llround(total));
}

result<std::string> ledger_url(const settings& from) {
  if (auto given = from.text("ledger"); !given.empty()) return given;
  auto state = from.environment("XDG_STATE_HOME");
  if (state.empty() && !from.environment("HOME").empty()) state = from.environment("HOME") + "/.local/state";
  if (state.empty())
    return fail(errc::usage, "There is no place for the ledger: give --ledger sqlite:PATH, or set HOME or XDG_STATE_HOME.");
  return "sqlite:" + state + "/convoke/ledger.db";
}

result<job> build_job(const settings& from, const std::string& input, needs what) {
  job j;
  j.input = input;
  typed read(from);
  read.duration("wait-lock", j.wait_lock, true);
  read.integer("keep-runs", j.keep_runs, 1, 1'000'000);
  read_plan(from, read, j.plan);
  read_pace(from, read, j.pace);
  if (read.first_wrong()) return std::unexpected(*read.first_wrong());
  j.results = from.text("results");
  j.failed = from.text("failed");
  if (!what.lane) return j;
  auto ledger = ledger_url(from);
  if (!ledger) return std::unexpected(ledger.error());
  j.ledger = std::move(*ledger);
  if (const auto target = read_target(from, j.lanes.front()); !target) return std::unexpected(target.error());
  if (!what.credentials) return j;
  if (const auto direct = refuse_proxy(from, j.lanes.front()); !direct) return std::unexpected(direct.error());
  if (const auto got = read_credentials(from, j.lanes.front()); !got) return std::unexpected(got.error());
  return j;
}

}  // namespace convoke::cli
