// What only a reader of a PostgreSQL ledger does: pages that the server cuts by size, lost connections, and who works on the ledger.

#include <algorithm>

#include "ledger/fixture.hpp"
#include "ledger/postgres_database.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

struct ledger_in_postgres {
  postgres_database database;
  [[nodiscard]] std::unique_ptr<reader> read() const { return must(read_postgres(database.url())); }
};

// Records of 50 KB, of which a page has room for ten, and one that repeats over several pages.
std::vector<planned_row> large_rows() {
  std::vector<planned_row> out;
  for (unsigned i = 0; i < 40; ++i) {
    out.push_back(row(i + 2, i % 3, "e" + std::to_string(i)));
    out.back().raw = std::string(50'000, static_cast<char>('a' + i % 26));
  }
  auto repeated = weekly(50, 1, "weekly", 2500);
  repeated.front().raw = std::string(100'000, 'w');
  std::ranges::move(repeated, std::back_inserter(out));
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reader_of_postgres, ledger_in_postgres)

BOOST_AUTO_TEST_CASE(pages_are_cut_by_rows_and_by_bytes_and_nothing_is_left_out) {
  const auto s = database.open();
  const auto run = plan(*s, header(), large_rows()).id;
  carry_out(*s, run, outcome::failed);
  for (const bool failed_only : {false, true}) {
    std::vector<std::uint32_t> lines;
    std::vector<std::chrono::local_days> dates;
    std::size_t wrong = 0;
    const auto r = read();
    const auto take = [&](const result_row& one) -> result<void> {
      lines.push_back(one.line);
      if (one.occurrence) dates.push_back(*one.occurrence);
      wrong += one.raw != (one.occurrence ? std::string(100'000, 'w') : std::string(50'000, static_cast<char>('a' + (one.line - 2) % 26)))
                   ? 1
                   : 0;
      if (failed_only && one.occurrence) wrong += one.occurrences != 2500 ? 1 : 0;
      return {};
    };
    must(failed_only ? r->for_each_failed(run, take) : r->for_each_result(run, take));
    BOOST_TEST(lines.size() == 2540u);
    BOOST_TEST(std::ranges::is_sorted(lines));
    BOOST_TEST((std::ranges::adjacent_find(dates, std::greater_equal()) == dates.end()));
    BOOST_TEST(wrong == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_read_goes_on_after_its_connection_was_lost) {
  const auto s = database.open();
  const auto run = plan(*s, header(), large_rows()).id;
  std::size_t rows = 0;
  std::string ended;
  must(read()->for_each_result(run, [&](const result_row&) -> result<void> {
    if (++rows == 5) {
      ended = database.ask(
          "SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity WHERE application_name = 'convoke reader' "
          "AND datname = current_database()");
    }
    return {};
  }));
  BOOST_TEST(rows == 2540u);
  BOOST_TEST(ended == "1");
}

BOOST_AUTO_TEST_CASE(a_reader_holds_no_transaction_between_pages) {
  const auto s = database.open();
  const auto run = plan(*s, header(), large_rows()).id;
  std::string states;
  must(read()->for_each_result(run, [&](const result_row& one) -> result<void> {
    if (one.line == 5)
      states = database.ask(
          "SELECT string_agg(DISTINCT state, ',') FROM pg_stat_activity WHERE application_name = 'convoke reader' "
          "AND datname = current_database()");
    return {};
  }));
  BOOST_TEST(states == "idle");
}

BOOST_AUTO_TEST_CASE(workers_are_live_sessions_and_those_that_still_hold_rows) {
  const auto s = database.open();
  BOOST_TEST(must(read()->workers()).empty());
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b"), row(4, 1, "c")}).id;
  const auto opened = must(s->resume(run));
  claim(*s, opened, opened.organizers.at(0).id, 2);
  auto found = must(read()->workers());
  BOOST_TEST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].rows_held == 2u);
  BOOST_TEST(found[0].lease_left.count() > 30);
  BOOST_TEST(found[0].lease_left.count() <= 60);
  BOOST_TEST_REQUIRE(found[0].lanes.size() == 1u);
  BOOST_TEST((found[0].lanes[0].lane == header().lanes[0]));
  // Its lease ends, and the rows are still there.
  database.ask("UPDATE convoke.session SET expires_at = clock_timestamp() - interval '90 seconds'");
  found = must(read()->workers());
  BOOST_TEST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].lease_left.count() < -80);
  BOOST_TEST(!found[0].lanes.at(0).leads);
  database.ask("UPDATE convoke.owed SET token = 0");
  BOOST_TEST(must(read()->workers()).empty());
}

// With a comparison of each key with each, 60,000 keys take a minute.
BOOST_AUTO_TEST_CASE(whether_a_later_run_has_the_keys_of_a_large_run_is_found_at_once) {
  const auto s = database.open();
  const auto first = plan(*s, header("one"), {row(2, 1, "a")}).id;
  const auto second = plan(*s, header("two"), {row(2, 1, "b")}).id;
  const auto add = [&](run_id run, int from) {
    database.ask("INSERT INTO convoke.decision(id, key) SELECT (" + std::to_string(run) + "::bigint << 32) + n, n + " +
                 std::to_string(from) + " FROM generate_series(100, 60100) n");
  };
  add(first, 0);
  add(second, 1'000'000);
  database.ask("ANALYZE convoke.decision");
  const auto began = std::chrono::steady_clock::now();
  BOOST_TEST(!must(read()->overtaken(first)));
  BOOST_TEST(!must(read()->overtaken(second)));
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(10)));
  database.ask("UPDATE convoke.decision SET key = 60000 WHERE key = 1060100");
  BOOST_TEST(must(read()->overtaken(first)));
}

BOOST_AUTO_TEST_CASE(a_database_without_a_ledger_is_named) {
  const auto there = read_postgres(database.url());
  BOOST_TEST_REQUIRE(!there.has_value());
  BOOST_TEST((there.error().code == errc::storage));
  BOOST_TEST(there.error().message.contains("there is no ledger"), there.error().message);
}

BOOST_AUTO_TEST_SUITE_END()
