#include "spec/agreement.hpp"

#include <boost/test/unit_test.hpp>

#include "spec/kept_roles.hpp"

namespace {

using namespace std::chrono_literals;
using convoke::attendee;
using convoke::attendee_id;
using convoke::attendee_role;
using convoke::observed_attendee;
using names = std::vector<std::string>;

const std::string id1 = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
const std::string id2 = "7f9619ff-8b86-d011-b42d-00c04fc964ff";

convoke::meeting_spec wanted(std::vector<attendee> people = {}) {
  convoke::meeting_spec s;
  s.organizer = id1;
  s.external_id = "x";
  s.subject = "Algebra";
  s.start = convoke::utc_time{std::chrono::sys_days{std::chrono::year{2026} / 9 / 1} + 8h};
  s.end = s.start + 1h;
  s.attendees = std::move(people);
  return s;
}

convoke::meeting stored(std::vector<observed_attendee> people = {}) {
  convoke::meeting m;
  m.subject = "Algebra";
  m.start = wanted().start;
  m.end = wanted().end;
  m.attendees = std::move(people);
  return m;
}

attendee upn(std::string value, attendee_role role = attendee_role::none) {
  return {attendee_id::upn, std::move(value), role};
}
attendee oid(std::string value, attendee_role role = attendee_role::none) {
  return {attendee_id::object_id, std::move(value), role};
}

bool drifts(std::vector<attendee> people, std::vector<observed_attendee> shown) {
  return convoke::spec::differing_fields(wanted(std::move(people)), stored(std::move(shown))) == names{"attendees"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(agreement)

BOOST_AUTO_TEST_CASE(an_equal_meeting_does_not_differ) {
  BOOST_TEST(convoke::spec::differing_fields(wanted(), stored()).empty());
}

BOOST_AUTO_TEST_CASE(an_option_differs_where_the_answer_shows_another_value) {
  auto s = wanted();
  s.options = {{8, "true"}, {13, "organizer"}, {18, "everyone"}};
  auto m = stored();
  m.options = {{8, "true"}, {13, "everyone"}};
  BOOST_TEST((convoke::spec::differing_fields(s, m) == names{"option.allowedPresenters"}));
  BOOST_TEST((convoke::spec::options_to_set(s, m) == names{"option.allowedPresenters", "option.lobbyBypassSettings.scope"}));
  // What is not wanted is not compared.
  m.subject = "Geometry";
  m.options = {{8, "true"}, {9, "false"}, {13, "organizer"}, {18, "everyone"}};
  BOOST_TEST((convoke::spec::differing_fields(s, m) == names{"subject"}));
  BOOST_TEST(convoke::spec::options_to_set(s, m).empty());
}

BOOST_AUTO_TEST_CASE(the_differing_fields_are_named_in_order) {
  auto m = stored({{"new@x.org", "", {}}});
  m.subject = "algebra";
  m.start = *m.start + convoke::ticks{1};
  m.end = *m.end + 1s;
  BOOST_TEST((convoke::spec::differing_fields(wanted(), m) == names{"subject", "start", "end", "attendees"}));
}

BOOST_AUTO_TEST_CASE(a_field_that_the_answer_omits_is_not_compared) {
  BOOST_TEST(convoke::spec::differing_fields(wanted({upn("a@x.org")}), convoke::meeting{}).empty());
}

BOOST_AUTO_TEST_CASE(a_known_difference_stays_where_the_answer_omits_the_field) {
  auto s = wanted({upn("a@x.org", attendee_role::presenter)});
  s.options = {{8, "true"}, {13, "organizer"}};
  s.keep_roles = true;
  const names known{"subject", "start", "end", "attendees", "roles", "option.allowedPresenters"};
  BOOST_TEST((convoke::spec::differing_fields(s, convoke::meeting{}, known) == known));
  // In the order of differing_fields, and nothing else.
  BOOST_TEST((convoke::spec::differing_fields(s, convoke::meeting{}, names{"end", "subject"}) == names{"subject", "end"}));
  // What is shown counts.
  auto m = stored({{"a@x.org", "", attendee_role::presenter}});
  m.allowed_presenters = "roleIsPresenter";
  m.options = {{13, "organizer"}};
  BOOST_TEST(convoke::spec::differing_fields(s, m, known).empty());
  m.subject = "Geometry";
  BOOST_TEST((convoke::spec::differing_fields(s, m, {}) == names{"subject"}));
}

BOOST_AUTO_TEST_CASE(a_subject_that_is_not_wanted_is_not_compared) {
  auto s = wanted();
  s.subject.reset();
  BOOST_TEST(convoke::spec::differing_fields(s, stored()).empty());
  s.subject = "";
  BOOST_TEST((convoke::spec::differing_fields(s, stored()) == names{"subject"}));
}

BOOST_AUTO_TEST_CASE(attendees_match_by_either_id) {
  BOOST_TEST(!drifts({upn("a@x.org"), oid(id2)}, {{"b@x.org", id2, {}}, {"a@x.org", id1, {}}}));
  BOOST_TEST(!drifts({upn("a@x.org")}, {{"a@x.org", "", {}}}));
  BOOST_TEST(!drifts({oid(id1)}, {{"", id1, {}}}));
}

BOOST_AUTO_TEST_CASE(missing_and_further_attendees_are_differences) {
  BOOST_TEST(drifts({upn("a@x.org")}, {}));
  BOOST_TEST(drifts({}, {{"a@x.org", "", {}}}));
  BOOST_TEST(drifts({upn("a@x.org"), upn("b@x.org")}, {{"a@x.org", id1, {}}}));
  BOOST_TEST(drifts({upn("a@x.org")}, {{"a@x.org", id1, {}}, {"b@x.org", id2, {}}}));
  BOOST_TEST(drifts({upn("a@x.org")}, {{"b@x.org", id2, {}}}));
  BOOST_TEST(drifts({upn("a@x.org")}, {{"a@x.org", id1, {}}, {"", "", {}}}));
}

BOOST_AUTO_TEST_CASE(an_id_that_the_other_side_lacks_is_not_compared) {
  BOOST_TEST(!drifts({upn("a@x.org")}, {{"", id1, {}}}));
  BOOST_TEST(!drifts({oid(id1)}, {{"a@x.org", "", {}}}));
  BOOST_TEST(!drifts({upn("a@x.org"), oid(id2)}, {{"", "", {}}, {"", id2, {}}}));
  BOOST_TEST(drifts({oid(id1)}, {{"", id2, {}}}));
  BOOST_TEST(drifts({upn("a@x.org")}, {{"b@x.org", "", {}}}));
  BOOST_TEST(drifts({upn("a@x.org"), oid(id1)}, {{"", id2, {}}, {"", "e0000000-0000-0000-0000-000000000000", {}}}));
  BOOST_TEST(!drifts({upn("a@x.org"), upn("b@x.org")}, {{"", id1, {}}, {"", "", {}}}));
}

BOOST_AUTO_TEST_CASE(roles_are_compared_only_where_both_sides_have_one) {
  using enum attendee_role;
  BOOST_TEST(!drifts({upn("a@x.org", presenter)}, {{"a@x.org", "", presenter}}));
  BOOST_TEST(!drifts({upn("a@x.org", presenter)}, {{"a@x.org", "", {}}}));
  BOOST_TEST(!drifts({upn("a@x.org")}, {{"a@x.org", "", attendee_role::attendee}}));
  BOOST_TEST(drifts({upn("a@x.org", presenter)}, {{"a@x.org", "", attendee_role::attendee}}));
}

BOOST_AUTO_TEST_CASE(one_person_named_twice_by_the_row_and_once_by_the_answer) {
  BOOST_TEST(!drifts({upn("a@x.org"), oid(id1)}, {{"a@x.org", id1, {}}}));
}

convoke::meeting_spec keeping(std::vector<attendee> people) {
  auto s = wanted(std::move(people));
  s.keep_roles = true;
  return s;
}

convoke::meeting shown(std::vector<observed_attendee> people, std::optional<std::string> presenters) {
  auto m = stored(std::move(people));
  m.allowed_presenters = std::move(presenters);
  return m;
}

BOOST_AUTO_TEST_CASE(roles_that_are_kept_differ_apart_from_the_attendees) {
  const auto s = keeping({upn("a@x.org", attendee_role::presenter)});
  const auto differing = [&](const convoke::meeting& m) { return convoke::spec::differing_fields(s, m); };
  BOOST_TEST((differing(shown({{"a@x.org", "", attendee_role::attendee}}, "roleIsPresenter")) == names{"roles"}));
  BOOST_TEST((differing(shown({{"a@x.org", "", attendee_role::presenter}}, "everyone")) == names{"roles"}));
  BOOST_TEST((differing(shown({{"b@x.org", "", attendee_role::presenter}}, "everyone")) == names{"attendees", "roles"}));
  // What the answer leaves out, or has as null, cannot be verified.
  BOOST_TEST(differing(shown({{"a@x.org", "", {}}}, std::nullopt)).empty());
  BOOST_TEST(differing(shown({{"a@x.org", "", attendee_role::presenter}}, "roleIsPresenter")).empty());
}

BOOST_AUTO_TEST_CASE(who_may_present_is_not_compared_where_roles_are_only_sent) {
  const auto s = wanted({upn("a@x.org", attendee_role::presenter)});
  BOOST_TEST(convoke::spec::differing_fields(s, shown({{"a@x.org", "", {}}}, "everyone")).empty());
  BOOST_TEST((convoke::spec::differing_fields(s, shown({{"a@x.org", "", attendee_role::attendee}}, "everyone")) == names{"attendees"}));
}

BOOST_AUTO_TEST_CASE(roles_are_shown_where_everyone_has_theirs_and_role_is_presenter) {
  const auto s = keeping({upn("a@x.org", attendee_role::presenter), upn("b@x.org", attendee_role::coorganizer), upn("c@x.org")});
  const auto shows = [&](const convoke::meeting& m) { return convoke::spec::shows_roles(s, m); };
  const observed_attendee a{"a@x.org", "", attendee_role::presenter}, b{"b@x.org", "", attendee_role::coorganizer}, c{"c@x.org", "", {}};
  BOOST_TEST(shows(shown({a, b, c}, "roleIsPresenter")));
  BOOST_TEST(!shows(shown({a, b, c}, "everyone")));
  BOOST_TEST(!shows(shown({a, b, c}, std::nullopt)));
  BOOST_TEST(!shows(shown({a, {"b@x.org", "", {}}, c}, "roleIsPresenter")));  // null, or unknownFutureValue
  BOOST_TEST(!shows(shown({a, c}, "roleIsPresenter")));
  BOOST_TEST(!shows(convoke::meeting{}));
  BOOST_TEST(!convoke::spec::shows_roles(wanted({upn("a@x.org", attendee_role::presenter)}), shown({a}, "roleIsPresenter")));
}

BOOST_AUTO_TEST_CASE(another_value_of_who_may_present_contradicts_roles_that_are_kept) {
  const auto kept = keeping({upn("a@x.org", attendee_role::presenter)}), sent = wanted({upn("a@x.org", attendee_role::presenter)});
  for (const auto* fits : {"", "roleIsPresenter"}) BOOST_TEST(convoke::spec::why_no_presenters(kept, fits).empty());
  for (const auto* other : {"everyone", "organization", "organizer"}) {
    BOOST_TEST(convoke::spec::why_no_presenters(kept, other).contains("--roles enforce"));
    BOOST_TEST(convoke::spec::why_no_presenters(sent, other).empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
