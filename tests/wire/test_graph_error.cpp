#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>
#include <string>

#include "core/utf8.hpp"
#include "wire/wire.hpp"

namespace {

convoke::wire::graph_error read(std::string_view body) {
  static convoke::wire::parser parser;
  return parser.parse_error(body);
}

bool inert(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  }
  return convoke::core::valid_utf8_prefix(text) == text.size();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(graph_error)

BOOST_AUTO_TEST_CASE(the_documented_form_is_read) {
  const auto e = read(R"({"error":{"code":"Forbidden","message":"No application access policy found for this app.",
    "innerError":{"date":"2026-09-01T08:00:00","request-id":"r-1","client-request-id":"c-1"}}})");
  BOOST_TEST(e.code == "Forbidden");
  BOOST_TEST(e.message == "No application access policy found for this app.");
  BOOST_TEST(e.request_id == "r-1");
  BOOST_TEST(e.client_request_id == "c-1");
}

BOOST_AUTO_TEST_CASE(odatas_name_of_the_inner_error_is_read) {
  const auto e = read(R"({"error":{"code":"BadRequest","message":"m","innererror":{"request-id":"r-2","client-request-id":"c-2"}}})");
  BOOST_TEST(e.request_id == "r-2");
  BOOST_TEST(e.client_request_id == "c-2");
}

BOOST_AUTO_TEST_CASE(an_empty_code_is_taken_from_the_inner_error) {
  const auto e = read(R"({"error":{"code":"","message":"","innerError":{"code":"429","message":"Please retry after","status":"429"}}})");
  BOOST_TEST(e.code == "429");
  BOOST_TEST(e.message == "Please retry after");
}

BOOST_AUTO_TEST_CASE(the_outer_code_and_message_are_preferred) {
  const auto e = read(R"({"error":{"innerError":{"code":"inner","message":"inner"},"code":"outer","message":"outer"}})");
  BOOST_TEST(e.code == "outer");
  BOOST_TEST(e.message == "outer");
}

BOOST_AUTO_TEST_CASE(nested_inner_errors_are_read) {
  const auto e = read(R"({"error":{"code":"","innerError":{"innererror":{"innerError":{"code":"deep","request-id":"r-3"}}}}})");
  BOOST_TEST(e.code == "deep");
  BOOST_TEST(e.request_id == "r-3");
}

BOOST_AUTO_TEST_CASE(details_are_used_where_the_rest_is_empty) {
  const auto e = read(R"({"error":{"code":"","message":"","details":[7,{"code":"d","message":"detail","target":"subject"}]}})");
  BOOST_TEST(e.code == "d");
  BOOST_TEST(e.message == "detail");
}

BOOST_AUTO_TEST_CASE(an_empty_error_gives_empty_texts) {
  const auto e = read(R"({"error":{"code":"","message":""}})");
  BOOST_TEST(e.code == "");
  BOOST_TEST(e.message == "");
  BOOST_TEST(read("").message == "");
  BOOST_TEST(read("{}").message == "{}");
}

BOOST_AUTO_TEST_CASE(members_of_other_types_are_skipped) {
  const auto e = read(R"({"error":{"code":17,"message":["x"],"innerError":"text","details":{"a":1}}})");
  BOOST_TEST(e.code == "");
  BOOST_TEST(e.message == "");
}

BOOST_AUTO_TEST_CASE(the_forms_of_token_endpoints_and_gateways_are_read) {
  const auto token = read(R"({"error":"invalid_client","error_description":"AADSTS7000215: wrong"})");
  BOOST_TEST(token.code == "invalid_client");
  BOOST_TEST(token.message == "AADSTS7000215: wrong");
  const auto gateway = read(R"({"statusCode":429,"message":"Rate limit is exceeded."})");
  BOOST_TEST(gateway.code == "");
  BOOST_TEST(gateway.message == "Rate limit is exceeded.");
}

BOOST_AUTO_TEST_CASE(a_body_that_is_not_json_becomes_the_message) {
  const auto page = read("<html>\r\n<head><title>503 Service\tUnavailable</title></head>\r\n");
  BOOST_TEST(page.code == "");
  BOOST_TEST(page.message == "<html> <head><title>503 Service Unavailable</title></head>");
  BOOST_TEST(read(" Too Many Requests\n").message == "Too Many Requests");
  BOOST_TEST(read(R"({"error":{"code":"cut)").message == R"({"error":{"code":"cut)");
  BOOST_TEST(read("\"text\"").message == "\"text\"");
  BOOST_TEST(read("null").message == "null");
}

BOOST_AUTO_TEST_CASE(control_characters_are_escaped) {
  const auto e = read(R"({"error":{"code":"a\u001b[31m","message":"line\r\nline\u0000\u202e",)"
                      R"("innerError":{"request-id":"r\n","client-request-id":"c\u0007"}}})");
  BOOST_TEST(inert(e.code));
  BOOST_TEST(inert(e.message));
  BOOST_TEST(inert(e.request_id));
  BOOST_TEST(inert(e.client_request_id));
  BOOST_TEST(e.message.starts_with("line\\r\\nline"));
  BOOST_TEST(inert(read("\x1b]0;title\x07\xff\xfe").message));
}

BOOST_AUTO_TEST_CASE(the_lengths_of_texts_are_limited) {
  const std::string much(100'000, 'x');
  const auto e = read(R"({"error":{"code":")" + much + R"(","message":")" + much + R"(","innerError":{"request-id":")" + much + R"("}}})");
  BOOST_TEST(e.code.size() < 110U);
  BOOST_TEST(e.message.size() < 510U);
  BOOST_TEST(e.request_id.size() < 110U);
  BOOST_TEST(read(much).message.size() < 510U);
}

BOOST_AUTO_TEST_CASE(deeply_nested_json_is_read_as_text) {
  BOOST_TEST(read(std::string(1'000'000, '[')).message.starts_with("[[[["));
}

RC_BOOST_PROP(any_bytes_give_texts_without_control_characters, (std::string bytes)) {
  const auto e = read(bytes);
  RC_ASSERT(inert(e.code));
  RC_ASSERT(inert(e.message));
}

BOOST_AUTO_TEST_SUITE_END()
