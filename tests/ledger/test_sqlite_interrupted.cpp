// An interruption ends long work of the ledger; the ledger stays usable.

#include <atomic>
#include <filesystem>

#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

struct interruptible : sqlite_ledger {
  std::atomic<int> calls_until_interrupted{1 << 30};

  result<std::unique_ptr<store>> try_open() {
    return sqlite_ledger::try_open({.interrupted = [this] { return calls_until_interrupted.fetch_sub(1) <= 0; }});
  }
  static std::vector<planned_row> many(unsigned version = 0) {
    std::vector<planned_row> rows;
    for (std::uint32_t line = 2; line < 3002; ++line) rows.push_back(row(line, line % 50 + 1, std::to_string(line), version));
    return rows;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(interruptions, interruptible)

BOOST_AUTO_TEST_CASE(an_interruption_ends_classify_and_nothing_is_kept) {
  const auto s = must(try_open());
  const auto first = plan(*s, header("first"), many()).id;
  for (const int asked : {0, 1, 3, 9}) {
    const auto planning = must(s->begin_plan(header("second")));
    must(planning->add_rows(many(1)));
    calls_until_interrupted = asked;
    const auto decided = planning->classify();
    BOOST_REQUIRE(!decided);
    BOOST_TEST((decided.error().code == errc::interrupted));
    calls_until_interrupted = 1 << 30;
  }
  BOOST_TEST(must(s->read()->runs()).size() == 1u);
  // The same store, and the same plan.
  const auto again = plan(*s, header("second"), many(1));
  BOOST_TEST(again.summary.calls == 3000u);
  BOOST_TEST(again.summary.superseded == 3000u);
  carry_out(*s, again.id, outcome::created);
  check_counts(*s->read(), first);
}

BOOST_AUTO_TEST_CASE(an_interruption_ends_the_opening_of_a_plan_and_it_stays_planned) {
  const auto s = must(try_open());
  const auto id = plan(*s, header(), many(), false).id;
  for (const int asked : {0, 2, 8}) {
    calls_until_interrupted = asked;
    auto planning = s->begin_open(id);
    const auto decided = planning ? (*planning)->classify() : std::unexpected(planning.error());
    BOOST_REQUIRE(!decided);
    BOOST_TEST((decided.error().code == errc::interrupted));
    calls_until_interrupted = 1 << 30;
  }
  auto planning = must(s->begin_open(id));
  must(planning->classify());
  BOOST_TEST(must(planning->commit(true)) == id);
}

BOOST_AUTO_TEST_CASE(an_interruption_ends_pruning_and_the_next_call_continues) {
  const auto s = must(try_open());
  for (unsigned version = 0; version < 3; ++version) carry_out(*s, plan(*s, header(std::to_string(version)), many(version)).id);
  for (const int asked : {0, 1, 2, 4}) {
    calls_until_interrupted = asked;
    const auto done = s->prune(1);
    calls_until_interrupted = 1 << 30;
    BOOST_REQUIRE(!done);
    BOOST_TEST((done.error().code == errc::interrupted));
  }
  must(s->prune(1));
  const auto reader = s->read();
  BOOST_TEST(results(*reader, 3).size() == 3000u);
  BOOST_TEST(!reader->for_each_result(1, [](const result_row&) { return result<void>{}; }));
  // The store can be written as before.
  carry_out(*s, plan(*s, header("more"), many(9)).id);
}

BOOST_AUTO_TEST_CASE(an_interruption_ends_the_check_of_the_pages) {
  {
    const auto s = must(try_open());
    carry_out(*s, plan(*s, header(), many()).id);
  }
  calls_until_interrupted = 0;
  const auto refused = try_open();
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::interrupted));
  calls_until_interrupted = 1 << 30;
  BOOST_TEST(must(must(try_open())->read()->runs()).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
