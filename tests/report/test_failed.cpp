#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/stat.h>
#include <boost/test/unit_test.hpp>

#include "fake_reader.hpp"
#include "report/failed.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using convoke::outcome;

struct target {
  convoke_test::temporary_folder folder;
  std::string path = folder / "failed.csv";
  [[nodiscard]] std::string read() const {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
};

convoke::ledger::result_row failed_row(std::uint32_t line, std::string_view raw) {
  convoke::ledger::result_row row;
  row.line = line;
  row.raw = raw;
  row.result = outcome::failed;
  row.error_code = "BadRequest";
  row.error_message = "no, \"really\"";
  return row;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(records_come_back_byte_for_byte_with_two_columns_more, target) {
  fake_reader ledger;
  ledger.failures = {failed_row(3, "o;\"a;\"\"b\";  x \r\n"), failed_row(9, "o;last;x")};
  const auto rows = convoke::report::write_failed(
      ledger, run_with("organizer;external_id;start\r\n", R"({"encoding":"utf-8","bom":true,"delimiter":";"})"), path);
  BOOST_REQUIRE(rows.has_value());
  BOOST_TEST(*rows == 2U);
  BOOST_TEST(read() ==
             "\xEF\xBB\xBForganizer;external_id;start;convoke_line;convoke_error\r\n"
             "o;\"a;\"\"b\";  x ;3;\"BadRequest: no, \"\"really\"\"\"\r\n"
             "o;last;x;9;\"BadRequest: no, \"\"really\"\"\"\r\n");
}

BOOST_FIXTURE_TEST_CASE(a_failed_file_that_is_applied_again_gets_new_columns_in_place_of_its_old_ones, target) {
  fake_reader ledger;
  ledger.failures = {failed_row(2, "o,7,\"old, error\",e,s\n")};
  const auto rows = convoke::report::write_failed(ledger, run_with("organizer,convoke_line,Convoke-Error,external_id,start\n"), path);
  BOOST_REQUIRE(rows.has_value());
  BOOST_TEST(read() == "organizer,external_id,start,convoke_line,convoke_error\no,e,s,2,\"BadRequest: no, \"\"really\"\"\"\n");
}

BOOST_FIXTURE_TEST_CASE(a_ragged_row_of_a_failed_file_keeps_its_cells, target) {
  fake_reader ledger;
  ledger.failures = {failed_row(2, "o,e,Intro, part 2,s,7,old\n"), failed_row(3, "o,e,8,old\n")};
  const auto rows =
      convoke::report::write_failed(ledger, run_with("organizer,external_id,subject,start,convoke_line,convoke_error\n"), path);
  BOOST_REQUIRE(rows.has_value());
  BOOST_TEST(read() ==
             "organizer,external_id,subject,start,convoke_line,convoke_error\n"
             "o,e,Intro, part 2,s,2,\"BadRequest: no, \"\"really\"\"\"\n"
             "o,e,3,\"BadRequest: no, \"\"really\"\"\"\n");
}

BOOST_FIXTURE_TEST_CASE(quotes_within_a_field_do_not_keep_old_columns, target) {
  fake_reader ledger;
  ledger.failures = {failed_row(2, "5\"\" disk,7,old,o,e,s\n")};
  const auto rows =
      convoke::report::write_failed(ledger, run_with("subject,convoke_line,convoke_error,organizer,external_id,start\n"), path);
  BOOST_REQUIRE(rows.has_value());
  BOOST_TEST(read() ==
             "subject,organizer,external_id,start,convoke_line,convoke_error\n5\"\" disk,o,e,s,2,\"BadRequest: no, \"\"really\"\"\"\n");
}

BOOST_FIXTURE_TEST_CASE(utf_16_stays_utf_16, target) {
  fake_reader ledger;
  ledger.failures = {failed_row(2, "ö,e,s\n")};
  BOOST_REQUIRE(convoke::report::write_failed(
                    ledger, run_with("organizer,external_id,start\n", R"({"encoding":"utf-16le","bom":true,"delimiter":","})"), path)
                    .has_value());
  const auto bytes = read();
  BOOST_TEST(bytes.substr(0, 4) == std::string("\xFF\xFEo\0", 4));
  BOOST_TEST(bytes.find(std::string("\xF6\0,\0e\0", 6)) != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(texts_of_the_service_are_no_formula_in_the_failed_file, target) {
  fake_reader ledger;
  std::uint32_t line = 2;
  for (const char* text : {"=HYPERLINK(\"http://x\")", "+1+cmd", "@SUM(A1)", "-1+1", "\t=1", "\r=1", "\n=1", "\uFF1D1"}) {
    auto row = failed_row(line++, "=o,+e,-s\n");
    row.result = outcome::rejected;
    row.error_message = text;
    ledger.failures.push_back(row);
  }
  auto coded = failed_row(line, "o,e,s\n");
  coded.error_code = "=1+1";
  ledger.failures.push_back(coded);
  BOOST_REQUIRE(convoke::report::write_failed(ledger, run_with("organizer,external_id,start\n"), path).has_value());
  // The bytes of the input are kept, also those of formulas.
  BOOST_TEST(read() ==
             "organizer,external_id,start,convoke_line,convoke_error\n"
             "=o,+e,-s,2,\"'=HYPERLINK(\"\"http://x\"\")\"\n"
             "=o,+e,-s,3,'+1+cmd\n"
             "=o,+e,-s,4,'@SUM(A1)\n"
             "=o,+e,-s,5,'-1+1\n"
             "=o,+e,-s,6,\\t=1\n"
             "=o,+e,-s,7,\\r=1\n"
             "=o,+e,-s,8,\\n=1\n"
             "=o,+e,-s,9,'\uFF1D1\n"
             "o,e,s,10,\"'=1+1: no, \"\"really\"\"\"\n");
}

BOOST_FIXTURE_TEST_CASE(escape_sequences_of_the_service_become_visible_in_the_failed_file, target) {
  fake_reader ledger;
  auto row = failed_row(2, "o\x1b,e,s\n");
  row.error_message = "\x1b[2J\x7f\u009b\u202E";
  ledger.failures = {row};
  BOOST_REQUIRE(convoke::report::write_failed(ledger, run_with("organizer,external_id,start\n"), path).has_value());
  BOOST_TEST(read().ends_with("\no\x1b,e,s,2,BadRequest: \\x1b[2J\\x7f\\u{9b}\\u{202e}\n"));
}

BOOST_FIXTURE_TEST_CASE(a_record_whose_occurrences_failed_appears_once, target) {
  const auto occurrence = [](std::uint32_t line, std::string_view raw, unsigned week, std::uint32_t of) {
    auto row = failed_row(line, raw);
    row.error_message = "no";
    row.occurrence = std::chrono::local_days(std::chrono::year(2026) / 9 / 7) + std::chrono::weeks(week);
    row.occurrences = of;
    return row;
  };
  fake_reader ledger;
  for (const auto week : {1U, 2U, 5U}) ledger.failures.push_back(occurrence(2, "o,e,s\n", week, 14));
  ledger.failures.push_back(occurrence(3, "o,f,s\n", 2, 14));
  ledger.failures.push_back(occurrence(4, "o,g,s\n", 1, 1));
  ledger.failures.push_back(failed_row(5, "o,h,s\n"));
  ledger.failures.back().error_message = "no";
  const auto records = convoke::report::write_failed(ledger, run_with("organizer,external_id,start\n"), path);
  BOOST_REQUIRE(records.has_value());
  BOOST_TEST(*records == 4U);
  BOOST_TEST(read() ==
             "organizer,external_id,start,convoke_line,convoke_error\n"
             "o,e,s,2,\"3 of its 14 meetings failed, the first, on 2026-09-14: BadRequest: no\"\n"
             "o,f,s,3,\"1 of its 14 meetings failed, on 2026-09-21: BadRequest: no\"\n"
             "o,g,s,4,BadRequest: no\n"
             "o,h,s,5,BadRequest: no\n");
}

BOOST_FIXTURE_TEST_CASE(occurrences_that_a_plan_rejects_appear_once, target) {
  auto file = convoke::report::failed_file::create(path, run_with("organizer,external_id,start\n").header);
  BOOST_REQUIRE(file.has_value());
  for (const std::string why : {"first", "second"}) BOOST_REQUIRE(file->add({.line = 2, .raw = "o,e,s\n", .why = why}).has_value());
  BOOST_REQUIRE(file->add({.line = 3, .raw = "o,f,s\n", .why = "other"}).has_value());
  BOOST_REQUIRE(file->commit().has_value());
  BOOST_TEST(file->records() == 2U);
  BOOST_TEST(read() ==
             "organizer,external_id,start,convoke_line,convoke_error\n"
             "o,e,s,2,\"2 of its meetings are wrong, the first: first\"\n"
             "o,f,s,3,other\n");
}

BOOST_FIXTURE_TEST_CASE(no_failures_no_file, target) {
  fake_reader ledger;
  const auto rows = convoke::report::write_failed(ledger, run_with("organizer,external_id,start\n"), path);
  BOOST_REQUIRE(rows.has_value());
  BOOST_TEST(*rows == 0U);
  BOOST_TEST(!fs::exists(path));
}

BOOST_FIXTURE_TEST_CASE(the_file_is_for_its_owner_only, target) {
  fake_reader ledger;
  ledger.failures = {failed_row(2, "o,e,s\n")};
  BOOST_REQUIRE(convoke::report::write_failed(ledger, run_with("organizer,external_id,start\n"), path).has_value());
  struct ::stat about{};
  BOOST_REQUIRE(::stat(path.c_str(), &about) == 0);
  BOOST_TEST((about.st_mode & 0777U) == 0600U);
}

BOOST_FIXTURE_TEST_CASE(a_failed_file_begins_as_it_is_said_to, target) {
  for (const auto* dialect : {R"({"encoding":"utf-8","bom":true,"delimiter":";"})", R"({"encoding":"utf-16le","bom":true,"delimiter":";"})",
                              R"({"encoding":"windows-1252","bom":false,"delimiter":";"})"}) {
    fake_reader ledger;
    ledger.failures = {failed_row(2, "o;e;s\r\n")};
    const auto run = run_with("organizer;external_id;start;\u00DCbung\r\n", dialect);
    BOOST_REQUIRE(convoke::report::write_failed(ledger, run, path).has_value());
    const auto beginning = convoke::report::failed_file_beginning(run.header);
    BOOST_REQUIRE(beginning.has_value());
    BOOST_TEST(beginning->size() > 30U);
    BOOST_TEST(read().starts_with(*beginning));
  }
}
