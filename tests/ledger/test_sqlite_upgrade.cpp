// Ledgers of older versions are brought up to date, and lose nothing; readers read them as they are.
//
// schema_1.sql is a dump of what version 1 wrote: a finished run of 14 rows with duplicates, failed and wrong rows, and a run of 12 that
// was stopped after five calls. schema_2.sql is what version 2 made of it, with a pace that was learnt. schema_3.sql is what version 3
// wrote of the same inputs: its second run made six calls, was interrupted, and continued against a service that failed; its process was
// killed. Of the six rows it still owes three have one strike each and a last failure, and three were claimed. schema_4.sql is the same of
// version 4, except that one meeting of the first run was there before and differs. schema_5.sql is what version 5 made of it,
// schema_6.sql what version 6 made of that, and schema_7.sql what version 7 made of that.

#include <sqlite3.h>

#include <chrono>

#include <boost/test/data/test_case.hpp>

#include "ledger/raw_file.hpp"
#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

const auto versions = boost::unit_test::data::make({1, 2, 3, 4, 5, 6, 7});

struct old_ledger : sqlite_ledger {
  int version;

  explicit old_ledger(int of = 1) : version(of) {
    const auto dump = content(CONVOKE_LEDGER_TESTS "/schema_" + std::to_string(of) + ".sql");
    BOOST_REQUIRE(dump.size() > 10'000u);
    BOOST_REQUIRE(ask(dump) == "");
  }
  [[nodiscard]] std::string ask(const std::string& sql) const { return testing::ask(path, sql); }
  [[nodiscard]] std::string stored_version() const { return ask("PRAGMA user_version"); }
  // What the second run made before it stopped, and owes.
  [[nodiscard]] std::uint64_t made() const { return version >= 3 ? 6 : 5; }
  // Meetings of the first run that were there before.
  [[nodiscard]] std::uint64_t drifted() const { return version >= 4 ? 1 : 0; }
  [[nodiscard]] std::uint64_t owed() const { return 12 - made(); }
};

void check_contents(reader& r, const old_ledger& old) {
  BOOST_TEST(must(r.runs()).size() == 2u);
  BOOST_TEST(must(r.last_run())->id == 2u);
  const auto done = must(r.run(1)).value(), open = must(r.run(2)).value();
  BOOST_TEST((done.state == run_state::finished));
  BOOST_TEST(done.header.input_name == "one.csv");
  BOOST_TEST((done.header.kind == run_kind::provision));
  BOOST_TEST((open.header.kind == run_kind::provision));
  BOOST_TEST(!open.header.operations.repair);
  BOOST_TEST(done.counts.created == 9u - old.drifted());
  BOOST_TEST(done.counts.drifted == old.drifted());
  BOOST_TEST(done.counts.failed == 4u);
  BOOST_TEST(done.counts.rejected == 1u);
  BOOST_TEST((open.state == run_state::open));
  BOOST_TEST(open.counts.created == old.made());
  BOOST_TEST(open.counts.owed == old.owed());
  check_counts(r, 1);
  check_counts(r, 2);
  std::size_t meetings = 0;
  must(r.for_each_inventory([&](const inventory_row& row) -> result<void> {
    if (row.state == "satisfied" && !row.join_web_url.empty()) ++meetings;
    return {};
  }));
  BOOST_TEST(meetings == 8 - old.drifted() + old.made());
  BOOST_TEST(!must(r.overtaken(1)));
  std::size_t failed = 0;
  must(r.for_each_failed(1, [&](const result_row& row) -> result<void> {
    ++failed;
    BOOST_TEST((row.line == 15 || row.error_code != ""));
    return {};
  }));
  BOOST_TEST(failed == 5u);
  const auto reasons = must(r.reasons(1, 20));
  BOOST_REQUIRE(reasons.size() == 2u);
  BOOST_TEST(reasons[0].rows == 4u);
  BOOST_TEST(reasons[0].line == 10u);
  BOOST_TEST(reasons[0].http_status == 403);
  BOOST_TEST(reasons[0].organizer == organizer_name(3));
  BOOST_TEST(reasons[1].line == 15u);
}

std::string feeds(reader& r) {
  std::string out;
  for (const auto& [feed, keys] : must(r.inventory_feeds())) out += feed + ":" + std::to_string(keys) + " ";
  return out;
}

// Deferred rows of the second run, and those of them whose last failure is known.
std::pair<std::size_t, std::size_t> deferred(reader& r) {
  std::pair<std::size_t, std::size_t> out;
  must(r.for_each_result(2, [&](const result_row& row) -> result<void> {
    if (row.result) return {};
    ++out.first;
    if (row.attempts == 0) return {};
    ++out.second;
    BOOST_TEST(row.attempts == 1u);
    BOOST_TEST(row.http_status == 500);
    BOOST_TEST(row.error_code == "InternalServerError");
    BOOST_TEST(row.error_message == "Internal Server Error");
    BOOST_TEST(row.request_id.size() == 36u);
    BOOST_TEST(row.client_request_id.size() == 36u);
    return {};
  }));
  return out;
}

// Tables, columns, keys and triggers, without the order of columns: what an upgrade adds stands last.
std::string shape_of(const std::string& path) {
  return ask(path,
             "SELECT group_concat(line, char(10)) FROM (SELECT s.type || ' ' || s.name || ' ' || coalesce(c.name, '') || ' ' || "
             "coalesce(c.type || c.\"notnull\" || coalesce(c.dflt_value, '') || c.pk, '') || coalesce(' ' || (SELECT strict || wr FROM "
             "pragma_table_list(s.name)), '') || CASE s.type WHEN 'trigger' THEN s.sql ELSE '' END AS line FROM sqlite_schema s LEFT JOIN "
             "pragma_table_xinfo(s.name) c ON s.type = 'table' ORDER BY line)");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(upgrades)

BOOST_DATA_TEST_CASE(an_old_ledger_loses_nothing_when_it_is_brought_up_to_date, versions, version) {
  const old_ledger old(version);
  auto s = old.open();
  BOOST_TEST(old.stored_version() == "8");
  check_contents(*s->read(), old);
  BOOST_TEST(old.ask("SELECT sum(n) FROM made") ==
             std::to_string(8 - old.drifted() + old.made()));  // 14 rows, two of which share a meeting
  BOOST_TEST(old.ask("SELECT month FROM made") == std::to_string(2026 * 12 + 10));
  // A cooldown that has not ended is obeyed; versions 1 and 2 did not record when it was saved.
  const auto opened = must(s->resume(2));
  BOOST_REQUIRE(opened.cooldowns.size() == 1u);
  BOOST_TEST(!opened.cooldowns[0].organizer.has_value());
  BOOST_TEST(opened.learnt.at(0).has_value() == (version >= 2));
  carry_out(*s, 2, outcome::created);
  BOOST_TEST(must(s->read()->run(2))->counts.created == 12u);
  s->save_pace(2, 0, {.rate = 20}, opened.info.planned_at);
  s.reset();
  s = old.open();
  BOOST_TEST(must(s->resume(2)).learnt.at(0)->pace.rate == 20.0);
}

BOOST_DATA_TEST_CASE(an_upgraded_ledger_has_the_tables_of_a_new_one, versions, version) {
  const old_ledger old(version);
  const sqlite_ledger made("new.db");
  old.open().reset();
  made.open().reset();
  const auto shape = shape_of(made.path);
  BOOST_TEST(shape.size() > 2000u);
  BOOST_TEST(shape_of(old.path) == shape);
}

BOOST_DATA_TEST_CASE(a_run_that_was_stopped_in_the_middle_continues_after_an_upgrade, versions, version) {
  const old_ledger old(version);
  const auto s = old.open();
  const auto opened = must(s->resume(2));
  const std::uint32_t stale = version >= 3 ? 3 : 0;
  std::uint32_t found_fresh = 0, found_stale = 0, strikes = 0;
  BOOST_TEST(opened.unclean == (stale > 0));
  for (const auto& o : opened.organizers) {
    for (const bool of_stale : {false, true}) {
      const auto page = claim(*s, opened, o.id, 100, of_stale);
      BOOST_TEST(page.rows.size() == (of_stale ? o.stale : o.fresh));
      (of_stale ? found_stale : found_fresh) += static_cast<std::uint32_t>(page.rows.size());
      for (const auto& row : page.rows) {
        BOOST_TEST((row.op == operation::create_or_get));
        BOOST_TEST((row.update == update_rule::never));
        BOOST_TEST(must(decode_spec(row.payload)).external_id.starts_with("x"));
        strikes += row.strikes;
        BOOST_TEST((row.strikes == 0 || !of_stale));
        finish(*s, {}, {released(row, row.strikes > 0)});
      }
    }
  }
  BOOST_TEST(found_stale == stale);
  BOOST_TEST(found_fresh == old.owed() - stale);
  BOOST_TEST(strikes == stale);
  // Further strikes are added to that number.
  if (version >= 3) {
    const auto again = must(s->resume(2));
    std::uint32_t second = 0;
    for (const auto& o : again.organizers)
      for (const auto& row : claim(*s, again, o.id).rows) second += row.strikes == 2 ? 1 : 0;
    BOOST_TEST(second == 3u);
  }
}

// Before there was only one kind of runs.
BOOST_DATA_TEST_CASE(the_meetings_of_an_old_ledger_can_be_verified, boost::unit_test::data::make({3, 4, 5, 6, 7}), version) {
  const old_ledger old(version);
  const auto s = old.open();
  auto of_all = must(s->read()->run(1))->header;
  of_all.identity = "verify";
  of_all.kind = run_kind::verify;
  of_all.operations.repair = true;
  auto planning = must(s->begin_plan(of_all));
  BOOST_TEST(must(planning->add_inventory(before_any_meeting)) == 8 + old.made());
  BOOST_TEST(must(planning->classify(before_any_meeting)).get_keys == 8 + old.made());
  const auto run = must(planning->commit(true));
  planning.reset();
  const auto stored = must(s->read()->run(run)).value();
  BOOST_TEST((stored.header.kind == run_kind::verify));
  BOOST_TEST(stored.header.operations.repair);
  carry_out(*s, run, outcome::unchanged);
  check_counts(*s->read(), run);
}

// The keys in the first two dumps are no hashes of their lane: the Graph roots were edited.
BOOST_DATA_TEST_CASE(strikes_and_claims_of_an_old_run_pass_to_a_later_plan, boost::unit_test::data::make({3, 4, 5}), version) {
  const old_ledger old(version);
  const auto s = old.open();
  auto later = must(s->read()->run(2))->header;
  later.identity = "later";
  std::vector<planned_row> rows;
  must(s->read()->for_each_result(2, [&](const result_row& row) -> result<void> {
    rows.push_back({.line = row.line, .raw = std::string(row.raw), .lane = 0, .payload = std::string(row.payload), .error = {}});
    return {};
  }));
  const auto planned = plan(*s, later, std::move(rows));
  BOOST_TEST(planned.summary.unchanged == old.made());
  BOOST_TEST(planned.summary.superseded == old.owed());
  const auto opened = must(s->resume(planned.id));
  std::uint32_t fresh = 0, stale = 0, strikes = 0;
  for (const auto& o : opened.organizers) {
    fresh += o.fresh;
    stale += o.stale;
    for (const auto& row : claim(*s, opened, o.id).rows) strikes += row.strikes;
  }
  BOOST_TEST(fresh == 3u);
  BOOST_TEST(stale == 3u);
  BOOST_TEST(strikes == 3u);
  check_counts(*s->read(), 2);
}

BOOST_DATA_TEST_CASE(an_old_ledger_is_read_as_it_is, versions, version) {
  const old_ledger old(version);
  const auto before = content(old.path);
  {
    const auto r = must(read_sqlite(old.path));
    check_contents(*r, old);
    const auto status = must(r->status(2));
    BOOST_TEST(status.calls_left == old.owed());
    BOOST_TEST(status.lanes.at(0).learnt.has_value() == (version >= 2));
    BOOST_REQUIRE(status.lanes[0].cooldowns.size() == 1u);
    BOOST_TEST(status.lanes[0].cooldowns[0].organizer == "");
    BOOST_TEST((deferred(*r) == std::pair<std::size_t, std::size_t>(old.owed(), version >= 3 ? 3 : 0)));
    BOOST_TEST(must(r->inventory_counts()).size() >= 2u);
    BOOST_TEST(feeds(*r) == (version < 5 ? ":24 " : "one.csv:12 two.csv:12 "));
  }
  BOOST_TEST(old.stored_version() == std::to_string(version));
  BOOST_TEST((content(old.path) == before));
}

// Version 5 has feeds.
BOOST_DATA_TEST_CASE(keys_of_an_old_ledger_belong_to_the_feed_of_their_input, boost::unit_test::data::make({1, 2, 3, 4}), version) {
  const old_ledger old(version);
  // More keys than a page of the upgrade has.
  BOOST_TEST(
      old.ask("INSERT INTO inventory(id, organizer, source, wanted_hash) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
              "WHERE i < 2500) SELECT 90000000000 + i, 1, (SELECT min(source) FROM inventory), x'00' FROM n") == "");
  const auto r = must(old.open()->read()->run(1)).value();
  BOOST_TEST(r.header.feed == "one.csv");
  BOOST_TEST(feeds(*must(read_sqlite(old.path))) == "one.csv:2512 two.csv:12 ");
  BOOST_TEST(old.ask("SELECT count(*) FROM inventory WHERE ends_at IS NULL") == "0");
  const auto ends = [](const char* text) { return std::to_string(parse_utc(text)->time_since_epoch().count()); };
  BOOST_TEST(old.ask("SELECT group_concat(DISTINCT ends_at) FROM inventory WHERE source >> 32 = 1") == ends("2026-10-19T09:00:00Z"));
  BOOST_TEST(old.ask("SELECT group_concat(DISTINCT ends_at) FROM inventory WHERE source >> 32 = 2") == ends("2026-10-20T09:00:00Z"));
}

BOOST_AUTO_TEST_CASE(a_pipe_names_no_feed) {
  const std::pair<const char*, const char*> cases[] = {{"-", ""},
                                                       {"/dev/stdin", ""},
                                                       {"/dev/fd/63", ""},
                                                       {"/proc/self/fd/0", ""},
                                                       {"folder/monday.csv", "monday.csv"},
                                                       {"/srv/mon.csv", "mon.csv"}};
  for (const auto& [input, feed] : cases) {
    const old_ledger old(4);
    BOOST_TEST(old.ask("UPDATE run SET input_name = '" + std::string(input) + "'") == "");
    const auto s = old.open();
    BOOST_TEST(must(s->read()->run(1))->header.feed == feed);
    BOOST_TEST(feeds(*s->read()) == std::string(feed) + ":24 ");
  }
}

BOOST_AUTO_TEST_CASE(a_reader_shows_no_last_failure_of_a_row_that_an_old_process_has_claimed_since) {
  const old_ledger old(3);
  BOOST_TEST(old.ask("UPDATE owed SET owner = 77 WHERE strikes > 0 AND organizer = 1") == "");
  BOOST_TEST((deferred(*must(read_sqlite(old.path))) == std::pair<std::size_t, std::size_t>(6, 1)));
}

BOOST_DATA_TEST_CASE(a_reader_reads_on_when_a_writer_brings_the_ledger_up_to_date, versions, version) {
  const old_ledger old(version);
  const auto r = must(read_sqlite(old.path));
  const auto before = deferred(*r);
  check_contents(*r, old);
  std::size_t rows = 0;
  std::unique_ptr<store> s;
  // Between two pages, and between two calls.
  must(r->for_each_result(2, [&](const result_row&) -> result<void> {
    if (rows++ == 0) s = old.open();
    return {};
  }));
  BOOST_TEST(rows == 12u);
  BOOST_TEST(old.stored_version() == "8");
  check_contents(*r, old);
  BOOST_TEST((deferred(*r) == before));
  BOOST_TEST(must(r->status(2)).lanes.at(0).learnt.has_value() == (version >= 2));
  // What only the present tables can hold.
  const auto opened = must(s->resume(2));
  const auto row = claim(*s, opened, opened.organizers.at(0).id, 1).rows.at(0);
  finish(*s, {ended(row, outcome::updated)});
  BOOST_TEST(must(r->run(2))->counts.updated == 1u);
  BOOST_TEST(must(r->status(2)).calls_left == old.owed() - 1);
}

BOOST_FIXTURE_TEST_CASE(a_clock_that_was_set_back_lengthens_no_cooldown, old_ledger) {
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
