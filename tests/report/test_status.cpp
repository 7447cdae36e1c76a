#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "report/summary.hpp"
#include "zone.hpp"

using namespace convoke;
using namespace convoke::report;
using namespace std::chrono_literals;

namespace {

const utc_time now{std::chrono::sys_days(2026y / 11 / 22) + 2h + 10min};

run_status half_done() {
  run_status s;
  s.run = {.id = 1, .state = run_state::open, .input = "in.csv", .rows = 1000};
  s.calls_left = 480;
  s.lanes = {{.lane = {.graph_root = "https://graph.example", .tenant = "t", .app = "app"},
              .learnt = learnt_rate{.rate = 48, .refused = 50, .saved_at = now - 3min},
              .closed = {}}};
  s.expected =
      forecast{.from = forecast::basis::learnt, .calls = 480, .rate = 48, .ceiling = 500, .learnt_ago = 3min, .least = 10s, .most = 10s};
  return s;
}

bool says(const run_status& s, const std::string& what) {
  return status_text({.inventory = {}, .feeds = {}, .run = &s, .notes = {}}, now).find(what) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_status_counts_expired_meetings) {
  ledger_state state{.inventory = {{"drifted", 1}, {"satisfied", 5}}, .feeds = {}, .notes = {}};
  BOOST_TEST(status_text(state, now).starts_with("Inventory: 1 drifted, 5 satisfied\n"));
  BOOST_TEST(boost::json::parse(status_json(state, now)).at("inventory_expired") == 0);
  state.expired = 2;
  BOOST_TEST(status_text(state, now).starts_with("Inventory: 1 drifted, 5 satisfied; 2 meetings have expired\n"));
  BOOST_TEST(boost::json::parse(status_json(state, now)).at("inventory_expired") == 2);
}

BOOST_AUTO_TEST_CASE(a_status_says_what_is_left_and_how_long_it_takes) {
  const zone here("Europe/Berlin");
  auto s = half_done();
  BOOST_TEST(says(s, "Forecast: 480 calls at about 48/s (learnt 3 min ago): 10 s, until about 03:10 +01:00.\n"));
  s.expected.reset();
  BOOST_TEST(says(s, "480 calls are left; the rate that the service takes is not known yet."));
  s.calls_left = 0;
  BOOST_TEST(!says(s, "Forecast"));
}

BOOST_AUTO_TEST_CASE(a_status_names_the_other_runs_that_owe_rows) {
  auto s = half_done();
  s.run.id = 2;
  run_info south{.id = 1, .state = run_state::open, .input = "both.csv", .rows = 6};
  south.counts.owed = 3;
  auto done = south, planned = south;
  done.state = run_state::finished;
  planned.state = run_state::planned;
  ledger_state state{.inventory = {}, .feeds = {}, .run = &s, .notes = {}, .workers = {}, .runs = {done, planned, s.run}};
  BOOST_TEST(!status_text(state, now).contains("other run"));
  BOOST_TEST(boost::json::parse(status_json(state, now)).at("other_open_runs").as_array().empty());
  state.runs.push_back(south);
  BOOST_TEST(status_text(state, now).contains("\n1 other run is open and owes 3 rows: run 1 (both.csv). `convoke runs` lists all runs.\n"));
  const auto other = boost::json::parse(status_json(state, now)).at("other_open_runs");
  BOOST_TEST_REQUIRE(other.as_array().size() == 1U);
  BOOST_TEST(other.at(0).at("run") == 1);
  BOOST_TEST(other.at(0).at("owed") == 3);
  state.runs.insert(state.runs.end(), 6, south);
  BOOST_TEST(status_text(state, now).contains("7 other runs are open and owe 21 rows: run 1 (both.csv), "));
  BOOST_TEST(status_text(state, now).contains(" and 2 more. `convoke runs`"));
}

BOOST_AUTO_TEST_CASE(a_status_names_what_is_closed) {
  const zone here("Europe/Berlin");
  auto s = half_done();
  s.lanes[0].closed = {{"", now + 5min}, {"organizer-1", now + 1h}};
  BOOST_TEST(says(s, "The lane is closed by the service until 03:15 +01:00, for another 5 min 00 s.\n"));
  BOOST_TEST(says(s, "Organizer organizer-1 is closed by the service until 04:10 +01:00, for another 60 min 00 s.\n"));
  for (int i = 0; i < 30; ++i) s.lanes[0].closed.push_back({"another", now + 1h});
  BOOST_TEST(says(s, "12 more organizers are closed.\n"));
}

BOOST_AUTO_TEST_CASE(a_status_for_programs) {
  auto s = half_done();
  s.lanes[0].closed = {{"", now + 5min}, {"organizer-1", now + 1h}};
  const auto run = boost::json::parse(status_json({.inventory = {}, .feeds = {}, .run = &s, .notes = {}}, now)).at("run").as_object();
  BOOST_TEST(run.at("calls_left") == 480);
  BOOST_TEST(run.at("forecast").at("least_s") == 10.0);
  const auto& lane = run.at("lanes").at(0);
  BOOST_TEST(lane.at("learnt").at("rate_per_s") == 48.0);
  BOOST_TEST(lane.at("learnt").at("ago_s") == 180);
  BOOST_TEST(lane.at("closed_until") == "2026-11-22T02:15:00Z");
  BOOST_TEST(lane.at("closed_organizers").at(0).at("organizer") == "organizer-1");
  s.lanes[0] = {};
  s.calls_left = 0;
  s.expected.reset();
  s.run.input = "caf\xe9.csv";
  const auto quiet = boost::json::parse(status_json({.inventory = {}, .feeds = {}, .run = &s, .notes = {}}, now)).at("run").as_object();
  BOOST_TEST(quiet.at("input") == "caf\\xe9.csv");
  BOOST_TEST(quiet.at("forecast").is_null());
  BOOST_TEST(quiet.at("lanes").at(0).at("learnt").is_null());
  BOOST_TEST(boost::json::parse(status_json({}, now)).at("run").is_null());
}

BOOST_AUTO_TEST_CASE(a_status_has_a_forecast_for_each_of_several_lanes) {
  const zone here("Europe/Berlin");
  auto s = half_done();
  s.lanes[0].calls_left = 480;
  s.lanes[0].expected = s.expected;
  const auto one_lane = s;
  for (const auto* const tenant : {"u", "v"}) s.lanes.push_back({.lane = {.graph_root = {}, .tenant = tenant, .app = "app"}});
  s.lanes[1].calls_left = 1;
  s.calls_left = 481;
  s.expected.reset();
  s.organizers = {{.organizer = "o", .lane = 0, .counts = {.created = 20, .owed = 480}},
                  {.organizer = "p", .lane = 1, .counts = {.owed = 1}},
                  {.organizer = "q", .lane = 2, .counts = {.created = 499}}};
  BOOST_TEST(says(s,
                  "Lanes:\n"
                  "  tenant t, application app  20 created, 480 deferred\n"
                  "    Forecast: 480 calls at about 48/s (learnt 3 min ago): 10 s, until about 03:10 +01:00.\n"
                  "  tenant u, application app  1 deferred\n"
                  "    Forecast: 1 call is left; the rate that the service takes is not known yet.\n"
                  "  tenant v, application app  499 created\n"
                  "    Forecast: no call is owed.\n"
                  "Forecast: 481 calls are left; the rate that the service takes is not known yet.\n"));
  const auto json = [](const run_status& of) {
    return boost::json::parse(status_json({.inventory = {}, .feeds = {}, .run = &of, .notes = {}}, now)).at("run").as_object();
  };
  const auto run = json(s);
  BOOST_TEST(run.at("forecast").is_null());
  BOOST_TEST(run.at("lanes").at(0).at("calls_left") == 480);
  BOOST_TEST(run.at("lanes").at(0).at("forecast").at("basis") == "learnt");
  BOOST_TEST(run.at("lanes").at(0).at("forecast").at("most_s") == 10.0);
  BOOST_TEST(run.at("lanes").at(1).at("calls_left") == 1);
  BOOST_TEST(run.at("lanes").at(1).at("forecast").is_null());
  BOOST_TEST(run.at("lanes").at(2).at("calls_left") == 0);
  // Where nothing is left there is nothing to expect.
  s.calls_left = s.lanes[0].calls_left = s.lanes[1].calls_left = 0;
  BOOST_TEST(!says(s, "Forecast"));
  // The forecast of a run with one lane is that of its lane.
  BOOST_TEST(!says(one_lane, "Lanes:"));
  BOOST_TEST(!json(one_lane).at("lanes").at(0).as_object().contains("forecast"));
  BOOST_TEST(json(one_lane).at("forecast").at("most_s") == 10.0);
}

BOOST_AUTO_TEST_CASE(a_status_counts_meetings_by_feed) {
  ledger_state s{
      .inventory = {{"satisfied", 1234}}, .feeds = {{"", 4}, {"mon.csv", 1000}, {"t\x1bue.csv", 230}}, .run = nullptr, .notes = {}};
  BOOST_TEST(status_text(s, now) ==
             "Inventory: 1,234 satisfied\n"
             "Feeds:\n"
             "          4  (no feed)\n"
             "      1,000  mon.csv\n"
             "        230  t\\x1bue.csv\n"
             "No runs yet.\n");
  BOOST_TEST(status_text({.inventory = {{"failed", 1}, {"satisfied", 2}}, .feeds = {}, .run = nullptr, .notes = {}}, now) ==
             "Inventory: 1 failed, 2 satisfied\nNo runs yet.\n");
  const auto feeds = boost::json::parse(status_json(s, now)).at("feeds");
  BOOST_TEST(feeds.at(0).at("feed").is_null());
  BOOST_TEST(feeds.at(1).at("feed") == "mon.csv");
  BOOST_TEST(feeds.at(1).at("meetings") == 1000);
  // A ledger that no feed was ever named in has nothing to list.
  s.feeds = {{"", 4}};
  BOOST_TEST(status_text(s, now) == "Inventory: 1,234 satisfied\nNo runs yet.\n");
  s.feeds.clear();
  for (int i = 0; i < 21; ++i) s.feeds.push_back({"f" + std::to_string(i), 1});
  BOOST_TEST(status_text(s, now).find("\n  1 more feed\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(runs_name_their_feed) {
  auto run = half_done().run;
  BOOST_TEST(runs_text({run}).find("feed") == std::string::npos);
  BOOST_TEST(boost::json::parse(runs_json({run})).at(0).at("feed").is_null());
  run.feed = "in.csv";
  BOOST_TEST(runs_text({run}).find("feed") == std::string::npos, "the name says it");
  run.input = "/data/in.csv";
  BOOST_TEST(runs_text({run}).find("/data/in.csv (feed in.csv)") != std::string::npos);
  BOOST_TEST(boost::json::parse(runs_json({run})).at(0).at("feed") == "in.csv");
}

BOOST_AUTO_TEST_CASE(runs_name_their_kind_unless_they_provision) {
  auto run = half_done().run;
  BOOST_TEST(boost::json::parse(runs_json({run})).at(0).at("kind") == "provision");
  BOOST_TEST(runs_text({run}).find("provision") == std::string::npos);
  run.kind = run_kind::remove;
  run.input = run.feed = "cancelled.csv";
  BOOST_TEST(boost::json::parse(runs_json({run})).at(0).at("kind") == "remove");
  BOOST_TEST(runs_text({run}).find("  remove cancelled.csv  ") != std::string::npos);
  // A run that verifies the whole inventory has no input.
  run.kind = run_kind::verify;
  run.input.clear();
  run.feed.clear();
  BOOST_TEST(runs_text({run}).find("  verify  ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(row_16_the_status_of_a_run_that_is_over_says_why_rows_failed) {
  auto s = half_done();
  s.run.state = run_state::finished;
  s.calls_left = 0;
  s.reasons = {{.code = "Forbidden",
                .http_status = 403,
                .rows = 5,
                .line = 2,
                .organizer = "o",
                .external_id = "K-1",
                .message = "no policy",
                .remedy = "Add the app to the policy.",
                .commands = {}}};
  BOOST_TEST(says(s, "  5 rows failed: 403 Forbidden: no policy\n"));
  BOOST_TEST(says(s, "    What to do: Add the app to the policy.\n"));
  const auto json = boost::json::parse(status_json({.inventory = {}, .feeds = {}, .run = &s, .notes = {"readable by others"}}, now));
  BOOST_TEST(json.at("run").at("reasons").at(0).at("rows") == 5);
  BOOST_TEST(json.at("notes").at(0) == "readable by others");
}

BOOST_AUTO_TEST_CASE(a_status_names_the_workers_of_a_ledger_that_has_them) {
  const zone here("Europe/Berlin");
  const lane_key lane{.graph_root = "https://graph.example", .tenant = "t", .app = "app"};
  ledger_state s{.inventory = {}, .feeds = {}, .run = nullptr, .notes = {}, .workers = std::vector<worker_status>()};
  BOOST_TEST(status_text(s, now) == "Inventory: no meetings yet\nWorkers: none\nNo runs yet.\n");
  s.workers->push_back({.host = "a\x1b", .process = 12, .started_at = now - 10min, .lease_left = 43s, .rows_held = 1200, .lanes = {}});
  s.workers->back().lanes = {{.lane = lane, .leads = true, .wants = 40, .part = 0.6, .rate = 30}};
  s.workers->push_back({.host = "b", .process = 7, .started_at = now - 1min, .lease_left = 60s, .rows_held = 1, .lanes = {}});
  s.workers->back().lanes = {{.lane = lane, .leads = false, .wants = 5, .part = 0, .rate = 0}};
  s.workers->push_back({.host = "c", .process = 8, .started_at = now - 1min, .lease_left = -90s, .rows_held = 2, .lanes = {}});
  s.workers->back().lanes = {{.lane = lane, .leads = true, .wants = 5, .part = 1, .rate = 50}};
  BOOST_TEST(status_text(s, now) ==
             "Inventory: no meetings yet\n"
             "Workers:\n"
             "  a\\x1b, process 12: since 03:00 +01:00, its lease lasts 43 s, 1,200 rows held\n"
             "  b, process 7: since 03:09 +01:00, its lease lasts 60 s, 1 row held\n"
             "  c, process 8: since 03:09 +01:00, its lease ended 90 s ago, 2 rows held\n"
             "Lane of tenant t, application app, 30.0 calls/s granted:\n"
             "  a\\x1b, process 12: has 30.0 calls/s (60 %), wants 40.0 calls/s; leads\n"
             "  b, process 7: has nothing yet, wants 5.0 calls/s\n"
             "No runs yet.\n");
  const auto workers = boost::json::parse(status_json(s, now)).at("workers");
  BOOST_TEST(workers.at(0).at("lease_left_s") == 43);
  BOOST_TEST(workers.at(0).at("lanes").at(0).at("leads") == true);
  BOOST_TEST(workers.at(0).at("lanes").at(0).at("rate_per_s") == 30.0);
  BOOST_TEST(workers.at(1).at("rows_held") == 1);
  BOOST_TEST(workers.at(1).at("lanes").at(0).at("rate_per_s").is_null());
  BOOST_TEST(!boost::json::parse(status_json({}, now)).as_object().contains("workers"), "a ledger for one process has none");
}
