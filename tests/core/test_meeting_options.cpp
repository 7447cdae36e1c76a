#include "core/meeting_options.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <string_view>

namespace {

using convoke::core::meeting_options;
using convoke::core::option_at;
using convoke::core::option_named;

std::string reason(std::string_view written) {
  const auto named = option_named(written);
  return named ? std::string() : named.error();
}

// The one form of a value; empty where it is refused.
std::string form(std::string_view option, std::string_view text) {
  const auto value = convoke::core::canonical_value(*option_at(option), text);
  return value ? *value : std::string();
}

bool holds(std::string_view text, std::string_view part) {
  BOOST_TEST_INFO("'" << text << "' should hold '" << part << "'");
  return text.find(part) != std::string_view::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options_of_meetings)

BOOST_AUTO_TEST_CASE(every_option_is_found_by_its_name_and_by_its_number) {
  std::set<int> numbers;
  for (const auto& one : meeting_options()) {
    BOOST_TEST((option_at(one.name) == &one));
    BOOST_TEST((convoke::core::option_numbered(one.number) == &one));
    BOOST_TEST((*option_named(one.name) == &one));
    BOOST_TEST(numbers.insert(one.number).second);
  }
  BOOST_TEST(convoke::core::option_numbered(0) == nullptr);
  BOOST_TEST(option_at("allowedpresenters") == nullptr);
}

// Stored specs have the numbers.
BOOST_AUTO_TEST_CASE(the_numbers_never_change) {
  BOOST_TEST(option_at("allowAttendeeToEnableCamera")->number == 1);
  BOOST_TEST(option_at("allowedPresenters")->number == 13);
  BOOST_TEST(option_at("lobbyBypassSettings.scope")->number == 18);
  BOOST_TEST(option_at("watermarkProtection.isEnabledForVideo")->number == 23);
}

BOOST_AUTO_TEST_CASE(case_blanks_and_lines_do_not_count_in_a_name) {
  BOOST_TEST((*option_named(" Allowed_Presenters ") == option_at("allowedPresenters")));
  BOOST_TEST((*option_named("lobby-bypass settings.SCOPE") == option_at("lobbyBypassSettings.scope")));
}

BOOST_AUTO_TEST_CASE(a_name_that_is_near_one_names_it) {
  BOOST_TEST(holds(reason("allowedPresenter"), "is 'allowedPresenters' meant?"));
  BOOST_TEST(holds(reason("scope"), "is 'lobbyBypassSettings.scope' meant?"));
  BOOST_TEST(
      holds(reason("lobbyBypassSettings"), "write option.lobbyBypassSettings.isDialInBypassEnabled or option.lobbyBypassSettings.scope"));
  BOOST_TEST(holds(reason("zzzzzz"), "`convoke check --options`"));
  BOOST_TEST(holds(reason("\x1b[2J"), "'\\x1b[2J'"));
}

BOOST_AUTO_TEST_CASE(a_name_that_is_refused_gives_the_reason) {
  for (const auto* name :
       {"passcode", "joinMeetingIdSettings", "joinMeetingIdSettings.passcode", "joinMeetingIdSettings.isPasscodeRequired"})
    BOOST_TEST(holds(reason(name), "the passcode"));
  for (const auto* name : {"allowParticipantsToChangeName", "chatRestrictions", "shareMeetingChatHistoryDefault"})
    BOOST_TEST(holds(reason(name), "neither from createOrGet nor from PATCH"));
  BOOST_TEST(holds(reason("meetingTemplateId"), "template"));
  BOOST_TEST(holds(reason("Subject"), "has a column of its own: subject"));
  BOOST_TEST(holds(reason("participants.attendees"), "has a column of its own: attendees"));
  for (const auto& one : convoke::core::refused_options()) BOOST_TEST(!option_named(one.name).has_value());
}

BOOST_AUTO_TEST_CASE(values_have_one_form) {
  for (const auto* yes : {"true", "TRUE", "Yes", "1", " true "}) BOOST_TEST(form("allowRecording", yes) == "true");
  for (const auto* no : {"false", "No", "0"}) BOOST_TEST(form("allowRecording", no) == "false");
  BOOST_TEST(form("allowedPresenters", "ROLEISPRESENTER") == "roleIsPresenter");
  BOOST_TEST(form("anonymizeIdentityForRoles", "Attendee; attendee") == "attendee");
  BOOST_TEST(form("meetingSpokenLanguageTag", "EN-us") == "en-US");
  BOOST_TEST(form("meetingSpokenLanguageTag", "ZH-hans-cn") == "zh-Hans-CN");
  BOOST_TEST(form("sensitivityLabelAssignment.sensitivityLabelId", "6F9619FF-8B86-D011-B42D-00C04FC964FF") ==
             "6f9619ff-8b86-d011-b42d-00c04fc964ff");
}

BOOST_AUTO_TEST_CASE(other_values_are_refused) {
  for (const auto* bad : {"", "maybe", "-", "2"}) BOOST_TEST(form("allowRecording", bad) == "");
  for (const auto* bad : {"", ";", "presenter", "attendee;presenter"}) BOOST_TEST(form("anonymizeIdentityForRoles", bad) == "");
  for (const auto* bad : {"", "e", "1n", "en_US", "en-", "-en", "en-verylongpart", "e\xc3\xa9"})
    BOOST_TEST(form("meetingSpokenLanguageTag", bad) == "");
  BOOST_TEST(form("sensitivityLabelAssignment.sensitivityLabelId", "secret") == "");
  const auto why = convoke::core::canonical_value(*option_at("allowedPresenters"), "organiser");
  BOOST_REQUIRE(!why.has_value());
  BOOST_TEST(holds(why.error(), "which takes everyone, organization, roleIsPresenter or organizer; is 'organizer' meant?"));
}

BOOST_AUTO_TEST_CASE(a_value_in_its_one_form_stays_as_it_is) {
  for (const auto& one : meeting_options()) {
    for (std::string_view rest = one.values; !rest.empty();) {
      const auto end = std::min(rest.find(' '), rest.size());
      BOOST_TEST(form(one.name, rest.substr(0, end)) == rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
}

BOOST_AUTO_TEST_CASE(values_become_json) {
  const auto json = [](std::string_view option, std::string_view value) {
    std::string out;
    convoke::core::append_option_json(out, *option_at(option), value);
    return out;
  };
  BOOST_TEST(json("allowRecording", "false") == "false");
  BOOST_TEST(json("allowedPresenters", "everyone") == "\"everyone\"");
  BOOST_TEST(json("anonymizeIdentityForRoles", "attendee") == "[\"attendee\"]");
}

BOOST_AUTO_TEST_SUITE_END()
