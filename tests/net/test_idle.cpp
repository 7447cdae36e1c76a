#include <openssl/ssl.h>

#include <boost/test/unit_test.hpp>

#include "net/fixture.hpp"

using namespace convoke;
using namespace convoke::test;

namespace {

struct idle {
  explicit idle(std::vector<script> scripts, int version = 0)
      : made([] {
          leaf l;
          l.names = {"DNS:idle.test.example"};
          return l;
        }()),
        ca(who.certificate()),
        tls(net::tls_context::create(ca.path()).value()),
        server(context, std::move(scripts), tls_settings{who.issue(made), version}),
        link(context.get_executor(), server.address("idle.test.example"), tls) {}

  // Lets the server's bytes arrive.
  void settle() {
    context.restart();
    context.run_for(10ms);
  }
  // Whether the connection is found unusable before long: how soon the peer's bytes arrive depends on the machine.
  bool becomes_unusable() {
    for (int i = 0; i < 500 && link.usable(); ++i) settle();
    return !link.usable();
  }
  net::outcome connect() { return run(context, link.connect(5s)); }
  net::outcome exchange() { return run(context, link.exchange(post, answer, 5s)); }

  leaf made;
  authority who;
  temporary_file ca;
  boost::asio::io_context context{1};
  net::tls_context tls;
  server server;
  net::connection link;
  net::response answer;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(idle_connections)

BOOST_AUTO_TEST_CASE(session_tickets_in_a_new_connection_do_not_make_it_unusable) {
  idle i({script().answer(answer_of(200, "x")).answer(answer_of(200, "y"))});
  BOOST_TEST(i.connect().what == failure::none);
  i.settle();
  BOOST_TEST(i.link.usable());
  BOOST_TEST(i.link.usable());
  BOOST_TEST(i.exchange().what == failure::none);
  i.settle();
  BOOST_TEST(i.link.usable());
  BOOST_TEST(i.exchange().what == failure::none);
  BOOST_TEST(i.answer.body == "y");
}

BOOST_AUTO_TEST_CASE(a_peer_that_closed_is_noticed) {
  for (const auto& end : {script().answer(answer_of(200, "x")).close(), script().answer(answer_of(200, "x")).goodbye(),
                          script().answer(answer_of(200, "x")).reset()}) {
    idle i({end});
    BOOST_TEST(i.connect().what == failure::none);
    BOOST_TEST(i.exchange().what == failure::none);
    BOOST_TEST(i.becomes_unusable());
    BOOST_TEST(!i.link.usable());
  }
}

BOOST_AUTO_TEST_CASE(a_peer_that_closed_a_connection_that_was_never_used_is_noticed) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    idle i({script().wait(1ms).close()}, version);
    BOOST_TEST(i.connect().what == failure::none);
    BOOST_TEST(i.becomes_unusable());
  }
}

BOOST_AUTO_TEST_CASE(unsolicited_data_ends_the_connection) {
  idle i({script().answer(answer_of(200, "x")).wait(1ms).send(answer_of(200, "smuggled"))});
  BOOST_TEST(i.connect().what == failure::none);
  BOOST_TEST(i.exchange().what == failure::none);
  BOOST_TEST(i.becomes_unusable());

  talk t({script().answer(answer_of(200, "x")).wait(1ms).send("y")});
  BOOST_TEST(t.call().what == failure::none);
  t.context.restart();
  t.context.run_for(10ms);
  BOOST_TEST(!t.link.usable());
}

BOOST_AUTO_TEST_CASE(stale_over_tls) {
  for (const auto& end : {script().answer(answer_of(200, "x")).request().close(), script().answer(answer_of(200, "x")).request().goodbye(),
                          script().answer(answer_of(200, "x")).request().reset()}) {
    idle i({end});
    BOOST_TEST(i.connect().what == failure::none);
    BOOST_TEST(i.exchange().what == failure::none);
    BOOST_TEST(i.link.usable());
    BOOST_TEST(i.exchange().what == failure::stale);
  }
}

BOOST_AUTO_TEST_SUITE_END()
