// Peers that never stop sending. A read that never has to wait must end, and must not delay deadlines, signals and other
// connections.

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"
#include "net/stream.hpp"

namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using namespace convoke;
using namespace convoke::test;
using asio::ip::tcp;

namespace {

const std::string host = "flood.test.example";
const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

// One connection, served by a thread of its own that blocks: it sends as fast as the client takes.
class flood {
 public:
  using work = std::function<void(flood&)>;

  explicit flood(work what, std::optional<identity> who = {})
      : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)), what_(std::move(what)) {
    if (who) {
      BIO* certificate = BIO_new_mem_buf(who->certificate.data(), static_cast<int>(who->certificate.size()));
      BIO* key = BIO_new_mem_buf(who->key.data(), static_cast<int>(who->key.size()));
      X509* x = PEM_read_bio_X509(certificate, nullptr, nullptr, nullptr);
      EVP_PKEY* k = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
      ctx_.reset(SSL_CTX_new(TLS_server_method()));
      BOOST_REQUIRE(SSL_CTX_use_certificate(ctx_.get(), x) == 1 && SSL_CTX_use_PrivateKey(ctx_.get(), k) == 1);
      X509_free(x);
      EVP_PKEY_free(k);
      BIO_free(certificate);
      BIO_free(key);
    }
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own socket BIO provokes it
    thread_ = std::thread([this] { serve(); });
  }
  ~flood() {
    // The client has closed by now, or never came.
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    thread_.join();
  }
  flood(const flood&) = delete;
  flood& operator=(const flood&) = delete;

  [[nodiscard]] net::endpoint address() const {
    net::endpoint out;
    out.tls = ctx_ != nullptr;
    out.host = ctx_ ? host : "127.0.0.1";
    out.port = acceptor_.local_endpoint().port();
    out.host_header = out.host;
    out.dial = {"127.0.0.1"};
    return out;
  }
  [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
  SSL* ssl() noexcept { return ssl_.get(); }

  // False: the client has closed.
  bool put(std::string_view bytes) {
    const auto n = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                        : static_cast<int>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    if (n <= 0) return false;
    sent_ += static_cast<std::uint64_t>(n);
    return true;
  }
  void take_request() {
    char room[4096];
    if (ssl_)
      SSL_read(ssl_.get(), room, sizeof room);
    else
      ::recv(socket_, room, sizeof room, 0);
  }

 private:
  void serve() {
    socket_ = ::accept(acceptor_.native_handle(), nullptr, nullptr);
    if (socket_ < 0) return;
    const timeval patience{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (ctx_) {
      ssl_.reset(SSL_new(ctx_.get()));
      SSL_set_fd(ssl_.get(), socket_);
      if (SSL_accept(ssl_.get()) == 1) what_(*this);
    } else {
      what_(*this);
    }
    ssl_.reset();
    ::close(socket_);
  }

  asio::io_context context_;
  tcp::acceptor acceptor_;
  work what_;
  std::unique_ptr<SSL_CTX, net::ssl_ctx_free> ctx_;
  net::ssl_ptr ssl_;
  int socket_ = -1;
  std::atomic<std::uint64_t> sent_{0};
  std::thread thread_;
};

struct client {
  explicit client(const net::endpoint& to, net::limits l = {}, const std::string& trusted = {})
      : ca(trusted),
        tls(net::tls_context::create(trusted.empty() ? std::string() : ca.path()).value()),
        link(context.get_executor(), to, tls, l) {}
  ~client() { link.close(); }

  net::outcome call(std::chrono::nanoseconds limit) {
    auto connected = run(context, link.connect(5s));
    BOOST_TEST(connected.what == failure::none, connected.message);
    return run(context, link.exchange(post, answer, limit));
  }

  temporary_file ca;
  asio::io_context context{1};
  net::tls_context tls;
  net::connection link;
  net::response answer;
};

struct framing {
  const char* name;
  std::string begin;
  std::string again;
};

std::ostream& operator<<(std::ostream& out, const framing& f) {
  return out << f.name;
}

const std::vector<framing> endless = {
    {"extensions of chunks", chunked, "1;" + std::string(8000, 'e') + "\r\nx\r\n"},
    {"chunks of one byte", chunked, "1\r\nx\r\n"},
    {"zeros before the size of a chunk", chunked, std::string(16, '0') + "1\r\nx\r\n"},
    {"trailers", chunked + "1\r\nx\r\n0\r\n", "T: " + std::string(100, 't') + "\r\n"},
    {"header lines", "HTTP/1.1 200 OK\r\n", "H: " + std::string(100, 'h') + "\r\n"},
    {"interim answers", "", "HTTP/1.1 103 Early Hints\r\nLink: " + std::string(8000, 'l') + "\r\n\r\n"},
    {"a refusal without length", "HTTP/1.1 500 No\r\n\r\n", std::string(1000, 'r')},
    {"a chunk's extension on one line", chunked + "1;", std::string(1000, 'e')},
};

flood::work send_without_end(const std::string& begin, const std::string& again) {
  std::string much;
  while (much.size() < 60'000) much += again;
  return [=](flood& f) {
    f.take_request();
    if (!begin.empty() && !f.put(begin)) return;
    while (f.put(much)) {
    }
  };
}

// It takes longer to read than to send, so more is always there.
const std::string slow_to_parse = "1;e\r\nx\r\n";

// Limits that an answer without end does not reach: what remains is the clock.
net::limits boundless() {
  net::limits l;
  l.body = std::size_t{1} << 40;
  return l;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(floods)

BOOST_DATA_TEST_CASE(framing_without_end_is_cut_off, data::make(endless), what) {
  flood server(send_without_end(what.begin, what.again));
  client c(server.address());
  const auto ended = c.call(15s);
  BOOST_TEST((ended.what == failure::too_large || ended.what == failure::malformed), ended.message);
  BOOST_TEST(!c.link.usable());
  // What the answer may have, and what lay in the sockets.
  BOOST_TEST(server.sent() < 32'000'000U);
}

BOOST_AUTO_TEST_CASE(an_answer_within_the_bound_is_taken_whatever_its_framing) {
  net::limits l;
  l.body = 100'000;
  std::string body = chunked;
  for (int i = 0; i < 30'000; ++i) body += "1\r\nx\r\n";
  talk t({script().answer(body + "0\r\n\r\n")}, l);
  BOOST_TEST(t.call().what == failure::none);
  BOOST_TEST(t.answer.body.size() == 30'000U);
}

BOOST_AUTO_TEST_CASE(a_turn_ends_although_more_can_be_read) {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  net::stream reading(context.get_executor());
  reading.socket().connect(acceptor.local_endpoint());
  tcp::socket writing(context);
  acceptor.accept(writing);
  writing.non_blocking(true);
  char room[16 * 1024] = {};
  std::size_t count = 0;
  std::size_t total = 0;
  bool used_up = false;
  for (unsigned turns = 0; turns < 20; ++turns) {
    // As much as the sockets take: always more than a turn.
    boost::system::error_code full;
    while (!full) writing.write_some(asio::buffer(room), full);
    reading.new_turn();
    std::size_t in_turn = 0;
    while (reading.read(room, sizeof room, count) == net::step::done) in_turn += count;
    BOOST_TEST(in_turn <= 80'000U);
    total += in_turn;
    used_up = used_up || reading.turn_used_up();
  }
  BOOST_TEST(used_up);
  BOOST_TEST(reading.received() == total);
}

BOOST_AUTO_TEST_CASE(a_deadline_acts_although_the_socket_is_always_readable) {
  flood server(send_without_end(chunked, slow_to_parse));
  client c(server.address(), boundless());
  const auto begin = std::chrono::steady_clock::now();
  const auto ended = c.call(200ms);
  BOOST_TEST(ended.what == failure::timeout);
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 8s));
}

BOOST_AUTO_TEST_CASE(other_handlers_run_although_the_socket_is_always_readable) {
  flood server(send_without_end(chunked, slow_to_parse));
  client c(server.address(), boundless());
  // As a signal's handler does.
  asio::steady_timer soon(c.context, 200ms);
  soon.async_wait([&](const boost::system::error_code&) { c.link.close(); });
  const auto ended = c.call(19s);
  BOOST_TEST(ended.what == failure::cancelled);
}

BOOST_AUTO_TEST_CASE(tls_records_without_data_are_cut_off) {
  const authority who;
  leaf l;
  l.names = {"DNS:" + host};
  const auto tickets = [](flood& f) {
    f.take_request();
    // Each about 60 KB.
    const std::string filler(60'000, 't');
    SSL_SESSION_set1_ticket_appdata(SSL_get_session(f.ssl()), filler.data(), filler.size());
    while (SSL_new_session_ticket(f.ssl()) == 1 && SSL_do_handshake(f.ssl()) == 1) {
    }
  };
  const auto key_updates = [](flood& f) {
    f.take_request();
    while (SSL_key_update(f.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(f.ssl()) == 1) {
    }
  };
  net::limits small;
  small.header = small.body = 10'000;
  for (const auto& work : {flood::work(tickets), flood::work(key_updates)}) {
    flood server(work, who.issue(l));
    client c(server.address(), small, who.certificate());
    const auto ended = c.call(15s);
    BOOST_TEST((ended.what == failure::too_large || ended.what == failure::closed), ended.message);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_in_records_of_one_byte_is_taken) {
  const authority who;
  leaf l;
  l.names = {"DNS:" + host};
  const auto bytes = [](flood& f) {
    f.take_request();
    for (const char c : answer_of(200, std::string(20'000, 'b'))) f.put({&c, 1});
    f.take_request();
  };
  flood server(bytes, who.issue(l));
  client c(server.address(), {}, who.certificate());
  BOOST_TEST(c.call(15s).what == failure::none);
  BOOST_TEST(c.answer.body.size() == 20'000U);
}

BOOST_AUTO_TEST_SUITE_END()
