// Errors before and after the calls: each has its kind, and nothing is sent.

#include "fixture.hpp"

using namespace convoke;
using namespace convoke::testing;

namespace {

errc kind(const result<job_report>& r) {
  BOOST_REQUIRE(!r.has_value());
  return r.error().code;
}

std::string write(const fixture& f, const std::string& name, const std::string& text) {
  const auto path = (f.folder / name).string();
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

const std::string header = "organizer,external_id,start\n";

}  // namespace

BOOST_FIXTURE_TEST_CASE(no_file_and_a_directory, fixture) {
  start();
  BOOST_CHECK(kind(apply(make_job((folder / "none.csv").string()), watch)) == errc::usage);
  BOOST_CHECK(kind(apply(make_job(folder.string()), watch)) == errc::usage);
  BOOST_TEST(count("requests") == 0);
}

BOOST_FIXTURE_TEST_CASE(an_empty_file_and_a_header_alone, fixture) {
  start();
  BOOST_CHECK(kind(apply(make_job(write(*this, "empty.csv", "")), watch)) == errc::input);
  BOOST_CHECK(kind(apply(make_job(write(*this, "header.csv", header)), watch)) == errc::input);
  BOOST_TEST(count("requests") == 0);
}

BOOST_FIXTURE_TEST_CASE(every_wrong_row_is_named_and_nothing_is_sent, fixture) {
  start();
  auto text = header;
  for (int i = 0; i < 500; ++i)
    text += fmt::format("00000000-0000-0000-0000-000000000001,K{},{}\n", i, i % 200 == 100 ? "01/09/2026" : "2026-10-19T08:00:00Z");
  const auto refused = apply(make_job(write(*this, "in.csv", text)), watch);
  BOOST_CHECK(kind(refused) == errc::input);
  BOOST_TEST(refused.error().message.starts_with((folder / "in.csv").string() + ": 2 of 500 rows are wrong"), refused.error().message);
  BOOST_REQUIRE(watch.wrong.size() == 2U);
  BOOST_TEST(watch.wrong[0].first == 102U);
  BOOST_TEST(watch.wrong[0].second.find("01/09/2026") != std::string::npos);
  BOOST_TEST(count("requests") == 0);
  BOOST_TEST(read("in.csv.failed.csv").starts_with("organizer,external_id,start,convoke_line,convoke_error\n"));
}

BOOST_FIXTURE_TEST_CASE(what_is_wrong_with_a_file_names_it_once_whatever_it_is_called, fixture) {
  const auto before = fs::current_path();
  fs::current_path(folder);  // short names, which a message may hold for other reasons
  const std::pair<std::string, std::string> files[] = {{"rows", header},
                                                       {"opens", header + "a,b\n\"open"},
                                                       {"column", header + "a,\xff,c\n"},
                                                       {"quote", "\"organizer\"x,external_id,start\n"},
                                                       {"header", "organizer,external_id\na,b\n"},
                                                       {"is", ""},
                                                       {"e", header + "\"\"x\n"}};
  for (const auto& [name, text] : files) {
    write(*this, name, text);
    const auto refused = apply(make_job(name), watch);
    BOOST_REQUIRE(!refused.has_value());
    const auto& message = refused.error().message;
    BOOST_TEST((message.starts_with(name + ": ") || message.starts_with(name + " is empty")), message);
    BOOST_TEST(!message.contains(name + ": " + name), message);
  }
  fs::current_path(before);
}

BOOST_FIXTURE_TEST_CASE(good_rows_are_made_where_asked_although_some_are_wrong, fixture) {
  start();
  auto j = make_job(
      write(*this, "in.csv", header + "no-id,A,2026-10-19T08:00:00Z\n00000000-0000-0000-0000-000000000001,B,2026-10-19T08:00:00Z\n"));
  j.plan.skip_invalid = true;
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 3);
  BOOST_TEST(done.counts.rejected == 1U);
  BOOST_TEST(done.counts.created == 1U);
}

BOOST_FIXTURE_TEST_CASE(limits_stop_it_before_the_first_call, fixture) {
  start();
  const auto path = write_rows("in.csv", 1, 30);
  auto more = make_job(path);
  more.plan.max_new = 29;
  BOOST_CHECK(kind(apply(more, watch)) == errc::input);
  auto fewer = make_job(path);
  fewer.plan.expect_rows = 31;
  BOOST_CHECK(kind(apply(fewer, watch)) == errc::input);
  BOOST_TEST(count("requests") == 0);
}

BOOST_FIXTURE_TEST_CASE(the_expected_rows_are_counted_also_where_no_plan_is_needed_any_more, fixture) {
  start();
  const auto path = write_rows("in.csv", 1, 30);
  auto fewer = make_job(path);
  fewer.plan.expect_rows = 31;
  BOOST_TEST(must(plan(make_job(path), false, watch)).run == 1U);
  BOOST_CHECK(kind(apply(fewer, watch)) == errc::input);  // planned
  BOOST_TEST(count("requests") == 0);
  BOOST_TEST(must(apply(make_job(path), watch)).exit_code() == 0);
  BOOST_CHECK(kind(apply(fewer, watch)) == errc::input);  // finished
  fewer.plan.expect_rows = 30;
  BOOST_TEST(must(apply(fewer, watch)).exit_code() == 0);
}

BOOST_FIXTURE_TEST_CASE(pilots_send_only_their_rows, fixture) {
  start();
  const auto path = write_rows("in.csv", 1, 30);
  auto limited = make_job(path);
  limited.plan.limit = 7;
  BOOST_TEST(must(apply(limited, watch)).counts.created == 7U);
  auto only = make_job(path);
  only.plan.only = "room=R20";
  BOOST_TEST(must(apply(only, watch)).counts.created == 1U);
  BOOST_TEST(count("created") == 8);
}

BOOST_FIXTURE_TEST_CASE(an_unreachable_server_defers_and_says_so, fixture) {
  auto j = make_job(write_rows("in.csv", 1, 3));
  j.lanes.front().token = secret("ready");
  j.pace.max_outage = std::chrono::milliseconds(300);
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 5);
  BOOST_TEST(done.counts.owed == 3U);
  BOOST_TEST(!done.detail.empty());
}

BOOST_FIXTURE_TEST_CASE(a_wrong_secret_stops_with_nothing_lost, fixture) {
  start();
  auto j = make_job(write_rows("in.csv", 1, 3));
  j.lanes.front().client_secret = secret("wrong-secret-canary");
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 4);
  BOOST_TEST(count("created") == 0);
  for (const auto& note : watch.notes) BOOST_TEST(note.find("wrong-secret-canary") == std::string::npos);
  BOOST_TEST(must(apply(make_job(j.input), watch)).counts.created == 3U);
}

BOOST_FIXTURE_TEST_CASE(a_certificate_that_is_not_trusted_gets_no_byte_of_http, fixture) {
  start();
  auto j = make_job(write_rows("in.csv", 1, 3));
  j.lanes.front().token = secret("ready");
  j.lanes.front().ca_file.clear();
  j.pace.max_outage = std::chrono::milliseconds(300);
  const auto done = must(apply(j, watch));
  BOOST_TEST(done.exit_code() == 5);
  BOOST_TEST(count("requests") == 0);
  BOOST_TEST(done.detail.find("certificate") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_certificate_file_that_is_none_is_reported_before_a_run_is_opened, fixture) {
  start();
  auto j = make_job(write_rows("in.csv", 1, 3));
  const auto good = j.lanes.front().ca_file;
  j.lanes.front().ca_file = j.input;
  BOOST_CHECK(kind(apply(j, watch)) == errc::usage);
  BOOST_TEST(watch.plans.empty());
  j.lanes.front().ca_file = good;
  BOOST_TEST(must(apply(j, watch)).counts.created == 3U);
  // A finished run needs no certificate.
  j.lanes.front().ca_file = j.input;
  BOOST_TEST(must(apply(j, watch)).exit_code() == 0);
}

BOOST_FIXTURE_TEST_CASE(a_ledger_that_cannot_be_written, fixture) {
  start();
  auto j = make_job(write_rows("in.csv", 1, 3));
  j.ledger = "sqlite:/proc/nowhere/ledger.db";
  BOOST_CHECK(kind(apply(j, watch)) == errc::storage);
  for (const auto& name : {std::string("/proc/nowhere/ledger.db"), std::string(300, 'x')}) {
    j.ledger = "sqlite:" + name;
    const auto rehearsed = dry_run(j, watch);
    BOOST_TEST((name.starts_with('/') ? rehearsed.has_value() : !rehearsed && rehearsed.error().code == errc::storage));
  }
  j.ledger = "postgresql:x";
  BOOST_CHECK(kind(apply(j, watch)) == errc::usage);
  BOOST_TEST(count("requests") == 0);
}

BOOST_FIXTURE_TEST_CASE(results_that_cannot_be_written_are_exit_9_and_can_be_made_again, fixture) {
  // The folder is there when the job begins, and gone when the results are written.
  struct folder_remover final : observer {
    explicit folder_remover(fs::path which) : gone(std::move(which)) {}
    void planned(std::uint32_t, const plan_summary&) override { fs::remove(gone); }
    fs::path gone;
  } remover(folder / "none");
  fs::create_directory(remover.gone);
  start();
  auto j = make_job(write_rows("in.csv", 1, 3));
  j.results = (folder / "none/results.csv").string();
  const auto done = must(apply(j, remover));
  BOOST_TEST(done.exit_code() == 9);
  BOOST_TEST(done.counts.created == 3U);
  j.results = (folder / "again.csv").string();
  BOOST_TEST(must(apply(j, watch)).exit_code() == 0);
  BOOST_TEST(count("created") == 3);
}
