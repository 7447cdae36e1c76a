// Whole jobs against a simulated Graph, which counts what it received.

#include <sqlite3.h>

#include "fixture.hpp"
#include "ledger/ledger.hpp"
#include "run/planner.hpp"

using namespace convoke;
using namespace convoke::testing;

BOOST_FIXTURE_TEST_CASE(every_row_becomes_one_meeting, fixture) {
  start();
  const auto j = make_job(write_rows("in.csv", 1, 200));
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(done.counts.created == 200U);
  BOOST_TEST(done.calls == 200U);
  BOOST_TEST(count("created") == 200);
  BOOST_TEST(count("duplicates") == 0);
  const auto results = read("results.csv");
  BOOST_TEST(std::count(results.begin(), results.end(), '\n') == 201);
  BOOST_TEST(results.find(",created,") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(the_same_command_again_makes_no_call_and_writes_the_same_bytes, fixture) {
  start();
  const auto j = make_job(write_rows("in.csv", 1, 50));
  must(apply(j, watch));
  const auto first = read("results.csv");
  const auto requests = count("requests");
  const auto again = must(apply(j, watch));
  BOOST_TEST(again.exit_code() == 0);
  BOOST_TEST(again.calls == 0U);
  BOOST_TEST(count("requests") == requests);
  BOOST_TEST(read("results.csv") == first);
}

BOOST_FIXTURE_TEST_CASE(a_run_that_was_killed_after_its_last_commit_is_finished_by_the_same_command, fixture) {
  start();
  const auto j = make_job(write_rows("in.csv", 1, 5));
  const auto id = must(apply(j, watch)).run;
  const auto file = (folder / "ledger.db").string();
  sqlite3* db = nullptr;
  BOOST_REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
  BOOST_REQUIRE(sqlite3_exec(db, "DROP TRIGGER run_goes_forward; UPDATE run SET state = 2, finished_at = NULL", nullptr, nullptr,
                             nullptr) == SQLITE_OK);
  sqlite3_close(db);
  const auto again = must(apply(j, watch));
  BOOST_TEST(again.run == id);
  BOOST_TEST(again.exit_code() == 0);
  BOOST_TEST(again.calls == 0U);
  const auto run = must(must(ledger::read_sqlite(file))->run(id));
  BOOST_REQUIRE(run.has_value());
  BOOST_TEST((run->state == ledger::run_state::finished));
}

BOOST_FIXTURE_TEST_CASE(faults_of_every_kind_leave_no_duplicate_and_no_loss, fixture) {
  sim::behaviour bad;
  for (const auto kind :
       {sim::fault::e500_before, sim::fault::e503_after, sim::fault::lost_reply, sim::fault::reset, sim::fault::cut_length,
        sim::fault::cut_chunked, sim::fault::html_200, sim::fault::missing_id, sim::fault::empty_503})
    bad.faults[kind] = 0.01;
  start(bad);
  const auto j = make_job(write_rows("in.csv", 1, 300));
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(done.counts.created + done.counts.existing == 300U);
  BOOST_TEST(count("meetings") == 300);
  BOOST_TEST(count("duplicates") == 0);
  BOOST_TEST(count("created") == 300);
}

BOOST_FIXTURE_TEST_CASE(a_connection_that_closed_while_idle_is_given_no_call, fixture) {
  sim::options closes_soon;
  closes_soon.drop_idle_seconds = 0.8;
  start(closes_soon);
  auto j = make_job(write_rows("in.csv", 1, 2));
  j.pace.rate = 0.8;
  j.pace.connections = 1;
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(count("requests") == 2);
  BOOST_TEST(done.calls == 2U);
  BOOST_TEST(watch.troubles.empty());
  BOOST_TEST(count("connections") > 2);  // one of them for the token
}

BOOST_FIXTURE_TEST_CASE(connections_rest_in_a_cooldown_and_come_back_with_the_work, fixture) {
  sim::options closes_soon;
  closes_soon.drop_idle_seconds = 0.8;
  closes_soon.service.script = {{"K-1", 1, sim::fault::throttle}};
  closes_soon.service.throttle.form = sim::retry_after_form::constant;
  closes_soon.service.throttle.constant_seconds = 2.6;
  closes_soon.service.latency = {.shape = sim::latency_options::kind::fixed, .median_seconds = 0.02};
  start(closes_soon);
  auto j = make_job(write_rows("in.csv", 1, 200));
  j.pace.connections = 12;
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 0);
  // On a busy machine further calls are on their way before the throttle is read; they are throttled too, and made again.
  const auto throttled = count("throttled");
  BOOST_TEST(throttled >= 1);
  BOOST_TEST(throttled <= 12);
  BOOST_TEST(done.calls == static_cast<std::uint64_t>(200 + throttled));
  BOOST_TEST(count("early") == 0);
  BOOST_TEST(count("requests") == 200 + throttled);
  // One for the token, twelve at first, two that are kept ready through each of two seconds, and others for the work that is left. Were
  // all of them opened again whenever they close, there would be 37 and more.
  BOOST_TEST(count("connections") > 17);
  BOOST_TEST(count("connections") < 32);
}

BOOST_AUTO_TEST_CASE(failed_rows_lie_beside_the_input_where_that_is_a_place) {
  for (const auto* pipe : {"-", "/dev/stdin", "/dev/fd/63", "/proc/self/fd/0"})
    BOOST_TEST(run::failed_path(job{.input = pipe}) == "stdin.failed.csv");
  for (const std::string file : {"in.csv", "/dev/shm/in.csv"}) BOOST_TEST(run::failed_path(job{.input = file}) == file + ".failed.csv");
  BOOST_TEST(run::failed_path(job{.input = "-", .failed = "mine.csv"}) == "mine.csv");
  // Runs of another kind leave the file of `apply` alone.
  for (const auto kind : {run_kind::verify, run_kind::remove}) {
    const auto word = std::string(to_string(kind));
    BOOST_TEST(run::failed_path(job{.input = "in.csv", .plan = {.kind = kind}}) == "in.csv." + word + ".failed.csv");
    BOOST_TEST(run::failed_path(job{.input = "-", .plan = {.kind = kind}}) == "stdin." + word + ".failed.csv");
    BOOST_TEST(run::failed_path(job{.input = "in.csv", .plan = {.kind = kind}, .failed = "mine.csv"}) == "mine.csv");
  }
}

BOOST_FIXTURE_TEST_CASE(an_id_in_other_case_is_the_same_meeting, fixture) {
  start();
  must(apply(make_job(write_rows("in.csv", 1, 3)), watch));
  auto text = read("in.csv");
  text.replace(text.find(",K-2,"), 5, ",k-2,");
  std::ofstream(folder / "in.csv", std::ios::binary) << text;
  const auto again = must(apply(make_job((folder / "in.csv").string()), watch));
  BOOST_TEST(again.counts.unchanged == 3U);
  BOOST_TEST(count("requests") == 3);
}

BOOST_FIXTURE_TEST_CASE(a_pilot_says_nothing_of_what_it_leaves_out, fixture) {
  start();
  auto j = make_job(write_rows("in.csv", 1, 40));
  must(apply(j, watch));
  j.plan.limit = 3;
  must(apply(j, watch));
  BOOST_TEST(watch.plans.back().second.rows == 3U);
  BOOST_TEST(watch.plans.back().second.vanished == 0U);
}

BOOST_FIXTURE_TEST_CASE(which_run_is_later_does_not_depend_on_the_clock, fixture) {
  start();
  const auto x = make_job(write_rows("x.csv", 1, 3)), y = make_job(write_rows("y.csv", 1, 3, "Other"));
  must(apply(x, watch));
  sqlite3* db = nullptr;
  BOOST_REQUIRE(sqlite3_open((folder / "ledger.db").string().c_str(), &db) == SQLITE_OK);
  BOOST_REQUIRE(sqlite3_exec(db, "UPDATE run SET opened_at = opened_at + 864000000000", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
  must(apply(y, watch));
  // The clock was put back a day since x: y is the later one all the same, and x again is a change.
  const auto again = must(apply(x, watch));
  BOOST_TEST(again.calls == 3U);
  BOOST_TEST(again.run == 3U);
}

BOOST_FIXTURE_TEST_CASE(a_changed_file_calls_only_for_what_changed_and_reports_drift, fixture) {
  start();
  must(apply(make_job(write_rows("in.csv", 1, 40)), watch));
  auto text = read("in.csv");
  text.replace(text.find("Class 7,"), 7, "Other 7");
  std::ofstream(folder / "in.csv", std::ios::binary) << text;
  const auto requests = count("requests");
  const auto done = must(apply(make_job((folder / "in.csv").string()), watch));
  BOOST_TEST(count("requests") - requests == 1);
  BOOST_TEST(done.counts.unchanged == 39U);
  BOOST_TEST(done.counts.drifted == 1U);
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(read("results.csv").find(",subject,200,") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(drift_fails_where_that_is_set, fixture) {
  start();
  must(apply(make_job(write_rows("in.csv", 1, 10)), watch));
  auto j = make_job(write_rows("in.csv", 1, 10, "Renamed"));
  j.plan.drift = on_drift::fail;
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.counts.drifted == 10U);
  BOOST_TEST(done.exit_code() == 3);
  BOOST_TEST(read("in.csv.failed.csv").find("the stored meeting differs in subject") != std::string::npos);
  // Known now: reported again without a call.
  const auto requests = count("requests");
  BOOST_TEST(must(apply(j, watch)).exit_code() == 3);
  BOOST_TEST(count("requests") == requests);
}

BOOST_FIXTURE_TEST_CASE(a_plan_of_the_wrong_file_sends_nothing, fixture) {
  start();
  const auto wrong = must(plan(make_job(write_rows("wrong.csv", 500, 520)), false, watch));
  BOOST_TEST(wrong.summary.calls == 21U);
  const auto done = must(apply(make_job(write_rows("right.csv", 1, 20)), watch));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(count("created") == 20);
}

BOOST_FIXTURE_TEST_CASE(a_planned_run_is_opened_by_apply, fixture) {
  start();
  const auto j = make_job(write_rows("in.csv", 1, 20));
  const auto planned = must(plan(j, false, watch));
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.run == planned.run);
  BOOST_TEST(count("created") == 20);
}

BOOST_FIXTURE_TEST_CASE(a_rehearsal_writes_nothing, fixture) {
  start();
  const auto j = make_job(write_rows("in.csv", 1, 20));
  BOOST_TEST(must(dry_run(j, watch)).calls == 20U);
  BOOST_TEST(!fs::exists(folder / "ledger.db"));
  BOOST_TEST(must(apply(j, watch)).counts.created == 20U);
  BOOST_TEST(must(dry_run(j, watch)).unchanged == 20U);
}

BOOST_FIXTURE_TEST_CASE(yesterdays_ledger_costs_calls_and_no_second_meeting, fixture) {
  start();
  const auto j = make_job(write_rows("in.csv", 1, 30));
  must(plan(j, false, watch));
  fs::copy_file(folder / "ledger.db", folder / "yesterday.db");
  must(apply(j, watch));
  fs::copy_file(folder / "yesterday.db", folder / "ledger.db", fs::copy_options::overwrite_existing);
  fs::remove(folder / "ledger.db-wal");
  fs::remove(folder / "ledger.db-shm");
  const auto again = must(apply(j, watch));
  BOOST_TEST(again.exit_code() == 0);
  BOOST_TEST(again.counts.existing == 30U);
  BOOST_TEST(count("created") == 30);
  BOOST_TEST(count("duplicates") == 0);
}

BOOST_FIXTURE_TEST_CASE(two_files_share_a_ledger, fixture) {
  start();
  const auto a = make_job(write_rows("a.csv", 1, 20)), b = make_job(write_rows("b.csv", 11, 30));
  must(apply(a, watch));
  const auto second = must(apply(b, watch));
  BOOST_TEST(second.counts.unchanged == 10U);
  BOOST_TEST(second.counts.created == 10U);
  BOOST_TEST(count("created") == 30);
}

BOOST_FIXTURE_TEST_CASE(a_failed_file_can_be_fed_back, fixture) {
  sim::behaviour picky;
  picky.no_policy = {"00000000-0000-0000-0000-000000000003"};
  start(picky);
  const auto first = must(apply(make_job(write_rows("in.csv", 1, 50)), watch));
  BOOST_TEST(first.exit_code() == 3);
  BOOST_TEST(first.counts.failed == 10U);
  BOOST_TEST(first.failed == (folder / "in.csv.failed.csv").string());
  const auto failed = read("in.csv.failed.csv");
  BOOST_TEST(std::count(failed.begin(), failed.end(), '\n') == 11);
  BOOST_TEST(failed.find("CsApplicationAccessPolicy") != std::string::npos);
  // One call for the organizer that is refused, none for its other rows.
  BOOST_TEST(count("requests") <= 46);

  const auto requests = count("requests");
  const auto fed = must(apply(make_job(first.failed), watch));
  BOOST_TEST(fed.rows == 10U);
  BOOST_TEST(fed.counts.failed == 10U);
  BOOST_TEST(count("requests") - requests <= 6);
}

BOOST_FIXTURE_TEST_CASE(throttles_are_waited_out, fixture) {
  sim::behaviour busy;
  busy.throttle.lane = {.rate = 100, .burst = 20};
  busy.throttle.form = sim::retry_after_form::decimal;
  start(busy);
  const auto done = must(apply(make_job(write_rows("in.csv", 1, 120)), watch));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(done.throttled > 0U);
  BOOST_TEST(count("early") == 0);
  BOOST_TEST(count("created") == 120);
  BOOST_TEST(watch.troubles.size() == done.throttled);
  BOOST_TEST(watch.troubles.front().second.find("429") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(tokens_that_expire_are_renewed, fixture) {
  sim::behaviour brief;
  brief.tokens.lifetime_seconds = 1;
  start(brief);
  auto j = make_job(write_rows("in.csv", 1, 120));
  j.pace.rate = 60;
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(count("tokens") > 1);
  BOOST_TEST(count("created") == 120);
}

BOOST_FIXTURE_TEST_CASE(rows_that_share_a_key_share_a_meeting, fixture) {
  start();
  const auto path = (folder / "duplicates.csv").string();
  std::ofstream(path) << "organizer,external_id,start\n"
                      << "00000000-0000-0000-0000-000000000001,A,2026-10-19T08:00:00Z\n"
                      << "00000000-0000-0000-0000-000000000001,A,2026-10-19T10:00:00+02:00\n"
                      << "00000000-0000-0000-0000-000000000001,B,2026-10-19T08:00:00Z\n";
  const auto done = must(apply(make_job(path), watch));
  BOOST_TEST(done.counts.created == 3U);
  BOOST_TEST(count("created") == 2);
}

BOOST_AUTO_TEST_CASE(a_failed_file_belongs_to_the_feed_of_its_input) {
  const auto feed = [](const std::string& input) { return run::feed_of(job{.input = input}); };
  BOOST_TEST(feed("a/mon.csv") == "mon.csv");
  BOOST_TEST(feed("a/mon.csv.failed.csv") == "mon.csv");
  for (const auto* kind : {"verify", "remove"}) {
    BOOST_TEST(feed("a/mon.csv." + std::string(kind) + ".failed.csv") == "mon.csv");
    BOOST_TEST(feed("stdin." + std::string(kind) + ".failed.csv").empty());
  }
  BOOST_TEST(feed("stdin.failed.csv").empty());
  BOOST_TEST(feed("-").empty());
  BOOST_TEST(feed(".failed.csv") == ".failed.csv");
  BOOST_TEST(run::feed_of(job{.input = "mon.csv.failed.csv", .feed = "classes"}) == "classes");
}

BOOST_FIXTURE_TEST_CASE(a_failed_file_says_nothing_of_the_rows_that_it_lacks, fixture) {
  start();
  const auto write = [&](const std::string& name, const std::string& text) {
    const auto path = (folder / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return make_job(path);
  };
  const auto row = [](const std::string& id) { return "00000000-0000-0000-0000-000000000001," + id + ",2099-10-19T08:00:00Z"; };
  const std::string header = "organizer,external_id,start";
  must(apply(write("in.csv", header + '\n' + row("K-1") + '\n' + row("K-2") + '\n'), watch));
  const auto corrected = write("in.csv.failed.csv", header + ",convoke_line,convoke_error\n" + row("K-3") + ",4,no\n");
  // The same for a plan that is opened later.
  must(plan(corrected, false, watch));
  must(apply(corrected, watch));
  for (const std::size_t i : {1U, 2U}) {
    const auto& summary = watch.plans.at(i).second;
    BOOST_TEST(summary.feed == "in.csv");
    BOOST_TEST(summary.new_keys == 1U);
    BOOST_TEST(summary.vanished == 0U);
  }
  must(dry_run(write("in.csv", header + '\n' + row("K-3") + '\n'), watch));
  BOOST_TEST(watch.plans.back().second.vanished == 2U);
}

BOOST_FIXTURE_TEST_CASE(what_is_wrong_with_a_row_that_repeats_is_reported_once, fixture) {
  const auto path = (folder / "in.csv").string();
  const std::string organizer = "00000000-0000-0000-0000-000000000001";
  std::ofstream(path, std::ios::binary) << "organizer,external_id,subject,start,time_zone,repeat\n"
                                        << organizer << ",A,x,2026-09-07 10:00,Europe/Berlin,daily 60 times\n"
                                        << organizer << ",A,y,2026-09-07 10:00,Europe/Berlin,daily 60 times\n"
                                        << organizer << ",B,z,2026-09-07 10:00,Europe/Berlin,daily 2 times\n";
  const auto refused = check(make_job(path), watch);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().message.find(": 2 of 3 rows are wrong; nothing was sent. Correct them") != std::string::npos,
             refused.error().message);
  BOOST_REQUIRE(watch.wrong.size() == 2U);
  BOOST_TEST(watch.wrong[0].first == 2U);
  BOOST_TEST(watch.wrong[0].second.find("line 3") != std::string::npos);
  BOOST_TEST(watch.wrong[1].first == 3U);
}

BOOST_FIXTURE_TEST_CASE(results_name_the_meeting_of_each_date_of_a_conflict, fixture) {
  start();
  const auto path = (folder / "in.csv").string();
  const std::string organizer = "00000000-0000-0000-0000-000000000001";
  std::ofstream(path, std::ios::binary) << "organizer,external_id,subject,start,time_zone,repeat\n"
                                        << organizer << ",A,x,2027-03-01 10:00,UTC,daily 2 times\n"
                                        << organizer << ",A-20270302,y,2027-03-02 12:00,UTC,\n";
  auto j = make_job(path);
  j.plan.skip_invalid = true;
  must(apply(j, watch));
  const auto results = read("results.csv");
  BOOST_TEST(results.find("2,2027-03-02," + graph->tenant() + ',' + organizer + ",A-20270302,rejected,,,,,,,,,x,2027-03-02T10:00:00Z,") !=
                 std::string::npos,
             results);
}
