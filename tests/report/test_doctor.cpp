#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <convoke/doctor.hpp>

#include "report/doctor.hpp"

using namespace convoke;
using namespace convoke::report;

namespace {

finding one(finding_status status, int exit_code = 0) {
  return {.check = "ledger",
          .lane = {},
          .subject = "sqlite:/x",
          .status = status,
          .seen = "it is there",
          .advice = {},
          .commands = {},
          .exit_code = exit_code};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    BOOST_REQUIRE(end != std::string::npos);
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

doctor_report report_of(std::initializer_list<int> codes) {
  doctor_report out;
  for (const int code : codes) out.findings.push_back(one(code == 0 ? finding_status::ok : finding_status::failed, code));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_of_the_doctor)

BOOST_AUTO_TEST_CASE(a_row_of_the_table) {
  BOOST_TEST(finding_text(one(finding_status::ok), {}) == "ok       ledger         sqlite:/x: it is there\n");
  auto without = one(finding_status::skipped);
  without.subject.clear();
  BOOST_TEST(finding_text(without, {}) == "skipped  ledger         it is there\n");
}

BOOST_AUTO_TEST_CASE(what_to_do_follows_on_lines_of_its_own) {
  auto f = one(finding_status::failed);
  f.advice = "Look.";
  f.commands = {"ls -l", "rm x"};
  const auto lines = lines_of(finding_text(f, {}));
  BOOST_TEST_REQUIRE(lines.size() == 4U);
  BOOST_TEST(lines[1] == std::string(24, ' ') + "What to do: Look.");
  BOOST_TEST(lines[2] == std::string(26, ' ') + "ls -l");
  BOOST_TEST(lines[3] == std::string(26, ' ') + "rm x");
}

BOOST_AUTO_TEST_CASE(long_texts_are_broken_and_commands_are_not) {
  auto f = one(finding_status::warning);
  for (int i = 0; i < 40; ++i) f.seen += " Grüße";
  f.advice = f.seen;
  f.commands = {std::string(300, 'x')};
  for (const std::size_t width : {80U, 100U, 120U}) {
    const auto lines = lines_of(finding_text(f, {.width = width}));
    BOOST_TEST(lines.back() == std::string(26, ' ') + std::string(300, 'x'));
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
      const auto characters = std::ranges::count_if(lines[i], [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
      BOOST_TEST(characters <= static_cast<std::ptrdiff_t>(width));
      if (i > 0) BOOST_TEST(lines[i].starts_with(std::string(24, ' ')));
    }
  }
}

BOOST_AUTO_TEST_CASE(colours_only_where_they_are_wanted) {
  BOOST_TEST(!finding_text(one(finding_status::failed), {}).contains('\x1b'));
  const auto coloured = finding_text(one(finding_status::failed), {.colour = true});
  BOOST_TEST(coloured.starts_with("\x1b[31mfailed\x1b[0m   ledger"));
}

BOOST_AUTO_TEST_CASE(control_characters_never_reach_the_terminal) {
  auto f = one(finding_status::ok);
  f.seen = f.advice = f.subject = "a\x1b[2Jb";
  f.commands = {"x\x1b[2Jy"};
  BOOST_TEST(!finding_text(f, {}).contains('\x1b'));
  BOOST_TEST(!lane_heading("t\x1b[2J", {}).contains('\x1b'));
}

BOOST_AUTO_TEST_CASE(of_several_exit_codes_the_first_in_order) {
  BOOST_TEST(report_of({}).exit_code() == 0);
  BOOST_TEST(report_of({0, 5}).exit_code() == 5);
  BOOST_TEST(report_of({5, 2}).exit_code() == 2);
  BOOST_TEST(report_of({5, 8}).exit_code() == 8);
  BOOST_TEST(report_of({5, 8, 2}).exit_code() == 2);
  BOOST_TEST(report_of({2, 4, 5}).exit_code() == 4);
  BOOST_TEST(report_of({2, 4, 6, 5}).exit_code() == 6);
}

BOOST_AUTO_TEST_CASE(the_last_line) {
  BOOST_TEST(doctor_summary(report_of({0, 0})) == "2 ok, 0 warnings, 0 failed, 0 skipped. Exit code 0: a run can begin.");
  BOOST_TEST(doctor_summary(report_of({0, 4})) ==
             "1 ok, 0 warnings, 1 failed, 0 skipped. Exit code 4: credentials or a permission are missing.");
  BOOST_TEST(doctor_summary(report_of({8})).ends_with("Exit code 8: rows of the input or the names of organizers are wrong."));
}

BOOST_AUTO_TEST_CASE(the_object) {
  auto r = report_of({0, 4});
  r.findings[1].lane = "campus";
  r.findings[1].subject.clear();
  r.findings[1].advice = "Look.";
  r.findings[1].commands = {"ls"};
  const auto text = doctor_json(r);
  BOOST_TEST(text.ends_with("}\n"));
  const auto object = boost::json::parse(text).as_object();
  BOOST_TEST(object.at("exit_code").as_int64() == 4);
  BOOST_TEST(object.at("counts").at("ok").to_number<int>() == 1);
  const auto& second = object.at("checks").at(1);
  BOOST_TEST(second.at("tenant").as_string() == "campus");
  BOOST_TEST(second.at("subject").is_null());
  BOOST_TEST(second.at("status").as_string() == "failed");
  BOOST_TEST(second.at("commands").at(0).as_string() == "ls");
  BOOST_TEST(object.at("checks").at(0).at("advice").is_null());
  BOOST_TEST(object.at("checks").at(0).at("tenant").is_null());
}

BOOST_AUTO_TEST_SUITE_END()
