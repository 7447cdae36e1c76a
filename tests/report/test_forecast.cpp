#include <boost/test/unit_test.hpp>

#include "report/forecast.hpp"
#include "report/local_time.hpp"
#include "report/summary.hpp"
#include "zone.hpp"

using namespace convoke;
using namespace convoke::report;
using namespace std::chrono_literals;
using basis = forecast::basis;

namespace {

const utc_time now{std::chrono::sys_days(2026y / 11 / 22) + 2h + 10min};

forecast learnt() {
  return {.from = basis::learnt, .calls = 12'000, .rate = 48, .ceiling = 500, .learnt_ago = 22h, .least = 250s, .most = 250s};
}

}  // namespace

BOOST_AUTO_TEST_CASE(wall_times_have_their_offset) {
  const zone here("Europe/Berlin");
  BOOST_TEST(local_time(now) == "2026-11-22T03:10:00+01:00");
  BOOST_TEST(local_minute(now, now) == "03:10 +01:00");
  BOOST_TEST(local_minute(now + 21h, now) == "2026-11-23 00:10 +01:00");
  const zone there("America/St_Johns");
  BOOST_TEST(local_time(now) == "2026-11-21T22:40:00-03:30");
  BOOST_TEST(local_time(utc_time::max()).size() == 25u);
}

BOOST_AUTO_TEST_CASE(forecasts_in_words) {
  const zone here("Europe/Berlin");
  auto f = learnt();
  BOOST_TEST(forecast_text(f, now) == "Forecast: 12,000 calls at about 48/s (learnt 22 h ago): 4 min 10 s, until about 03:14 +01:00.");
  f.from = basis::learnt_long_ago;
  f.rate = 24;
  f.learnt_ago = 72h;
  f.most = 500s;
  BOOST_TEST(
      forecast_text(f, now) ==
      "Forecast: 12,000 calls from 24/s on (half of what was learnt 3 days ago): 4 min 10 s to 8 min 20 s, until 03:14 +01:00 at the "
      "earliest, 03:18 +01:00 at the latest.");
  f = {.from = basis::unknown, .calls = 1, .rate = 0.5, .ceiling = 500, .least = 2s, .most = 2s};
  BOOST_TEST(
      forecast_text(f, now).starts_with("Forecast: 1 call; the rate that the service takes is not known yet. 2 s if it takes 500/s"));
  BOOST_TEST(forecast_text(f, now).ends_with("2 s at the 0.5/s of the start (--start-rate), longer if it takes less."));
  f = {.from = basis::fixed, .calls = 100, .rate = 100, .ceiling = 100, .closed_for = 90s, .least = 91s, .most = 91s};
  BOOST_TEST(
      forecast_text(f, now) ==
      "Forecast: 100 calls at 100/s (--fixed-rate): 91 s, until about 03:11 +01:00. The service has closed the lane until 03:11 +01:00; "
      "the durations include that.");
  BOOST_TEST(forecast_text({}, now) == "Forecast: no call is owed.");
}

BOOST_AUTO_TEST_CASE(forecasts_for_programs) {
  const zone here("Europe/Berlin");
  const auto json = boost::json::serialize(forecast_json(learnt(), now));
  BOOST_TEST(json ==
             R"({"calls":12000,"basis":"learnt","rate_per_s":4.8E1,"ceiling_per_s":5E2,"learnt_ago_s":79200,"closed_for_s":0E0,)"
             R"("least_s":2.5E2,"most_s":2.5E2,"until_earliest":"2026-11-22T03:14:10+01:00","until_latest":"2026-11-22T03:14:10+01:00"})");
  plan_summary s;
  s.calls = 12'000;
  s.expected = learnt();
  BOOST_TEST(boost::json::parse(plan_json(1, s, now)).at("forecast").at("basis") == "learnt");
  s.expected.reset();
  BOOST_TEST(boost::json::parse(plan_json(1, s, now)).at("forecast").is_null());
}

BOOST_AUTO_TEST_CASE(too_many_meetings_in_a_month_are_a_warning) {
  plan_summary s;
  s.organizers = {{.organizer = "a", .calls = 2000, .new_keys = 2000},
                  {.organizer = "b", .calls = 2001, .new_keys = 2001},
                  {.organizer = "c", .calls = 10, .new_keys = 10, .made_this_month = 1990},
                  {.organizer = "d", .calls = 10, .new_keys = 11, .made_this_month = 1990},
                  {.organizer = "e", .calls = 10, .new_keys = 0, .made_this_month = 5000}};
  const auto warnings = plan_warnings(s);
  BOOST_REQUIRE(warnings.size() == 1u);
  BOOST_TEST(warnings[0].ends_with(". b: 2,001 new meetings; d: 11 new meetings, 1,990 made this month already."), warnings[0]);
}

BOOST_AUTO_TEST_CASE(a_run_with_work_left_says_when_to_come_back) {
  const zone here("Europe/Berlin");
  job_report r;
  r.run = 1;
  r.rows = 10;
  r.counts.owed = 4;
  r.end = ending::deferred;
  BOOST_TEST(report_text(r).ends_with("Work is left: 6 of 10 rows are done. Run the same command again.\n"));
  r.come_back = 600s;
  r.come_back_at = now;
  BOOST_TEST(report_text(r).ends_with("Run the same command again in 10 min 00 s, at 03:10 +01:00.\n"));
  BOOST_TEST(boost::json::parse(report_json(r)).at("come_back_at") == "2026-11-22T03:10:00+01:00");
  r.come_back = 0s;
  BOOST_TEST(report_text(r).ends_with("Run the same command again now.\n"));
}

BOOST_AUTO_TEST_CASE(a_path_that_is_no_utf8_leaves_the_summary_json) {
  job_report r;
  r.run = 1;
  r.results = "caf\xe9/r.csv";
  r.failed = "caf\xc3\xa9/r.csv";
  r.output_errors = {"cannot write caf\xe9/r.csv"};
  const auto read = boost::json::parse(report_json(r));
  BOOST_TEST(read.at("results") == "caf\\xe9/r.csv");
  BOOST_TEST(read.at("failed") == "caf\xc3\xa9/r.csv");
  BOOST_TEST(read.at("output_errors").at(0) == "cannot write caf\\xe9/r.csv");
  const auto error = boost::json::parse(convoke::report::error_json({convoke::errc::input, "no \xff"}, 8, {}));
  BOOST_TEST(error.at("error") == "no \\xff");
}

BOOST_AUTO_TEST_CASE(batches_and_answers_to_no_call_are_reported) {
  job_report r;
  r.run = 1;
  r.calls = 10;
  BOOST_TEST(!report_text(r).contains("batch"));
  r.batches = 1;
  BOOST_TEST(report_text(r).contains("Several of the calls went together: 1 batch.\n"));
  BOOST_TEST(!report_text(r).contains("ignored"));
  r.batches = 2;
  r.strange = 3;
  BOOST_TEST(report_text(r).contains("2 batches.\n"));
  BOOST_TEST(report_text(r).contains("3 answers in batches were ignored: they belong to no call, or to one that had its answer.\n"));
  const auto read = boost::json::parse(report_json(r));
  BOOST_TEST(read.at("batches") == 2);
  BOOST_TEST(read.at("strange_answers") == 3);
  convoke::work_report work;
  work.batches = 2;
  work.strange = 1;
  const auto text = convoke::report::work_text(work);
  BOOST_TEST(text.contains("2 batches.\n"));
  BOOST_TEST(text.contains("1 answer in batches was ignored"));
  const auto object = boost::json::parse(convoke::report::work_json(work));
  BOOST_TEST(object.at("batches") == 2);
  BOOST_TEST(object.at("strange_answers") == 1);
}

BOOST_AUTO_TEST_CASE(early_calls_caused_by_inference_are_reported) {
  job_report r;
  r.run = 1;
  r.calls = 10;
  BOOST_TEST(report_text(r).find("was closed") == std::string::npos);
  r.early_by_inference = 3;
  BOOST_TEST(report_text(r).find("3 of the calls were sent into a scope that was closed") != std::string::npos);
  BOOST_TEST(boost::json::parse(report_json(r)).at("early_by_inference") == 3);
}
