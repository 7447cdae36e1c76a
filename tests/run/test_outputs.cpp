// What a job writes besides the ledger: checked before the first call, replaced, and removed where nothing failed.

#include <sys/stat.h>

#include "fixture.hpp"

using namespace convoke;
using namespace convoke::testing;

namespace {

const std::string header = "organizer,external_id,start\n";
const std::string good = "00000000-0000-0000-0000-000000000001,A,2026-10-19T08:00:00Z\n", wrong = "no-id,B,2026-10-19T08:00:00Z\n";

std::string write(const fixture& f, const std::string& name, const std::string& text) {
  const auto path = (f.folder / name).string();
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(row_17_outputs_that_cannot_be_written_end_a_job_before_the_first_call, fixture) {
  start();
  const auto input = write_rows("in.csv", 1, 3);
  fs::create_directory(folder / "sub.csv");
  const auto refused = [&](const job& j, const std::string& flag) {
    const auto r = apply(j, watch);
    BOOST_REQUIRE(!r.has_value());
    BOOST_CHECK(r.error().code == errc::usage);
    BOOST_TEST(r.error().message.starts_with(flag + ": "), r.error().message);
    BOOST_TEST(!fs::exists(folder / "ledger.db"));
  };
  auto j = make_job(input);
  for (const auto* name : {"none/r.csv", "sub.csv"}) {
    j.results = (folder / name).string();
    refused(j, "--results");
  }
  j = make_job(input);
  for (const auto* name : {"none/f.csv", "sub.csv"}) {
    j.failed = (folder / name).string();
    refused(j, "--failed");
    BOOST_TEST(!plan(j, false, watch).has_value());
  }
  BOOST_TEST(count("requests") == 0);
  // check writes no output.
  BOOST_TEST(check(j, watch).has_value());
  // A file that is there keeps its bytes until the end.
  j = make_job(input);
  j.results = (folder / "r.csv").string();
  j.failed = write(*this, "mine.csv", "precious");
  must(apply(j, watch));
  BOOST_TEST(read("mine.csv") == "precious", "nothing failed, and it is no failed file of this input");
}

BOOST_FIXTURE_TEST_CASE(row_18_the_failed_file_of_an_earlier_run_is_removed_when_nothing_failed, fixture) {
  start();
  const auto path = write(*this, "in.csv", header + good + wrong);
  const auto j = make_job(path);
  BOOST_TEST(!apply(j, watch).has_value());
  BOOST_TEST(read("in.csv.failed.csv").starts_with("organizer,external_id,start,convoke_line,convoke_error\n"));
  write(*this, "in.csv", header + good);
  // What only looks removes nothing.
  must(check(j, watch));
  must(dry_run(j, watch));
  must(plan(j, false, watch));
  BOOST_TEST(fs::exists(path + ".failed.csv"));
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.removed_failed == path + ".failed.csv");
  BOOST_TEST(!fs::exists(path + ".failed.csv"));
  BOOST_TEST(must(apply(j, watch)).removed_failed == "");
}

BOOST_FIXTURE_TEST_CASE(row_18_other_files_of_that_name_stay, fixture) {
  start();
  const auto path = write(*this, "in.csv", header + good);
  const auto j = make_job(path);
  for (const auto* text : {"", "mine", "organizer,external_id,room,convoke_line,convoke_error\n", "organizer,external_id,start\n"}) {
    write(*this, "in.csv.failed.csv", text);
    BOOST_TEST(must(apply(j, watch)).removed_failed == "");
    BOOST_TEST(read("in.csv.failed.csv") == text);
  }
  fs::remove(folder / "in.csv.failed.csv");
  const auto target = write(*this, "target.csv", "organizer,external_id,start,convoke_line,convoke_error\n");
  fs::create_symlink(target, folder / "in.csv.failed.csv");
  BOOST_TEST(must(apply(j, watch)).removed_failed == "");
  BOOST_TEST(fs::exists(target));
  // A failed file that is applied, corrected, is the input itself.
  const auto corrected = write(*this, "corrected.csv",
                               "organizer,external_id,start,convoke_line,convoke_error\n" + good.substr(0, good.size() - 1) + ",3,no\n");
  auto own = make_job(corrected);
  own.failed = corrected;
  BOOST_TEST(!apply(own, watch).has_value(), "one name for two files");
  BOOST_TEST(must(apply(make_job(corrected), watch)).removed_failed == "");
  BOOST_TEST(fs::exists(corrected));
}

BOOST_FIXTURE_TEST_CASE(row_18_a_run_that_fails_again_replaces_the_failed_file, fixture) {
  start();
  const auto path = write(*this, "in.csv", header + good + wrong + wrong);
  auto j = make_job(path);
  j.plan.skip_invalid = true;
  must(apply(j, watch));
  const auto first = read("in.csv.failed.csv");
  write(*this, "in.csv", header + good + wrong);
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.failed == path + ".failed.csv");
  BOOST_TEST(done.removed_failed == "");
  BOOST_TEST(read("in.csv.failed.csv").size() < first.size());
}

BOOST_FIXTURE_TEST_CASE(a_plan_that_is_refused_is_shown_before_the_error, fixture) {
  struct refusals final : observer {
    void refused(const plan_summary& s) override { seen.push_back(s); }
    std::vector<plan_summary> seen;
  } look;
  start();
  auto j = make_job(write(*this, "in.csv", header + good + wrong));
  BOOST_TEST(!check(j, look).has_value());
  BOOST_TEST(!dry_run(j, look).has_value());
  BOOST_TEST(!plan(j, false, look).has_value());
  BOOST_TEST(!apply(j, look).has_value());
  BOOST_REQUIRE(look.seen.size() == 4U);
  for (const auto& s : look.seen) BOOST_TEST(s.rejected == 1U);
  j = make_job(write_rows("new.csv", 1, 3));
  j.plan.max_new = 2;
  BOOST_TEST(!apply(j, look).has_value());
  BOOST_TEST(look.seen.back().new_keys == 3U);
  j.plan.max_new = 3;
  must(apply(j, look));
  BOOST_TEST(look.seen.size() == 5U);
}

BOOST_FIXTURE_TEST_CASE(row_21_results_of_a_run_are_in_the_dialect_of_the_input, fixture) {
  start();
  const auto path = write(*this, "in.csv",
                          "\xEF\xBB\xBForganizer;external_id;start;subject\r\n"
                          "00000000-0000-0000-0000-000000000001;A;2026-10-19T08:00:00Z;\xC3\x9C"
                          "bung, eins\r\n");
  auto j = make_job(path);
  must(apply(j, watch));
  BOOST_TEST(read("results.csv").starts_with("\xEF\xBB\xBFline;"));
  BOOST_TEST(read("results.csv")
                 .contains(";\xC3\x9C"
                           "bung, eins;"));
  j.dialect = results_dialect::rfc4180;
  must(apply(j, watch));
  BOOST_TEST(read("results.csv").starts_with("line,"));
  BOOST_TEST(read("results.csv")
                 .contains(",\"\xC3\x9C"
                           "bung, eins\","));
}

BOOST_FIXTURE_TEST_CASE(empty_rows_do_not_count_for_expect_rows_in_any_run, fixture) {
  start();
  auto j = make_job(write(*this, "in.csv", header + good + ",,\n\n , ,\n"));
  j.plan.expect_rows = 1;
  must(apply(j, watch));
  must(apply(j, watch));  // finds the run that is done
  BOOST_TEST(watch.plans.back().second.empty_records == 2U);
}
