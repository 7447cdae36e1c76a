// The directory of users, and look-ups in a batch.

#include <set>

#include "fixture.hpp"

using namespace sim_test;

namespace {

const std::string one = "aaaaaaaa-1111-4111-8111-000000000001", two = "bbbbbbbb-2222-4222-8222-000000000002";

behaviour with_users() {
  behaviour how;
  how.directory.users = {{"ada@uni.example", one}, {"ben@uni.example", two}};
  return how;
}

std::string batch_of(const std::vector<std::string>& urls) {
  std::string out = R"({"requests":[)";
  for (std::size_t i = 0; i < urls.size(); ++i)
    out += (i > 0 ? "," : "") + std::string(R"({"id":")") + std::to_string(i) + R"(","method":"GET","url":")" + urls[i] + R"("})";
  return out + "]}";
}

boost::json::array responses(const reply& r) {
  return parsed(r).at("responses").as_array();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(directory_of_users)

BOOST_AUTO_TEST_CASE(a_user_is_found_by_its_name_in_any_form) {
  world w(with_users());
  for (const auto& name : {std::string("ada@uni.example"), std::string("ADA%40Uni.Example"), one}) {
    const auto found = w.ask("GET", "/v1.0/users/" + name + "?$select=id");
    BOOST_TEST(found.status == 200);
    BOOST_TEST(id_of(found) == one);
    BOOST_TEST(!parsed(found).contains("userPrincipalName"));
  }
  BOOST_TEST(id_of(w.ask("GET", "/v1.0/users('ada%40uni.example')?$select=id")) == one);
  BOOST_TEST(parsed(w.ask("GET", "/v1.0/users/" + one)).at("userPrincipalName").as_string() == "ada@uni.example");
  BOOST_TEST(w.stats().at("users_found").to_number<int>() == 5);
}

BOOST_AUTO_TEST_CASE(an_unknown_user_is_404_as_graph_says_it) {
  world w(with_users());
  const auto none = w.ask("GET", "/v1.0/users/eve@uni.example?$select=id");
  BOOST_TEST(none.status == 404);
  BOOST_TEST(code_of(none) == "Request_ResourceNotFound");
  BOOST_TEST(message_of(none).find("eve@uni.example") != std::string::npos);
  BOOST_TEST(w.stats().at("look_ups").to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(without_a_list_every_upn_has_a_user_of_its_own) {
  world w;
  const auto first = id_of(w.ask("GET", "/v1.0/users/ada@uni.example?$select=id"));
  BOOST_TEST(is_guid(first));
  BOOST_TEST(id_of(w.ask("GET", "/v1.0/users/ADA@uni.example?$select=id")) == first);
  BOOST_TEST(id_of(w.ask("GET", "/v1.0/users/ben@uni.example?$select=id")) != first);
  BOOST_TEST(w.ask("GET", "/v1.0/users/stranger?$select=id").status == 404);
}

BOOST_AUTO_TEST_CASE(a_renamed_user_keeps_its_id_and_loses_its_old_name) {
  for (const bool listed : {true, false}) {
    world w(listed ? with_users() : behaviour());
    if (!listed) BOOST_TEST(w.graph.change_users(R"({"users":{"ada@uni.example":")" + one + R"("}})") == "");
    BOOST_TEST(w.graph.change_users(R"({"users":{"Countess@uni.example":")" + one + R"("}})") == "");
    BOOST_TEST(id_of(w.ask("GET", "/v1.0/users/countess@uni.example?$select=id")) == one);
    BOOST_TEST(w.ask("GET", "/v1.0/users/ada@uni.example?$select=id").status == 404);
    BOOST_TEST(w.graph.change_users(R"({"users":{"countess@uni.example":null}})") == "");
    BOOST_TEST(w.ask("GET", "/v1.0/users/countess@uni.example?$select=id").status == 404);
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_change_changes_nothing) {
  world w(with_users());
  for (const std::string body : {"", "[]", "{}", R"({"users":[]})", R"({"users":{"ben@uni.example":null,"x@y":"no id"}})"})
    BOOST_TEST(w.graph.change_users(body) != "");
  BOOST_TEST(w.ask("GET", "/v1.0/users/ben@uni.example").status == 200);
}

BOOST_AUTO_TEST_CASE(without_the_permission_look_ups_are_denied_and_meetings_are_not) {
  auto how = with_users();
  how.directory.readable = false;
  world w(how);
  const auto denied = w.ask("GET", "/v1.0/users/ada@uni.example?$select=id");
  BOOST_TEST(denied.status == 403);
  BOOST_TEST(code_of(denied) == "Authorization_RequestDenied");
  BOOST_TEST(w.call(one, "a").status == 201);
}

BOOST_AUTO_TEST_CASE(the_quota_of_the_directory_is_not_that_of_meetings) {
  auto how = with_users();
  how.directory.quota = {.rate = 1, .burst = 2};
  how.throttle.lane = {.rate = 1, .burst = 1};
  world w(how);
  BOOST_TEST(w.call(one, "a").status == 201);
  for (int i = 0; i < 2; ++i) BOOST_TEST(w.ask("GET", "/v1.0/users/ada@uni.example").status == 200);
  const auto busy = w.ask("GET", "/v1.0/users/ada@uni.example");
  BOOST_TEST(busy.status == 429);
  BOOST_TEST(header(busy, "Retry-After").size() == 1u);
  w.pass(1500ms);
  BOOST_TEST(w.call(one, "b").status == 201);
}

BOOST_AUTO_TEST_CASE(items_of_a_batch_are_answered_each_on_its_own_in_any_order) {
  auto how = with_users();
  how.directory.quota = {.rate = 1, .burst = 3};
  world w(how);
  std::set<std::string> orders;
  const std::vector<std::string> urls = {"/users/ada%40uni.example?$select=id", "/users/eve%40uni.example?$select=id",
                                         "users/ben%40uni.example?$select=id", "/users/ben%40uni.example?$select=id"};
  for (int round = 0; round < 20; ++round) {
    w.pass(60s);
    const auto answer = w.post("/v1.0/$batch", batch_of(urls));
    BOOST_TEST(answer.status == 200);
    const auto items = responses(answer);
    BOOST_REQUIRE(items.size() == 4u);
    std::string order;
    for (const auto& item : items) {
      const auto id = std::string(item.at("id").as_string());
      order += id;
      const auto status = item.at("status").to_number<int>();
      BOOST_TEST(status == (id == "1" ? 404 : id == "3" ? 429 : 200));
      if (id == "0") BOOST_TEST(item.at("body").at("id").as_string() == one);
      if (id == "3") BOOST_TEST(!item.at("headers").at("retry-after").as_string().empty());
    }
    orders.insert(order);
  }
  BOOST_TEST(orders.size() > 3u);
  BOOST_TEST(w.stats().at("look_ups").to_number<int>() == 80);
  BOOST_TEST(w.stats().at("batches").to_number<int>() == 20);
  BOOST_TEST(w.stats().at("requests").to_number<int>() == 20);
}

BOOST_AUTO_TEST_CASE(a_throttled_item_closes_the_directory_from_when_the_answer_leaves) {
  auto how = with_users();
  how.directory.quota = {.rate = 0.1, .burst = 1};
  world w(how);
  static_cast<void>(w.post("/v1.0/$batch", batch_of({"/users/ada@uni.example", "/users/ada@uni.example"})));
  w.pass(500ms);
  static_cast<void>(w.ask("GET", "/v1.0/users/ada@uni.example"));
  BOOST_TEST(w.stats().at("early").to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(an_envelope_that_is_wrong_is_refused_as_a_whole) {
  world w(with_users());
  std::vector<std::string> many(21, "/users/ada@uni.example");
  const std::string twice = R"({"requests":[{"id":"a","method":"GET","url":"/users/x@y"},{"id":"A","method":"GET","url":"/users/x@y"}]})";
  for (const auto& body : {std::string(), std::string("[]"), std::string(R"({"requests":[]})"), batch_of(many), twice,
                           std::string(R"({"requests":[{"id":"a","method":"GET"}]})"), std::string(R"({"requests":[5]})")}) {
    const auto refused = w.post("/v1.0/$batch", body);
    BOOST_TEST(refused.status == 400);
    BOOST_TEST(code_of(refused) == "BadRequest");
  }
  BOOST_TEST(w.post("/v1.0/$batch", batch_of({many.begin(), many.begin() + 20})).status == 200);
  BOOST_TEST(w.ask("GET", "/v1.0/$batch").status == 405);
  BOOST_TEST(w.stats().at("look_ups").to_number<int>() == 20);
}

BOOST_AUTO_TEST_CASE(what_a_batch_cannot_carry_is_said_of_the_item) {
  world w;
  const auto items = responses(w.post("/v1.0/$batch", batch_of({"/$batch", "/%24batch"})));
  BOOST_TEST(items.size() == 2u);
  for (const auto& item : items) BOOST_TEST(item.at("status").to_number<int>() == 501);
}

BOOST_AUTO_TEST_CASE(faults_of_items_are_503_or_a_missing_item) {
  behaviour how;
  how.directory.fault_rate = 0.5;
  world w(how);
  std::set<int> statuses;
  std::size_t items = 0;
  for (int i = 0; i < 20; ++i) {
    const auto got = responses(w.post("/v1.0/$batch", batch_of(std::vector<std::string>(10, "/users/ada@uni.example"))));
    items += got.size();
    for (const auto& one_item : got) statuses.insert(one_item.at("status").to_number<int>());
  }
  BOOST_TEST((statuses == std::set{200, 503}));
  BOOST_TEST(items < 200u);
  BOOST_TEST(items > 100u);
}

BOOST_AUTO_TEST_CASE(look_ups_stand_in_the_log_of_calls) {
  world w(with_users());
  static_cast<void>(w.post("/v1.0/$batch", batch_of({"/users/ada@uni.example", "/users/eve@uni.example"})));
  const auto lines = w.graph.calls_json_lines();
  BOOST_TEST(lines.find(R"("operation":"look_up","me":false,"status":200,"fault":"none","organizer":"ada@uni.example")") !=
             std::string::npos);
  BOOST_TEST(lines.find(R"("operation":"look_up","me":false,"status":404,"fault":"none","organizer":"eve@uni.example")") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_list_of_users_is_read_line_by_line) {
  std::vector<directory::user> users;
  std::string why;
  BOOST_TEST(read_users("upn,id\r\n# staff\n\nAda@Uni.example, " + one + "\n", users, why));
  BOOST_REQUIRE(users.size() == 1u);
  BOOST_TEST(users[0].upn == "ada@uni.example");
  BOOST_TEST(users[0].id == one);
  for (const auto& bad : {std::string("ada@uni.example"), std::string("ada@uni.example,ada"), "ada," + one}) {
    BOOST_TEST(!read_users("\n" + bad, users, why));
    BOOST_TEST(why.find("line 2") != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
