#include "spec/attendees.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using convoke::attendee;
using convoke::attendee_id;
using convoke::attendee_role;
namespace bdata = boost::unit_test::data;

namespace {

const std::string id = "6f9619ff-8b86-d011-b42d-00c04fc964ff";

std::vector<attendee> people(std::string_view cell) {
  std::vector<attendee> out;
  std::vector<convoke::spec::attendee_fault> faults;
  convoke::spec::parse_attendees(cell, out, faults);
  for (const auto& f : faults) BOOST_ERROR(f.value + ": " + f.reason);
  return out;
}

std::vector<convoke::spec::attendee_fault> faults_of(std::string_view cell) {
  std::vector<attendee> out;
  std::vector<convoke::spec::attendee_fault> faults;
  convoke::spec::parse_attendees(cell, out, faults);
  return faults;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_attendees)

BOOST_AUTO_TEST_CASE(attendees_in_all_forms_are_read_and_sorted) {
  const auto list = people("6F9619FF-8B86-D011-B42D-00C04FC964FF:coorganizer; Zoe@X.org ;ada@x.org:Presenter;bob@x.org : attendee;");
  BOOST_TEST((list == std::vector<attendee>{{attendee_id::upn, "ada@x.org", attendee_role::presenter},
                                            {attendee_id::upn, "bob@x.org", attendee_role::attendee},
                                            {attendee_id::upn, "zoe@x.org", attendee_role::none},
                                            {attendee_id::object_id, id, attendee_role::coorganizer}}));
}

BOOST_AUTO_TEST_CASE(empty_entries_are_skipped) {
  BOOST_TEST(people("").empty());
  BOOST_TEST(people(" ;; ; ").empty());
}

BOOST_AUTO_TEST_CASE(the_upn_of_a_guest_is_read) {
  BOOST_TEST(people("ada_x.org#EXT#@y.onmicrosoft.com:co-organizer").at(0).value == "ada_x.org#ext#@y.onmicrosoft.com");
}

BOOST_AUTO_TEST_CASE(an_attendee_named_twice_is_kept_once) {
  BOOST_TEST(people("a@b;A@B;a@b").size() == 1U);
  BOOST_TEST(people("a@b:presenter;A@B:presenter").size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_attendee_with_two_roles_is_an_error) {
  BOOST_REQUIRE(faults_of("a@b;x@y;A@b:presenter").size() == 1U);
  BOOST_TEST(faults_of("a@b;x@y;A@b:presenter")[0].value == "a@b");
  BOOST_TEST(faults_of("a@b:attendee;a@b:presenter").size() == 1U);
  BOOST_TEST(faults_of(id + ":attendee;" + id).size() == 1U);
}

BOOST_DATA_TEST_CASE(entries_that_name_no_person_are_errors,
                     bdata::make({"ada", "@x.org", "ada@", "a@b@c", "Ada <ada@x.org>", "a@b,c@d", "a b@c", "a@b:boss", "a@b:",
                                  "a@b:presenter:x", "\u00fc@x.org", "a\xc2\xa0@x.org", "6f9619ff-8b86-d011-b42d-00c04fc964f", "a/b@c"}),
                     text) {
  const auto faults = faults_of(std::string("good@x.org;") + text + ";other@x.org");
  BOOST_REQUIRE(faults.size() == 1U);
  BOOST_TEST(!faults[0].reason.empty());
}

BOOST_AUTO_TEST_CASE(the_error_names_the_likely_mistake) {
  BOOST_TEST(faults_of("a@b,c@d")[0].reason.find("';'") != std::string::npos);
  BOOST_TEST(faults_of("Ada <ada@x.org>")[0].reason.find("angle") != std::string::npos);
  BOOST_TEST(faults_of("a@b:boss")[0].reason.find("coorganizer") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(row_25_attendees_on_lines_of_their_own_are_read) {
  const auto list = people("a@x.org\nb@x.org:presenter\r\n  c@x.org \n\n;d@x.org\re@x.org\xc2\xa0");
  BOOST_REQUIRE(list.size() == 5U);
  BOOST_TEST(list[1].value == "b@x.org");
  BOOST_TEST((list[1].role == attendee_role::presenter));
  BOOST_TEST(list[4].value == "e@x.org");
}

BOOST_AUTO_TEST_CASE(the_error_of_a_copied_address_says_what_to_remove) {
  const auto why = [](std::string_view entry) {
    const auto faults = faults_of(entry);
    return faults.size() == 1 ? faults[0].reason : std::to_string(faults.size()) + " faults";
  };
  BOOST_TEST(why("mailto:ada@x.org") == "give the UPN alone, without 'mailto:'");
  BOOST_TEST(why("SMTP:ada@x.org") == "give the UPN alone, without 'SMTP:'");
  BOOST_TEST(why("Ada <mailto:ada@x.org>") == "give the UPN alone, without a name or angle brackets");
  BOOST_TEST(why("<ada@x.org>") == "give the UPN alone, without a name or angle brackets");
  BOOST_TEST(why("Lovelace, Ada <ada@x.org>") == "give the UPN alone, without a name or angle brackets");
  BOOST_TEST(why("Ada <ada@x.org>, Bob <bob@x.org>") ==
             "give the UPN alone, without a name or angle brackets, and separate attendees by ';'");
  BOOST_TEST(why("Ada Lovelace (ada@x.org)") == "give the UPN alone, without a name or angle brackets");
  BOOST_TEST(why("\"Ada\" ada@x.org") == "give the UPN alone, without a name or angle brackets");
  BOOST_TEST(why("a@x.org, b@x.org") == "separate attendees by ';', not by ','");
  BOOST_TEST(why("a@x.org:presenter, b@x.org:presenter") == "separate attendees by ';', not by ','");
  BOOST_TEST(why("a@x.org b@x.org") == "separate attendees by ';', not by blanks");
  BOOST_TEST(why("a@x.org|b@x.org") == "separate attendees by ';', not by '|'");
  BOOST_TEST(why("'ada@x.org'") == "take out the quotation marks around it");
  BOOST_TEST(why("ada@x.org.") == "take out what follows the domain: .");
  BOOST_TEST(why("m\u00fcller@x.org") == "has '\u00fc'; a UPN has ASCII characters only");
  BOOST_TEST(people("o'brien@x.org").size() == 1U);
}

BOOST_AUTO_TEST_CASE(every_wrong_entry_is_reported) {
  BOOST_TEST(faults_of("x;y;a@b;z").size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
