// The class of each answer, and the advice for permanent ones.

#include "engine/classify.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "engine/advice.hpp"
#include "engine/script.hpp"

namespace convoke::engine {

static std::ostream& operator<<(std::ostream& out, answer_class c) {
  return out << static_cast<int>(c);
}

namespace test {
namespace {

namespace data = boost::unit_test::data;
using enum answer_class;

struct line {
  int status;
  answer_class expected;
};
std::ostream& operator<<(std::ostream& out, const line& l) {
  return out << l.status;
}

const line table[] = {
    {429, throttle},
    {509, throttle},
    {408, fault},
    {425, fault},
    {500, fault},
    {502, fault},
    {503, fault},
    {504, fault},
    {401, auth},
    {409, conflict},
    {423, conflict},
    {424, conflict},
    {403, organizer_permanent},
    {404, organizer_permanent},
    {400, row_permanent},
    {405, row_permanent},
    {406, row_permanent},
    {410, row_permanent},
    {411, row_permanent},
    {413, row_permanent},
    {415, row_permanent},
    {422, row_permanent},
    {501, row_permanent},
    {507, row_permanent},
    {301, row_permanent},
    {302, row_permanent},
    {303, row_permanent},
    {307, row_permanent},
    {308, row_permanent},
    // Not in the table of the design: by the class of the status.
    {0, fault},
    {100, fault},
    {202, fault},
    {204, fault},
    {206, fault},
    {402, row_permanent},
    {418, row_permanent},
    {451, row_permanent},
    {505, fault},
    {520, fault},
    {599, fault},
    {999, fault},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(classification)

BOOST_DATA_TEST_CASE(what_a_status_means, data::make(table), one) {
  BOOST_TEST(classify(operation::create_or_get, http(one.status)).what == one.expected);
}

// What differs between operations: four statuses, and whether the Graph client believed a meeting in the answer.
struct exchange {
  operation op;
  int status;
  bool stored;
  answer_class expected;
};
std::ostream& operator<<(std::ostream& out, const exchange& e) {
  return out << to_string(e.op) << ' ' << e.status << (e.stored ? " with a meeting" : "");
}
const exchange exchanges[] = {
    {operation::create_or_get, 200, true, success},
    {operation::create_or_get, 201, true, success},
    {operation::create_or_get, 200, false, fault},
    {operation::create_or_get, 201, false, fault},
    {operation::create_or_get, 204, false, fault},
    {operation::create_or_get, 404, false, organizer_permanent},
    {operation::update, 200, true, success},
    {operation::update, 200, false, fault},
    {operation::update, 201, true, fault},
    {operation::update, 204, false, fault},
    {operation::update, 404, false, gone},
    {operation::get, 200, true, success},
    {operation::get, 200, false, fault},
    {operation::get, 201, true, fault},
    {operation::get, 204, false, fault},
    {operation::get, 404, false, gone},
    {operation::remove, 200, false, success},
    {operation::remove, 204, false, success},
    {operation::remove, 201, true, fault},
    {operation::remove, 202, false, fault},
    {operation::remove, 404, false, gone},
};

BOOST_DATA_TEST_CASE(the_statuses_that_an_operation_gives_a_meaning_of_its_own, data::make(exchanges), one) {
  BOOST_TEST(classify(one.op, one.stored ? ok(one.status) : http(one.status)).what == one.expected);
}

// It does not show what differs now, whether it names its request or not.
BOOST_AUTO_TEST_CASE(an_update_that_is_acknowledged_without_the_meeting_is_a_fault) {
  for (const bool bound : {false, true}) {
    auto without = http(204);
    without.bound = bound;
    BOOST_TEST(classify(operation::update, without).what == fault);
  }
}

BOOST_DATA_TEST_CASE(every_other_status_means_the_same_for_all_operations, data::make(table), one) {
  if (one.status == 404 || one.status == 204) return;
  for (const auto op : {operation::update, operation::get, operation::remove}) {
    BOOST_TEST(classify(op, http(one.status)).what == one.expected, to_string(op));
  }
}

BOOST_AUTO_TEST_CASE(a_final_answer_without_a_meeting_in_it_has_to_be_proven) {
  const auto takes_a_new_connection = [](operation op, answer a) {
    a.bound = false;
    return classify(op, a).new_connection;
  };
  BOOST_TEST(takes_a_new_connection(operation::get, http(404)));
  BOOST_TEST(takes_a_new_connection(operation::remove, http(404)));
  BOOST_TEST(takes_a_new_connection(operation::remove, http(204)));
  BOOST_TEST(takes_a_new_connection(operation::update, http(400)));
  BOOST_TEST(!takes_a_new_connection(operation::update, ok(200)));
  auto unnamed = http(204);
  unnamed.bound = false;
  BOOST_TEST(may_be_at_work(operation::remove, unnamed));
  BOOST_TEST(!may_be_at_work(operation::remove, http(204)));
}

BOOST_AUTO_TEST_CASE(success_needs_a_believed_meeting) {
  BOOST_TEST(classify(operation::create_or_get, ok(200)).what == success);
  BOOST_TEST(classify(operation::create_or_get, ok(201)).what == success);
  BOOST_TEST(classify(operation::create_or_get, http(200)).what == fault);
  BOOST_TEST(classify(operation::create_or_get, http(201)).what == fault);
  auto doubtful = http(201);
  doubtful.error = attempt_error::not_believed;
  BOOST_TEST(classify(operation::create_or_get, doubtful).what == fault);
}

BOOST_AUTO_TEST_CASE(a_503_with_a_wait_is_a_throttle_and_always_takes_a_new_connection) {
  auto a = http(503);
  BOOST_TEST(classify(operation::create_or_get, a).new_connection);
  a.retry_after = 2s;
  BOOST_TEST(classify(operation::create_or_get, a).what == throttle);
  BOOST_TEST(classify(operation::create_or_get, a).new_connection);
  BOOST_TEST(!classify(operation::create_or_get, http(500)).new_connection);
}

BOOST_AUTO_TEST_CASE(what_a_transport_error_means) {
  BOOST_TEST(classify(operation::create_or_get, broken(attempt_error::tls)).what == fault);
  BOOST_TEST(classify(operation::create_or_get, broken(attempt_error::timeout)).what == fault);
  BOOST_TEST(classify(operation::create_or_get, broken(attempt_error::closed)).what == fault);
  BOOST_TEST(classify(operation::create_or_get, broken(attempt_error::truncated)).what == fault);
  BOOST_TEST(classify(operation::create_or_get, broken(attempt_error::stale)).what == stale);
  BOOST_TEST(classify(operation::create_or_get, broken(attempt_error::connect)).what == unsent);
  BOOST_TEST(classify(operation::create_or_get, broken(attempt_error::local_resources)).what == ours);
}

BOOST_AUTO_TEST_CASE(a_throttle_whose_body_was_cut_still_closes_its_scope) {
  auto a = http(429);
  a.error = attempt_error::truncated;
  a.retry_after = 3s;
  BOOST_TEST(classify(operation::create_or_get, a).what == throttle);
  a.status = 403;
  BOOST_TEST(classify(operation::create_or_get, a).what == fault);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(advice)

BOOST_AUTO_TEST_CASE(a_missing_policy_names_the_commands) {
  for (const auto* text :
       {"No application access policy found for this app.", "No Application Access Policy found for this app",
        "No application access policy found for this app 1 on the user", "App 1 is not authorized to Create meeting on behalf of user 2"}) {
    const auto hint = advice_for(operation::create_or_get, http(403, "General", text));
    BOOST_TEST(hint.contains("New-CsApplicationAccessPolicy"), text);
    BOOST_TEST(hint.contains("Grant-CsApplicationAccessPolicy"), text);
    BOOST_TEST(hint.ends_with("30 minutes to be obeyed."), text);
  }
}

// Granting a policy takes the one away that the user, or the tenant, has. So it comes after a look, and after the way that adds the app.
BOOST_AUTO_TEST_CASE(no_advice_replaces_a_policy_that_is_there) {
  for (const auto* text : {"No application access policy found for this app.", ""}) {
    const auto hint = advice_for(operation::create_or_get, http(403, "Forbidden", text));
    const auto look = hint.find("Get-CsOnlineUser"), add = hint.find("Set-CsApplicationAccessPolicy"),
               grant = hint.find("Grant-CsApplicationAccessPolicy");
    BOOST_TEST(look < add, hint);
    BOOST_TEST(add < grant, hint);
    BOOST_TEST(grant != std::string_view::npos, hint);
    BOOST_TEST(hint.contains("granting another replaces it"), hint);
    BOOST_TEST(!hint.contains("-Global"), hint);
  }
}

BOOST_AUTO_TEST_CASE(other_refusals_name_what_is_missing) {
  BOOST_TEST(
      advice_for(operation::create_or_get, http(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."))
          .contains("OnlineMeetings.ReadWrite.All"));
  BOOST_TEST(advice_for(operation::create_or_get, http(403, "Forbidden", "error=insufficient_claims")).contains("Conditional Access"));
  BOOST_TEST(advice_for(operation::create_or_get, http(403, "Forbidden", "")).contains("Grant-CsApplicationAccessPolicy"));
  BOOST_TEST(advice_for(operation::create_or_get, http(404, "UnknownError", "")).contains("object id"));
  BOOST_TEST(advice_for(operation::update, http(404)).contains("later"));
  BOOST_TEST(advice_for(operation::create_or_get, http(302)).contains("--graph-url"));
  BOOST_TEST(advice_for(operation::create_or_get, http(400, "BadRequest", "Resource not found for the segment 'onlineMeetings'."))
                 .contains("--cloud"));
  BOOST_TEST(advice_for(operation::create_or_get, http(422)).empty());
  BOOST_TEST(advice_for(operation::create_or_get, broken(attempt_error::closed)).empty());
}

BOOST_AUTO_TEST_CASE(what_is_refused_to_a_user_has_other_advice) {
  const auto advice = [](int status, std::string message) {
    auto a = http(status, "Forbidden", std::move(message));
    a.for_user = true;
    const std::string before = a.error_message;
    add_advice(operation::create_or_get, a);
    BOOST_TEST(without_advice(a.error_message).starts_with(before));
    return std::string(advice_for(operation::create_or_get, a));
  };
  BOOST_TEST(advice(403, "").contains("delegated permission OnlineMeetings.ReadWrite,"));
  BOOST_TEST(advice(403, "No application access policy found.").contains("delegated permission"));
  BOOST_TEST(advice(403, "error=insufficient_claims").contains("Conditional Access"));
  BOOST_TEST(advice(404, "").contains("the user who has signed in"));
  BOOST_TEST(advice(401, "").contains("sign in again"));
}

BOOST_AUTO_TEST_CASE(advice_can_be_taken_from_a_message_again) {
  for (const std::string said : {"", "No application access policy found for this app.", "Forbidden"}) {
    auto a = http(403, "Forbidden", said);
    add_advice(operation::create_or_get, a);
    BOOST_TEST(without_advice(a.error_message) == (said == "Forbidden" ? "Forbidden." : said));
    BOOST_TEST(without_advice(said) == said);
  }
}

BOOST_AUTO_TEST_CASE(advice_is_appended_to_the_services_message) {
  auto a = http(404, "NotFound", "User not found");
  add_advice(operation::create_or_get, a);
  BOOST_TEST(a.error_message.starts_with("User not found. Teams has no such organizer"));
  BOOST_TEST(describe(http(403, "Forbidden", "no")) == "403 Forbidden: no");
  BOOST_TEST(describe(answer{}) == "no answer");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace test
}  // namespace convoke::engine
