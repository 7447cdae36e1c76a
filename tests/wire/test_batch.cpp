#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include <rapidcheck/boost_test.h>

#include "wire/batch.hpp"
#include "wire/wire.hpp"

namespace data = boost::unit_test::data;
using convoke::errc;
using convoke::wire::batch_answer;
using convoke::wire::batch_limits;
using convoke::wire::batch_reader;

namespace {

using views = std::vector<std::string_view>;

// A reader and what it read, which has views into the reader's buffers.
struct reading {
  explicit reading(const std::string& body, const views& ids = {"1", "2", "3"}, const batch_limits& limits = {}) : reader(limits) {
    auto read = reader.read(body, ids, got);
    ok = read.has_value();
    if (!ok) {
      message = read.error().message;
      BOOST_TEST((read.error().code == errc::protocol));
    }
  }
  batch_reader reader;
  batch_answer got;
  bool ok = false;
  std::string message;
};

std::string envelope(const std::string& items) {
  return R"({"responses":[)" + items + "]}";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(batch)

BOOST_AUTO_TEST_CASE(items_are_found_by_their_id_in_any_order) {
  const reading r(envelope(R"({"id":"2","status":429,"headers":{"Retry-After":"3","x-ms-throttle-scope":"User/x","request-id":"r2",
      "client-request-id":"c2","Date":"D"},"body":{"error":{"code":"TooManyRequests"}}},
    {"body":{"id":"MSo1","list":[1,{"a":"]}\""}]},"status":201,"id":"3","headers":{"Content-Type":"application/json"}},
    {"status":200,"body":{"id":"MSo0"},"id":"1"})"));
  BOOST_REQUIRE(r.ok);
  BOOST_TEST(r.got.items[0].status == 200);
  BOOST_TEST(r.got.items[0].body == R"({"id":"MSo0"})");
  BOOST_TEST(r.got.items[0].retry_after.empty());
  BOOST_TEST(r.got.items[1].status == 429);
  BOOST_TEST(r.got.items[1].retry_after == views{"3"}, boost::test_tools::per_element());
  BOOST_TEST(r.got.items[1].throttle_scope == "User/x");
  BOOST_TEST(r.got.items[1].request_id == "r2");
  BOOST_TEST(r.got.items[1].client_request_id == "c2");
  BOOST_TEST(r.got.items[1].date == "D");
  BOOST_TEST(r.got.items[2].status == 201);
  BOOST_TEST(r.got.items[2].body == R"({"id":"MSo1","list":[1,{"a":"]}\""}]})");
  BOOST_TEST(r.got.missing == 0U);
}

BOOST_AUTO_TEST_CASE(bodies_are_for_the_parsers_of_single_answers) {
  const reading r(envelope(R"({"id":"1","status":201,"body": {"id":"MSo1","externalId":"x","joinWebUrl":"https://t/","subject":"a\u00e9"} },
    {"id":"2","status":403,"body":{"error":{"code":"Forbidden","message":"no","innerError":{"request-id":"inner"}}}})"));
  convoke::wire::parser parser;
  const auto stored = parser.parse_meeting(r.got.items[0].body);
  BOOST_REQUIRE(stored.has_value());
  BOOST_TEST(stored->subject.value() == "a\xc3\xa9");
  const auto refused = parser.parse_error(r.got.items[1].body);
  BOOST_TEST(refused.code == "Forbidden");
  BOOST_TEST(refused.request_id == "inner");
}

BOOST_AUTO_TEST_CASE(missing_foreign_and_repeated_items_are_counted) {
  const reading r(
      envelope(R"({"id":"9","status":200},{"id":"2","status":500},{"id":"2","status":201,"body":{}},{"id":"77","status":200})"));
  BOOST_REQUIRE(r.ok);
  BOOST_TEST(r.got.items.size() == 3U);
  BOOST_TEST(r.got.items[1].status == 500);  // the first counts
  BOOST_TEST(r.got.items[1].body.empty());
  BOOST_TEST(r.got.items[0].status == 0);
  BOOST_TEST(r.got.items[2].status == 0);
  BOOST_TEST(r.got.missing == 2U);
  BOOST_TEST(r.got.foreign == 2U);
  BOOST_TEST(r.got.repeated == 1U);
}

BOOST_AUTO_TEST_CASE(ids_are_compared_without_case_and_may_be_numbers) {
  const reading r(envelope(R"({"id":"ROW-A","status":200},{"id":7,"status":201})"), {"row-a", "7"});
  BOOST_TEST(r.got.items[0].status == 200);
  BOOST_TEST(r.got.items[1].status == 201);
}

BOOST_AUTO_TEST_CASE(headers_are_read_in_any_letter_case_and_of_any_type) {
  const reading r(envelope(R"({"id":"1","status":429,"headers":{"RETRY-AFTER":2.5,"Retry-After":["7"," 8 "],"retry-after":null,
    "X-Ms-Throttle-Scope":"s","REQUEST-ID":"\u0041"}},{"id":"2","status":429,"headers":null},{"id":"3","status":429,"headers":"none"})"));
  BOOST_REQUIRE(r.ok);
  BOOST_TEST(r.got.items[0].retry_after == (views{"2.5", "7", " 8 ", ""}), boost::test_tools::per_element());
  BOOST_TEST(r.got.items[0].throttle_scope == "s");
  BOOST_TEST(r.got.items[0].request_id == "A");
  BOOST_TEST(r.got.items[1].status == 429);
  BOOST_TEST(r.got.items[2].status == 429);
}

struct body_form {
  const char* json;
  const char* expected;
};
std::ostream& operator<<(std::ostream& out, const body_form& f) {
  return out << f.json;
}
const std::vector<body_form> body_forms{{R"({ "a" : [1, 2] })", R"({ "a" : [1, 2] })"},
                                        {"[ 1 ]", "[ 1 ]"},
                                        {"null", ""},
                                        {"{}", "{}"},
                                        {"\"\"", ""},
                                        {"12.50 ", "12.50"},
                                        {"true", "true"},
                                        {R"("Too many\nrequests")", "Too many\nrequests"},
                                        {R"("eyJlcnJvciI6e319")", R"({"error":{}})"},
                                        {R"("PGh0bWw+")", "<html>"},
                                        {R"("PGh0bWw")", "PGh0bWw"}};

BOOST_DATA_TEST_CASE(a_body_may_have_any_form, data::make(body_forms), form) {
  const reading r(envelope(R"({"id":"1","body":)" + std::string(form.json) + R"(,"status":500})"), {"1"});
  BOOST_REQUIRE(r.ok);
  BOOST_TEST(r.got.items[0].status == 500);
  BOOST_TEST(r.got.items[0].body == form.expected);
}

const char* const unreadable[] = {R"({"status":200})",
                                  R"({"id":"1"})",
                                  R"({"id":"","status":200})",
                                  R"({"id":null,"status":200})",
                                  R"({"id":"1","status":"200"})",
                                  R"({"id":"1","status":99})",
                                  R"({"id":"1","status":600})",
                                  R"({"id":"1","status":200.5})",
                                  R"({"id":"1","status":99999999999999999999})",
                                  R"({"id":"1","status":null})",
                                  R"({"id":"1","id":"2","status":200})",
                                  R"({"id":"1","status":200,"status":500})",
                                  R"({"id":"1","status":200,"body":{},"body":{}})",
                                  R"({"id":"1","status":200,"headers":{},"headers":{}})",
                                  R"(17)",
                                  R"("item")",
                                  R"([])",
                                  R"(null)"};

BOOST_DATA_TEST_CASE(an_unreadable_item_does_not_affect_the_others, data::make(unreadable), bad) {
  const reading r(envelope(std::string(bad) + R"(,{"id":"3","status":201})"));
  BOOST_REQUIRE(r.ok);
  BOOST_TEST(r.got.unreadable == 1U);
  BOOST_TEST(r.got.items[0].status == 0);
  BOOST_TEST(r.got.items[1].status == 0);
  BOOST_TEST(r.got.items[2].status == 201);
  BOOST_TEST(r.got.missing == 2U);
}

BOOST_AUTO_TEST_CASE(a_readable_item_counts_after_an_unreadable_one_with_its_id) {
  const reading r(envelope(R"({"id":"1","status":0},{"id":"1","status":201})"), {"1"});
  BOOST_TEST(r.got.items[0].status == 201);
}

const char* const no_answers[] = {"",
                                  " ",
                                  "[]",
                                  "null",
                                  "<html>",
                                  "{}",
                                  R"({"responses":null})",
                                  R"({"responses":{}})",
                                  R"({"responses":[],"responses":[]})",
                                  R"({"responses":[{"id":"1","status":200})",
                                  R"({"responses":[{"id":"1","status":200}])",
                                  R"({"responses":[{"id":"1","status":200},]})",
                                  R"({"responses":[{"id":"1","status":200}]} x)",
                                  R"({"responses":[{"id":"1","status":200}]}{})",
                                  R"({"responses":[{"id":"1","status":200,"body":{"a":"b})",
                                  "{\"responses\":[{\"id\":\"1\",\"status\":200,\"body\":\"\xff\"}]}"};

BOOST_DATA_TEST_CASE(nothing_is_believed_of_a_body_that_is_not_a_batch_answer, data::make(no_answers), bad) {
  const reading r(bad);
  BOOST_TEST(!r.ok);
  BOOST_TEST(r.message.contains("$batch"));
  BOOST_TEST(r.got.missing == 3U);
  for (const auto& item : r.got.items) BOOST_TEST(item.status == 0);
}

BOOST_AUTO_TEST_CASE(further_members_are_skipped) {
  const reading r(R"({"@odata.context":{"a":[{}]},"responses":[{"id":"1","x":[[]],"status":200}],"@nextLink":"x"})", {"1"});
  BOOST_REQUIRE(r.ok);
  BOOST_TEST(r.got.items[0].status == 200);
}

BOOST_AUTO_TEST_CASE(the_limits_are_kept) {
  const std::string big(2000, 'x');
  batch_limits small;
  small.answer = 1500;
  BOOST_TEST(!reading(envelope(R"({"id":"1","status":200,"body":")" + big + "\"}"), {"1"}, small).ok);
  // A refusal is known by its status and headers, although its body is not kept.
  batch_limits bodies;
  bodies.body = 1999;
  const reading r(envelope(R"({"id":"1","status":429,"body":")" + big +
                           R"(","headers":{"Retry-After":"5"}},{"id":"2","status":201,"body":{"a":")" + big + R"("}})"),
                  {"1", "2"}, bodies);
  BOOST_TEST(r.got.items[0].status == 429);
  BOOST_TEST(r.got.items[0].body.empty());
  BOOST_TEST(r.got.items[0].retry_after.size() == 1U);
  BOOST_TEST(r.got.items[1].body.empty());
  const reading value(envelope(R"({"id":"1","status":429,"headers":{"Retry-After":")" + big + "\"}}"), {"1"});
  BOOST_TEST(value.got.items[0].retry_after == views{""}, boost::test_tools::per_element());

  std::string items, lines;
  for (int i = 0; i < 61; ++i) items += std::string(i == 0 ? "" : ",") + R"({"id":"1","status":200})";
  BOOST_TEST(!reading(envelope(items), {"1"}).ok);
  for (int i = 0; i < 5000; ++i) lines += R"("Retry-After":"1",)";
  const reading many(envelope(R"({"id":"1","headers":{)" + lines + R"("a":"b"},"status":429},{"id":"2","status":200})"), {"1", "2"});
  BOOST_TEST(many.got.items[0].status == 429);
  BOOST_TEST(many.got.items[0].retry_after.size() == 100U);
  BOOST_TEST(many.got.items[1].status == 200);
  // The depth of a body is checked by the parser of the body.
  const reading deep(envelope(R"({"id":"1","status":200,"body":)" + std::string(3000, '[') + std::string(3000, ']') + "}"), {"1"});
  BOOST_TEST(!convoke::wire::parser().parse_meeting(deep.got.items[0].body).has_value());
}

BOOST_AUTO_TEST_CASE(wrong_arguments_throw) {
  batch_reader reader;
  batch_answer into;
  const std::vector<std::string_view> many(21, "x"), same{"a", "A"};
  BOOST_CHECK_THROW((void)reader.read("{}", many, into), std::invalid_argument);
  BOOST_CHECK_THROW((void)reader.read("{}", same, into), std::invalid_argument);
}

// Twenty items in any order, some of them lost: each is found, or counted as missing.
RC_BOOST_PROP(every_item_that_came_is_found, (bool reuse)) {
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) names.push_back(std::to_string(i));
  const auto statuses = *rc::gen::container<std::vector<int>>(20, rc::gen::element(0, 200, 201, 429, 503));
  auto order = *rc::gen::unique<std::vector<int>>(20, rc::gen::inRange(0, 20));
  std::string items;
  for (const int i : order) {
    const auto status = statuses[static_cast<std::size_t>(i)];
    if (status == 0) continue;
    items += (items.empty() ? "" : ",") + std::string(R"({"id":")") + names[static_cast<std::size_t>(i)] + R"(","status":)" +
             std::to_string(status) + R"(,"headers":{"Retry-After":")" + std::to_string(i) + R"("},"body":{"n":)" + std::to_string(i) +
             "}}";
  }
  static batch_reader used;
  batch_reader fresh;
  batch_answer got;
  const std::vector<std::string_view> ids(names.begin(), names.end());
  const auto body = envelope(items);
  RC_ASSERT((reuse ? used : fresh).read(body, ids, got).has_value());
  RC_ASSERT(got.missing == static_cast<std::size_t>(std::ranges::count(statuses, 0)));
  for (std::size_t i = 0; i < 20; ++i) {
    RC_ASSERT(got.items[i].status == statuses[i]);
    if (statuses[i] == 0) continue;
    RC_ASSERT(got.items[i].retry_after.at(0) == names[i]);
    RC_ASSERT(got.items[i].body == R"({"n":)" + names[i] + "}");
  }
}

// No item of a cut answer is believed.
BOOST_AUTO_TEST_CASE(a_cut_answer_gives_nothing) {
  const auto whole = envelope(R"({"id":"1","status":201,"headers":{"a":"b"},"body":{"id":"x"}},{"id":"2","status":429})");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const reading r(whole.substr(0, length), {"1", "2"});
    BOOST_TEST(!r.ok);
    BOOST_TEST(r.got.missing == 2U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
