// Columns whose names are near those of roles.

#include <rapidcheck/boost_test.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/text.hpp"
#include "rows_for_tests.hpp"
#include "spec/column_names.hpp"

using namespace spec_test;
using convoke::spec::column_role;
namespace bdata = boost::unit_test::data;

namespace {

const std::string base = "organizer|external_id|start|";

bool refused(std::string_view column, const convoke::spec::row_settings& s = {}) {
  three_zones zones;
  auto fields = split(base);
  fields.back() = column;
  return !convoke::spec::row_builder::create(fields, s, zones).has_value();
}

// What the only column that is not required is used for.
convoke::column_use use_of(std::string_view column, const convoke::spec::row_settings& s = {}) {
  three_zones zones;
  auto fields = split(base);
  fields.back() = column;
  const auto made = convoke::spec::row_builder::create(fields, s, zones);
  RC_ASSERT(made.has_value());
  return made->columns_used().back();
}

// The names of roles of three letters and more that `start` does not stand for, and that no required column has.
std::vector<std::string> open_names() {
  std::vector<std::string> out;
  for (const auto name : convoke::spec::role_names()) {
    const auto role = convoke::spec::role_named(convoke::core::fold_name(name));
    const bool has_a_column = role == column_role::organizer || role == column_role::external_id || role == column_role::start ||
                              role == column_role::date || role == column_role::start_time;
    if (name.size() > 2 && !has_a_column) out.emplace_back(name);
  }
  return out;
}

std::string one_edit(std::string name) {
  static const std::vector<std::string> letters{"a", "e", "n", "s", "t", "x", "E", "1", ".", "é", "ß"};
  const auto letter = *rc::gen::elementOf(letters);
  const auto at = *rc::gen::inRange<std::size_t>(0, name.size());
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return name.insert(at, letter);
    case 1:
      return name.erase(at, 1);
    case 2:
      return name.replace(at, 1, letter);
    default:
      if (at + 1 < name.size()) std::swap(name[at], name[at + 1]);
      return name;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_near_names)

BOOST_DATA_TEST_CASE(row_01_an_end_or_a_duration_under_another_name_is_refused,
                     bdata::make({"meeting_end", "EndTime2", "ends", "Ends at", "end.of.class", "Class/End", "Semester end", "CLASS_END",
                                  "ENDTime of class", "Duration (min)", "duration minutes planned", "Length", "Ende", "Dauer", "enddate2",
                                  "end_tiem", "meetingEnd", "Heure de fin"}),
                     name) {
  BOOST_TEST(refused(name));
}

BOOST_DATA_TEST_CASE(row_02_misspelt_and_extended_names_are_refused,
                     bdata::make({"subjcet",    "titel",        "course title", "Topics",          "tile",     "Meeting Subject",
                                  "Zeitzone",   "local zone",   "Time Zones",   "timezon",         "attendes", "Attendee list",
                                  "Invitee(s)", "guest-emails", "participant",  "Recurrence rule", "RRULE",    "repeats",
                                  "skip_date",  "tenent",       "chat_thread"}),
                     name) {
  BOOST_TEST(refused(name));
}

BOOST_DATA_TEST_CASE(row_01_an_end_in_the_words_of_calendars_and_other_languages_is_refused,
                     bdata::make({"DTEND", "Endzeit", "Uhrzeit bis", "until", "to", "To", "stop_time", "slut", "Hours", "Stunden",
                                  "Länge"}),
                     name) {
  BOOST_TEST(refused(name));
}

BOOST_DATA_TEST_CASE(row_02_names_of_calendars_are_refused,
                     bdata::make({"SUMMARY", "Name", "Course Name", "Asunto", "Oggetto", "Onderwerp", "Temat", "TZID", "Teilnehmende",
                                  "Deelnemers"}),
                     name) {
  BOOST_TEST(refused(name));
}

BOOST_AUTO_TEST_CASE(a_required_column_under_a_near_name_is_not_also_said_to_be_missing) {
  const auto e = refusal("Organisator|Externe ID|Betreff|Beginn");
  for (const char* remedy : {"organizer='Organisator'", "external_id='Externe ID'", "subject='Betreff'", "start='Beginn'"})
    BOOST_TEST(holds(e.message, "use it with --column " + std::string(remedy)));
  BOOST_TEST(!e.message.contains("the header has no column"), e.message);
  BOOST_TEST(holds(refusal("Organisator|start").message, "the header has no column 'external_id'"));
}

BOOST_AUTO_TEST_CASE(a_word_says_more_than_a_name_that_is_two_edits_away) {
  BOOST_TEST(holds(refusal("organizer|external_id|start|ends_at").message, "--column end='ends_at'"));
  BOOST_TEST(holds(refusal("organizer|external_id|start|Temat").message, "--column subject='Temat'"));
  BOOST_TEST(holds(refusal("organizer|external_id|date|start_tme").message, "--column start_time='start_tme'"));
}

BOOST_DATA_TEST_CASE(row_02_names_are_folded,
                     bdata::make({"Time Zone", "TIME-ZONE", "attendees\u00A0", "dura\u00ADtion_minutes", "\uFEFFTopic", "end\u00A0time"}),
                     name) {
  BOOST_TEST((use_of(name).use == convoke::column_use::kind::used));
}

BOOST_DATA_TEST_CASE(other_names_are_carried,
                     bdata::make({"room",     "calendar",   "weekend",       "Dozent",       "attendance", "building",    "department",
                                  "Friend",   "sender",     "blended",       "credits",      "gender",     "entitlement", "outcome",
                                  "line",     "expires_at", "start of term", "dates",        "id",         "e",           "subtitles on",
                                  "Semester", "status",     "link to room",  "Student name", "bus stop",   "Reply to",    "from",
                                  "Time",     "total",      "toll"}),
                     name) {
  BOOST_TEST((use_of(name).use == convoke::column_use::kind::carried));
}

BOOST_AUTO_TEST_CASE(the_message_names_both_and_the_remedies) {
  const auto e = refusal("organizer|external_id|start|Semester end|room|Größe der Attendee\u00A0list");
  BOOST_TEST((e.code == convoke::errc::input));
  BOOST_TEST(holds(e.message,
                   "column 4 ('Semester end') has no role, but its name is near that of 'end', which no column has: use it with "
                   "--column end='Semester end' (in a file: [columns]), or only carry it to the results with "
                   "--carry 'Semester end'"));
  BOOST_TEST(holds(e.message, "--column attendees='Größe der Attendee list'"));
  BOOST_TEST(holds(refusal("organizer|external_id|start|Jo's end").message, R"(--carry 'Jo'\''s end')"));
}

BOOST_DATA_TEST_CASE(a_role_that_has_a_column_is_not_missed,
                     bdata::make({"end|Semester end", "end|end_tme|end of term", "duration|Duration (min)|length",
                                  "title|course title|job topic", "tz|Time zone name", "invitees|guests|participant count",
                                  "end_time|Semester end", "repeat|recurrence"}),
                     columns) {
  table t(base + columns);
  BOOST_TEST(!t.builder.carried().empty());
}

BOOST_AUTO_TEST_CASE(a_start_stands_for_date_and_start_time_and_these_for_it) {
  table t("organizer|external_id|start|dates|start_tme|Begin|start_dat");
  BOOST_TEST(t.builder.carried().size() == 4U);
  table apart("organizer|external_id|date|start_time|Begin|term start");
  BOOST_TEST(apart.builder.carried().size() == 2U);
  BOOST_TEST(holds(refusal("organizer|external_id|date|Begin").message, "--column start_time='Begin'"));
  BOOST_TEST(holds(refusal("organizer|external_id|date|Time").message, "--column start_time='Time'"));
  BOOST_TEST(holds(refusal("organizer|external_id|date|From|To").message, "--column start_time='From'"));
  BOOST_TEST(holds(refusal("organizer|external_id|start_time|dates").message, "--column date='dates'"));
  BOOST_TEST(holds(refusal("organizer|external_id|date|start_time|End of class").message, "--column end_time='End of class'"));
}

BOOST_AUTO_TEST_CASE(row_22_columns_of_results_are_never_near_a_role) {
  for (const char* name : {"line", "Occurrence", "outcome", "Meeting ID", "expires_at", "drift", "finished_at", "attempts", "options_url"})
    BOOST_TEST((use_of(name).use == convoke::column_use::kind::carried));
}

RC_BOOST_PROP(case_dashes_blanks_and_invisible_characters_never_change_a_role, ()) {
  static const std::vector<std::string> nothing{"_", "-", " ", "\t", "\u00A0", "\u200B", "\uFEFF", "\u00AD", "\u3000", "\u202E"};
  const std::string name(*rc::gen::elementOf(convoke::spec::role_names()));
  std::string written;
  for (const char c : name) {
    while (*rc::gen::weightedElement<bool>({{1, true}, {3, false}})) written += *rc::gen::elementOf(nothing);
    const bool capital = *rc::gen::arbitrary<bool>() && convoke::core::ascii_letter(c);
    written += capital ? static_cast<char>(c & ~0x20) : c;
  }
  if (*rc::gen::arbitrary<bool>()) written += *rc::gen::elementOf(nothing);
  const std::vector<std::string_view> fields{written};
  const auto h = convoke::spec::read_header(fields, {.columns = {}, .carry = {}, .accepted_before = true});
  RC_ASSERT(h.has_value());
  RC_ASSERT(h->roles.front() == convoke::spec::role_named(convoke::core::fold_name(name)));
}

RC_BOOST_PROP(an_edited_name_of_a_role_without_a_column_is_refused_or_a_role_itself, ()) {
  const auto name = one_edit(*rc::gen::elementOf(open_names()));
  if (!refused(name)) RC_ASSERT(use_of(name).use == convoke::column_use::kind::used);
}

RC_BOOST_PROP(a_column_that_is_to_be_carried_is_carried, ()) {
  const auto name = one_edit(*rc::gen::elementOf(open_names()));
  convoke::spec::row_settings s;
  s.carry = {name};
  const auto use = use_of(name, s);
  RC_ASSERT(use.use == convoke::column_use::kind::carried);
}

RC_BOOST_PROP(a_role_can_be_given_to_any_name, ()) {
  const auto role = *rc::gen::elementOf(open_names());
  const auto name = "x" + *rc::gen::container<std::string>(rc::gen::inRange<char>('!', '~'));
  convoke::spec::row_settings s;
  s.columns = {{role, name}};
  RC_PRE(convoke::core::fold_name(name) != "start" && convoke::core::fold_name(name).size() > 1);
  RC_ASSERT(use_of(name, s).use == convoke::column_use::kind::used);
}

BOOST_AUTO_TEST_SUITE_END()
