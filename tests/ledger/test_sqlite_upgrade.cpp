// Ledgers of older versions are brought up to this one, and lose nothing. schema_1.sql is a dump of what version 1 wrote: a finished run
// of 14 rows with duplicates, failed and wrong rows, and a run of 12 that was stopped after five calls. schema_2.sql is what version 2 made
// of it, with a pace that was learnt.

#include <sqlite3.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include <boost/test/data/test_case.hpp>

#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

struct old_ledger : sqlite_ledger {
  explicit old_ledger(int version = 1) {
    std::ostringstream dump;
    dump << std::ifstream(CONVOKE_LEDGER_TESTS "/schema_" + std::to_string(version) + ".sql").rdbuf();
    BOOST_REQUIRE(dump.str().size() > 10'000u);
    BOOST_REQUIRE(ask(dump.str()) == "");
  }
  // The first column of the last row.
  std::string ask(const std::string& sql) const {
    sqlite3* db = nullptr;
    BOOST_REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
    std::string out;
    const auto keep = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) = values[0] != nullptr ? values[0] : "";
      return 0;
    };
    char* message = nullptr;
    if (sqlite3_exec(db, sql.c_str(), keep, &out, &message) != SQLITE_OK) out = message;
    sqlite3_free(message);
    sqlite3_close(db);
    return out;
  }
};

void check_contents(reader& r) {
  BOOST_TEST(must(r.runs()).size() == 2u);
  const auto done = must(r.run(1)).value(), open = must(r.run(2)).value();
  BOOST_TEST((done.state == run_state::finished));
  BOOST_TEST(done.counts.created == 9u);
  BOOST_TEST(done.counts.failed == 4u);
  BOOST_TEST(done.counts.rejected == 1u);
  BOOST_TEST((open.state == run_state::open));
  BOOST_TEST(open.counts.created == 5u);
  BOOST_TEST(open.counts.owed == 7u);
  check_counts(r, 1);
  check_counts(r, 2);
  std::size_t meetings = 0;
  must(r.for_each_inventory([&](const inventory_row& row) -> result<void> {
    if (row.state == "satisfied" && !row.join_web_url.empty()) ++meetings;
    return {};
  }));
  BOOST_TEST(meetings == 13u);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(upgrades)

BOOST_DATA_TEST_CASE(nothing_of_an_old_ledger_is_lost, boost::unit_test::data::make({1, 2}), version) {
  const old_ledger old(version);
  const auto ask = [&](const char* sql) { return old.ask(sql); };
  auto s = old.open();
  BOOST_TEST(ask("PRAGMA user_version") == "4");
  check_contents(*s->read());
  BOOST_TEST(ask("SELECT sum(n) FROM made") == "13");  // 14 rows, two of which share a meeting
  BOOST_TEST(ask("SELECT month FROM made") == std::to_string(2026 * 12 + 10));
  // A cooldown that still runs is obeyed; when it was saved is not known.
  const auto opened = must(s->resume(2));
  BOOST_REQUIRE(opened.cooldowns.size() == 1u);
  BOOST_TEST(!opened.cooldowns[0].organizer.has_value());
  BOOST_TEST(opened.learnt.at(0).has_value() == (version == 2));
  carry_out(*s, 2, outcome::created);
  s->save_pace(2, 0, {.rate = 20}, opened.info.planned_at);
  s.reset();
  s = old.open();
  BOOST_TEST(must(s->resume(2)).learnt.at(0)->pace.rate == 20.0);
  BOOST_TEST(ask("SELECT count(*) FROM last_failure") == "0");
}

BOOST_DATA_TEST_CASE(an_old_ledger_is_read_as_it_is, boost::unit_test::data::make({1, 2}), version) {
  const old_ledger old(version);
  const auto r = must(read_sqlite(old.path));
  check_contents(*r);
  BOOST_TEST(must(r->status(2)).calls_left == 7u);
  BOOST_TEST(must(r->status(2)).lanes.at(0).learnt.has_value() == (version == 2));
  std::size_t deferred = 0;
  must(r->for_each_result(2, [&](const result_row& row) -> result<void> {
    if (!row.result) ++deferred;
    return {};
  }));
  BOOST_TEST(deferred == 7u);
  BOOST_TEST(old.ask("PRAGMA user_version") == std::to_string(version));
}

BOOST_FIXTURE_TEST_CASE(a_clock_that_went_back_lengthens_no_fence, old_ledger) {
  auto s = open();
  const auto now = std::chrono::time_point_cast<ticks>(std::chrono::system_clock::now());
  s->save_cooldown(2, 0, std::nullopt, now + std::chrono::days(100'000));
  s.reset();
  // Saved by a clock that was a hundred years ahead, for a wait of one hour.
  const auto ahead = now + std::chrono::days(36'500);
  BOOST_TEST(ask("UPDATE cooldown SET saved_at = " + std::to_string(ahead.time_since_epoch().count()) + " WHERE organizer = 0") == "");
  BOOST_TEST(ask("UPDATE cooldown SET until = saved_at + 36000000000 WHERE organizer = 0") == "");
  const auto shown = must(must(read_sqlite(path))->status(2)).lanes.at(0).cooldowns;
  BOOST_REQUIRE(shown.size() == 1u);
  BOOST_TEST((shown[0].until < now + std::chrono::hours(2)));
  for (int i = 0; i < 2; ++i) {
    s = open();
    const auto cooldowns = must(s->resume(2)).cooldowns;
    BOOST_REQUIRE(cooldowns.size() == 1u);
    BOOST_TEST((cooldowns[0].until > now + std::chrono::minutes(59)));
    BOOST_TEST((cooldowns[0].until < now + std::chrono::minutes(61)));
    s.reset();
  }
}

BOOST_AUTO_TEST_SUITE_END()
