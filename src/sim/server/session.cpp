#include "sim/server/session.hpp"

#include <algorithm>
#include <ctime>
#include <string_view>
#include <utility>
#include <vector>

#include <poll.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "sim/server/http_answer.hpp"

namespace convoke::sim {
namespace {

namespace asio = boost::asio;
using std::chrono::nanoseconds;
using std::chrono::seconds;

using tls_stream = asio::ssl::stream<socket_type>;
using timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor>;
constexpr asio::as_tuple_t<asio::use_awaitable_t<executor>> awaited{};

constexpr auto handshake_limit = seconds(10);
constexpr auto request_limit = seconds(30);
constexpr auto write_limit = seconds(60);
constexpr auto close_limit = seconds(2);
constexpr auto idle_limit = seconds(120);
constexpr auto longest_sleep = std::chrono::milliseconds(50);
constexpr std::size_t first_buffer = 8 * 1024;

mono_time now_mono() noexcept {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return mono_time(seconds(t.tv_sec) + nanoseconds(t.tv_nsec));
}

// True where the peer has closed its side. Nothing is read from the socket.
bool hung_up(socket_type& socket) noexcept {
  pollfd p{socket.native_handle(), POLLRDHUP, 0};
  return ::poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

template <class Stream>
class session final : public closable {
 public:
  session(Stream stream, hub& h, bool to_machine) : stream_(std::move(stream)), hub_(h), in_(first_buffer) {
    request_.to_machine = to_machine;
    hub_.connections.insert(this);
  }
  ~session() override {
    hub_.connections.erase(this);
    hub_.graph.finish(reply_);
  }

  void close() noexcept override {
    boost::system::error_code ignored;
    socket().close(ignored);
  }

  task<> run();

 private:
  socket_type& socket() noexcept {
    if constexpr (std::is_same_v<Stream, tls_stream>) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }
  void limit(nanoseconds d) { deadline = now_mono() + d; }
  // Reads until a whole request lies in the buffer. False: the connection is over.
  task<bool> read_request();
  task<bool> read_some();
  // Answers the request. False: the connection is over.
  task<bool> answer();
  task<bool> pause(nanoseconds d);
  task<bool> write_out();
  task<> close_cleanly();
  void reset() noexcept;

  Stream stream_;
  hub& hub_;
  std::vector<char> in_;
  std::size_t filled_ = 0, used_ = 0;
  std::string out_;
  http_request parsed_;
  request request_;
  reply reply_;
  std::uint32_t served_ = 0;
  bool continue_sent_ = false;
};

template <class Stream>
task<> session<Stream>::run() {
  hub_.graph.count_connection();
  if constexpr (std::is_same_v<Stream, tls_stream>) {
    limit(handshake_limit);
    const auto [ec] = co_await stream_.async_handshake(asio::ssl::stream_base::server, awaited);
    if (ec) co_return;
  }
  while (true) {
    const bool ready = co_await read_request();
    if (!ready) co_return;
    const bool again = co_await answer();
    if (!again) co_return;
    std::move(in_.begin() + static_cast<std::ptrdiff_t>(used_), in_.begin() + static_cast<std::ptrdiff_t>(filled_), in_.begin());
    filled_ -= used_;
  }
}

template <class Stream>
task<bool> session<Stream>::read_request() {
  continue_sent_ = false;
  const auto idle =
      hub_.how.drop_idle_seconds > 0 ? nanoseconds(static_cast<std::int64_t>(hub_.how.drop_idle_seconds * 1e9)) : nanoseconds(idle_limit);
  limit(filled_ == 0 ? idle : nanoseconds(request_limit));
  while (true) {
    const auto found = parse_request(std::string_view(in_.data(), filled_), hub_.limits, parsed_);
    if (found.state == parse_state::complete) {
      used_ = found.used;
      co_return true;
    }
    if (found.state == parse_state::refused) {
      hub_.graph.count_bad_request();
      write_refusal(out_, found.status);
      const bool written = co_await write_out();
      if (written) {
        co_await close_cleanly();
      }
      co_return false;
    }
    if (found.state == parse_state::expects_continue && !continue_sent_) {
      continue_sent_ = true;
      out_ = "HTTP/1.1 100 Continue\r\n\r\n";
      const bool written = co_await write_out();
      if (!written) co_return false;
    }
    const bool fresh = filled_ == 0;
    const bool more = co_await read_some();
    if (!more) co_return false;
    if (fresh) limit(request_limit);
  }
}

template <class Stream>
task<bool> session<Stream>::read_some() {
  if (filled_ == in_.size()) in_.resize(in_.size() * 2);  // ends: parse_request refuses what is too large
  const auto room = asio::buffer(in_.data() + filled_, in_.size() - filled_);
  const auto [ec, n] = co_await stream_.async_read_some(room, awaited);
  if (ec) co_return false;
  filled_ += n;
  request_.arrived = hub_.arrival(now_mono());
  co_return true;
}

template <class Stream>
task<bool> session<Stream>::answer() {
  deadline = mono_time::max();
  request_.method = parsed_.method;
  request_.target = parsed_.target;
  request_.authorization = parsed_.authorization;
  request_.content_type = parsed_.content_type;
  request_.client_request_id = parsed_.client_request_id;
  request_.prefer = parsed_.prefer;
  request_.metadata = parsed_.metadata;
  request_.identity_header = parsed_.identity_header;
  request_.body = parsed_.body;
  auto now = read_clocks();
  now.wall += std::chrono::duration_cast<ticks>(std::chrono::duration<double>(hub_.how.clock_offset_seconds));
  hub_.graph.handle(request_, now, reply_);
  ++served_;
  const bool last = hub_.how.keep_alive_requests > 0 && served_ >= hub_.how.keep_alive_requests;
  const bool close_after = !parsed_.keep_alive || reply_.close || last || reply_.how != delivery::whole;

  if (reply_.delay > nanoseconds(0)) {
    const bool still_there = co_await pause(reply_.delay);
    if (!still_there) co_return false;
  }
  if (reply_.how == delivery::reset) reset();
  if (reply_.how == delivery::reset || reply_.how == delivery::lost) co_return false;

  write_answer(out_, reply_, parsed_.method == "HEAD", close_after);
  if (reply_.announces_something() && !hung_up(socket())) hub_.graph.announce(reply_, now_mono());
  limit(write_limit);
  const bool written = co_await write_out();
  hub_.graph.finish(reply_);
  if (!written) co_return false;
  if (!close_after) co_return true;
  if (reply_.how != delivery::cut_length) {
    co_await close_cleanly();
  }
  co_return false;
}

// Waits in slices, so that a caller that has closed is noticed and its key is no longer in flight.
template <class Stream>
task<bool> session<Stream>::pause(nanoseconds d) {
  timer slice(stream_.get_executor());
  const auto end = std::chrono::steady_clock::now() + d;
  while (true) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= nanoseconds(0)) co_return true;
    slice.expires_after(std::min<nanoseconds>(left, longest_sleep));
    const auto [ec] = co_await slice.async_wait(awaited);
    if (ec || !socket().is_open() || hung_up(socket())) co_return false;
  }
}

template <class Stream>
task<bool> session<Stream>::write_out() {
  const auto whole = asio::buffer(out_);
  const auto [ec, n] = co_await asio::async_write(stream_, whole, awaited);
  co_return !ec;
}

// Closes so that what was written arrives whole: with TLS's close_notify, or after the peer has closed its side.
template <class Stream>
task<> session<Stream>::close_cleanly() {
  limit(close_limit);
  if constexpr (std::is_same_v<Stream, tls_stream>) {
    const auto [ec] = co_await stream_.async_shutdown(awaited);
    static_cast<void>(ec);  // the peer may be gone already
  } else {
    boost::system::error_code ignored;
    socket().shutdown(socket_type::shutdown_send, ignored);
    for (bool open = true; open;) {
      const auto room = asio::buffer(in_);
      const auto [ec, n] = co_await stream_.async_read_some(room, awaited);
      open = !ec;
    }
  }
}

template <class Stream>
void session<Stream>::reset() noexcept {
  boost::system::error_code ignored;
  socket().set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

}  // namespace

moment read_clocks() noexcept {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  const auto wall = std::chrono::duration_cast<ticks>(seconds(t.tv_sec) + nanoseconds(t.tv_nsec));
  return {now_mono(), utc_time(wall)};
}

mono_time hub::arrival(mono_time now) const noexcept {
  constexpr auto normal_lag = 2 * beat;
  return last_beat < now - normal_lag ? last_beat : now;
}

task<> serve(socket_type socket, hub& h, boost::asio::ssl::context* tls, bool to_machine) {
  if (tls == nullptr) {
    session<socket_type> plain(std::move(socket), h, to_machine);
    co_await plain.run();
  } else {
    session<tls_stream> secured(tls_stream(std::move(socket), *tls), h, to_machine);
    co_await secured.run();
  }
}

}  // namespace convoke::sim
