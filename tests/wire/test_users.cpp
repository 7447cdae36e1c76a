#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "wire/batch.hpp"
#include "wire/users.hpp"
#include "wire/wire.hpp"

namespace data = boost::unit_test::data;
using namespace convoke::wire;

namespace {

std::string url_of(std::string_view upn) {
  std::string body;
  const user_query one{.id = "7-1", .upn = upn};
  append_user_batch(body, std::span(&one, 1));
  const auto request = boost::json::parse(body).at("requests").at(0).as_object();
  BOOST_TEST(request.at("id").as_string() == "7-1");
  BOOST_TEST(request.at("method").as_string() == "GET");
  BOOST_TEST(request.size() == 3U);
  return std::string(request.at("url").as_string());
}

const std::string id = "6f9619ff-8b86-d011-b42d-00c04fc964ff";

}  // namespace

BOOST_AUTO_TEST_SUITE(users)

BOOST_AUTO_TEST_CASE(names_are_encoded_as_a_part_of_the_path) {
  BOOST_TEST(url_of("ada@uni.example") == "/users/ada%40uni.example?$select=id");
  BOOST_TEST(url_of("o'brien+x@uni.example") == "/users/o%27brien%2Bx%40uni.example?$select=id");
  BOOST_TEST(url_of("ada_uni.example#ext#@contoso.example") == "/users/ada_uni.example%23ext%23%40contoso.example?$select=id");
  BOOST_TEST(url_of("a%2fb&c@x.example") == "/users/a%252fb%26c%40x.example?$select=id");
  // In parentheses, as Graph requires.
  BOOST_TEST(url_of("$o'a@x.example") == "/users('%24o%27%27a%40x.example')?$select=id");
}

BOOST_AUTO_TEST_CASE(a_batch_has_twenty_queries_at_most) {
  std::vector<std::string> ids;
  for (int i = 0; i < 21; ++i) ids.push_back(std::to_string(i));
  std::vector<user_query> queries;
  for (const auto& one : ids) queries.push_back({.id = one, .upn = "a@x.example"});
  std::string body;
  append_user_batch(body, std::span(queries).first(20));
  BOOST_TEST(boost::json::parse(body).at("requests").as_array().size() == 20U);
  BOOST_CHECK_THROW(append_user_batch(body, queries), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_id_of_a_user_is_read_in_lower_case) {
  parser p;
  BOOST_TEST(p.parse_user(R"({"@odata.context":"x","id":"6F9619FF-8B86-D011-B42D-00C04FC964FF","more":[1,{}]})").value() == id);
}

BOOST_DATA_TEST_CASE(anything_else_is_no_user,
                     data::make({"", "[]", "null", "{}", R"({"id":null})", R"({"id":5})", R"({"id":"ada"})",
                                 R"({"ID":"6f9619ff-8b86-d011-b42d-00c04fc964ff"})",
                                 R"({"id":"6f9619ff-8b86-d011-b42d-00c04fc964ff","id":"6f9619ff-8b86-d011-b42d-00c04fc964ff"})",
                                 R"({"id":"6f9619ff-8b86-d011-b42d-00c04fc964ff")", R"({"id":"6f9619ff-8b86-d011-b42d-00c04fc964ff"} x)",
                                 R"({"value":[{"id":"6f9619ff-8b86-d011-b42d-00c04fc964ff"}]})"})) {
  parser p;
  const auto read = p.parse_user(sample);
  BOOST_REQUIRE(!read.has_value());
  BOOST_TEST((read.error().code == convoke::errc::protocol));
}

BOOST_AUTO_TEST_SUITE_END()
