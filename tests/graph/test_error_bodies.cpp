// What is understood of each body that Graph was seen to send with an error: its code and message, the ids, and which known error it is.
// The names are those of the simulator's bodies (sim/service/error_bodies.cpp); each row of the documented errors has one.

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/known_errors.hpp"
#include "sim/service/error_bodies.hpp"
#include "wire/wire.hpp"

using namespace convoke;
using core::known_error;

namespace {

struct expected {
  std::string_view name;
  known_error means;
};

std::ostream& operator<<(std::ostream& out, const expected& one) {
  return out << one.name;
}

const expected all[] = {
    {"app_on_me", known_error::app_on_me},
    {"no_detail", known_error::payload_refused},
    {"number_1026", known_error::payload_refused},
    {"number_3003", known_error::meeting_not_visible},
    {"no_segment", known_error::wrong_place},
    {"invalid_argument", known_error::value_refused},
    {"request_bad_request", known_error::value_refused},
    {"meeting_type", known_error::meeting_type_fixed},
    {"lifetime", known_error::token_expired},
    {"not_yet_valid", known_error::token_expired},
    {"authentication_error", known_error::personal_account},
    {"policy_documented", known_error::policy_missing},
    {"policy_live", known_error::policy_missing},
    {"policy_on_user", known_error::policy_missing},
    {"policy_general", known_error::policy_missing},
    {"policy_on_behalf", known_error::policy_missing},
    {"policy_lower_case_inner", known_error::policy_missing},
    {"policy_nested", known_error::policy_missing},
    {"policy_details", known_error::policy_missing},
    {"policy_no_inner", known_error::policy_missing},
    {"policy_empty_code", known_error::policy_missing},
    {"forbidden_silent", known_error::forbidden_silent},
    {"forbidden_9024", known_error::unlicensed},
    {"authorization_request_denied", known_error::permission_missing},
    {"insufficient_claims", known_error::conditional_access},
    {"forbidden_html", known_error::forbidden_otherwise},
    {"hostile", known_error::unknown},
    {"user_unknown", known_error::no_such_user},
    {"not_found", known_error::no_such_user},
    {"method_not_allowed", known_error::wrong_place},
    {"method_not_specified", known_error::wrong_place},
    {"too_many_requests", known_error::throttled},
    {"throttled_legacy", known_error::throttled},
    {"activity_limit", known_error::throttled},
    {"internal_server_error", known_error::server_fault},
    {"general_exception", known_error::server_fault},
    {"gateway_html", known_error::unavailable},
    {"service_not_available", known_error::unavailable},
    {"unavailable_empty", known_error::unavailable},
    {"gateway_timeout", known_error::unavailable},
    {"quota", known_error::quota_used_up},
    {"bandwidth", known_error::bandwidth_used_up},
};

const sim::call_ids ids{.request_id = "11111111-0000-4000-8000-000000000001", .client_request_id = "22222222-0000-4000-8000-000000000002"};

wire::graph_error read(const sim::error_body& body) {
  std::string text;
  sim::append_body(text, body, ids, utc_time{});
  wire::parser parser;
  return parser.parse_error(text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(error_bodies)

BOOST_DATA_TEST_CASE(each_body_is_recognised, boost::unit_test::data::make(all), one) {
  const auto* const body = sim::find_error_body(one.name);
  BOOST_REQUIRE(body != nullptr);
  const auto got = read(*body);
  BOOST_TEST(got.whole);
  const auto found = core::recognise({.status = body->status, .code = got.code, .message = got.message});
  BOOST_TEST(core::to_string(found) == core::to_string(one.means));
  const bool has_error = body->form != sim::error_form::html && body->form != sim::error_form::empty;
  if (has_error) BOOST_TEST(got.code == body->code);
  if (has_error) BOOST_TEST(got.message.starts_with(body->message));
  const bool has_ids = has_error && body->form != sim::error_form::no_inner;
  BOOST_TEST(got.request_id == (has_ids ? ids.request_id : ""));
  BOOST_TEST(got.client_request_id == (has_ids ? ids.client_request_id : ""));
}

BOOST_AUTO_TEST_CASE(no_body_is_left_out) {
  BOOST_TEST(sim::error_bodies().size() == std::size(all));
  for (const auto& body : sim::error_bodies()) BOOST_TEST((std::ranges::find(all, body.name, &expected::name) != std::end(all)), body.name);
  BOOST_TEST(sim::find_error_body("another") == nullptr);
}

BOOST_AUTO_TEST_CASE(hostile_text_is_shown_escaped) {
  const auto got = read(*sim::find_error_body("hostile"));
  BOOST_TEST(got.message.starts_with("The subject is refused\\x1b[2J"), got.message);
  BOOST_TEST(std::ranges::none_of(got.message, [](char c) { return static_cast<unsigned char>(c) < 0x20; }), got.message);
  BOOST_TEST(got.message.ends_with("\\u{202e}"), got.message);
}

BOOST_AUTO_TEST_SUITE_END()
