// The places where an answer names its organizer, and the limits of an answer's members.

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>

#include "wire/wire.hpp"

using namespace convoke::wire;

namespace {

constexpr std::string_view who = "dc17674c-81d9-4adb-bfb2-8f6a442e4622";
// base64 of 1*dc17674c-81d9-4adb-bfb2-8f6a442e4622*0**19:meeting_…
const std::string id = "MSpkYzE3Njc0Yy04MWQ5LTRhZGItYmZiMi04ZjZhNDQyZTQ2MjIqMCoqMTk6bWVldGluZ19abVEx";
const std::string url =
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_ZmQ%40thread.v2/0?context=%7b%22Tid%22%3a%227f1c9a52-0c5e-4f3b-9a53-"
    "51f6d3c0a001%22%2c%22Oid%22%3a%22dc17674c-81d9-4adb-bfb2-8f6a442e4622%22%7d";
const std::string context =
    "https://graph.microsoft.com/v1.0/$metadata#users('dc17674c-81d9-4adb-bfb2-8f6a442e4622')/onlineMeetings/$entity";

}  // namespace

BOOST_AUTO_TEST_SUITE(organizer)

BOOST_AUTO_TEST_CASE(a_meeting_id_names_its_organizer) {
  BOOST_TEST(organizer_in_id(id) == who);
  BOOST_TEST(organizer_in_id(id + "==") == who);
  for (const auto& other :
       {std::string(), std::string("MSo1"), id.substr(0, 51), "x" + id, std::string(80, 'A'), std::string(80, '!'), "Mi" + id.substr(2)})
    BOOST_TEST(organizer_in_id(other).empty(), other);
}

// 52 digits that are padded are fewer than 39 bytes: there is nothing behind the object id, or not even all of it.
BOOST_AUTO_TEST_CASE(a_meeting_id_that_ends_in_padding_names_no_organizer) {
  for (const auto* padded :
       {"MSpkYzE3Njc0Yy04MWQ5LTRhZGItYmZiMi04ZjZhNDQyZTQ2Mg==", "MSpkYzE3Njc0Yy04MWQ5LTRhZGItYmZiMi04ZjZhNDQyZTQ2MjI="}) {
    BOOST_TEST(organizer_in_id(padded).empty(), padded);
    BOOST_TEST(organizer_in_id(padded + std::string("MCoqMTk6bWVldGluZw")).empty(), padded);
  }
}

BOOST_AUTO_TEST_CASE(a_join_url_names_its_organizer) {
  BOOST_TEST(organizer_in_join_url(url) == who);
  BOOST_TEST(organizer_in_join_url("https://x/?a=1&context={\"OID\" : \"DC17674C-81D9-4ADB-BFB2-8F6A442E4622\"}&b") == who);
  for (const auto* other : {"", "https://teams.microsoft.com/meet/123?p=abc", "https://x/?context=%7b%22Oid%22%3a%22me%22%7d",
                            "https://x/?context=%7b%22Oid%22%3a", "https://x/?context=", "https://x/?context=%7b%22Oid%22%3a%22%7d%2",
                            "https://x/?context={\"Oid\":\"dc17674c-81d9-4adb-bfb2-8f6a442e46229\"}",
                            "https://x/?context={\"Oid\":7,\"x\":\"dc17674c-81d9-4adb-bfb2-8f6a442e4622\"}"})
    BOOST_TEST(organizer_in_join_url(other).empty(), other);
}

BOOST_AUTO_TEST_CASE(an_odata_context_names_its_organizer) {
  BOOST_TEST(organizer_in_context(context) == who);
  BOOST_TEST(organizer_in_context("#users(%27DC17674C-81D9-4ADB-BFB2-8F6A442E4622%27)") == who);
  for (const auto* other : {"", "#users('x')/y", "#me/onlineMeetings/$entity", "#users('", "#users('dc17674c-81d9-4adb-bfb2-8f6a442e4622",
                            "#users('ada@contoso.example')/onlineMeetings/$entity"})
    BOOST_TEST(organizer_in_context(other).empty(), other);
}

BOOST_AUTO_TEST_CASE(an_answer_names_its_organizer_in_two_places) {
  parser p;
  named_organizer named;
  BOOST_TEST(p.parse_meeting(R"({"@odata.context":")" + context +
                                 R"(","participants":{"organizer":{"identity":{"user":{"id":"DC17674C-81D9-4ADB-BFB2-8F6A442E4622"}}}}})",
                             &named)
                 .has_value());
  BOOST_TEST(named.participant == who);
  BOOST_TEST(named.context == who);
  // The organizers of an earlier answer are not those of the next one.
  for (const auto* body : {"{}", R"({"participants":{"organizer":null}})", R"({"participants":{"organizer":{"identity":null}}})",
                           R"({"participants":{"organizer":{"identity":{"application":{"id":"x"}}}},"@odata.context":null})",
                           R"({"participants":{"organizer":{"identity":{"user":{"id":"8:orgid:x"}}}},"@odata.context":7})"}) {
    BOOST_TEST(p.parse_meeting(body, &named).has_value(), body);
    BOOST_TEST(named.participant.empty(), body);
    BOOST_TEST(named.context.empty(), body);
  }
}

BOOST_AUTO_TEST_CASE(two_organizers_of_one_meeting_are_refused) {
  parser p;
  for (const auto* body : {R"({"participants":{"organizer":{},"organizer":{}}})", R"({"@odata.context":"a","@odata.context":"b"})",
                           R"({"participants":{"organizer":{"identity":{"user":{"id":"a","id":"b"}}}}})"})
    BOOST_TEST(!p.parse_meeting(body).has_value(), body);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(how_much_is_taken)

BOOST_AUTO_TEST_CASE(members_that_are_kept_have_a_limit_of_length) {
  parser p;
  const auto body = [](const std::string& name, std::size_t size) { return "{\"" + name + "\":\"" + std::string(size, 'x') + "\"}"; };
  for (const auto& [name, most] : {std::pair{"id", text_limits::id}, {"joinWebUrl", text_limits::url}, {"externalId", text_limits::id}}) {
    BOOST_TEST(p.parse_meeting(body(name, most)).has_value(), name);
    const auto refused = p.parse_meeting(body(name, most + 1));
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().message.contains(name), refused.error().message);
    BOOST_TEST(refused.error().message.contains("longer than"), refused.error().message);
  }
  for (const auto* name : {"joinMeetingId", "passcode"}) {
    BOOST_TEST(p.parse_meeting("{\"joinMeetingIdSettings\":" + body(name, text_limits::word) + "}").has_value());
    BOOST_TEST(!p.parse_meeting("{\"joinMeetingIdSettings\":" + body(name, text_limits::word + 1) + "}").has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_dial_in_number_that_is_too_long_is_left_out) {
  parser p;
  const std::string much(1000, '5');
  const auto got = p.parse_meeting(R"({"audioConferencing":{"tollNumber":")" + much + R"(","conferenceId":")" + much +
                                   R"(","tollNumbers":[")" + much + R"(","+49 30"]}})");
  BOOST_REQUIRE(got.has_value());
  BOOST_TEST((got->dial_in_number == "+49 30"));
  BOOST_TEST(!got->conference_id.has_value());
}

BOOST_AUTO_TEST_CASE(an_error_that_is_cut_is_not_whole) {
  parser p;
  for (const auto* whole : {"", "{}", R"({"error":{"code":"x"}})", "<html>", "no", R"( {"error":1} )"})
    BOOST_TEST(p.parse_error(whole).whole, whole);
  for (const auto* cut : {"{", R"({"error":{"code":"x")", "[1,", " \r\n{\"a\"", "{}x"}) BOOST_TEST(!p.parse_error(cut).whole, cut);
}

BOOST_AUTO_TEST_CASE(a_parser_reads_on_after_a_very_large_answer) {
  parser p;
  const auto large = R"({"id":"a","x":")" + std::string(900'000, 'x') + "\"}";
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(p.parse_meeting(large).value().id == "a");
    BOOST_TEST(p.parse_error(large).code.empty());
    BOOST_TEST(p.parse_meeting(R"({"id":"b"})").value().id == "b");
    // The limit of depth is the same as before.
    BOOST_TEST(p.parse_meeting("{\"x\":" + std::string(31, '[') + "1" + std::string(31, ']') + "}").has_value());
    BOOST_TEST(!p.parse_meeting("{\"x\":" + std::string(40, '[') + "1" + std::string(40, ']') + "}").has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
