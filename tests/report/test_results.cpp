#include <filesystem>
#include <fstream>
#include <sstream>

#include <unistd.h>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <convoke/spec.hpp>

#include "fake_reader.hpp"
#include "report/line_writer.hpp"
#include "report/results.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using convoke::outcome;
using convoke::report::format;

struct target {
  convoke_test::temporary_folder folder;
  std::string path = folder / "results";
  [[nodiscard]] std::string read() const {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
};

const std::string payload = [] {
  convoke::meeting_spec s;
  s.organizer = "9d8fe59e-322e-53bb-9df5-35d01bf5cb66";
  s.external_id = "A-1";
  s.subject = "=cmd()";
  s.start = *convoke::parse_utc("2026-10-19T08:00:00Z");
  s.end = *convoke::parse_utc("2026-10-19T09:00:00Z");
  return convoke::encode_spec(s);
}();

fake_reader two_rows() {
  fake_reader ledger;
  convoke::ledger::result_row good;
  good.line = 2;
  good.raw = "9D8FE59E-322E-53BB-9DF5-35D01BF5CB66,A-1,=cmd(),2026-10-19T08:00:00Z,\"+B, 1\"\n";
  good.payload = payload;
  good.result = outcome::created;
  good.http_status = 201;
  good.attempts = 1;
  good.meeting_id = "MSo1";
  good.join_web_url = "https://teams.example/l/1";
  good.finished_at = convoke::parse_utc("2026-10-01T10:00:00.5Z");
  convoke::ledger::result_row deferred = good;
  deferred.line = 3;
  deferred.result.reset();
  deferred.http_status = 0;
  deferred.meeting_id = deferred.join_web_url = {};
  deferred.finished_at.reset();
  convoke::ledger::result_row wrong;
  wrong.line = 4;
  wrong.raw = "no-id,A-2,x,soon,R\n";
  wrong.result = outcome::rejected;
  wrong.error_message = "column 'start'";
  ledger.results = {good, deferred, wrong};
  return ledger;
}

const auto run = run_with("organizer,external_id,subject,start,room\n");

}  // namespace

BOOST_FIXTURE_TEST_CASE(csv_has_the_columns_in_order_and_no_formula, target) {
  auto ledger = two_rows();
  BOOST_REQUIRE(convoke::report::write_results(ledger, run, path, format::csv).has_value());
  std::istringstream lines(read());
  std::string line;
  std::getline(lines, line);
  BOOST_TEST(line ==
             "line,occurrence,tenant,organizer,external_id,outcome,meeting_id,join_web_url,join_meeting_id,passcode,dial_in_number,"
             "conference_id,options_url,expires_at,subject,"
             "start,end,drift,http_status,error_code,error_message,attempts,request_id,client_request_id,finished_at,room");
  std::getline(lines, line);
  BOOST_TEST(
      line ==
      "2,,11111111-2222-3333-4444-555555555555,9d8fe59e-322e-53bb-9df5-35d01bf5cb66,A-1,created,MSo1,https://teams.example/l/1,,,,,,,"
      "'=cmd(),2026-10-19T08:00:00Z,2026-10-19T09:00:00Z,,201,,,1,,,2026-10-01T10:00:00.5Z,\"'+B, 1\"");
  std::getline(lines, line);
  BOOST_TEST(line.find(",deferred,") != std::string::npos);
  std::getline(lines, line);
  BOOST_TEST(line.starts_with("4,,11111111-2222-3333-4444-555555555555,no-id,A-2,rejected,"));
  BOOST_TEST(line.ends_with(",R"));
}

BOOST_FIXTURE_TEST_CASE(escape_sequences_of_service_and_input_become_visible_in_results, target) {
  auto ledger = two_rows();
  auto& row = ledger.results[0];
  row.raw = "9D8FE59E-322E-53BB-9DF5-35D01BF5CB66,A-1,s,2026-10-19T08:00:00Z,\"\x1b]0;x\x07 two\nlines\t\u202Eת\"\n";
  row.join_web_url = "https://teams.example/\x1b[31m";
  row.error_message = "\u009b2J\x7f\r!";
  row.dial_in_number = "+1 323-555-0166";
  BOOST_REQUIRE(convoke::report::write_results(ledger, run_with("organizer,external_id,subject,start,ro\x1bom\n"), path, format::csv));
  const auto text = read();
  BOOST_TEST(text.find_first_of("\x1b\x07\x7f\r") == std::string::npos);
  BOOST_TEST(text.contains(",ro\\x1bom\n"));
  BOOST_TEST(text.contains(",https://teams.example/\\x1b[31m,"));
  BOOST_TEST(text.contains(",\\u{9b}2J\\x7f\\r!,"));
  BOOST_TEST(text.contains(",\"\\x1b]0;x\\x07 two\nlines\t\u202Eת\"\n"), text);
  BOOST_TEST(text.contains(",+1 323-555-0166,"));

  BOOST_REQUIRE(convoke::report::write_results(ledger, run, path, format::jsonl));
  std::istringstream lines(read());
  std::string line;
  std::getline(lines, line);
  BOOST_TEST(!line.contains("\u009b"));
  BOOST_TEST(!line.contains("\u202E"));
  BOOST_TEST(boost::json::parse(line).at("error_message").as_string() == "\u009b2J\x7f\r!");
}

BOOST_AUTO_TEST_CASE(a_terminal_gets_no_mark_that_reorders_either) {
  convoke::report::line_writer w(format::csv, convoke::core::shown_in::terminal);
  w.begin();
  w.text("subject", "a\u202Eb\r\nc");
  w.end();
  BOOST_TEST(w.bytes() == "\"a\\u{202e}b\\r\nc\"\n");
}

BOOST_FIXTURE_TEST_CASE(json_lines_are_exact, target) {
  auto ledger = two_rows();
  BOOST_REQUIRE(convoke::report::write_results(ledger, run, path, format::jsonl).has_value());
  std::istringstream lines(read());
  std::string line;
  std::getline(lines, line);
  const auto object = boost::json::parse(line).as_object();
  BOOST_TEST(object.at("line").as_int64() == 2);
  BOOST_TEST(object.at("subject").as_string() == "=cmd()");
  BOOST_TEST(object.at("room").as_string() == "+B, 1");
  BOOST_TEST(object.at("http_status").as_int64() == 201);
}

BOOST_FIXTURE_TEST_CASE(a_row_keeps_its_spelling_although_its_key_is_called_by_another, target) {
  auto ledger = two_rows();
  ledger.results[0].raw = "9d8fe59e-322e-53bb-9df5-35d01bf5cb66, a-1 ,See A-1,2026-10-19T08:00:00Z,A-1\n";
  // Of another name, as a template makes it, nothing is taken over.
  ledger.results[1].raw = "9d8fe59e-322e-53bb-9df5-35d01bf5cb66,b-1,x,2026-10-19T08:00:00Z,R\n";
  BOOST_REQUIRE(convoke::report::write_results(ledger, run, path, format::csv).has_value());
  const auto text = read();
  BOOST_TEST(text.find(",a-1,created,") != std::string::npos);
  BOOST_TEST(text.find(",A-1,deferred,") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(occurrences_have_a_date_and_their_records_form_of_the_id, target) {
  auto spec = *convoke::decode_spec(payload);
  spec.external_id = "A-1-20260907";
  const auto sent = convoke::encode_spec(spec);
  auto ledger = two_rows();
  for (auto& row : ledger.results) row.occurrence = std::chrono::local_days(std::chrono::year(2026) / 9 / 7);
  ledger.results[0].payload = ledger.results[1].payload = sent;
  ledger.results[0].raw = "9d8fe59e-322e-53bb-9df5-35d01bf5cb66,a-1,See A-1,2026-10-19T08:00:00Z,R\n";
  ledger.results[1].raw = "9d8fe59e-322e-53bb-9df5-35d01bf5cb66,other,x,2026-10-19T08:00:00Z,R\n";
  BOOST_REQUIRE(convoke::report::write_results(ledger, run, path, format::csv).has_value());
  const auto text = read();
  BOOST_TEST(text.contains("\n2,2026-09-07,11111111-"), text);
  BOOST_TEST(text.contains(",a-1-20260907,created,"), text);
  BOOST_TEST(text.contains(",A-1-20260907,deferred,"), text);
  BOOST_REQUIRE(convoke::report::write_results(ledger, run, path, format::jsonl).has_value());
  std::istringstream lines(read());
  std::string line;
  std::getline(lines, line);
  BOOST_TEST(boost::json::parse(line).at("occurrence").as_string() == "2026-09-07");
}

BOOST_AUTO_TEST_CASE(the_format_follows_from_the_ending_of_the_name) {
  BOOST_CHECK(convoke::report::format_of("a.CSV") == format::csv);
  BOOST_CHECK(convoke::report::format_of("a.jsonl") == format::jsonl);
  BOOST_TEST(convoke::report::format_of("a.html").error().message.find("not built yet") != std::string::npos);
  BOOST_TEST(!convoke::report::format_of("a.txt").has_value());
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_made_is_named) {
  auto ledger = two_rows();
  const convoke_test::temporary_folder folder;
  const auto written = convoke::report::write_results(ledger, run, folder / "none/all.csv", format::csv);
  BOOST_REQUIRE(!written.has_value());
  BOOST_CHECK(written.error().code == convoke::errc::output);
  BOOST_TEST(written.error().message.find(folder / "none/") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(row_21_results_are_in_the_dialect_of_the_input, target) {
  using convoke::results_dialect;
  struct {
    const char *dialect, *mark, *delimiter;
  } cases[] = {{R"({"encoding":"utf-8","bom":false,"delimiter":","})", "", ","},
               {R"({"encoding":"utf-8","bom":false,"delimiter":";"})", "", ";"},
               {R"({"encoding":"utf-8","bom":true,"delimiter":";"})", "\xEF\xBB\xBF", ";"},
               {R"({"encoding":"windows-1252","bom":false,"delimiter":";"})", "\xEF\xBB\xBF", ";"},
               {R"({"encoding":"utf-16le","bom":true,"delimiter":"\t"})", "\xEF\xBB\xBF", "\t"}};
  for (const auto& [dialect, mark, delimiter] : cases) {
    fake_reader ledger;
    const std::string header = std::string("organizer") + delimiter + "external_id" + delimiter + "start" + delimiter + "room\n";
    const std::string raw = std::string("no-id") + delimiter + "=1" + delimiter + "soon" + delimiter + "\"a" + delimiter + "b\"\n";
    convoke::ledger::result_row wrong;
    wrong.line = 2;
    wrong.raw = raw;
    wrong.result = outcome::rejected;
    ledger.results = {wrong};
    BOOST_REQUIRE(convoke::report::write_results(ledger, run_with(header, dialect), path, format::csv).has_value());
    const auto own = read();
    BOOST_TEST(own.starts_with(std::string(mark) + "line" + delimiter));
    BOOST_TEST(own.find(std::string(delimiter) + "'=1" + delimiter + "rejected" + delimiter) != std::string::npos, own);
    BOOST_TEST(own.ends_with(std::string(delimiter) + "\"a" + delimiter + "b\"\n"), own);
    BOOST_REQUIRE(
        convoke::report::write_results(ledger, run_with(header, dialect), path, format::csv, results_dialect::rfc4180).has_value());
    BOOST_TEST(read().starts_with("line,"));
    BOOST_TEST(read().ends_with(*delimiter == ',' ? ",\"a,b\"\n" : std::string(",a") + delimiter + "b\n"), read());
    // JSON is what it always is.
    BOOST_REQUIRE(convoke::report::write_results(ledger, run_with(header, dialect), path, format::jsonl).has_value());
    BOOST_TEST(read().starts_with("{\"line\":2,"));
  }
}
