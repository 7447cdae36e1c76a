// What a run says of its input before anything else: header, delimiter, encoding.

#include "run/input_scan.hpp"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include <convoke/job.hpp>

#include "temporary_folder.hpp"

namespace {

using namespace convoke;

const std::string guid = "6f9619ff-8b86-d011-b42d-00c04fc964ff";

struct input_folder : convoke_test::temporary_folder {
  job of(std::string_view content) const {
    job j;
    j.input = path / "in.csv";
    std::ofstream(j.input, std::ios::binary) << content;
    return j;
  }
  // The refusal of a file, without its name. A pipe with the same bytes is refused alike.
  std::string why(std::string_view content, const std::function<void(job&)>& change = [](job&) {}) const {
    job j = of(content);
    change(j);
    const std::string by_file = refusal(j);
    j.input = "-";
    BOOST_TEST(refusal_of_pipe(content, j) == by_file);
    return by_file;
  }

 private:
  static std::string refusal(const job& j) {
    observer ignore;
    const auto checked = check(j, ignore);
    BOOST_REQUIRE(!checked.has_value());
    BOOST_TEST((checked.error().code == errc::input));
    const std::string name = (j.input == "-" ? "standard input" : j.input) + ": ";
    BOOST_TEST(checked.error().message.starts_with(name), checked.error().message);
    return checked.error().message.substr(name.size());
  }

  static std::string refusal_of_pipe(std::string_view content, const job& j) {
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    BOOST_REQUIRE(::write(ends[1], content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    ::close(ends[1]);
    const int saved = ::dup(STDIN_FILENO);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
    auto text = refusal(j);
    ::dup2(saved, STDIN_FILENO);
    ::close(saved);
    return text;
  }
};

bool holds(std::string_view text, std::string_view part) {
  BOOST_TEST_INFO("'" << text << "' should hold '" << part << "'");
  return text.contains(part);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(input_scan)

BOOST_FIXTURE_TEST_CASE(row_14_titles_above_the_header_are_pointed_at, input_folder) {
  const auto text = why("Timetable,,\n\nSpring 2027,as of March,\norganizer,external_id,start\n" + guid + ",A1,2027-03-19T08:15:00Z\n");
  BOOST_TEST(holds(text, "line 1 was taken as the header, separated by ',': 'Timetable', '', ''; "));
  BOOST_TEST(holds(text, "has no column 'organizer'"));
  BOOST_TEST(text.ends_with("; line 4 looks like the header: delete the lines above it"), text);
}

BOOST_FIXTURE_TEST_CASE(row_14_a_title_without_delimiters_does_not_hide_the_header, input_folder) {
  const auto text = why("Stundenplan\norganizer;external_id;start\n" + guid + ";A1;2027-03-19T08:15:00Z\n");
  BOOST_TEST(holds(text, "line 1 was taken as the header, as one column: 'Stundenplan'; "));
  BOOST_TEST(text.ends_with("; line 2 looks like the header: delete the lines above it"), text);
}

BOOST_FIXTURE_TEST_CASE(row_14_a_header_within_twenty_records_is_found, input_folder) {
  const auto with_titles = [&](int titles) {
    std::string text;
    for (int i = 0; i < titles; ++i) text += "title,x\n";
    text += "organizer,external_id,start\n";
    for (int i = 0; i < 30; ++i) text += guid + ",A" + std::to_string(i) + ",2027-03-19T08:15:00Z\n";
    return why(text);
  };
  BOOST_TEST(holds(with_titles(20), "line 21 looks like the header"));
  BOOST_TEST(!with_titles(21).contains("looks like the header"));
}

BOOST_FIXTURE_TEST_CASE(row_14_a_file_without_header_is_called_so, input_folder) {
  const auto text = why(guid + ",A1,Analysis I,2027-03-19T08:15:00Z\n" + guid + ",A2,Analysis I,2027-03-20T08:15:00Z\n");
  BOOST_TEST(holds(text, "line 1 was taken as the header, separated by ',': '" + guid + "', 'A1', 'Analysis I', "));
  BOOST_TEST(text.ends_with("; line 1 looks like a row: the file needs a header above it, such as organizer,external_id,subject,start"),
             text);
}

BOOST_FIXTURE_TEST_CASE(row_14_another_delimiter_is_named, input_folder) {
  for (const std::string c : {"|", "^", "~", ":"}) {
    const auto text = why("organizer" + c + "external_id" + c + "start\n" + guid + c + "A1" + c + "2027-03-19T08:15:00Z\n");
    BOOST_TEST(holds(text, "as one column: 'organizer" + c + "external_id" + c + "start'; "));
    BOOST_TEST(text.ends_with("; its fields seem to be separated by '" + c + "': save the file with , ; or tab between them"), text);
  }
  BOOST_TEST(holds(why("Kurs|Dozent|Beginn\n"), "separated by '|'"));
  BOOST_TEST(holds(why("organizer external_id start\n"), "separated by blanks"));
}

BOOST_FIXTURE_TEST_CASE(row_14_lines_in_quotes_are_called_so, input_folder) {
  const auto text = why("\"organizer,external_id,start\"\n\"" + guid + ",A1,2027-03-19T08:15:00Z\"\n");
  BOOST_TEST(
      text ==
      "line 1 was taken as the header, as one column: 'organizer,external_id,start'; each line is in quotes as a whole: take out the "
      "quotes at its beginning and its end, or export the file again");
}

BOOST_FIXTURE_TEST_CASE(a_column_that_a_setting_names_and_the_input_lacks_is_said_once, input_folder) {
  observer ignore;
  job j = of("organizer,external_id,start\n" + guid + ",A1,2027-03-19T08:15:00Z\n");
  j.plan.carry = {"room"};
  const auto checked = check(j, ignore);
  BOOST_REQUIRE(!checked.has_value());
  BOOST_TEST((checked.error().code == errc::usage));
  BOOST_TEST(checked.error().message ==
             j.input + ": --carry 'room': the input has no column 'room'; its columns are 'organizer', 'external_id', 'start'");
}

BOOST_FIXTURE_TEST_CASE(row_14_a_delimiter_that_was_given_and_is_wrong_is_named, input_folder) {
  const auto text = why("organizer;external_id;start\n", [](job& j) { j.plan.delimiter = input_delimiter::comma; });
  BOOST_TEST(holds(text, "its fields are separated by ';': leave --delimiter out"));
}

BOOST_FIXTURE_TEST_CASE(row_14_sep_with_blanks_is_read, input_folder) {
  observer ignore;
  const auto read = check(of("sep = ;\norganizer;external_id;start\n" + guid + ";A1;2027-03-19T08:15:00Z\n"), ignore);
  BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().message));
  BOOST_TEST(read->rows == 1U);
  BOOST_TEST(holds(why("sep=|\norganizer|external_id|start\n"), "line 1, column 5: the line 'sep=|' names the delimiter '|', but"));
}

BOOST_FIXTURE_TEST_CASE(a_broken_record_after_a_refused_header_does_not_hide_the_reason, input_folder) {
  BOOST_TEST(holds(why("Timetable,x\n\"a\"b,c\norganizer,external_id,start\n"), "line 1 was taken as the header"));
}

BOOST_FIXTURE_TEST_CASE(a_header_that_is_wrong_in_another_way_is_not_said_to_be_missing, input_folder) {
  const auto text = why("organizer,external_id,start,Start\n");
  BOOST_TEST(!text.contains("was taken as the header"), text);
}

BOOST_FIXTURE_TEST_CASE(row_7_utf8_under_windows_1252_is_a_warning, input_folder) {
  auto j = of("organizer,external_id,subject,start\n" + guid +
              ",A1,\xDC"
              "bung,2027-03-19T08:15:00Z\n" +
              guid + ",A2,Übung,2027-03-19T08:15:00Z\n");
  j.plan.encoding = input_encoding::windows_1252;
  observer ignore;
  const auto read = check(j, ignore);
  BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().message));
  const auto found = std::ranges::find(read->warnings, input_warning_kind::utf8_in_windows_1252, &input_warning::kind);
  BOOST_REQUIRE((found != read->warnings.end()));
  BOOST_TEST(found->rows == 1U);
  BOOST_TEST(found->first_line == 3U);
  BOOST_TEST(found->example == "Ãœ for Ü");
}

BOOST_AUTO_TEST_SUITE_END()
