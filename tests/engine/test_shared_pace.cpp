// One hidden limit, several workers: real engines in virtual time.

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "engine/fleet.hpp"
#include "engine/script.hpp"

namespace convoke::engine::test {

namespace {

struct figures {
  double goodput, throttled;
};

figures between(fleet& f, std::chrono::seconds from, std::chrono::seconds to, double rate = 50) {
  f.run_until(from);
  const auto a = f.seen();
  f.run_until(to);
  const auto b = f.seen();
  const auto accepted = static_cast<double>(b.accepted - a.accepted), throttled = static_cast<double>(b.throttled - a.throttled);
  return {accepted / (rate * static_cast<double>((to - from).count())), throttled / (accepted + throttled)};
}

std::uint64_t accepted_between(fleet& f, std::size_t worker, std::chrono::seconds from, std::chrono::seconds to) {
  f.run_until(from);
  const auto before = f.seen(worker).accepted;
  f.run_until(to);
  return f.seen(worker).accepted - before;
}

fleet eight_workers(const hidden_limit& limit, std::uint64_t seed) {
  fleet f(limit, settings{}, seed);
  for (int w = 0; w < 8; ++w) {
    f.run_until(w * 300ms);
    f.join();
  }
  return f;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shared_pace)

BOOST_DATA_TEST_CASE(eight_workers_hold_one_limit, boost::unit_test::data::make({false, true}), strict) {
  double goodput = 0, throttled = 0;
  constexpr unsigned worlds = 4;
  for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
    auto f = eight_workers({.rate = 50, .depth = 25, .strict = strict}, seed);
    const auto got = between(f, 120s, 600s);
    BOOST_TEST(got.goodput > 0.95);
    BOOST_TEST(got.throttled < 0.015);
    goodput += got.goodput / worlds;
    throttled += got.throttled / worlds;
  }
  BOOST_TEST_MESSAGE("goodput " << goodput << ", throttled " << throttled);
  BOOST_TEST(goodput >= 0.97);
  BOOST_TEST(throttled <= 0.015);
}

BOOST_AUTO_TEST_CASE(parts_follow_a_death_and_a_join_within_a_lease) {
  auto f = eight_workers({.rate = 50, .depth = 25}, 3);
  f.run_until(200s);
  for (std::size_t w = 0; w < 8; ++w) BOOST_TEST(f.part(w) == 0.125, boost::test_tools::tolerance(0.02));
  f.kill(5);
  f.run_until(263s);  // a lease, and two exchanges
  for (const std::size_t w : {0U, 1U, 7U}) BOOST_TEST(f.part(w) == 1.0 / 7, boost::test_tools::tolerance(0.02));
  BOOST_TEST(between(f, 263s, 320s).goodput > 0.9);
  const auto joined = f.join();
  f.run_until(325s);
  BOOST_TEST(f.part(joined) == 0.125, boost::test_tools::tolerance(0.02));
  BOOST_TEST(static_cast<double>(accepted_between(f, joined, 330s, 370s)) > 0.8 * 40 * 50 / 8);
}

BOOST_AUTO_TEST_CASE(another_worker_leads_where_the_first_one_dies) {
  auto f = eight_workers({.rate = 50, .depth = 25}, 4);
  f.run_until(200s);
  BOOST_TEST(f.leader().value() == 0U);
  const auto rate = f.rate();
  f.kill(0);
  f.run_until(208s);
  BOOST_TEST(f.leader().value() == 1U);
  BOOST_TEST(f.rate() == rate, boost::test_tools::tolerance(0.05));  // it goes on where the first one was
  BOOST_TEST(between(f, 265s, 400s).goodput > 0.93);
}

BOOST_AUTO_TEST_CASE(a_worker_with_little_to_do_leaves_its_part_to_others) {
  fleet f({.rate = 50, .depth = 25}, settings{}, 5);
  f.join();
  const auto slow = f.join({.connections = 1});  // about 15 calls/s at most
  f.join({.weight = 2});
  f.run_until(150s);
  BOOST_TEST(f.part(slow) < 0.35);
  BOOST_TEST(between(f, 150s, 300s).goodput > 0.93);
}

BOOST_AUTO_TEST_CASE(one_worker_alone_gets_as_much_as_without_others) {
  fleet f({.rate = 50, .depth = 25}, settings{}, 6);
  f.join();
  const auto got = between(f, 60s, 300s);
  BOOST_TEST(got.goodput > 0.97);
  BOOST_TEST(got.throttled < 0.005);
  BOOST_TEST(f.part(0) == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
