#include <rapidcheck.h>

#include <boost/test/unit_test.hpp>

#include <convoke/key.hpp>
#include <convoke/spec.hpp>

namespace {

using namespace std::chrono_literals;
using convoke::attendee_id;
using convoke::attendee_role;

const std::string channel = "19:561fbdbbfca848a484f0a6f00ce9dbbd@thread.tacv2";
const std::string some_id = "6f9619ff-8b86-d011-b42d-00c04fc964ff";

convoke::meeting_spec full() {
  convoke::meeting_spec s;
  s.organizer = some_id;
  s.external_id = "ALG-1-20260901";
  s.subject = "Algebra für alle";
  s.start = convoke::utc_time{std::chrono::sys_days{std::chrono::year{2026} / 9 / 1} + 8h};
  s.end = s.start + 90min;
  s.attendees = {{attendee_id::upn, "ada@example.org", attendee_role::presenter}, {attendee_id::object_id, some_id, attendee_role::none}};
  return s;
}

rc::Gen<std::string> any_id() {
  return rc::gen::oneOf(rc::gen::just(some_id), rc::gen::arbitrary<std::string>(),
                        rc::gen::map(rc::gen::container<std::string>(36, rc::gen::elementOf(std::string("0a9f-AF"))), [](std::string s) {
                          s[8] = s[13] = s[18] = s[23] = '-';
                          return s;
                        }));
}

rc::Gen<convoke::meeting_spec> any_spec() {
  return rc::gen::exec([] {
    convoke::meeting_spec s;
    s.organizer = *any_id();
    s.external_id = *rc::gen::arbitrary<std::string>();
    if (*rc::gen::arbitrary<bool>()) s.subject = *rc::gen::arbitrary<std::string>();
    const auto start = *rc::gen::inRange<std::int64_t>(-62'167'219'200, 253'402'300'800);
    s.start = convoke::utc_time{std::chrono::seconds{start}};
    s.end = s.start + std::chrono::seconds{*rc::gen::inRange<std::int64_t>(-100, 1'000'000'000)};
    const int people = *rc::gen::inRange(0, 5);
    for (int i = 0; i < people; ++i) {
      s.attendees.push_back(
          {static_cast<attendee_id>(*rc::gen::inRange(0, 2)), *any_id(), static_cast<attendee_role>(*rc::gen::inRange(0, 4))});
    }
    s.keep_roles = convoke::has_roles(s) && *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) s.options = {{8, "true"}, {13, "organizer"}, {19, "en-US"}};
    if (*rc::gen::arbitrary<bool>()) s.chat_thread_id = channel;
    return s;
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spec_bytes)

BOOST_AUTO_TEST_CASE(a_secret_reveals_what_it_was_made_of) {
  const auto back = convoke::decode_spec(convoke::encode_spec(full()));
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST((*back == full()));
}

BOOST_AUTO_TEST_CASE(any_spec_is_decoded_to_itself) {
  BOOST_TEST(rc::check("decode(encode(s)) == s", [] {
    const auto s = *any_spec();
    const auto back = convoke::decode_spec(convoke::encode_spec(s));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == s);
  }));
}

BOOST_AUTO_TEST_CASE(any_bytes_that_decode_were_encoded_so) {
  BOOST_TEST(rc::check("encode(decode(b)) == b for damaged bytes that still decode", [] {
    auto bytes = convoke::encode_spec(*any_spec());
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
    bytes[at] = static_cast<char>(*rc::gen::inRange(0, 256));
    const auto s = convoke::decode_spec(bytes);
    if (s) RC_ASSERT(convoke::encode_spec(*s) == bytes);
  }));
}

BOOST_AUTO_TEST_CASE(cut_or_lengthened_bytes_are_refused) {
  const auto bytes = convoke::encode_spec(full());
  for (std::size_t n = 0; n < bytes.size(); ++n) BOOST_TEST(!convoke::decode_spec(bytes.substr(0, n)).has_value());
  BOOST_TEST(!convoke::decode_spec(bytes + '\0').has_value());
  auto newer = bytes;
  newer[0] = 2;
  const auto refused = convoke::decode_spec(newer);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(static_cast<int>(refused.error().code) == static_cast<int>(convoke::errc::storage));
}

BOOST_AUTO_TEST_CASE(ids_take_16_bytes) {
  convoke::meeting_spec s = full();
  const auto packed = convoke::encode_spec(s).size();
  s.organizer[0] = 'F';  // not an id in lower case, so it is kept as text
  BOOST_TEST(convoke::encode_spec(s).size() == packed + 21);
}

BOOST_AUTO_TEST_CASE(the_bytes_of_version_1_never_change) {
  convoke::meeting_spec s;
  s.organizer = some_id;
  s.external_id = "x1";
  s.subject = "";
  s.start = convoke::utc_time{1s};
  s.end = convoke::utc_time{61s};
  s.attendees = {{attendee_id::upn, "a@b", attendee_role::coorganizer}, {attendee_id::object_id, some_id, attendee_role::attendee}};
  std::string expected = "\x01\x03";
  expected += std::string("\x6f\x96\x19\xff\x8b\x86\xd0\x11\xb4\x2d\x00\xc0\x4f\xc9\x64\xff", 16);
  expected += "\x02x1";
  expected += '\0';
  expected +=
      "\x02\x78\x02\x06\x03"
      "a@b\x0b";
  expected += std::string("\x6f\x96\x19\xff\x8b\x86\xd0\x11\xb4\x2d\x00\xc0\x4f\xc9\x64\xff", 16);
  BOOST_TEST(convoke::encode_spec(s) == expected);
}

// The bytes of a spec without it are as before, so its hash stays.
BOOST_AUTO_TEST_CASE(roles_that_are_kept_are_a_flag_of_their_own) {
  auto s = full();
  const auto plain = convoke::encode_spec(s);
  s.keep_roles = true;
  auto kept = convoke::encode_spec(s);
  BOOST_TEST((static_cast<unsigned char>(kept[1]) == (static_cast<unsigned char>(plain[1]) | 64U)));
  kept[1] = plain[1];
  BOOST_TEST(kept == plain);
  s.attendees.clear();
  BOOST_TEST(!convoke::decode_spec(convoke::encode_spec(s)).has_value());  // there are no roles to keep
}

// Without options a spec has the bytes of version 1, so the hashes of all earlier ones stay.
BOOST_AUTO_TEST_CASE(the_bytes_of_version_2_are_those_of_version_1_and_the_options) {
  auto s = full();
  std::string expected = convoke::encode_spec(s);
  BOOST_TEST(expected[0] == '\x01');
  s.options = {{8, "true"}, {13, "organizer"}};
  expected[0] = '\x02';
  const std::string options =
      "\x02\x08\x04"
      "true"
      "\x0d\x09"
      "organizer";
  expected += "\x01\x01";
  expected += static_cast<char>(options.size());
  expected += options;
  BOOST_TEST(convoke::encode_spec(s) == expected);
  BOOST_TEST((*convoke::decode_spec(expected) == s));
}

BOOST_AUTO_TEST_CASE(the_chat_of_a_channel_is_a_part_of_its_own) {
  auto s = full();
  const std::string plain = convoke::encode_spec(s);
  s.chat_thread_id = channel;
  auto expected = "\x02" + plain.substr(1) + "\x01\x02" + static_cast<char>(channel.size()) + channel;
  BOOST_TEST(convoke::encode_spec(s) == expected);
  BOOST_TEST((*convoke::decode_spec(expected) == s));
  // Behind the options, of which each keeps its bytes.
  s.chat_thread_id.clear();
  s.options = {{8, "true"}};
  const auto with_options = convoke::encode_spec(s);
  s.chat_thread_id = channel;
  const auto both = convoke::encode_spec(s);
  BOOST_TEST(both.ends_with("\x02" + std::string(1, static_cast<char>(channel.size())) + channel));
  BOOST_TEST(both.size() == with_options.size() + 2 + channel.size());
  BOOST_TEST((*convoke::decode_spec(both) == s));
}

BOOST_AUTO_TEST_CASE(a_chat_that_no_row_can_name_is_refused) {
  auto s = full();
  for (const std::string bad : {"19:x", "x", "19:\"@thread.tacv2"}) {
    s.chat_thread_id = bad;
    BOOST_TEST(!convoke::decode_spec(convoke::encode_spec(s)).has_value(), bad);
  }
}

BOOST_AUTO_TEST_CASE(options_that_are_not_in_their_one_form_are_refused) {
  const auto refused = [](std::vector<convoke::option_value> options) {
    auto s = full();
    s.options = std::move(options);
    return !convoke::decode_spec(convoke::encode_spec(s)).has_value();
  };
  BOOST_TEST(!refused({{8, "true"}}));
  BOOST_TEST(refused({{0, "true"}}));
  BOOST_TEST(refused({{200, "true"}}));
  BOOST_TEST(refused({{8, "TRUE"}}));
  BOOST_TEST(refused({{8, ""}}));
  BOOST_TEST(refused({{13, "organizer"}, {8, "true"}}));
  BOOST_TEST(refused({{8, "true"}, {8, "true"}}));
}

BOOST_AUTO_TEST_CASE(every_role_has_its_word) {
  BOOST_TEST(convoke::to_string(attendee_role::none).empty());
  BOOST_TEST(convoke::to_string(attendee_role::attendee) == "attendee");
  BOOST_TEST(convoke::to_string(attendee_role::presenter) == "presenter");
  BOOST_TEST(convoke::to_string(attendee_role::coorganizer) == "coorganizer");
}

BOOST_AUTO_TEST_SUITE_END()
