#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>
#include <string>

#include "core/decoded.hpp"
#include "core/encode_base64.hpp"
#include "wire/wire.hpp"

namespace {

using convoke::wire::create_or_get_path;
using convoke::wire::meeting_path;

const std::string organizer = "5c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f";
const std::string other_organizer = "6c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f";
const std::string meetings = "/v1.0/users/" + organizer + "/onlineMeetings/";

std::string id_of(const std::string& whose) {
  return convoke::test::encode_base64("1*" + whose + "*0**19:meeting_MTIz@thread.v2", convoke::core::base64_alphabet::standard, true);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(urls)

BOOST_AUTO_TEST_CASE(the_path_of_a_read_that_makes_nothing) {
  BOOST_TEST(convoke::wire::harmless_read_path("5C1B9E70-4d2a-4f36-9c8e-1a2b3c4d5e6f") ==
             "/v1.0/users/" + organizer + "/onlineMeetings?$filter=joinMeetingIdSettings/joinMeetingId%20eq%20'000000000000'");
  for (const char* bad : {"", "me", "anna@uni.example", "a\r\nHost: x"})
    BOOST_CHECK_THROW(static_cast<void>(convoke::wire::harmless_read_path(bad)), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_path_of_create_or_get_takes_an_object_id_and_nothing_else) {
  BOOST_TEST(create_or_get_path("5C1B9E70-4d2a-4f36-9c8e-1a2b3c4d5e6f") == meetings + "createOrGet");
  for (const char* bad : {"", "..", "me", "anna@uni.example", "5c1b9e70-4d2a-4f36-9c8e-1a2b3c4d5e6f/..", "a\r\nHost: x"}) {
    BOOST_CHECK_THROW(static_cast<void>(create_or_get_path(bad)), std::invalid_argument);
    BOOST_CHECK_THROW(static_cast<void>(meeting_path(bad, "MSo1")), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_CASE(a_channel_meeting_is_made_by_the_beta_endpoint) {
  using convoke::wire::addressing;
  using convoke::wire::api_version;
  convoke::meeting_spec s;
  BOOST_TEST((convoke::wire::version_for(s) == api_version::v1_0));
  s.chat_thread_id = "19:x@thread.tacv2";
  BOOST_TEST((convoke::wire::version_for(s) == api_version::beta));
  BOOST_TEST(create_or_get_path(organizer, addressing::by_id, api_version::beta) ==
             "/beta/users/" + organizer + "/onlineMeetings/createOrGet");
  BOOST_TEST(create_or_get_path(organizer, addressing::as_me, api_version::beta) == "/beta/me/onlineMeetings/createOrGet");
}

BOOST_AUTO_TEST_CASE(the_user_whose_token_is_sent_is_me) {
  using enum convoke::wire::addressing;
  const std::string own = "/v1.0/me/onlineMeetings/";
  BOOST_TEST(create_or_get_path(organizer, as_me) == own + "createOrGet");
  BOOST_TEST(meeting_path(organizer, "a+/b==", as_me).value() == own + "a%2B%2Fb%3D%3D");
  BOOST_TEST(meeting_path(organizer, id_of(other_organizer), as_me).error().contains(other_organizer));
  BOOST_CHECK_THROW(static_cast<void>(create_or_get_path("me", as_me)), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_meeting_id_is_percent_encoded) {
  BOOST_TEST(meeting_path(organizer, "MSo1-_.~").value() == meetings + "MSo1-_.~");
  BOOST_TEST(meeting_path(organizer, "a+/b==").value() == meetings + "a%2B%2Fb%3D%3D");
  BOOST_TEST(meeting_path(organizer, "?q=1&#x").value() == meetings + "%3Fq%3D1%26%23x");
  BOOST_TEST(meeting_path(organizer, "19:meeting_x@thread.v2").value() == meetings + "19%3Ameeting_x%40thread.v2");
}

BOOST_AUTO_TEST_CASE(the_longest_meeting_id_is_as_long_as_an_answer_may_have_it) {
  constexpr auto limit = convoke::wire::text_limits::id;
  BOOST_TEST(meeting_path(organizer, std::string(limit, 'x')).has_value());
  BOOST_TEST(meeting_path(organizer, std::string(limit + 1, 'x')).error().contains("longer than"));
  BOOST_TEST(meeting_path(organizer, "").error().contains("empty"));
}

BOOST_AUTO_TEST_CASE(a_meeting_id_that_could_change_the_request_is_refused) {
  for (const std::string bad : {"a b", "a\r\nb", "a\tb", "a\x7f", "\xc3\xbc", "%2e%2e"})
    BOOST_TEST(meeting_path(organizer, bad).error().contains("characters"), bad);
  for (const std::string bad : {".", "..", "a/..", "../a", "a/./b", "a\\..\\b", "/.."})
    BOOST_TEST(meeting_path(organizer, bad).error().contains("relative path"), bad);
  for (const std::string good : {"...", "a..b", "..a", ".a", "a/b"}) BOOST_TEST(meeting_path(organizer, good).has_value(), good);
}

BOOST_AUTO_TEST_CASE(a_meeting_id_that_names_another_organizer_is_refused) {
  BOOST_TEST(meeting_path(organizer, id_of(organizer)).has_value());
  BOOST_TEST(meeting_path("5C1B9E70-4d2a-4f36-9c8e-1a2b3c4d5e6f", id_of(organizer)).has_value());
  BOOST_TEST(meeting_path(organizer, id_of(other_organizer)).error().contains(other_organizer));
}

RC_BOOST_PROP(any_id_is_refused_or_one_segment_that_stands_for_it, (const std::string& id)) {
  const auto path = meeting_path(organizer, id);
  if (!path) return RC_ASSERT(!path.error().empty());
  const auto segment = path->substr(meetings.size());
  RC_ASSERT(path->starts_with(meetings));
  RC_ASSERT(segment.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") == std::string::npos);
  RC_ASSERT(segment != "." && segment != "..");
  RC_ASSERT(convoke::core::unescaped(segment) == id);
}

BOOST_AUTO_TEST_SUITE_END()
