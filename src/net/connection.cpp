#include <cerrno>
#include <limits>

#include <sys/resource.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>

#include "core/open_files.hpp"
#include "net/lookup.hpp"
#include "net/net.hpp"
#include "net/reader.hpp"
#include "net/stream.hpp"
#include "net/watchdog.hpp"

namespace convoke::net {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds most_idle{30};
constexpr std::chrono::seconds addresses_live{60};
constexpr std::chrono::seconds address_share{3};  // of the connect time, for each address but the last

mono_time after(mono_time now, std::chrono::nanoseconds limit) {
  return limit < mono_time::max() - now ? now + limit : mono_time::max();
}

std::string in_seconds(std::chrono::nanoseconds limit) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

bool short_of_resources(int number) {
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM || number == ENOSPC || number == EADDRNOTAVAIL;
}

bool short_of_resources(const error_code& ec) {
  return (ec.category() == boost::system::system_category() && short_of_resources(ec.value())) ||
         ec == asio::error::host_not_found_try_again;
}

// `; raise that limit`: for open files; else empty.
std::string remedy(int number) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto shortage = open_files_shortage(number, limit.rlim_cur);
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

bool hung_up(int number) {
  return number == ECONNRESET || number == EPIPE || number == ECONNABORTED;
}

}  // namespace

struct connection::impl final : deadline {
  impl(asio::io_context& context, const endpoint& where, tls_context& tls, const limits& l)
      : executor(context.get_executor()),
        dog(asio::use_service<watchdog>(context)),
        to(where),
        tls_state(tls.get()),
        caps(l),
        peer{.context = &tls.get(), .host = where.host, .name = name_of(where), .certificate_problem = {}},
        wire(executor),
        names(executor),
        answer(l) {}
  ~impl() { close(); }

  static std::string name_of(const endpoint& e) {
    return (e.host.contains(':') ? "[" + e.host + "]" : e.host) + ":" + std::to_string(e.port);
  }

  // Both may end a wait that is going on; the coroutine then finds out why.
  void expired() noexcept override {
    late = true;
    error_code ignored;
    wire.socket().cancel(ignored);
  }
  void close() noexcept {
    dog.disarm(*this);
    names.cancel();
    wire.close();
    ready = false;
  }

  asio::awaitable<error_code> resolve(mono_time limit);
  asio::awaitable<outcome> connect(std::chrono::nanoseconds limit);
  asio::awaitable<outcome> reach(mono_time limit);
  asio::awaitable<error_code> dial(const tcp::endpoint& address, mono_time limit);
  asio::awaitable<outcome> shake_hands(mono_time limit);
  asio::awaitable<outcome> exchange(std::string_view request, response& into, std::chrono::nanoseconds limit);

  outcome cannot_connect(const error_code& why) const;
  outcome handshake_failed(step how) const;
  outcome lost(step how) const;
  outcome waited_in_vain(const error_code& ec, std::chrono::nanoseconds limit) const;
  bool usable() noexcept;

  asio::io_context::executor_type executor;
  watchdog& dog;
  endpoint to;
  tls_context::impl& tls_state;
  limits caps;
  tls_peer peer;
  stream wire;
  lookup names;
  reader answer;
  std::vector<tcp::endpoint> addresses;
  mono_time looked_up{};
  std::size_t first = 0;  // of addresses: moves on after a failure
  mono_time idle_since{};
  bool ready = false;
  bool reused = false;
  bool late = false;
};

asio::awaitable<error_code> connection::impl::resolve(mono_time limit) {
  if (!addresses.empty() && boot_now() - looked_up < addresses_live) co_return error_code{};
  error_code ec;
  addresses = literals(to.dial, to.port);
  if (addresses.empty()) {
    ec = co_await names.find(to.host, to.port, limit, addresses);
  }
  // Whatever the resolver says, clear text stays on this machine.
  if (!to.tls) std::erase_if(addresses, [](const tcp::endpoint& e) { return !e.address().is_loopback(); });
  looked_up = boot_now();
  if (!ec && addresses.empty()) co_return asio::error::make_error_code(asio::error::host_not_found);
  co_return ec;
}

asio::awaitable<error_code> connection::impl::dial(const tcp::endpoint& address, mono_time limit) {
  error_code ec;
  wire.close();
  auto& socket = wire.socket();
  socket.open(address.protocol(), ec);
  if (ec) co_return ec;
  socket.set_option(tcp::no_delay(true), ec);
  late = false;
  dog.arm(*this, limit);
  const auto [connected] = co_await socket.async_connect(address, asio::as_tuple(asio::deferred));
  dog.disarm(*this);
  if (connected && late) co_return asio::error::make_error_code(asio::error::timed_out);
  co_return connected;
}

asio::awaitable<outcome> connection::impl::reach(mono_time limit) {
  const auto found = co_await resolve(limit);
  if (found) co_return cannot_connect(found);
  error_code why;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto& address = addresses[(first + i) % addresses.size()];
    const auto now = boot_now();
    const auto left = limit - now;
    const bool last = i + 1 == addresses.size();
    const auto until = last ? limit : now + std::min<mono_clock::duration>(left / static_cast<long>(addresses.size() - i), address_share);
    why = co_await dial(address, until);
    if (!why) {
      first = (first + i) % addresses.size();
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
  dog.arm(*this, limit);
  for (;;) {
    const auto how = wire.handshake();
    if (how == step::done) co_return outcome{};
    if (how != step::want_read && how != step::want_write) co_return handshake_failed(how);
    const auto direction = how == step::want_read ? tcp_socket::wait_read : tcp_socket::wait_write;
    const auto [ec] = co_await wire.socket().async_wait(direction, asio::as_tuple(asio::deferred));
    if (late) co_return outcome{failure::timeout, "no TLS handshake with " + peer.name + " within the time to connect"};
    if (ec) co_return outcome{failure::cancelled, "connecting to " + peer.name + " was stopped"};
  }
}

asio::awaitable<outcome> connection::impl::connect(std::chrono::nanoseconds limit) {
  close();
  reused = false;
  const auto until = after(boot_now(), limit);
  auto reached = co_await reach(until);
  if (reached.what == failure::none && to.tls) {
    reached = co_await shake_hands(until);
  }
  dog.disarm(*this);
  if (reached.what != failure::none) {
    close();
    // The next attempt begins with another address, and asks for them anew.
    ++first;
    addresses.clear();
    co_return reached;
  }
  ready = true;
  idle_since = boot_now();
  co_return outcome{};
}

outcome connection::impl::cannot_connect(const error_code& why) const {
  const std::string begin = "cannot connect to " + peer.name + ": ";
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

outcome connection::impl::lost(step how) const {
  const bool gone = how == step::end || hung_up(wire.error_number());
  if (gone && reused && answer.empty()) return {failure::stale, peer.name + " closed an idle connection"};
  if (short_of_resources(wire.error_number()))
    return {failure::local_resources, "the connection to " + peer.name + " failed: " + wire.reason()};
  return {failure::closed,
          "the connection to " + peer.name + " failed: " + (how == step::end ? "closed before the answer" : wire.reason())};
}

outcome connection::impl::waited_in_vain(const error_code& ec, std::chrono::nanoseconds limit) const {
  if (late) return {failure::timeout, peer.name + " did not answer within " + in_seconds(limit)};
  if (ec == asio::error::operation_aborted || !wire.open()) return {failure::cancelled, "the call to " + peer.name + " was stopped"};
  return {failure::closed, "the connection to " + peer.name + " failed: " + ec.message()};
}

bool connection::impl::usable() noexcept {
  if (!ready) return false;
  if (boot_now() - idle_since < most_idle && wire.quiet()) return true;
  close();
  return false;
}

asio::awaitable<outcome> connection::impl::exchange(std::string_view request, response& into, std::chrono::nanoseconds limit) {
  answer.begin(into);
  if (!ready) co_return outcome{failure::closed, "not connected to " + peer.name};
  ready = false;
  late = false;
  dog.arm(*this, after(boot_now(), limit));
  outcome ended;
  bool writing = true;
  for (;;) {
    std::size_t count = 0;
    const auto how = writing ? wire.write(request.data(), request.size(), count) : wire.read(answer.space(), answer.room(), count);
    if (how == step::done && !writing) {
      ended = answer.feed(count);
      if (ended.what != failure::none || answer.complete()) break;
      continue;
    }
    if (how == step::end || how == step::failed) {
      if (how == step::end && !writing && !answer.empty())
        ended = answer.end();
      else
        ended = lost(how);
      break;
    }
    auto direction = how == step::want_write ? tcp_socket::wait_write : tcp_socket::wait_read;
    if (how == step::done) {
      request.remove_prefix(count);
      if (!request.empty()) continue;
      // The answer is not there yet: waiting first saves a read that would only say so.
      writing = false;
    }
    if (late) {
      ended = waited_in_vain({}, limit);
      break;
    }
    const auto [ec] = co_await wire.socket().async_wait(direction, asio::as_tuple(asio::deferred));
    if (ec || !wire.open()) {
      ended = waited_in_vain(ec, limit);
      break;
    }
  }
  dog.disarm(*this);
  if (ended.what == failure::none && into.keep_alive) {
    ready = reused = true;
    idle_since = boot_now();
    co_return ended;
  }
  if (ended.what != failure::none) answer.abandon();
  if (ended.what == failure::none) reused = true;
  close();
  co_return ended;
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
asio::awaitable<outcome> connection::exchange(std::string_view request, response& into, std::chrono::nanoseconds limit) {
  return impl_->exchange(request, into, limit);
}
void connection::close() noexcept {
  impl_->close();
}

}  // namespace convoke::net
