// A call is closed, or runs out of time, at every single step of the io_context. A wait that has ended but has not been resumed yet
// reports success: what happened meanwhile must not be lost.

#include <boost/asio/execution.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"

namespace asio = boost::asio;
namespace data = boost::unit_test::data;
using namespace convoke;
using namespace convoke::test;

namespace {

const std::string host = "step.test.example";

// Resumes a coroutine later, never at once: a step of the io_context lies between the end of each wait and what follows it.
struct later {
  asio::io_context* context;

  template <class F>
  void execute(F f) const {
    asio::post(*context, std::move(f));
  }
  asio::io_context& query(asio::execution::context_t) const noexcept { return *context; }
  static constexpr asio::execution::blocking_t::never_t query(asio::execution::blocking_t) noexcept { return {}; }
  bool operator==(const later&) const noexcept = default;
};

struct steps {
  explicit steps(bool secure)
      : ca(who.certificate()),
        tls(net::tls_context::create(ca.path()).value()),
        server(context, {script().request().send("HTTP/1.1 200 X\r\nContent-Length: 3\r\n").wait(1ms).send("\r\nab").wait(1ms).send("c")},
               settings(secure)),
        link(std::make_unique<net::connection>(context.get_executor(), server.address(secure ? host : "127.0.0.1"), tls)) {}

  std::optional<tls_settings> settings(bool secure) const {
    if (!secure) return std::nullopt;
    leaf l;
    l.names = {"DNS:" + host};
    return tls_settings{who.issue(l)};
  }

  asio::awaitable<net::outcome> call() {
    begun = true;
    auto connected = co_await link->connect(5s);
    if (connected.what != failure::none) co_return connected;
    auto ended = co_await link->exchange(post, answer, 5s);
    over = true;
    co_return ended;
  }

  authority who;
  temporary_file ca;
  asio::io_context context{1};
  net::tls_context tls;
  server server;
  std::unique_ptr<net::connection> link;
  net::response answer;
  bool begun = false, over = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(interrupted)

BOOST_DATA_TEST_CASE(close_at_any_step_is_not_lost, data::make({false, true}), secure) {
  bool over = false;
  for (int step = 1; !over; ++step) {
    BOOST_TEST_CONTEXT("closed after step " << step) {
      steps s(secure);
      std::optional<net::outcome> ended;
      asio::co_spawn(later{&s.context}, s.call(), [&](const std::exception_ptr& thrown, net::outcome o) {
        BOOST_TEST(!thrown);
        ended = std::move(o);
      });
      for (int i = 0; i < step && !ended; ++i) s.context.run_one_for(5s);
      const bool begun = s.begun;
      over = s.over;
      s.link->close();
      BOOST_REQUIRE(run_until(s.context, [&] { return ended.has_value(); }));
      if (!begun || over) {
        BOOST_TEST(ended->what == failure::none);
        continue;
      }
      // Closed between two operations: the next one finds that out.
      BOOST_TEST((ended->what == failure::cancelled || ended->message.contains("not connected")), ended->message);
      BOOST_TEST(!s.link->usable());
      BOOST_REQUIRE_LT(step, 1000);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
