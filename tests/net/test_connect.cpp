#include <sys/resource.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"
#include "net/lookup.hpp"

using namespace convoke;
using namespace convoke::test;

namespace {

// A listener whose queue is full: connecting to it is answered by nothing, as by a firewall that drops.
class black_hole {
 public:
  explicit black_hole(boost::asio::io_context& context, const char* address = "127.0.0.1", std::uint16_t port = 0) : acceptor_(context) {
    using boost::asio::ip::tcp;
    acceptor_.open(tcp::v4());
    acceptor_.bind(tcp::endpoint(boost::asio::ip::make_address(address), port));
    acceptor_.listen(0);
    for (int i = 0; i < 4; ++i) {
      auto& s = fillers_.emplace_back(context);
      s.open(tcp::v4());
      s.native_non_blocking(true);
      const auto to = acceptor_.local_endpoint();
      // Asio's own connect would wait for the answer that never comes.
      ::connect(s.native_handle(), to.data(), static_cast<socklen_t>(to.size()));
    }
  }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<boost::asio::ip::tcp::socket> fillers_;
};

net::endpoint plain(const std::string& host, std::uint16_t port) {
  net::endpoint e;
  e.tls = false;
  e.host = host;
  e.port = port;
  e.host_header = host;
  return e;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connecting)

BOOST_AUTO_TEST_CASE(a_refused_connection_names_host_and_port) {
  boost::asio::io_context context(1);
  std::uint16_t port = 0;
  {
    const boost::asio::ip::tcp::acceptor gone(context, {boost::asio::ip::address_v4::loopback(), 0});
    port = gone.local_endpoint().port();
  }
  auto tls = net::tls_context::create({}).value();
  net::connection link(context.get_executor(), plain("127.0.0.1", port), tls);
  const auto ended = run(context, link.connect(5s));
  BOOST_TEST(ended.what == failure::connect);
  BOOST_TEST(ended.message == "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  BOOST_TEST(!link.usable());
}

BOOST_AUTO_TEST_CASE(a_name_is_looked_up_and_every_address_tried) {
  // localhost is often ::1 first, where nothing listens: the second address must serve.
  talk t({script().answer(answer_of(200, "x"))});
  auto where = t.server.address("localhost");
  where.dial.clear();
  net::connection link(t.context.get_executor(), where, t.tls);
  const auto ended = run(t.context, link.connect(5s));
  BOOST_TEST(ended.what == failure::none, ended.message);
  BOOST_TEST(link.usable());
}

BOOST_AUTO_TEST_CASE(a_name_that_does_not_exist) {
  boost::asio::io_context context(1);
  auto tls = net::tls_context::create({}).value();
  auto where = plain("does-not-exist.invalid", 80);
  net::connection link(context.get_executor(), where, tls);
  const auto ended = run(context, link.connect(5s));
  // Without any name server the resolver says "try again", which is a fault of this machine and not of the name.
  BOOST_TEST((ended.what == failure::connect || ended.what == failure::local_resources || ended.what == failure::timeout), ended.message);
  BOOST_TEST(ended.message.starts_with("cannot connect to does-not-exist.invalid:80: "));
}

BOOST_AUTO_TEST_CASE(clear_text_is_sent_to_this_machine_only) {
  boost::asio::io_context context(1);
  auto tls = net::tls_context::create({}).value();
  auto where = plain("localhost", 80);
  where.dial = {"192.0.2.1"};
  net::connection link(context.get_executor(), where, tls);
  const auto ended = run(context, link.connect(5s));
  BOOST_TEST(ended.what == failure::connect);
}

BOOST_AUTO_TEST_CASE(an_address_that_does_not_answer_ends_at_the_deadline) {
  boost::asio::io_context context(1);
  const black_hole hole(context);
  auto tls = net::tls_context::create({}).value();
  net::connection link(context.get_executor(), plain("127.0.0.1", hole.port()), tls);
  const auto begin = std::chrono::steady_clock::now();
  const auto ended = run(context, link.connect(40ms));
  BOOST_TEST(ended.what == failure::timeout);
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 2s));
}

BOOST_AUTO_TEST_CASE(an_address_that_does_not_answer_leaves_time_for_the_next) {
  talk t({script().answer(answer_of(200, "x"))});
  const black_hole hole(t.context, "127.0.0.2", t.server.port());
  auto where = t.server.address();
  where.dial = {"127.0.0.2", "127.0.0.1"};
  net::connection link(t.context.get_executor(), where, t.tls);
  BOOST_TEST(run(t.context, link.connect(200ms)).what == failure::none);
  // The address that served is tried first from now on.
  link.close();
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(run(t.context, link.connect(5s)).what == failure::none);
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 1s));
}

BOOST_AUTO_TEST_CASE(after_a_refusal_the_next_address_is_tried) {
  talk t({script().answer(answer_of(200, "x"))});
  auto where = t.server.address();
  where.dial = {"127.0.0.3", "127.0.0.2", "127.0.0.1"};
  net::connection link(t.context.get_executor(), where, t.tls);
  BOOST_TEST(run(t.context, link.connect(5s)).what == failure::none);
}

BOOST_AUTO_TEST_CASE(close_ends_a_connect_that_waits) {
  boost::asio::io_context context(1);
  const black_hole hole(context);
  auto tls = net::tls_context::create({}).value();
  net::connection link(context.get_executor(), plain("127.0.0.1", hole.port()), tls);
  boost::asio::steady_timer soon(context, 10ms);
  soon.async_wait([&](const boost::system::error_code&) { link.close(); });
  BOOST_TEST(run(context, link.connect(5s)).what == failure::cancelled);
}

BOOST_AUTO_TEST_CASE(a_lack_of_descriptors_is_a_fault_of_this_machine) {
  talk t({script().answer(answer_of(200, "x"))});
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int next = ::dup(0);
  ::close(next);
  const rlimit none{static_cast<rlim_t>(next), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  const auto ended = t.connect();
  ::setrlimit(RLIMIT_NOFILE, &before);
  BOOST_TEST(ended.what == failure::local_resources);
  BOOST_TEST(ended.message.contains("Too many open files"));
  BOOST_TEST(t.connect().what == failure::none);
}

// A process that ends does not wait for name servers: see delete_unless_looking_up in run/context.hpp.
BOOST_AUTO_TEST_CASE(a_look_up_counts_as_under_way_until_it_is_answered) {
  boost::asio::io_context context, another;
  net::lookup names(context);
  const net::lookup idle(another);
  net::name_cache::answer found;
  const std::string host = "localhost";
  boost::asio::co_spawn(context, names.find(host, 443, net::boot_now() + 10s, found), boost::asio::detached);
  BOOST_TEST(!net::lookups_under_way(context));
  context.run_one();
  BOOST_TEST(net::lookups_under_way(context));
  // Another job of the process does not leave its io_context behind for it.
  BOOST_TEST(!net::lookups_under_way(another));
  context.run();
  BOOST_TEST(!net::lookups_under_way(context));
  BOOST_TEST(!!found.addresses);
}

BOOST_AUTO_TEST_SUITE_END()
