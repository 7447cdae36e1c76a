// --skip-dates: the file is read with the input, and its content is a part of the run's identity.

#include "fixture.hpp"
#include "run/planner.hpp"
#include "run/skip_dates_file.hpp"

using namespace convoke;
using namespace convoke::testing;

namespace {

std::string write(const fixture& f, const std::string& name, const std::string& text) {
  auto path = (f.folder / name).string();
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

const std::string rows =
    "organizer,external_id,start,time_zone,repeat\n00000000-0000-0000-0000-000000000001,A1,2026-09-07 10:00,Europe/Berlin,weekly 4 times\n";

job checking(const fixture& f, const std::string& skipped) {
  job j;
  j.input = write(f, "in.csv", rows);
  j.plan.skip_dates = skipped;
  return j;
}

std::string refusal(const job& j, errc code) {
  observer ignores;
  const auto checked = check(j, ignores);
  BOOST_REQUIRE(!checked.has_value());
  BOOST_CHECK(checked.error().code == code);
  return checked.error().message;
}

std::string settings(const job& j) {
  auto input = run::scan(j, {});
  BOOST_REQUIRE(input.has_value());
  return run::make_header(j, *input, {}).settings;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(dates_of_the_file_are_left_out, fixture) {
  observer ignores;
  const auto all = check(checking(*this, ""), ignores);
  BOOST_REQUIRE(all.has_value());
  BOOST_TEST(all->rows == 4U);
  const auto some = check(checking(*this, write(*this, "holidays", "# x\n2026-09-14 a holiday\n2026-10-03\n")), ignores);
  BOOST_REQUIRE(some.has_value());
  BOOST_TEST(some->rows == 3U);
  BOOST_TEST(some->records == 1U);
}

BOOST_FIXTURE_TEST_CASE(the_content_of_the_file_is_a_part_of_the_identity, fixture) {
  const auto none = settings(checking(*this, ""));
  const auto one = settings(checking(*this, write(*this, "a", "2026-09-14\n")));
  BOOST_TEST(none.find("skip_dates") == std::string::npos);
  BOOST_TEST(one != none);
  BOOST_TEST(settings(checking(*this, write(*this, "b", "2026-09-14\n"))) == one);
  BOOST_TEST(settings(checking(*this, write(*this, "b", "2026-09-21\n"))) != one);
}

BOOST_FIXTURE_TEST_CASE(wrong_files_are_named_with_their_line, fixture) {
  const auto wrong = write(*this, "holidays", "2026-10-03\n\n01/11/2026 x\n");
  BOOST_TEST(refusal(checking(*this, wrong), errc::input).starts_with(wrong + ": line 3: '01/11/2026': "));
  BOOST_TEST(refusal(checking(*this, (folder / "none").string()), errc::usage).find("No such file") != std::string::npos);
  refusal(checking(*this, folder.string()), errc::usage);
  BOOST_TEST(refusal(checking(*this, "-"), errc::usage).find("standard input") != std::string::npos);
  BOOST_TEST(refusal(checking(*this, write(*this, "utf16", "\xff\xfe")), errc::input).find("UTF-16") != std::string::npos);
  for (const auto* empty : {"", "# Holidays\n\n"})
    BOOST_TEST(refusal(checking(*this, write(*this, "empty", empty)), errc::input).find("has no dates") != std::string::npos);
  const auto large = write(*this, "large", std::string((std::size_t{1} << 20U) + 1, '#'));
  BOOST_TEST(refusal(checking(*this, large), errc::input).find("larger than 1 MiB") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(dates_of_the_file_follow_the_date_format, fixture) {
  auto j = checking(*this, write(*this, "holidays", "14.09.2026 a holiday\n2026-09-21\n"));
  j.plan.date_format = "%d.%m.%Y";
  observer ignores;
  const auto checked = check(j, ignores);
  BOOST_REQUIRE(checked.has_value());
  BOOST_TEST(checked->rows == 2U);
}

BOOST_FIXTURE_TEST_CASE(the_file_is_not_written_over, fixture) {
  auto j = checking(*this, write(*this, "holidays", "2026-09-14\n"));
  j.failed = j.plan.skip_dates;
  BOOST_TEST(refusal(j, errc::usage).find("--skip-dates") != std::string::npos);
}
