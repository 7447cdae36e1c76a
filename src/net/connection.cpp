#include <algorithm>
#include <cerrno>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>

#include "core/saturating.hpp"
#include "net/address.hpp"
#include "net/connection.hpp"
#include "net/proxy.hpp"
#include "os/open_files.hpp"

namespace convoke::net {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds most_idle{30};
constexpr std::chrono::seconds address_share{3};  // of the connect time, for each address but the last

// `; raise that limit`: for open files; else empty.
std::string remedy(int number) {
  const auto shortage = os::open_files_shortage(number);
  return shortage.empty() ? shortage : "; " + shortage;
}

std::vector<tcp::endpoint> literals(const std::vector<std::string>& texts, std::uint16_t port) {
  std::vector<tcp::endpoint> out;
  for (const auto& text : texts) {
    error_code wrong;
    const auto address = asio::ip::make_address(text, wrong);
    if (!wrong) out.emplace_back(address, port);
  }
  return out;
}

std::string name_of(const endpoint& e) {
  return (e.host.contains(':') ? "[" + e.host + "]" : e.host) + ":" + std::to_string(e.port);
}

}  // namespace

bool short_of_resources(int number) noexcept {
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM || number == ENOSPC || number == EADDRNOTAVAIL;
}

static bool short_of_resources(const error_code& ec) {
  return (ec.category() == boost::system::system_category() && short_of_resources(ec.value())) ||
         ec == asio::error::host_not_found_try_again;
}

connection::impl::impl(asio::io_context& context, const endpoint& where, tls_context& tls, const limits& l)
    : executor(context.get_executor()),
      deadlines(asio::use_service<watchdog>(context)),
      to(where),
      tls_state(tls.get()),
      caps(l),
      peer{.context = &tls.get(), .host = where.host, .name = name_of(where), .certificate_problem = {}},
      wire(executor),
      name_service(asio::use_service<resolver>(context)),
      name_lookup(context),
      answer(l) {}

void connection::impl::expired() noexcept {
  late = true;
  error_code ignored;
  wire.socket().cancel(ignored);
}

void connection::impl::close() noexcept {
  stopped = true;
  deadlines.disarm(*this);
  name_lookup.cancel();
  wire.close();
  ready = false;
}

const std::string& connection::impl::near_host() const noexcept {
  return to.through ? to.through->host : to.host;
}
std::uint16_t connection::impl::near_port() const noexcept {
  return to.through ? to.through->port : to.port;
}

asio::awaitable<error_code> connection::impl::resolve(mono_time limit) {
  if (!to.dial.empty()) {
    if (!addresses.addresses) addresses.addresses = std::make_shared<const std::vector<address_type>>(literals(to.dial, to.port));
    co_return error_code{};
  }
  const auto error = co_await name_lookup.find(near_host(), near_port(), limit, addresses);
  if (stopped) co_return asio::error::make_error_code(asio::error::operation_aborted);
  co_return error;
}

void connection::impl::address_reached(std::size_t index) {
  addresses.first = index;
  if (to.dial.empty()) name_service.cache().reached(near_host(), near_port(), addresses, index);
}

void connection::impl::connect_failed_with(const outcome& why) {
  // None of these says anything of the address.
  if (why.what == failure::cancelled || why.what == failure::local_resources || why.what == failure::proxy_login) return;
  if (!to.dial.empty())
    ++addresses.first;
  else if (addresses.addresses)
    name_service.cache().failed(near_host(), near_port(), addresses, addresses.first);
}

asio::awaitable<error_code> connection::impl::dial(const tcp::endpoint& address, mono_time limit) {
  error_code ec;
  wire.close();
  auto& socket = wire.socket();
  socket.open(address.protocol(), ec);
  if (ec) co_return ec;
  socket.set_option(tcp::no_delay(true), ec);
  late = false;
  deadlines.arm(*this, limit);
  const auto [connected] = co_await socket.async_connect(address, asio::as_tuple(asio::deferred));
  deadlines.disarm(*this);
  if (stopped) co_return asio::error::make_error_code(asio::error::operation_aborted);
  if (connected && late) co_return asio::error::make_error_code(asio::error::timed_out);
  co_return connected;
}

asio::awaitable<outcome> connection::impl::reach(mono_time limit) {
  const auto found = co_await resolve(limit);
  if (found) co_return cannot_connect(found);
  const auto& all = *addresses.addresses;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto index = (addresses.first + i) % all.size();
    // Whatever the resolver says, clear text stays on this machine, or on its link where the endpoint is one of a managed identity.
    const auto address = all[index].address();
    if (to.tls || address.is_loopback() || (to.link_local && link_local_address(address.to_string()))) order.push_back(index);
  }
  error_code why = asio::error::host_not_found;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto now = boot_now();
    if (i > 0 && now >= limit) break;
    const auto left = limit - now;
    const bool last = i + 1 == order.size();
    const auto until = last ? limit : now + std::min<mono_clock::duration>(left / static_cast<long>(order.size() - i), address_share);
    why = co_await dial(all[order[i]], until);
    if (!why) {
      address_reached(order[i]);
      co_return outcome{};
    }
    if (why == asio::error::operation_aborted || short_of_resources(why)) break;
  }
  co_return cannot_connect(why);
}

asio::awaitable<outcome> connection::impl::shake_hands(mono_time limit) {
  if (!wire.start_tls(make_ssl(tls_state, peer), caps.sensitive))
    co_return outcome{failure::local_resources, "no memory for a TLS connection"};
  late = false;
  deadlines.arm(*this, limit);
  for (;;) {
    wire.new_turn();
    const auto how = wire.handshake();
    if (how == step::done) co_return outcome{};
    if (how != step::want_read && how != step::want_write) co_return handshake_failed(how);
    const auto direction = how == step::want_read ? tcp_socket::wait_read : tcp_socket::wait_write;
    if (over(limit)) break;
    const auto [ec] = co_await wire.socket().async_wait(direction, asio::as_tuple(asio::deferred));
    if (stopped || (ec && !late)) co_return outcome{failure::cancelled, "connecting to " + peer.name + " was stopped"};
    if (late) break;
  }
  co_return outcome{failure::timeout, "no TLS handshake with " + peer.name + " within the time to connect"};
}

asio::awaitable<outcome> connection::impl::connect(std::chrono::nanoseconds limit) {
  close();
  reused = stopped = false;
  const auto until = core::after(boot_now(), limit);
  auto reached = co_await reach(until);
  if (reached.what == failure::none && to.through) {
    reached = co_await open_tunnel(until);
  }
  if (reached.what == failure::none && to.tls) {
    reached = co_await shake_hands(until);
  }
  deadlines.disarm(*this);
  if (reached.what != failure::none) {
    close();
    connect_failed_with(reached);
    co_return reached;
  }
  ready = true;
  idle_since = boot_now();
  co_return outcome{};
}

outcome connection::impl::cannot_connect(const error_code& why) const {
  const std::string begin = "cannot connect to " + (to.through ? "the proxy " + to.through->name() : peer.name) + ": ";
  if (why == asio::error::operation_aborted) return {failure::cancelled, "connecting to " + peer.name + " was stopped"};
  if (why == asio::error::host_not_found || why == asio::error::no_data)
    return {failure::connect, begin + "no such host; check the name and the network's name servers"};
  if (why == asio::error::host_not_found_try_again) return {failure::local_resources, begin + "no name server answers"};
  if (short_of_resources(why)) return {failure::local_resources, begin + why.message() + remedy(why.value())};
  if (why == asio::error::timed_out) return {failure::timeout, begin + "no answer within the time to connect"};
  return {failure::connect, begin + why.message()};
}

outcome connection::impl::handshake_failed(step how) const {
  if (!peer.certificate_problem.empty()) return {failure::tls, peer.certificate_problem};
  tls_state.sessions.erase(peer.name);
  if (short_of_resources(wire.error_number()))
    return {failure::local_resources, "no TLS connection to " + peer.name + ": " + wire.reason()};
  const std::string why = how == step::end ? "the server closed the connection" : wire.reason();
  return {failure::tls, "no TLS connection to " + peer.name + ": " + why + "; it must speak TLS 1.2 or newer (is the port right?)"};
}

bool connection::impl::usable() noexcept {
  if (!ready) return false;
  wire.new_turn();
  if (boot_now() - idle_since < most_idle && wire.listen() == silence::quiet) return true;
  close();
  return false;
}

connection::connection(asio::any_io_executor executor, const endpoint& to, tls_context& tls, limits l)
    : impl_(std::make_unique<impl>(static_cast<asio::io_context&>(asio::query(executor, asio::execution::context)), to, tls, l)) {}
connection::~connection() = default;

asio::awaitable<outcome> connection::connect(std::chrono::nanoseconds limit) {
  return impl_->connect(limit);
}
bool connection::usable() noexcept {
  return impl_->usable();
}
bool connection::reused() const noexcept {
  return impl_->reused;
}
asio::awaitable<outcome> connection::exchange(std::string_view request, response& into, std::chrono::nanoseconds limit,
                                              std::optional<std::size_t> body) {
  return impl_->exchange(request, into, limit, body);
}
void connection::close() noexcept {
  impl_->close();
}

}  // namespace convoke::net
