// PATCH, GET and DELETE of a meeting.

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "sim/fixture.hpp"

namespace {

using namespace sim_test;

constexpr std::string_view unknown_user = "cccccccc-0000-4000-8000-000000000003";

// A service that holds one meeting, `a` of alice.
struct meeting_world : world {
  explicit meeting_world(behaviour how = {})
      : world(std::move(how)), made(call(alice, "a")), id(id_of(made)), path(meeting_path(alice, id)) {}

  reply get() { return ask("GET", path); }
  reply patch(const std::string& body) { return ask("PATCH", path, body); }
  reply remove() { return ask("DELETE", path); }

  reply made;
  std::string id, path;
};

BOOST_AUTO_TEST_SUITE(get)

BOOST_AUTO_TEST_CASE(a_get_returns_the_stored_meeting) {
  meeting_world w;
  const auto read = w.get();
  BOOST_TEST(read.status == 200);
  BOOST_TEST((read.body == w.made.body));
  BOOST_TEST(header(read, "OData-Version").at(0) == "4.0");
  BOOST_TEST(
      w.ask("GET", "/beta/Users/AAAAAAAA-0000-4000-8000-000000000001/onlinemeetings/" + w.path.substr(w.path.rfind('/') + 1)).status ==
      200);
  BOOST_TEST(w.graph.counts().read == 2U);
  BOOST_TEST(w.graph.counts().got == 0U);
}

BOOST_AUTO_TEST_CASE(a_get_never_creates) {
  meeting_world w;
  auto other = w.id;
  other[20] = other[20] == 'A' ? 'B' : 'A';
  for (const auto& path : {meeting_path(alice, other), meeting_path(bob, w.id), meeting_path(alice, ""), meeting_path(alice, "MSo=")}) {
    const auto r = w.ask("GET", path);
    BOOST_TEST(r.status >= 404);
    BOOST_TEST(w.graph.meetings().meetings() == 1U);
  }
  BOOST_TEST(code_of(w.ask("GET", meeting_path(bob, w.id))) == "NotFound");
}

BOOST_AUTO_TEST_CASE(the_ids_and_the_token_are_those_of_every_call) {
  meeting_world w;
  const auto bearer = "Bearer " + w.token;
  request q;
  q.method = "GET";
  q.target = w.path;
  q.authorization = "Bearer wrong";
  q.client_request_id = "0f0f0f0f-1111-4222-8333-444444444444";
  BOOST_TEST(w.send(q).status == 401);
  q.authorization = bearer;
  const auto r = w.send(q);
  BOOST_TEST(r.status == 200);
  BOOST_TEST(header(r, "client-request-id").at(0) == q.client_request_id);
}

BOOST_AUTO_TEST_CASE(organizers_are_refused_as_by_create_or_get) {
  behaviour how;
  how.organizers.emplace({std::string(alice), std::string(bob)});
  how.unlicensed = {std::string(bob)};
  world w(how);
  for (const auto* method : {"GET", "PATCH", "DELETE"}) {
    const std::string body = std::string_view(method) == "PATCH" ? "{}" : "";
    const auto unlicensed = w.ask(method, meeting_path(bob, "x"), body);
    BOOST_TEST(unlicensed.status == 403);
    BOOST_TEST(message_of(unlicensed).empty());
    const auto unknown = w.ask(method, meeting_path(unknown_user, "x"), body);
    BOOST_TEST(unknown.status == 404);
    BOOST_TEST(code_of(unknown) == "UnknownError");
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(patch)

BOOST_AUTO_TEST_CASE(only_the_members_in_the_body_change) {
  meeting_world w;
  const auto before = parsed(w.made);
  const auto changed = w.patch(R"({"subject":"Geometry"})");
  BOOST_TEST(changed.status == 200);
  auto after = parsed(changed);
  BOOST_TEST(after.at("subject").as_string() == "Geometry");
  after["subject"] = before.at("subject");
  BOOST_TEST((after == before));
  BOOST_TEST((w.get().body == changed.body));
  BOOST_TEST((w.call(alice, "a").body == changed.body));  // createOrGet returns what is stored now
}

BOOST_AUTO_TEST_CASE(times_change_together) {
  meeting_world w;
  const auto changed = parsed(w.patch(R"({"startDateTime":"2026-10-01T10:00:00+02:00","endDateTime":"2026-10-01T09:00:00Z"})"));
  BOOST_TEST(changed.at("startDateTime").as_string() == "2026-10-01T08:00:00Z");
  BOOST_TEST(changed.at("endDateTime").as_string() == "2026-10-01T09:00:00Z");
  BOOST_TEST(changed.at("expiryDateTime").as_string() == "2026-11-30T09:00:00Z");
  BOOST_TEST(changed.at("subject").as_string() == "Algebra");
}

BOOST_AUTO_TEST_CASE(attendees_are_replaced_in_full) {
  behaviour how;
  how.show_roles = true;
  meeting_world w(how);
  BOOST_TEST(w.patch(R"({"participants":{"attendees":[{"upn":"a@x.org"},{"upn":"b@x.org"}]}})").status == 200);
  const auto changed = parsed(w.patch(R"({"participants":{"attendees":[{"upn":"c@x.org","role":"presenter"}]}})"));
  const auto& people = changed.at("participants").at("attendees").as_array();
  BOOST_REQUIRE(people.size() == 1U);
  BOOST_TEST(people[0].at("upn").as_string() == "c@x.org");
  BOOST_TEST(people[0].at("role").as_string() == "presenter");
  BOOST_TEST(parsed(w.patch(R"({"participants":{"attendees":[]}})")).at("participants").at("attendees").as_array().empty());
}

BOOST_AUTO_TEST_CASE(options_are_set_and_shown_and_the_rest_keep_their_defaults) {
  for (const bool small : {false, true}) {
    behaviour how;
    how.small_answers = small;
    meeting_world w(how);
    const auto changed = parsed(w.patch(
        R"({"allowedPresenters":"roleIsPresenter","allowWhiteboard":false,"recordAutomatically":true,"allowMeetingChat":"limited",)"
        R"("lobbyBypassSettings":{"scope":"organizer"},"watermarkProtection":{"isEnabledForVideo":true},"meetingSpokenLanguageTag":"en-US",)"
        R"("sensitivityLabelAssignment":{"sensitivityLabelId":"aaaaaaaa-0000-4000-8000-000000000009"}})"));
    BOOST_TEST(changed.at("allowedPresenters").as_string() == "roleIsPresenter");
    BOOST_TEST(!changed.at("allowWhiteboard").as_bool());
    BOOST_TEST(changed.at("recordAutomatically").as_bool());
    BOOST_TEST(changed.at("lobbyBypassSettings").at("scope").as_string() == "organizer");
    BOOST_TEST(!changed.at("lobbyBypassSettings").at("isDialInBypassEnabled").as_bool());
    BOOST_TEST(changed.at("watermarkProtection").at("isEnabledForVideo").as_bool());
    BOOST_TEST(changed.at("watermarkProtection").at("isEnabledForContentSharing").is_null());
    BOOST_TEST(changed.at("meetingSpokenLanguageTag").as_string() == "en-US");
    BOOST_TEST(changed.contains("allowTranscription") == !small);
    BOOST_TEST(parsed(w.patch(R"({"allowWhiteboard":true})")).at("allowedPresenters").as_string() == "roleIsPresenter");
  }
}

BOOST_AUTO_TEST_CASE(anonymous_roles_cannot_be_taken_back) {
  meeting_world w;
  BOOST_TEST(parsed(w.patch(R"({"anonymizeIdentityForRoles":["attendee"]})")).at("anonymizeIdentityForRoles").as_array().size() == 1U);
  BOOST_TEST(parsed(w.patch(R"({"anonymizeIdentityForRoles":[]})")).at("anonymizeIdentityForRoles").as_array().size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_update_extends_the_life_of_a_meeting) {
  meeting_world w;
  w.pass(24h * 30);  // 30 September, after the end
  w.token = w.get_token();
  BOOST_TEST(parsed(w.patch("{}")).at("expiryDateTime").as_string() == "2026-11-29T12:00:00.25Z");
  BOOST_TEST(parsed(w.patch(R"({"subject":null})")).at("subject").is_null());
}

BOOST_AUTO_TEST_CASE(a_patch_can_be_repeated) {
  meeting_world w;
  const std::string body = R"({"subject":"Geometry","allowedPresenters":"organizer"})";
  const auto first = w.patch(body), second = w.patch(body);
  BOOST_TEST((first.body == second.body));
  BOOST_TEST(w.graph.meetings().duplicates() == 0U);
}

struct refused_patch {
  std::string body, names;
};
std::ostream& operator<<(std::ostream& out, const refused_patch& p) {
  return out << p.body;
}
const std::vector<refused_patch> refused_patches = {
    {"[]", "JSON"},
    {"{", "JSON"},
    {R"({"subject":7})", "subject"},
    {R"({"startDateTime":"2026-09-01T08:00:00Z"})", "endDateTime"},
    {R"({"endDateTime":"2026-09-01T08:00:00Z"})", "startDateTime"},
    {R"({"startDateTime":"2026-09-01T08:00:00Z","endDateTime":"2026-09-01T07:00:00Z"})", "endDateTime"},
    {R"({"startDateTime":"2026-09-01T08:00:00","endDateTime":"2026-09-01T09:00:00Z"})", "startDateTime"},
    {R"({"participants":{"attendees":[{"role":"presenter"}]}})", "participants.attendees"},
    {R"({"participants":{"organizer":{"upn":"a@x.org"}}})", "participants.organizer"},
    {R"({"externalId":"b"})", "externalId"},
    {R"({"meetingType":"scheduled"})", "meeting type"},
    {R"({"joinMeetingIdSettings":{"isPasscodeRequired":false}})", "joinMeetingIdSettings"},
    {R"({"chatRestrictions":null})", "chatRestrictions"},
    {R"({"allowedPresenters":"everybody"})", "allowedPresenters"},
    {R"({"allowedPresenters":null})", "allowedPresenters"},
    {R"({"allowRecording":"yes"})", "allowRecording"},
    {R"({"lobbyBypassSettings":true})", "lobbyBypassSettings"},
    {R"({"lobbyBypassSettings":{"scope":"all"}})", "lobbyBypassSettings.scope"},
    {R"({"anonymizeIdentityForRoles":["presenter"]})", "anonymizeIdentityForRoles"},
    {R"({"sensitivityLabelAssignment":{"sensitivityLabelId":"high"}})", "sensitivityLabelAssignment.sensitivityLabelId"},
};
BOOST_DATA_TEST_CASE(a_wrong_body_is_refused_and_the_member_named, boost::unit_test::data::make(refused_patches), p) {
  meeting_world w;
  const auto r = w.patch(p.body);
  BOOST_TEST(r.status == 400);
  BOOST_TEST(message_of(r).find(p.names) != std::string::npos);
  BOOST_TEST((w.get().body == w.made.body));
  BOOST_TEST(w.graph.counts().updated == 0U);
}

BOOST_AUTO_TEST_CASE(the_media_type_must_be_json) {
  meeting_world w;
  BOOST_TEST(w.ask("PATCH", w.path).status == 415);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(remove)

BOOST_AUTO_TEST_CASE(a_deleted_meeting_is_gone_and_its_key_is_free) {
  meeting_world w;
  const auto gone = w.remove();
  BOOST_TEST(gone.status == 204);
  BOOST_TEST(gone.body.empty());
  BOOST_TEST(header(gone, "Content-Type").empty());
  BOOST_TEST(w.remove().status == 404);
  BOOST_TEST(w.get().status == 404);
  BOOST_TEST(w.patch("{}").status == 404);
  BOOST_TEST(w.graph.meetings().meetings() == 0U);
  BOOST_TEST(w.graph.meetings_json_lines().empty());

  const auto again = w.call(alice, "a");
  BOOST_TEST(again.status == 201);
  BOOST_TEST(id_of(again) != w.id);
  BOOST_TEST(w.get().status == 404);
  BOOST_TEST(w.ask("GET", meeting_path(alice, id_of(again))).status == 200);
  BOOST_TEST(w.graph.meetings().duplicates() == 0U);
  BOOST_TEST(w.graph.meetings().meetings() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(faults_and_limits)

struct expected {
  fault what;
  int patch, remove;  // status; 0: no answer
  bool done;
};
std::ostream& operator<<(std::ostream& out, const expected& e) {
  return out << to_string(e.what);
}
const std::vector<expected> kinds = {
    {fault::throttle, 429, 429, false},      {fault::throttle_503, 503, 503, false},
    {fault::throttle_after, 429, 429, true}, {fault::false_401, 401, 401, false},
    {fault::e500_before, 500, 500, false},   {fault::e502_before, 502, 502, false},
    {fault::e503_before, 503, 503, false},   {fault::e504_before, 504, 504, false},
    {fault::e500_after, 500, 500, true},     {fault::e502_after, 502, 502, true},
    {fault::e503_after, 503, 503, true},     {fault::e504_after, 504, 504, true},
    {fault::lost_reply, 0, 0, true},         {fault::reset, 0, 0, false},
    {fault::slow, 200, 204, true},           {fault::cut_length, 200, 0, true},
    {fault::cut_chunked, 200, 0, true},      {fault::cut_close, 200, 0, true},
    {fault::html_200, 200, 200, true},       {fault::empty_200, 200, 200, true},
    {fault::wrong_type, 200, 200, true},     {fault::other_external_id, 200, 204, true},
    {fault::missing_id, 200, 204, true},     {fault::html_503, 503, 503, false},
    {fault::empty_503, 503, 503, false},
};

int seen(const reply& r) {
  return r.how == delivery::lost || r.how == delivery::reset ? 0 : r.status;
}

BOOST_DATA_TEST_CASE(faults_come_before_or_after_the_commit_of_every_operation, boost::unit_test::data::make(kinds), e) {
  behaviour how;
  how.script = {{"a", 1, e.what, convoke::operation::update}, {"a", 1, e.what, convoke::operation::remove}};
  meeting_world w(how);
  BOOST_TEST(seen(w.patch(R"({"subject":"Geometry"})")) == e.patch);
  w.pass(2s);
  BOOST_TEST(parsed(w.get()).at("subject").as_string() == (e.done ? "Geometry" : "Algebra"));
  BOOST_TEST(seen(w.remove()) == e.remove);
  w.pass(2s);
  BOOST_TEST(w.get().status == (e.done ? 404 : 200));
  BOOST_TEST(w.stats().at("faults").at(to_string(e.what)).as_int64() == 2);
}

BOOST_AUTO_TEST_CASE(the_table_has_every_kind_of_fault) {
  BOOST_TEST(kinds.size() == fault_count - 1);
}

BOOST_AUTO_TEST_CASE(all_operations_share_the_quotas) {
  behaviour how;
  how.throttle.lane = {1, 3};
  meeting_world w(how);
  BOOST_TEST(w.get().status == 200);
  BOOST_TEST(w.patch("{}").status == 200);
  BOOST_TEST(w.remove().status == 429);
  BOOST_TEST(w.graph.meetings().meetings() == 1U);
}

BOOST_AUTO_TEST_CASE(calls_in_flight_per_key_are_counted_over_all_operations) {
  meeting_world w;
  auto first = w.ask("PATCH", w.path, "{}", true);
  auto second = w.ask("GET", w.path, {}, true);
  BOOST_TEST(w.graph.counts().most_in_flight_per_key == 2);
  w.graph.finish(first);
  w.graph.finish(second);
}

BOOST_AUTO_TEST_CASE(stats_and_the_call_log_count_by_operation) {
  meeting_world w;
  w.get();
  w.patch("{}");
  w.patch("{}");
  w.remove();
  w.remove();
  const auto stats = w.stats();
  BOOST_TEST(stats.at("created").as_int64() == 1);
  BOOST_TEST(stats.at("updated").as_int64() == 2);
  BOOST_TEST(stats.at("read").as_int64() == 1);
  BOOST_TEST(stats.at("removed").as_int64() == 1);
  BOOST_TEST(stats.at("not_found").as_int64() == 1);
  BOOST_TEST(stats.at("operations").at("createOrGet").as_int64() == 1);
  BOOST_TEST(stats.at("operations").at("remove").as_int64() == 2);
  const auto calls = w.graph.calls_json_lines();
  for (const auto* op : {"createOrGet", "update", "get", "remove"})
    BOOST_TEST(calls.find("\"operation\":\"" + std::string(op) + "\"") != std::string::npos);
  BOOST_TEST(calls.find(R"("status":204)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_script_can_name_the_operation) {
  const auto script = parse_script(R"([{"call":2,"operation":"get","fault":"fault_500_before"}])");
  BOOST_REQUIRE(script.has_value());
  behaviour how;
  how.script = *script;
  meeting_world w(how);
  BOOST_TEST(w.patch("{}").status == 200);
  BOOST_TEST(w.get().status == 200);
  BOOST_TEST(w.patch("{}").status == 200);
  BOOST_TEST(w.get().status == 500);
  BOOST_TEST(w.get().status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
