#include "core/chat_thread.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_string.hpp"

namespace {

using convoke::core::longest_chat_thread;

// Empty where it is taken.
std::string why(std::string_view text) {
  const char* const reason = convoke::core::why_no_chat_thread(text);
  return reason == nullptr ? std::string() : reason;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(chat_threads)

BOOST_AUTO_TEST_CASE(the_forms_that_services_use_are_taken) {
  for (const std::string_view good :
       {"19:561fbdbbfca848a484f0a6f00ce9dbbd@thread.tacv2", "19:qO2NZ1-gdTOvYD8L_DBNFXnuOXFWmV1iCC7Gj0QhHrc1@thread.tacv2",
        "19:meeting_MjdhNjM4YzUtYzExZi00OTFkLTkzZTAtNTVlNmZmMDhkNGU2@thread.v2",
        "19:gcch:meeting_0123456789abcdef0123456789abcdef@thread.v2", "19:skypespaces_dd1e128ffa85453ab1f3015468e979d5@thread.skype"})
    BOOST_TEST(why(good) == "", good);
}

BOOST_AUTO_TEST_CASE(everything_else_is_refused_with_its_reason) {
  BOOST_TEST(why("19%3A561f%40thread.tacv2").contains("write : for %3A and @ for %40"));
  BOOST_TEST(why("19%3a561f%40thread.tacv2").contains("percent-encoded"));
  BOOST_TEST(why("561f@thread.tacv2").contains("begins with 19:"));
  BOOST_TEST(why("").contains("begins with 19:"));
  for (const std::string_view bad :
       {"19:561f", "19:561f@thread.tacv3", "19:561f@THREAD.TACV2", "19:561f@thread.tacv2 ", "19:a_b@unq.gbl.spaces"})
    BOOST_TEST(why(bad).contains("ends with @thread.tacv2"), bad);
  BOOST_TEST(why("19:@thread.tacv2").contains("nothing between"));
}

// What stands inside may be written into JSON and logs as it is.
BOOST_AUTO_TEST_CASE(no_byte_that_has_to_be_escaped_is_taken) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = "19:a" + std::string(1, static_cast<char>(byte)) + "b@thread.tacv2";
    if (!why(text).empty()) continue;
    std::string json;
    convoke::core::append_json_string(json, text);
    BOOST_TEST(json == "\"" + text + "\"", byte);
    BOOST_TEST((byte > 0x20 && byte < 0x7F && std::string_view("\"\\/<>&'%+;,@").find(static_cast<char>(byte)) == std::string_view::npos),
               byte);
  }
}

BOOST_AUTO_TEST_CASE(the_longest_one_has_256_bytes) {
  const std::string_view end = "@thread.v2";
  const auto of_size = [&](std::size_t size) { return "19:" + std::string(size - 3 - end.size(), 'x') + std::string(end); };
  BOOST_TEST(why(of_size(longest_chat_thread)) == "");
  BOOST_TEST(why(of_size(longest_chat_thread + 1)).contains("longer than"));
}

BOOST_AUTO_TEST_CASE(one_difference_that_can_be_corrected_is_enough) {
  using convoke::core::any_can_be_updated;
  using fields = std::vector<std::string>;
  BOOST_TEST(!any_can_be_updated(fields{}));
  BOOST_TEST(!any_can_be_updated(fields{"chat_thread_id"}));
  BOOST_TEST(any_can_be_updated(fields{"chat_thread_id", "end"}));
}

BOOST_AUTO_TEST_CASE(only_the_chat_cannot_be_changed_by_an_update) {
  BOOST_TEST(!convoke::core::can_be_updated("chat_thread_id"));
  for (const std::string_view field : {"subject", "start", "end", "attendees", "roles", "option.allowMeetingChat"})
    BOOST_TEST(convoke::core::can_be_updated(field), field);
}

BOOST_AUTO_TEST_SUITE_END()
