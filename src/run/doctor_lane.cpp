#include "run/doctor_lane.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/address.hpp>

#include "diagnosis/assess.hpp"
#include "net/proxy.hpp"

namespace convoke::run {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_addresses = 16;

bool is_literal(const std::string& host) {
  boost::system::error_code not_one;
  asio::ip::make_address(host, not_one);
  return !not_one;
}

bool same_host(const net::endpoint& a, const net::endpoint& b) {
  return a.host == b.host && a.port == b.port && (a.through == nullptr) == (b.through == nullptr);
}

bool has_refused(const proxy_logins& refused, const net::proxy& proxy) {
  return std::ranges::any_of(refused,
                             [&](const auto& one) { return one->name() == proxy.name() && one->login.reveal() == proxy.login.reveal(); });
}

diagnosis::connect_failure failure_of(const net::probed& tried, bool through_proxy) {
  using enum diagnosis::connect_failure;
  switch (tried.ended.what) {
    case net::failure::none:
      return none;
    case net::failure::local_resources:
      return resources;
    case net::failure::timeout:
      return through_proxy ? proxy : timeout;
    case net::failure::tls:
      break;
    case net::failure::proxy_login:
      return proxy_login;
    default:
      return through_proxy ? proxy : network;
  }
  switch (tried.flaw) {
    case net::certificate_flaw::untrusted:
      return untrusted;
    case net::certificate_flaw::expired:
      return expired;
    case net::certificate_flaw::not_yet_valid:
      return not_yet_valid;
    case net::certificate_flaw::wrong_name:
      return wrong_name;
    case net::certificate_flaw::none:
    case net::certificate_flaw::other:
      break;
  }
  return tls;
}

diagnosis::connection_seen seen_of(net::probed tried, const net::endpoint& at, std::string address) {
  diagnosis::connection_seen out{.host = at.host_header,
                                 .address = std::move(address),
                                 .what = failure_of(tried, at.through != nullptr),
                                 .message = std::move(tried.ended.message),
                                 .issuer = std::move(tried.refused_issuer),
                                 .certificate = {}};
  if (tried.peer)
    out.certificate = diagnosis::certificate_seen{.version = std::move(tried.peer->tls_version),
                                                  .subject = std::move(tried.peer->subject),
                                                  .issuer = std::move(tried.peer->issuer),
                                                  .expires = tried.peer->expires};
  return out;
}

}  // namespace

lane_examination::lane_examination(asio::io_context& io, tls_contexts& tls, lane_task task, std::function<void(finding)> report)
    : io_(io),
      tls_(tls.of(task.lane.ca_file)),
      task_(std::move(task)),
      to_(std::move(report)),
      facts_{.name = task_.name,
             .tenant = task_.lane.tenant,
             .app = calling_app_of(task_.lane).id,
             .graph_root = task_.lane.graph_url,
             .credential = task_.lane.signs_in_by(),
             .secret_file = task_.secret_file,
             .certificate_file = task_.lane.certificate_file,
             .identity_address = task_.lane.identity_endpoint.empty() ? task_.lane.metadata_url : task_.lane.identity_endpoint},
      prober_(io.get_executor(), tls_),
      client_(io.get_executor(), tls_, task_.pace.attempt_timeout),
      timer_(io),
      parts_(make_lane_parts(io, tls, task_.lane, task_.pace, static_cast<std::uint64_t>(net::wall_now().time_since_epoch().count()))),
      token_wait_(task_.pace.attempt_timeout) {}

lane_examination::~lane_examination() = default;

void lane_examination::report(finding f) {
  if (!stopped_) to_(std::move(f));
}

void lane_examination::stop() noexcept {
  stopped_ = true;
  prober_.stop();
  client_.stop();
  timer_.cancel();
  if (parts_) parts_->tokens->stop();
  if (connection_) connection_->close();
}

bool lane_examination::authority_is_used() const {
  return facts_.credential != credential_kind::token && facts_.credential != credential_kind::managed_identity;
}

asio::awaitable<void> lane_examination::run() {
  if (parts_ && !parts_->warning.empty()) report(diagnosis::assess_certificate_end(parts_->warning, facts_));
  co_await examine_hosts();
  if (stopped_) co_return;
  co_await get_token();
  if (stopped_) co_return;
  if (task_.lane.delegated()) take_user_as_organizer();
  const auto permission = diagnosis::assess_permission(token_, facts_);
  report(permission);
  co_await read_organizers();
}

asio::awaitable<void> lane_examination::pause(std::chrono::nanoseconds time) {
  if (stopped_) co_return;
  timer_.expires_after(time);
  co_await timer_.async_wait(asio::as_tuple(asio::deferred));
}

// ---- hosts

asio::awaitable<void> lane_examination::examine_hosts() {
  const auto graph = endpoint_of(task_.lane, task_.lane.graph_url);
  const auto authority = endpoint_of(task_.lane, task_.lane.authority_url);
  for (const auto* one : {&authority, &graph}) {
    if (*one) continue;
    // What is wrong with the proxy is wrong for both.
    const bool reported = one == &graph && !authority && authority.error().message == graph.error().message;
    if (!reported)
      report({.check = "configuration",
              .lane = task_.name,
              .subject = {},
              .status = finding_status::failed,
              .seen = one->error().message,
              .advice = "Correct the setting, and run the command again.",
              .exit_code = diagnosis::of_configuration});
    (one == &graph ? no_graph_ : no_authority_) = true;
  }
  const bool both = graph && authority && same_host(*graph, *authority);
  if (authority && authority_is_used()) {
    // The metadata of the tenant: public, and there for every tenant.
    co_await examine(*authority, "/" + task_.lane.tenant + "/v2.0/.well-known/openid-configuration");
    no_authority_ = unreachable_;
    if (both) no_graph_ = unreachable_;
  }
  if (!graph || (both && authority_is_used()) || stopped_) co_return;
  co_await examine(*graph, "/v1.0/");
  no_graph_ = unreachable_;
}

// `path`: of a request that any server answers, for its Date.
asio::awaitable<void> lane_examination::examine(const net::endpoint& at, const std::string& path) {
  unreachable_ = true;
  report(diagnosis::assess(
      {.host = at.host_header, .proxy = at.through ? at.through->name() : std::string(), .configured = !task_.lane.proxy.empty()},
      task_.name));
  if (at.through && has_refused(task_.refused_logins, *at.through)) {
    report(diagnosis::skipped(
        "address", task_.name, at.host_header,
        "not tried: the proxy refused this login for a host above, and a login that is tried again can lock an account"));
    co_return;
  }
  auto addresses = co_await addresses_of(at);
  if (stopped_ || addresses.empty()) co_return;
  const auto tried = co_await try_addresses(at, std::move(addresses));
  if (stopped_) co_return;
  if (at.through && std::ranges::find(tried, diagnosis::connect_failure::proxy_login, &diagnosis::connection_seen::what) != tried.end())
    task_.refused_logins.push_back(at.through);
  for (auto& f : diagnosis::assess(tried, task_.name, net::wall_now())) report(std::move(f));
  unreachable_ = std::ranges::none_of(tried, [](const auto& one) { return one.what == diagnosis::connect_failure::none; });
  if (unreachable_) {
    report(diagnosis::skipped("clock", task_.name, at.host_header, "there is no connection"));
    co_return;
  }
  co_await compare_clocks(at, path);
}

// Empty: the name was not found, which is reported.
asio::awaitable<std::vector<std::string>> lane_examination::addresses_of(const net::endpoint& at) {
  const auto host = at.through ? at.through->host : at.host;
  if (is_literal(host)) co_return std::vector<std::string>{host};
  const auto port = at.through ? at.through->port : at.port;
  auto found = co_await prober_.look_up(host, port, task_.pace.connect_timeout);
  if (stopped_) co_return std::vector<std::string>();
  report(diagnosis::assess(diagnosis::look_up_seen{.host = host, .addresses = found.addresses, .problem = found.problem}, task_.name));
  if (found.addresses.size() > most_addresses) found.addresses.resize(most_addresses);
  co_return std::move(found.addresses);
}

asio::awaitable<std::vector<diagnosis::connection_seen>> lane_examination::try_addresses(const net::endpoint& at,
                                                                                         std::vector<std::string> addresses) {
  std::vector<diagnosis::connection_seen> out;
  // What the proxy connects to is the proxy's choice.
  if (at.through) addresses.assign(1, std::string());
  for (const auto& address : addresses) {
    auto one = at;
    if (!at.through) one.dial = {address};
    auto tried = co_await prober_.probe(one, task_.pace.connect_timeout);
    if (stopped_) break;
    out.push_back(seen_of(std::move(tried), at, address));
  }
  co_return out;
}

asio::awaitable<void> lane_examination::compare_clocks(const net::endpoint& at, const std::string& path) {
  diagnosis::clock_seen seen{.host = at.host_header, .sent = net::wall_now(), .theirs = {}, .problem = {}};
  const secret none;
  const secret request = auth::make_token_request(at, path, none, none);
  const auto ended = co_await client_.exchange(at, request, task_.pace.connect_timeout);
  if (stopped_) co_return;
  seen.received = ended.at.ours.value_or(net::wall_now());
  seen.theirs = ended.at.theirs;
  if (ended.status == 0) seen.problem = ended.message;
  report(diagnosis::assess(seen, task_.name));
}

}  // namespace convoke::run
