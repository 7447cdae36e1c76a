// Name look-up: what is kept for how long, and what connections share.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"
#include "net/lookup.hpp"

using namespace convoke;
using namespace convoke::test;
using net::name_cache;
namespace asio = boost::asio;

namespace {

constexpr mono_time begin{100h};
const std::string host = "graph.test";

std::vector<name_cache::address> addresses(std::initializer_list<const char*> texts, std::uint16_t port = 443) {
  std::vector<name_cache::address> out;
  for (const auto* text : texts) out.emplace_back(asio::ip::make_address(text), port);
  return out;
}

// Answers look-ups when the test requests it, and counts them.
struct scripted_backend {
  explicit scripted_backend(asio::io_context& context) {
    asio::use_service<net::resolver>(context).use([this](const std::string& name, std::uint16_t port, net::resolver::answer_handler done) {
      asked.push_back(name + ":" + std::to_string(port));
      open.push_back(std::move(done));
    });
  }
  void answer(const boost::system::error_code& error, std::vector<name_cache::address> found) {
    const auto one = std::move(open.front());
    open.erase(open.begin());
    one(error, std::move(found));
  }

  std::vector<std::string> asked;
  std::vector<net::resolver::answer_handler> open;
};

struct waiter {
  explicit waiter(asio::io_context& context) : names(context) {}
  void find(asio::io_context& context, std::chrono::nanoseconds limit = 10s) {
    const auto deadline = net::boot_now() + limit;
    asio::co_spawn(context, names.find(host, 443, deadline, found),
                   [this](const std::exception_ptr&, boost::system::error_code e) { ended = e; });
  }
  net::lookup names;
  name_cache::answer found;
  std::optional<boost::system::error_code> ended;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(an_answer_serves_for_a_minute) {
  name_cache cache;
  BOOST_TEST(!cache.find(host, 443, begin).addresses);
  cache.keep(host, 443, addresses({"192.0.2.1"}), begin);
  BOOST_TEST(!!cache.find(host, 443, begin + name_cache::lifetime - 1ns).addresses);
  BOOST_TEST(!cache.find(host, 443, begin + name_cache::lifetime).addresses);
  BOOST_TEST(!cache.find(host, 444, begin).addresses);
  BOOST_TEST(!cache.find("login.test", 443, begin).addresses);
}

BOOST_AUTO_TEST_CASE(the_address_that_was_reached_comes_first) {
  name_cache cache;
  const auto used = cache.keep(host, 443, addresses({"192.0.2.1", "192.0.2.2"}), begin);
  cache.reached(host, 443, used, 1);
  BOOST_TEST(cache.find(host, 443, begin).first == 1U);
}

BOOST_AUTO_TEST_CASE(an_answer_that_led_to_no_connection_is_dropped_and_the_next_attempt_begins_elsewhere) {
  name_cache cache;
  const auto used = cache.keep(host, 443, addresses({"192.0.2.1", "192.0.2.2"}), begin);
  cache.failed(host, 443, used, used.first);
  BOOST_TEST(!cache.find(host, 443, begin).addresses);
  const auto again = cache.keep(host, 443, addresses({"192.0.2.1", "192.0.2.2"}), begin);
  BOOST_TEST(again.first == 1U);
  // Another connection that used the first answer fails later: the second one stays.
  cache.failed(host, 443, used, used.first);
  BOOST_TEST(!!cache.find(host, 443, begin).addresses);
  cache.failed(host, 443, again, again.first);
  BOOST_TEST(cache.keep(host, 443, addresses({"192.0.2.1", "192.0.2.2"}), begin).first == 0U);
}

BOOST_AUTO_TEST_CASE(those_that_need_a_name_at_the_same_time_share_one_lookup) {
  asio::io_context context(1);
  scripted_backend names(context);
  std::vector<std::unique_ptr<waiter>> waiters;
  for (int i = 0; i < 64; ++i) waiters.emplace_back(std::make_unique<waiter>(context))->find(context);
  context.poll();
  BOOST_TEST(names.asked.size() == 1U);
  BOOST_TEST(names.asked.front() == "graph.test:443");
  names.answer({}, addresses({"2001:db8::1", "2001:db8::2", "192.0.2.1"}));
  context.poll();
  for (const auto& one : waiters) {
    BOOST_REQUIRE(one->ended.has_value());
    BOOST_TEST(!*one->ended);
    BOOST_TEST(one->found.addresses == waiters.front()->found.addresses);
  }
  // The families take turns.
  BOOST_TEST(waiters.front()->found.addresses->at(1).address().to_string() == "192.0.2.1");
  waiter later(context);
  later.find(context);
  context.restart();
  context.poll();
  BOOST_TEST(!!later.found.addresses);
  BOOST_TEST(names.asked.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_failure_goes_to_those_that_wait_and_is_not_kept) {
  asio::io_context context(1);
  scripted_backend names(context);
  waiter a(context), b(context);
  a.find(context);
  b.find(context);
  context.poll();
  names.answer(asio::error::host_not_found_try_again, {});
  context.poll();
  BOOST_TEST((a.ended == asio::error::make_error_code(asio::error::host_not_found_try_again)));
  BOOST_TEST((b.ended == a.ended));
  a.find(context);
  context.restart();
  context.poll();
  BOOST_TEST(names.asked.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_waiter_that_leaves_does_not_end_the_lookup_of_the_others) {
  asio::io_context context(1);
  scripted_backend names(context);
  auto gone = std::make_unique<waiter>(context);
  waiter late(context), stays(context);
  gone->find(context);
  late.find(context, 0s);
  stays.find(context);
  BOOST_REQUIRE(run_until(context, [&] { return late.ended.has_value(); }));
  BOOST_TEST((late.ended == asio::error::make_error_code(asio::error::timed_out)));
  gone->names.cancel();
  BOOST_REQUIRE(run_until(context, [&] { return gone->ended.has_value(); }));
  BOOST_TEST((gone->ended == asio::error::make_error_code(asio::error::operation_aborted)));
  gone.reset();
  names.answer({}, addresses({"192.0.2.1"}));
  context.restart();
  context.poll();
  BOOST_REQUIRE(stays.ended.has_value());
  BOOST_TEST(!!stays.found.addresses);
  BOOST_TEST(names.asked.size() == 1U);
}

BOOST_AUTO_TEST_CASE(many_connections_to_one_host_make_one_lookup) {
  asio::io_context context(1);
  scripted_backend names(context);
  server server(context, {script().answer(answer_of(200, "x"))});
  auto tls = net::tls_context::create({}).value();
  auto where = server.address(host);
  where.tls = false;
  where.dial.clear();
  std::vector<std::unique_ptr<net::connection>> links;
  unsigned connected = 0;
  for (int i = 0; i < 16; ++i) {
    auto& link = links.emplace_back(std::make_unique<net::connection>(context.get_executor(), where, tls));
    asio::co_spawn(context, link->connect(5s),
                   [&](const std::exception_ptr&, net::outcome ended) { connected += ended.what == failure::none ? 1U : 0U; });
  }
  BOOST_REQUIRE(run_until(context, [&] { return !names.open.empty(); }));
  names.answer({}, addresses({"127.0.0.9", "127.0.0.1"}, where.port));
  BOOST_REQUIRE(run_until(context, [&] { return connected == 16; }));
  BOOST_TEST(names.asked.size() == 1U);
}

BOOST_AUTO_TEST_CASE(after_a_failed_connection_the_name_is_looked_up_again) {
  asio::io_context context(1);
  scripted_backend names(context);
  std::uint16_t closed_port = 0;
  {
    const asio::ip::tcp::acceptor gone(context, {asio::ip::address_v4::loopback(), 0});
    closed_port = gone.local_endpoint().port();
  }
  net::endpoint where;
  where.tls = false;
  where.host = where.host_header = host;
  where.port = closed_port;
  auto tls = net::tls_context::create({}).value();
  net::connection link(context.get_executor(), where, tls);
  for (unsigned attempt = 1; attempt <= 2; ++attempt) {
    std::optional<net::outcome> ended;
    asio::co_spawn(context, link.connect(5s), [&](const std::exception_ptr&, net::outcome o) { ended = std::move(o); });
    BOOST_REQUIRE(run_until(context, [&] { return !names.open.empty(); }));
    names.answer({}, addresses({"127.0.0.1"}, closed_port));
    BOOST_REQUIRE(run_until(context, [&] { return ended.has_value(); }));
    BOOST_TEST(ended->what == failure::connect);
    BOOST_TEST(names.asked.size() == attempt);
  }
}

BOOST_AUTO_TEST_SUITE_END()
