#include <cstdio>
#include <string>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "report/progress.hpp"
#include "report/summary.hpp"
#include "zone.hpp"

using namespace std::chrono_literals;
using convoke::utc_time;
using std::chrono::sys_days;
namespace report = convoke::report;

namespace {

// What a printer wrote.
struct capture {
  std::FILE* file = std::tmpfile();
  ~capture() { std::fclose(file); }
  std::string text() const {
    std::string out(4096, '\0');
    std::rewind(file);
    out.resize(std::fread(out.data(), 1, out.size(), file));
    return out;
  }
};

convoke::observer::progress at(std::uint64_t done, std::chrono::milliseconds elapsed) {
  convoke::observer::progress p;
  p.rows = 1000;
  p.done = done;
  p.rate = 50;
  p.left = std::chrono::milliseconds((1000 - done) * 20);
  p.elapsed = elapsed;
  return p;
}

}  // namespace

BOOST_AUTO_TEST_CASE(plain_progress_is_a_line_per_tenth_or_half_minute) {
  capture to;
  report::progress_printer printer(report::progress_style::plain, to.file);
  for (std::uint64_t done = 0; done <= 1000; done += 10) printer.show(at(done, std::chrono::milliseconds(done)));
  printer.show(at(1000, 20s));
  printer.show(at(1000, 40s));
  const auto text = to.text();
  BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 10, "nothing more is said once all rows are done");
  BOOST_TEST(text.starts_with("100 of 1,000 rows (10 %), 50/s, about 18 s left"));
}

BOOST_AUTO_TEST_CASE(a_cooldown_is_shown) {
  const zone utc("UTC");
  auto p = at(500, 1s);
  p.throttled = 2;
  p.closed_for = 30s;
  BOOST_TEST(report::progress_line(p) == "500 of 1,000 rows (50 %), 50/s, throttled 2x, closed by the service for 30 s, about 10 s left");
  p.learning = true;  // not while it is closed
  p.closed_for = 10min;
  p.closed_until = utc_time(sys_days(2026y / 11 / 22) + 3h);
  p.left = 10min + 10s;
  BOOST_TEST(
      report::progress_line(p) ==
      "500 of 1,000 rows (50 %), 50/s, throttled 2x, closed by the service for 10 min 00 s (until 03:00 +00:00), about 10 min 10 s left");
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_not_shown) {
  auto p = at(500, 1s);
  p.learning = true;
  BOOST_TEST(report::progress_line(p) == "500 of 1,000 rows (50 %), 50/s, still finding the limit, about 10 s left");
  p.learning = false;
  p.rate = 0;
  p.left.reset();
  p.nothing_for = 40s;
  BOOST_TEST(report::progress_line(p) == "500 of 1,000 rows (50 %), 0/s, no row has ended for 40 s");
}

BOOST_AUTO_TEST_CASE(progress_for_programs_is_json) {
  capture to;
  report::progress_printer printer(report::progress_style::json, to.file);
  auto p = at(500, 2s);
  p.pace = 48;
  p.calls_left = 499;
  printer.show(p);
  p.elapsed = 4s;
  p.left.reset();
  printer.show(p);
  BOOST_TEST(to.text() ==
             "{\"progress\":{\"rows\":1000,\"done\":500,\"calls\":0,\"calls_left\":499,\"throttled\":0,\"rate\":50.00,\"pace\":48.00,"
             "\"learning\":false,\"closed_for_s\":0.0,\"left_s\":10.0,\"elapsed_s\":2.0}}\n"
             "{\"progress\":{\"rows\":1000,\"done\":500,\"calls\":0,\"calls_left\":499,\"throttled\":0,\"rate\":50.00,\"pace\":48.00,"
             "\"learning\":false,\"closed_for_s\":0.0,\"left_s\":null,\"elapsed_s\":4.0}}\n");
}

BOOST_AUTO_TEST_CASE(numbers_for_people) {
  BOOST_TEST(report::grouped(7) == "7");
  BOOST_TEST(report::grouped(1234567) == "1,234,567");
  BOOST_TEST(report::duration_for_people(1500ms) == "2 s");
  BOOST_TEST(report::duration_for_people(200s) == "3 min 20 s");
  BOOST_TEST(report::duration_for_people(7500s) == "2 h 05 min");
  BOOST_TEST(report::duration_for_people(50h) == "2 days");
}

BOOST_AUTO_TEST_CASE(of_several_exit_codes_the_first_in_the_order_is_returned) {
  convoke::job_report r;
  r.run = 1;
  r.counts.created = 5;
  BOOST_TEST(r.exit_code() == 0);
  r.output_errors = {"x"};
  BOOST_TEST(r.exit_code() == 9);
  r.output_errors.clear();
  r.warnings = {"old runs could not be pruned"};
  BOOST_TEST(r.exit_code() == 0);
  BOOST_TEST(report::report_text(r).find("Warning: old runs could not be pruned\n") != std::string::npos);
  BOOST_TEST(report::report_json(r).find(R"("warnings":["old runs could not be pruned"])") != std::string::npos);
  r.counts.removed = 1;
  BOOST_TEST(r.exit_code() == 0);
  r.counts.lost = 1;
  BOOST_TEST(r.exit_code() == 3);
  r.counts.lost = 0;
  r.output_errors = {"x"};
  r.counts.drifted = 1;
  r.drift_fails = true;
  BOOST_TEST(r.exit_code() == 3);
  r.counts.owed = 1;
  BOOST_TEST(r.exit_code() == 5);
  r.end = convoke::ending::interrupted;
  BOOST_TEST(r.exit_code() == 130);
  const auto terminated = boost::json::parse(report::report_json(r, {.word = "terminated", .exit_code = 143}));
  BOOST_TEST(terminated.at("end") == "terminated");
  BOOST_TEST(terminated.at("exit_code") == 143);
  r.end = convoke::ending::permission;
  BOOST_TEST(r.exit_code() == 4);
  r.end = convoke::ending::storage;
  BOOST_TEST(r.exit_code() == 6);
}
