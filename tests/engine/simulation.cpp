// Whole jobs in virtual time, by the dice. A failure names its seed: run it alone with --run_test=simulation/NAME and CONVOKE_SEED=N.
// CONVOKE_JOBS=N plays N times as many.

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "engine/sim/job.hpp"

namespace convoke::engine::sim {

using namespace std::chrono_literals;

namespace {

plot calm() {
  plot p;
  p.engine.rate = 50;
  p.engine.connections = 6;
  p.engine.row_deadline = 6h;  // a row's patience is tested elsewhere
  return p;
}

void play(const char* name, std::uint64_t first, unsigned how_many, const std::function<plot(std::uint64_t)>& make) {
  const auto* only = std::getenv("CONVOKE_SEED");
  const auto* more = std::getenv("CONVOKE_JOBS");
  if (more != nullptr) how_many *= static_cast<unsigned>(std::strtoul(more, nullptr, 10));
  std::uint64_t calls = 0;
  for (std::uint64_t i = 0; i < how_many; ++i) {
    const auto seed = only != nullptr ? std::strtoull(only, nullptr, 10) : first + i;
    job j(seed, make(seed));
    const auto wrong = j.run();
    calls += j.calls();
    BOOST_TEST(wrong.empty(), name << ", seed " << seed << ", process " << j.processes() << ": " << (wrong.empty() ? "" : wrong.front()));
    if (only != nullptr) break;
  }
  BOOST_TEST(calls > 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(simulation)

BOOST_AUTO_TEST_CASE(a_good_day) {
  play("good day", 1, 20, [](std::uint64_t) { return calm(); });
}

BOOST_AUTO_TEST_CASE(faults_of_every_kind) {
  play("faults", 1000, 60, [](std::uint64_t seed) {
    auto p = calm();
    p.service.fault = 0.02 * static_cast<double>(seed % 10);
    p.service.hang = seed % 3 == 0 ? 0.05 : 0;
    p.service.free = 0.03;
    return p;
  });
}

BOOST_AUTO_TEST_CASE(throttles_with_long_and_strange_waits) {
  play("throttles", 2000, 60, [](std::uint64_t seed) {
    auto p = calm();
    p.rows = 60;
    p.service.throttle = 0.05 + 0.05 * static_cast<double>(seed % 4);
    p.service.long_waits = seed % 2 == 0;
    p.service.fault = 0.02;
    return p;
  });
}

BOOST_AUTO_TEST_CASE(killed_and_interrupted) {
  play("kills", 3000, 80, [](std::uint64_t seed) {
    auto p = calm();
    p.organizers = 2 + seed % 9;
    p.engine.rate = 20;
    p.engine.organizer_concurrency = 1 + seed % 4;
    p.crashes = 6;
    p.interrupts = 4;
    p.service.fault = 0.05;
    p.service.hang = 0.05;
    p.service.throttle = seed % 2 == 0 ? 0.03 : 0;
    return p;
  });
}

BOOST_AUTO_TEST_CASE(tokens_that_expire_and_little_room) {
  play("tokens", 4000, 40, [](std::uint64_t seed) {
    auto p = calm();
    p.service.token_life = std::chrono::seconds(4 + seed % 20);
    p.engine.max_unacknowledged = 3 + seed % 8;
    p.engine.organizer_rate = seed % 2 == 0 ? std::optional(5.0) : std::nullopt;
    p.service.fault = 0.03;
    return p;
  });
}

BOOST_AUTO_TEST_CASE(many_organizers_and_pages) {
  play("pages", 5000, 5, [](std::uint64_t) {
    auto p = calm();
    p.organizers = 300;
    p.rows = 3000;
    p.engine.rate = 2000;
    p.engine.connections = 32;
    p.service.fault = 0.01;
    p.crashes = 1;
    return p;
  });
  play("one organizer", 5100, 5, [](std::uint64_t) {
    auto p = calm();
    p.organizers = 1;
    p.rows = 2000;
    p.engine.rate = 2000;
    p.crashes = 2;
    return p;
  });
}

BOOST_AUTO_TEST_CASE(the_same_seed_plays_the_same_job) {
  auto p = calm();
  p.service.fault = 0.1;
  p.crashes = 2;
  job a(42, p), b(42, p);
  (void)a.run();
  (void)b.run();
  BOOST_TEST(a.calls() == b.calls());
  BOOST_TEST(a.processes() == b.processes());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::sim
