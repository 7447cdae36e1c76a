#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include <boost/json.hpp>

#include "graph/user_lookup.hpp"

using namespace convoke;
using namespace std::chrono_literals;
using graph::plain_answer;
using kind = engine::lookup_item::kind;

namespace {

const std::string id = "6f9619ff-8b86-d011-b42d-00c04fc964ff";

std::string error_body(std::string_view code) {
  return R"({"error":{"code":")" + std::string(code) + R"(","message":"why"}})";
}

struct asked {
  explicit asked(std::size_t users = 3, std::uint64_t number = 7) : count(users) {
    const std::vector<std::string_view> upns(users, "ada@uni.example");
    const auto body = boost::json::parse(std::string(lookup.request(upns, number)));
    for (const auto& one : body.at("requests").as_array()) ids.emplace_back(one.at("id").as_string());
  }
  engine::lookup_answer answer(const std::string& items, int status = 200) {
    plain_answer from;
    from.status = status;
    from.body = status == 200 ? R"({"responses":[)" + items + "]}" : items;
    from.token = 4;
    from.date = "Sun, 06 Nov 2026 08:49:37 GMT";
    return lookup.understand(from);
  }
  [[nodiscard]] std::string item(std::size_t index, int status, const std::string& body, const std::string& headers = "{}") const {
    return R"({"id":")" + ids.at(index) + R"(","status":)" + std::to_string(status) + R"(,"headers":)" + headers + R"(,"body":)" + body +
           "}";
  }

  graph::user_lookup lookup;
  std::size_t count;
  std::vector<std::string> ids;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(user_lookup)

BOOST_AUTO_TEST_CASE(items_are_understood_in_any_order) {
  asked a;
  const auto got = a.answer(a.item(2, 404, error_body("Request_ResourceNotFound")) + "," + a.item(0, 200, R"({"id":")" + id + R"("})") +
                            "," + a.item(1, 429, error_body("TooManyRequests"), R"({"retry-after":"12"})"));
  BOOST_REQUIRE(got.items.size() == 3u);
  BOOST_TEST(got.token == 4u);
  BOOST_TEST((got.items[0].what == kind::found));
  BOOST_TEST(got.items[0].object_id == id);
  BOOST_TEST((got.items[1].what == kind::throttled));
  BOOST_TEST((got.items[1].retry_after == 12s));
  BOOST_TEST((got.items[2].what == kind::unknown));
}

BOOST_AUTO_TEST_CASE(what_came_wrong_is_a_fault_of_its_user_alone) {
  asked a(4);
  const auto user = R"({"id":")" + id + R"("})";
  const auto got = a.answer(a.item(0, 200, user) + "," + a.item(0, 404, "{}") + "," + a.item(1, 200, R"({"id":null})") + "," +
                            a.item(3, 200, user) + R"(,{"id":"8-3","status":200,"body":)" + user + "}");
  BOOST_REQUIRE(got.items.size() == 4u);
  // Twice; without an id; missing, because the item of another envelope is not its own.
  for (const auto at : {0u, 1u, 2u}) BOOST_TEST((got.items[at].what == kind::fault));
  BOOST_TEST(got.items[1].text.contains("id is not a string"));
  BOOST_TEST(got.items[2].text == "the answer has no item for this user");
  BOOST_TEST((got.items[3].what == kind::found));
}

BOOST_AUTO_TEST_CASE(statuses_of_items) {
  const std::pair<int, kind> expected[] = {{400, kind::refused}, {401, kind::unauthorized}, {403, kind::denied},    {404, kind::unknown},
                                           {409, kind::fault},   {424, kind::fault},        {429, kind::throttled}, {500, kind::fault},
                                           {503, kind::fault},   {204, kind::fault},        {302, kind::fault},     {501, kind::broken}};
  for (const auto& [status, what] : expected) {
    asked a(1);
    BOOST_TEST_CONTEXT(status) BOOST_TEST((a.answer(a.item(0, status, error_body("Code"))).items.at(0).what == what));
  }
  asked a(1);
  const auto busy = a.answer(a.item(0, 503, error_body("ServiceUnavailable"), R"({"Retry-After":"3"})")).items.at(0);
  BOOST_TEST((busy.what == kind::throttled));
  BOOST_TEST(busy.text == "HTTP 503 ServiceUnavailable: why");
}

BOOST_AUTO_TEST_CASE(an_envelope_that_is_refused_says_the_same_of_all) {
  const std::pair<int, kind> expected[] = {{400, kind::broken},    {401, kind::unauthorized}, {403, kind::denied}, {404, kind::broken},
                                           {429, kind::throttled}, {500, kind::fault},        {202, kind::fault},  {301, kind::broken}};
  for (const auto& [status, what] : expected) {
    asked a;
    const auto got = a.answer(error_body("Code"), status);
    BOOST_TEST(got.items.empty());
    BOOST_TEST_CONTEXT(status) BOOST_TEST((got.envelope.what == what));
  }
}

BOOST_AUTO_TEST_CASE(a_body_that_is_no_batch_or_was_cut_is_a_fault) {
  for (const std::string body : {"", "<html>", R"({"value":[]})", R"({"responses":{}})"}) {
    asked a;
    plain_answer from;
    from.status = 200;
    from.body = body;
    const auto got = a.lookup.understand(from);
    BOOST_TEST(got.items.empty());
    BOOST_TEST((got.envelope.what == kind::fault));
  }
  asked a(1);
  plain_answer cut;
  cut.status = 200;
  cut.whole = false;
  cut.body = R"({"responses":[)" + a.item(0, 404, "{}") + "]}";
  BOOST_TEST((a.lookup.understand(cut).envelope.what == kind::fault));
}

BOOST_AUTO_TEST_CASE(a_failure_of_the_transport_is_a_fault) {
  asked a;
  plain_answer lost;
  lost.error = engine::attempt_error::closed;
  lost.error_message = "the connection closed";
  lost.sent = false;
  const auto got = a.lookup.understand(lost);
  BOOST_TEST(!got.sent);
  BOOST_TEST((got.envelope.what == kind::fault));
  BOOST_TEST(got.envelope.text == "the connection closed");
  // As if it had not been sent: it is sent again at no cost.
  lost.sent = true;
  BOOST_TEST(a.lookup.understand(lost).sent);
  lost.error = engine::attempt_error::stale;
  BOOST_TEST(!a.lookup.understand(lost).sent);
}

BOOST_AUTO_TEST_SUITE_END()
