#include "sim/server/simulator.hpp"

#include <csignal>
#include <filesystem>
#include <future>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sim/server/certificates.hpp"
#include "sim/server/private_files.hpp"
#include "sim/server/public_keys.hpp"
#include "sim/server/session.hpp"
#include "sim/server/tls.hpp"
#include "sim/service/text.hpp"

namespace convoke::sim {
namespace {

namespace asio = boost::asio;
using acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor>;
constexpr asio::as_tuple_t<asio::use_awaitable_t<executor>> awaited{};

constexpr std::size_t most_connections = 8192;
constexpr int sweep_every = 10;  // beats
constexpr auto after_failed_accept = std::chrono::milliseconds(100);

void report(const std::exception_ptr& problem) {
  if (!problem) return;
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& e) {
    spdlog::error("simulator: a connection ended with an exception: {}", e.what());
  }
}

task<> accept_loop(acceptor& from, hub& h, asio::ssl::context* tls, bool to_machine = false) {
  timer rest(from.get_executor());
  while (from.is_open()) {
    auto [ec, socket] = co_await from.async_accept(awaited);
    if (ec == asio::error::operation_aborted) co_return;
    if (ec) {  // probably no descriptor is free: try again later
      rest.expires_after(after_failed_accept);
      co_await rest.async_wait(awaited);
      continue;
    }
    if (h.connections.size() >= most_connections) continue;
    boost::system::error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    asio::co_spawn(from.get_executor(), serve(std::move(socket), h, tls, to_machine), report);
  }
}

// Records when the loop ran last, and closes connections whose deadline has passed.
task<> beat_loop(timer& clock, hub& h) {
  for (int n = 0;; ++n) {
    clock.expires_after(beat);
    const auto [ec] = co_await clock.async_wait(awaited);
    if (ec) co_return;
    h.last_beat = read_clocks().mono;
    h.graph.advance(h.last_beat);
    if (n % sweep_every != 0) continue;
    for (auto* connection : h.connections) {
      if (connection->deadline < h.last_beat) connection->close();
    }
  }
}

result<void> listen(acceptor& on, const asio::ip::address& address, std::uint16_t port) {
  boost::system::error_code ec;
  const asio::ip::tcp::endpoint where(address, port);
  on.open(where.protocol(), ec);
  if (!ec) on.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec && address.is_v6()) on.set_option(asio::ip::v6_only(true), ec);
  if (!ec) on.bind(where, ec);
  if (!ec) on.listen(asio::socket_base::max_listen_connections, ec);
  if (!ec) return {};
  boost::system::error_code ignored;
  on.close(ignored);
  return fail(errc::network, fmt::format("cannot listen on {} port {}: {}", address.to_string(), port, ec.message()));
}

result<void> check(const tenant_options& how) {
  if (!is_guid(how.tenant)) return fail(errc::usage, fmt::format("--tenant: \"{}\" is not a GUID", how.tenant));
  if (!is_guid(how.client_id)) return fail(errc::usage, fmt::format("--client-id: \"{}\" is not a GUID", how.client_id));
  if (how.service.faults.total() > 1 + 1e-9) return fail(errc::usage, "the probabilities of all faults together exceed 1");
  return {};
}

}  // namespace

struct simulator::impl {
  explicit impl(const options& o) : how(o) {}

  result<void> bind();
  [[nodiscard]] std::vector<std::string> graph_roots() const;
  result<identity> make_identity(const tenant_options& of, const secret& client_secret, bool first) const;
  result<managed_identity> make_managed_identity() const;
  result<std::unique_ptr<sim::service>> make_tenant(const tenant_options& of, bool first);
  result<void> prepare();
  void run();
  // Runs `f` on the simulator's thread and returns its result.
  template <class Function>
  std::string run_on_thread(Function f);

  options how;
  std::vector<secret> client_secrets;  // one for each tenant
  std::string ca_pem;
  std::uint16_t port = 0;
  std::unique_ptr<asio::ssl::context> tls;
  std::unique_ptr<sim::world> graph;
  std::unique_ptr<hub> shared;
  asio::io_context io{1};  // after what its coroutines use: it destroys them
  acceptor v4{io}, v6{io}, machine{io};
  timer clock{io};
  std::thread thread;
};

// `localhost` may resolve to ::1 as well: the same port there, where the machine has IPv6 and the port is free.
result<void> simulator::impl::bind() {
  constexpr int attempts = 8;
  for (int i = 0;; ++i) {
    if (auto bound = listen(v4, asio::ip::address_v4::loopback(), how.port); !bound) return bound;
    port = v4.local_endpoint().port();
    const auto also = listen(v6, asio::ip::address_v6::loopback(), port);
    if (also || how.port != 0 || i == attempts) return {};
    acceptor probe(io);
    if (!listen(probe, asio::ip::address_v6::loopback(), 0)) return {};  // no IPv6 here
    v4.close();
  }
}

std::vector<std::string> simulator::impl::graph_roots() const {
  const std::string scheme = how.plain ? "http" : "https";
  std::vector<std::string> out;
  for (const auto* host : {"localhost", "127.0.0.1", "[::1]"}) out.push_back(fmt::format("{}://{}:{}", scheme, host, port));
  if (!how.certificate_host.empty()) out.push_back(fmt::format("{}://{}:{}", scheme, how.certificate_host, port));
  return out;
}

result<managed_identity> simulator::impl::make_managed_identity() const {
  managed_identity out;
  out.client_id = out.object_id = lower(how.managed_identity);
  out.trusted = how.trust_managed_identity;
  if (how.identity_header_file.empty()) return out;
  auto header = read_secret(how.identity_header_file);
  if (!header) return std::unexpected(std::move(header.error()));
  out.header = std::move(*header);
  return out;
}

result<identity> simulator::impl::make_identity(const tenant_options& of, const secret& client_secret, bool first) const {
  identity who{lower(of.tenant), lower(of.client_id), client_secret.clone(), graph_roots(), {}, of.federated};
  for (const auto& file : of.certificates) {
    auto pem = read_small_file(file);
    if (!pem) return std::unexpected(std::move(pem.error()));
    who.certificates.push_back(std::move(*pem));
  }
  if (!first || !how.metadata_port) return who;
  auto managed = make_managed_identity();
  if (!managed) return std::unexpected(std::move(managed.error()));
  who.managed = std::move(*managed);
  return who;
}

result<std::unique_ptr<sim::service>> simulator::impl::make_tenant(const tenant_options& of, bool first) {
  auto& client_secret = client_secrets.emplace_back();
  if (of.secret_file.empty()) {
    auto made = random_hex(20);
    if (!made) return std::unexpected(std::move(made.error()));
    client_secret = secret(std::move(*made));
  } else {
    auto read = read_secret(of.secret_file);
    if (!read) return std::unexpected(std::move(read.error()));
    client_secret = std::move(*read);
  }
  auto who = make_identity(of, client_secret, first);
  if (!who) return std::unexpected(std::move(who.error()));
  const auto entropy = random_hex(8);
  if (!entropy) return fail(errc::internal, "OpenSSL has no random bytes");
  auto keys = read_keys(*who);
  if (!keys) return std::unexpected(std::move(keys.error()));
  return std::make_unique<sim::service>(of.service, std::move(*who), hash_of(*entropy), read_clocks(), assertion_checker(std::move(*keys)));
}

result<void> simulator::impl::prepare() {
  const auto tenants = how.tenants();
  for (const auto& one : tenants)
    if (auto ok = check(one); !ok) return ok;
  if (!how.plain) {
    auto made = make_certificates(how.certificate_host, how.certificate_days);
    if (!made) return std::unexpected(std::move(made.error()));
    ca_pem = made->ca_pem;
    auto context = make_server_context(*made);
    if (!context) return std::unexpected(std::move(context.error()));
    tls = std::move(*context);
  }
  if (auto bound = bind(); !bound) return bound;
  if (how.metadata_port)
    if (auto bound = listen(machine, asio::ip::address_v4::loopback(), *how.metadata_port); !bound) return bound;
  std::vector<std::unique_ptr<sim::service>> services;
  for (const auto& one : tenants) {
    auto made = make_tenant(one, services.empty());
    if (!made) return std::unexpected(std::move(made.error()));
    services.push_back(std::move(*made));
  }
  graph = std::make_unique<sim::world>(std::move(services));
  graph->play(how.scenario, read_clocks().mono);
  shared = std::make_unique<hub>(*graph, how);
  return {};
}

void simulator::impl::run() {
  asio::co_spawn(io, accept_loop(v4, *shared, tls.get()), report);
  if (v6.is_open()) asio::co_spawn(io, accept_loop(v6, *shared, tls.get()), report);
  if (machine.is_open()) asio::co_spawn(io, accept_loop(machine, *shared, nullptr, true), report);
  asio::co_spawn(io, beat_loop(clock, *shared), report);
  // Signals are handled by the main thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread = std::thread([this] { io.run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

template <class Function>
std::string simulator::impl::run_on_thread(Function f) {
  if (!thread.joinable()) return f();
  std::promise<std::string> answer;
  asio::post(io, [&] { answer.set_value(f()); });
  return answer.get_future().get();
}

simulator::simulator(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
simulator::~simulator() {
  stop();
}

result<std::unique_ptr<simulator>> simulator::start(const options& how) {
  auto made = std::unique_ptr<simulator>(new simulator(std::make_unique<impl>(how)));
  if (auto ready = made->impl_->prepare(); !ready) return std::unexpected(std::move(ready.error()));
  made->impl_->run();
  if (!how.ca_file.empty() && !how.plain) {
    if (auto written = write_private_file(how.ca_file, made->impl_->ca_pem); !written) return std::unexpected(std::move(written.error()));
  }
  if (!how.config_file.empty()) {
    if (auto written = made->write_config(how.config_file); !written) return std::unexpected(std::move(written.error()));
  }
  return made;
}

std::string simulator::graph_url() const {
  return impl_->graph->tenants().front()->who().graph_roots.front();
}
std::string simulator::authority_url() const {
  return graph_url();
}
std::uint16_t simulator::port() const {
  return impl_->port;
}
std::string simulator::metadata_url() const {
  boost::system::error_code closed;
  const auto at = impl_->machine.local_endpoint(closed);
  return closed ? std::string() : fmt::format("http://127.0.0.1:{}", at.port());
}
std::string simulator::tenant() const {
  return impl_->graph->tenants().front()->who().tenant;
}
std::string simulator::client_id() const {
  return impl_->graph->tenants().front()->who().client_id;
}
secret simulator::client_secret() const {
  return impl_->client_secrets.front().clone();
}
std::string simulator::ca_pem() const {
  return impl_->ca_pem;
}

std::string simulator::stats_json() {
  return impl_->run_on_thread([this] { return impl_->graph->stats_json(); });
}

std::string simulator::meetings_json_lines() {
  return impl_->run_on_thread([this] { return impl_->graph->meetings_json_lines(); });
}

void simulator::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->io.stop();
  impl_->thread.join();
}

result<void> simulator::write_config(const std::string& file) const {
  std::error_code ec;
  const auto config = std::filesystem::absolute(file, ec);
  if (ec) return fail(errc::usage, fmt::format("cannot write {}: {}", file, ec.message()));
  if (const auto may = check_replaceable(config); !may) return may;
  const auto& how = impl_->how;
  // Named after the configuration, because another simulator may have written its files into the same folder.
  const auto beside = [&](const char* ending) { return config.parent_path() / (config.stem().string() + ".simulated" + ending); };
  const auto path_of = [&](const std::string& given, const char* ending) {
    return given.empty() ? beside(ending) : std::filesystem::absolute(given);
  };
  const auto ca = path_of(how.ca_file, "-ca.pem");
  if (!how.plain && how.ca_file.empty()) {
    if (auto written = write_private_file(ca, impl_->ca_pem); !written) return written;
  }
  std::string text = "# A simulated Graph. It has a ledger of its own, so that a rehearsal never counts as real.\n";
  const auto line = [&text](std::string_view name, const std::string& value) {
    text += name;
    text += " = ";
    append_json_string(text, value);  // a TOML basic string has the same escapes
    text += '\n';
  };
  line("graph_url", graph_url());
  line("authority_url", authority_url());
  if (!how.plain) line("ca_file", ca.string());
  if (how.plain) text += "allow_http = true\n";
  line("ledger", "sqlite:" + beside(".db").string());
  const auto tenants = how.tenants();
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    const auto suffix = i == 0 ? std::string("-secret") : fmt::format("-secret-{}", i + 1);
    const auto secret_file = path_of(tenants[i].secret_file, suffix.c_str());
    if (tenants[i].secret_file.empty())
      if (auto written = write_private_file(secret_file, impl_->client_secrets[i].reveal()); !written) return written;
    if (tenants.size() > 1) text += fmt::format("[tenants.t{}]\n", i + 1);
    line("tenant", lower(tenants[i].tenant));
    line("client_id", lower(tenants[i].client_id));
    line("client_secret_file", secret_file.string());
  }
  return write_private_file(config, text);
}

}  // namespace convoke::sim
