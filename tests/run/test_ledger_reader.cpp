// The public headers that read a ledger and export from it.

#include <convoke/export.hpp>
#include <convoke/key.hpp>
#include <convoke/ledger.hpp>

#include "fixture.hpp"
#include "ledger/ledger.hpp"

using namespace convoke;
using namespace convoke::testing;
using namespace std::chrono_literals;

namespace {

const std::string refused_organizer = "00000000-0000-0000-0000-000000000003";

// A ledger with one run: 16 meetings, and four rows that failed because their organizer is refused.
struct some_run : fixture {
  some_run() {
    sim::behaviour picky;
    picky.no_policy = {refused_organizer};
    start(picky);
    input = write_rows("in.csv", 1, 20);
    done = must(apply(make_job(input), watch));
  }
  [[nodiscard]] std::string url() const { return "sqlite:" + (folder / "ledger.db").string(); }
  std::string input;
  job_report done;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(runs_and_their_state_can_be_read, some_run) {
  auto ledger = must(ledger_reader::open(url()));
  const auto runs = must(ledger.runs());
  BOOST_REQUIRE(runs.size() == 1U);
  BOOST_TEST(runs[0].id == done.run);
  BOOST_CHECK(runs[0].state == run_state::finished);
  BOOST_TEST(to_string(runs[0].state) == "finished");
  BOOST_TEST(runs[0].input == input);
  BOOST_TEST(runs[0].rows == 20U);
  BOOST_CHECK(runs[0].counts == done.counts);
  BOOST_REQUIRE(runs[0].lanes.size() == 1U);
  BOOST_TEST(runs[0].lanes[0].tenant == graph->tenant());
  BOOST_TEST(must(ledger.last_run())->id == done.run);
  BOOST_TEST(must(ledger.run(done.run))->input_sha256 == runs[0].input_sha256);
  BOOST_TEST(!must(ledger.run(99)).has_value());

  const auto status = must(ledger.status(done.run));
  BOOST_TEST(status.run.rows == 20U);
  BOOST_TEST(status.calls_left == 0U);
  BOOST_TEST(!status.expected.has_value());
  BOOST_REQUIRE(status.errors.size() == 1U);
  BOOST_TEST(status.errors[0].count == 4U);
  BOOST_TEST(status.organizers.size() == 5U);
  BOOST_REQUIRE(status.lanes.size() == 1U);
  BOOST_TEST(status.lanes[0].lane.app == to_lower(graph->client_id()));
  BOOST_CHECK(ledger.status(99).error().code == errc::usage);
  std::uint64_t known = 0;
  for (const auto& state : must(ledger.inventory_counts())) known += state.count;
  BOOST_TEST(known == 20U);
}

BOOST_FIXTURE_TEST_CASE(results_and_inventory_are_streamed, some_run) {
  auto ledger = must(ledger_reader::open(url()));
  std::uint32_t line = 1;
  std::uint64_t failed = 0;
  const auto rows = ledger.for_each_result(done.run, [&](const result_row& row) -> result<void> {
    BOOST_TEST(row.line == ++line);
    BOOST_REQUIRE(row.wanted.has_value());
    BOOST_TEST(row.raw.contains(row.wanted->external_id));
    BOOST_REQUIRE(row.result.has_value());
    const bool refused = row.wanted->organizer == refused_organizer;
    BOOST_CHECK(*row.result == (refused ? outcome::failed : outcome::created));
    BOOST_TEST(row.join_web_url.empty() == refused);
    failed += refused ? 1U : 0U;
    return {};
  });
  BOOST_TEST(rows.has_value());
  BOOST_TEST(line == 21U);
  BOOST_TEST(failed == 4U);
  unsigned seen = 0;
  const auto ended = ledger.for_each_inventory([&](const inventory_row& row) -> result<void> {
    BOOST_TEST(row.wanted.external_id == row.external_id);
    BOOST_TEST(row.lane.tenant == graph->tenant());
    if (++seen == 3) return fail(errc::output, "enough");
    return {};
  });
  BOOST_REQUIRE(!ended.has_value());
  BOOST_TEST(ended.error().message == "enough");
  BOOST_CHECK(ledger.for_each_result(99, [](const result_row&) -> result<void> { return {}; }).error().code == errc::usage);
}

BOOST_FIXTURE_TEST_CASE(exports_are_the_files_that_the_run_wrote, some_run) {
  auto ledger = must(ledger_reader::open(url()));
  const auto again = (folder / "again.csv").string(), failed = (folder / "failed.csv").string();
  const auto written = must(export_run(ledger, done.run, {.results = again, .format = export_format::csv, .failed = failed}));
  BOOST_TEST(written.failed_rows == 4U);
  BOOST_TEST(read("again.csv") == read("results.csv"));
  BOOST_TEST(read("failed.csv") == read("in.csv.failed.csv"));
  const auto lines = (folder / "inventory.jsonl").string();
  BOOST_TEST(export_inventory(ledger, lines, must(export_format_of(lines))).has_value());
  const auto text = read("inventory.jsonl");
  BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 20);
  BOOST_CHECK(export_format_of("a.html").error().code == errc::usage);
}

BOOST_FIXTURE_TEST_CASE(an_export_is_written_over_nothing_that_is_needed, some_run) {
  auto ledger = must(ledger_reader::open(url()));
  const auto other = (folder / "other.csv").string();
  const auto before = read("in.csv");
  for (const auto& to : {run_files{.results = input}, run_files{.results = (folder / "ledger.db").string()},
                         run_files{.results = other, .failed = other}, run_files{.failed = input}}) {
    const auto refused = export_run(ledger, done.run, to);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_CHECK(refused.error().code == errc::usage);
  }
  BOOST_CHECK(export_inventory(ledger, (folder / "ledger.db").string(), export_format::csv).error().code == errc::usage);
  BOOST_CHECK(export_run(ledger, 99, {.results = other}).error().code == errc::usage);
  std::stop_source stop;
  stop.request_stop();
  BOOST_CHECK(export_run(ledger, done.run, {.results = other}, stop.get_token()).error().code == errc::interrupted);
  BOOST_CHECK(export_run(ledger, done.run, {.failed = other}, stop.get_token()).error().code == errc::interrupted);
  BOOST_TEST(!fs::exists(other));
  BOOST_TEST(read("in.csv") == before);
}

BOOST_FIXTURE_TEST_CASE(a_run_can_be_discarded, some_run) {
  const auto planned = must(plan(make_job(write_rows("more.csv", 30, 40)), true, watch)).run;
  BOOST_TEST(discard_run(url(), planned).has_value());
  auto ledger = must(ledger_reader::open(url()));
  BOOST_CHECK(must(ledger.run(planned))->state == run_state::discarded);
  BOOST_CHECK(discard_run(url(), done.run).error().code == errc::usage);
  BOOST_CHECK(discard_run(url(), 99).error().code == errc::usage);
  BOOST_CHECK(discard_run("ledger.db", 1).error().code == errc::usage);
  for (const auto wait : {std::chrono::milliseconds(-1), std::chrono::milliseconds::max()}) {
    const auto refused = discard_run(url(), planned, wait);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_CHECK(refused.error().code == errc::usage);
    BOOST_TEST(refused.error().message.contains("wait_lock"), refused.error().message);
  }
}

BOOST_FIXTURE_TEST_CASE(a_status_says_what_is_left_and_what_is_closed, fixture) {
  start();
  const auto j = make_job(write_rows("in.csv", 1, 60));
  const auto run = must(plan(j, true, watch)).run;
  const utc_time now = std::chrono::floor<ticks>(std::chrono::system_clock::now());
  {
    const auto store = must(ledger::open_sqlite({.path = (folder / "ledger.db").string(), .program_version = "test"}));
    store->save_pace(run, 0, {.rate = 30, .refused = 40}, now);
    store->save_cooldown(run, 0, std::nullopt, now + 48h);
  }
  auto ledger = must(ledger_reader::open(j.ledger));
  const auto status = must(ledger.status(run));
  BOOST_TEST(status.calls_left == 60U);
  BOOST_REQUIRE(status.lanes.at(0).learnt.has_value());
  BOOST_TEST(status.lanes[0].learnt->rate == 30.0);
  BOOST_REQUIRE(status.lanes[0].closed.size() == 1U);
  BOOST_TEST((status.lanes[0].closed[0].until <= now + 24h + 1min));  // cut to the default of max_cooldown
  BOOST_REQUIRE(status.expected.has_value());
  BOOST_TEST(status.expected->calls == 60U);
  BOOST_CHECK(status.expected->from == forecast::basis::learnt);
  BOOST_TEST((status.expected->closed_for > 23h));
  BOOST_TEST((must(ledger.status(run, 48h)).expected->closed_for > 47h));
  for (const auto limit : {std::chrono::milliseconds(-1), std::chrono::milliseconds::max()}) {
    const auto refused = ledger.status(run, limit);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_CHECK(refused.error().code == errc::usage);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_ledger_is_refused) {
  BOOST_CHECK(ledger_reader::open("ledger.db").error().code == errc::usage);
  BOOST_CHECK(ledger_reader::open("postgresql:x").error().code == errc::usage);
  BOOST_CHECK(ledger_reader::open("sqlite:/proc/none/ledger.db").error().code == errc::storage);
  BOOST_TEST(ledger_warnings("ledger.db").empty());
}
