// Calls for meetings in a batch, by Graph's page on JSON batching.

#include "fixture.hpp"

namespace json = boost::json;
using namespace sim_test;

namespace {

const std::string carol = "cccccccc-0000-4000-8000-000000000003";

json::object item(std::string_view id, std::string_view method, const std::string& url) {
  return {{"id", id}, {"method", method}, {"url", url}};
}
json::object making(std::string_view id, std::string_view user, std::string_view external_id) {
  auto out = item(id, "POST", "/users/" + std::string(user) + "/onlineMeetings/createOrGet");
  out["headers"] = json::object{{"Content-Type", "application/json"}};
  out["body"] = json::parse(body_of(external_id));
  return out;
}
std::string envelope(const std::vector<json::object>& items) {
  return json::serialize(json::object{{"requests", json::array(items.begin(), items.end())}});
}
reply send(world& w, const std::vector<json::object>& items, bool hold = false) {
  return w.post("/v1.0/$batch", envelope(items), hold);
}

std::map<std::string, json::object> by_id(const reply& r) {
  BOOST_TEST_REQUIRE(r.status == 200);
  std::map<std::string, json::object> out;
  const auto all = parsed(r);
  for (const auto& one : all.at("responses").as_array()) {
    const auto id = std::string(one.at("id").as_string());
    BOOST_TEST(out.emplace(id, one.as_object()).second);
  }
  return out;
}
int status_of(const json::object& one) {
  return one.at("status").to_number<int>();
}
int count(const world& w, std::string_view name) {
  return w.stats().at(name).to_number<int>();
}

BOOST_AUTO_TEST_SUITE(batches)

BOOST_AUTO_TEST_CASE(every_operation_is_answered_as_it_would_be_alone) {
  world w;
  auto got = by_id(send(w, {making("a", alice, "x"), making("b", bob, "x"), making("c", carol, "y")}));
  BOOST_TEST(got.size() == 3u);
  for (const auto& [id, one] : got) BOOST_TEST(status_of(one) == 201);
  const auto path = [&](const std::string& id, std::string_view user) {
    return meeting_path(user, std::string(got.at(id).at("body").at("id").as_string())).substr(5);
  };
  auto change = item("B", "PATCH", path("b", bob));
  change["headers"] = json::object{{"content-type", "application/json; charset=utf-8"}};
  change["body"] = json::object{{"subject", "Geometry"}};
  const auto second = by_id(
      send(w, {making("A", alice, "x"), change, item("C", "GET", path("c", carol)), item("D", "DELETE", path("a", alice).substr(1))}));
  BOOST_TEST(status_of(second.at("A")) == 200);
  BOOST_TEST(status_of(second.at("B")) == 200);
  BOOST_TEST(second.at("B").at("body").at("subject").as_string() == "Geometry");
  BOOST_TEST(status_of(second.at("C")) == 200);
  BOOST_TEST(status_of(second.at("D")) == 204);
  BOOST_TEST(count(w, "meetings") == 2);
  BOOST_TEST(count(w, "batches") == 2);
}

BOOST_AUTO_TEST_CASE(more_than_20_items_are_400_and_nothing_is_done) {
  world w;
  std::vector<json::object> items;
  for (int i = 0; i < 21; ++i) items.push_back(making(std::to_string(i), alice, "x" + std::to_string(i)));
  BOOST_TEST(send(w, items).status == 400);
  BOOST_TEST(count(w, "meetings") == 0);
  items.pop_back();
  BOOST_TEST(send(w, items).status == 200);
  BOOST_TEST(count(w, "meetings") == 20);
}

BOOST_AUTO_TEST_CASE(ids_that_differ_in_letter_case_only_are_400_and_nothing_is_done) {
  world w;
  BOOST_TEST(send(w, {making("a", alice, "x"), making("A", bob, "x")}).status == 400);
  BOOST_TEST(count(w, "meetings") == 0);
}

BOOST_AUTO_TEST_CASE(a_body_without_content_type_and_a_write_without_body_are_400) {
  world w;
  auto bare = making("7", alice, "x");
  bare.erase("headers");
  auto empty = making("7", alice, "x");
  empty.erase("body");
  for (const auto& one : {bare, empty}) {
    const auto refused = send(w, {making("a", bob, "x"), one});
    BOOST_TEST(refused.status == 400);
    BOOST_TEST(message_of(refused) == "Write request id : 7 does not contain Content-Type header or body.");
  }
  BOOST_TEST(count(w, "meetings") == 0);
}

BOOST_AUTO_TEST_CASE(items_are_throttled_one_by_one_with_a_lower_case_header) {
  behaviour how;
  how.throttle.lane = {.rate = 1, .burst = 2};
  world w(how);
  std::vector<json::object> items;
  for (int i = 0; i < 4; ++i) items.push_back(making(std::to_string(i), alice, "x" + std::to_string(i)));
  const auto got = by_id(send(w, items));
  int made = 0;
  for (const auto& [id, one] : got) {
    made += status_of(one) == 201 ? 1 : 0;
    if (status_of(one) == 429) BOOST_TEST(!one.at("headers").at("retry-after").as_string().empty());
  }
  BOOST_TEST(made == 2);
  BOOST_TEST(count(w, "throttled") == 2);
  // The cooldown began when the answer left.
  w.pass(500ms);
  static_cast<void>(send(w, {making("a", alice, "y")}));
  BOOST_TEST(count(w, "early") == 1);
}

BOOST_AUTO_TEST_CASE(policies_hold_for_each_item) {
  behaviour how;
  how.no_policy = {std::string(bob)};
  world w(how);
  const auto got = by_id(send(w, {making("a", alice, "x"), making("b", bob, "x")}));
  BOOST_TEST(status_of(got.at("a")) == 201);
  BOOST_TEST(status_of(got.at("b")) == 403);
}

BOOST_AUTO_TEST_CASE(faults_of_an_item_are_its_own_and_a_lost_one_is_missing) {
  behaviour how;
  how.script = {{"lost", 1, fault::lost_reply}, {"bad", 1, fault::e500_after}, {"page", 1, fault::html_200}, {"reset", 1, fault::reset}};
  world w(how);
  const auto got = by_id(send(w, {making("1", alice, "lost"), making("2", bob, "bad"), making("3", carol, "page"),
                                  making("4", carol, "reset"), making("5", carol, "good")}));
  BOOST_TEST(got.size() == 3u);
  BOOST_TEST(status_of(got.at("2")) == 500);
  BOOST_TEST(got.at("3").at("body").is_string());
  BOOST_TEST(status_of(got.at("5")) == 201);
  BOOST_TEST(count(w, "meetings") == 4);
}

BOOST_AUTO_TEST_CASE(faults_hit_whole_envelopes_by_script) {
  behaviour how;
  how.script = {{"", 1, fault::throttle, std::nullopt, true},
                {"", 2, fault::lost_reply, std::nullopt, true},
                {"", 3, fault::e503_before, std::nullopt, true},
                {"", 4, fault::false_401, std::nullopt, true}};
  world w(how);
  const auto busy = send(w, {making("a", alice, "x")});
  BOOST_TEST(busy.status == 429);
  BOOST_TEST(header(busy, "Retry-After").size() == 1u);
  w.pass(5s);
  BOOST_TEST((send(w, {making("a", alice, "x")}).how == delivery::lost));
  BOOST_TEST(count(w, "meetings") == 1);
  BOOST_TEST(send(w, {making("a", alice, "y")}).status == 503);
  BOOST_TEST(send(w, {making("a", alice, "y")}).status == 401);
  BOOST_TEST(count(w, "meetings") == 1);
  BOOST_TEST(status_of(by_id(send(w, {making("a", alice, "x")})).at("a")) == 200);
}

BOOST_AUTO_TEST_CASE(an_envelope_takes_as_long_as_its_slowest_item) {
  behaviour how;
  how.latency = {latency_options::kind::fixed, 0.02, 0};
  how.script = {{"slow", 1, fault::slow}};
  how.slow_seconds = 2;
  world w(how);
  BOOST_TEST((send(w, {making("a", alice, "x"), making("b", bob, "x")}).delay == 20ms));
  BOOST_TEST((send(w, {making("a", alice, "y"), making("b", bob, "slow")}).delay == 2020ms));
}

BOOST_AUTO_TEST_CASE(one_key_twice_in_an_envelope_is_twice_in_flight) {
  world w;
  auto held = send(w, {making("a", alice, "x"), making("b", alice, "x")}, true);
  w.graph.finish(held);
  BOOST_TEST(count(w, "max_in_flight_per_key") == 2);
  static_cast<void>(w.call(alice, "z"));
  BOOST_TEST(count(w, "max_in_flight_per_key") == 2);
}

BOOST_AUTO_TEST_CASE(items_are_left_out_or_added_at_the_given_rates) {
  behaviour how;
  how.batch.missing = 1;
  world silent(how);
  BOOST_TEST(by_id(send(silent, {making("a", alice, "x")})).empty());
  BOOST_TEST(count(silent, "meetings") == 1);
  how.batch = {.extra = 1};
  world more(how);
  for (int i = 0; i < 20; ++i) {
    const auto answer = parsed(send(more, {making("a", alice, "x"), making("b", bob, "x")}));
    BOOST_TEST(answer.at("responses").as_array().size() == 3u);
  }
}

BOOST_AUTO_TEST_CASE(a_service_without_batch_refuses_the_envelope) {
  behaviour how;
  how.batch.offered = false;
  world w(how);
  BOOST_TEST(send(w, {making("a", alice, "x")}).status == 400);
  BOOST_TEST(w.call(alice, "x").status == 201);
}

BOOST_AUTO_TEST_CASE(an_item_that_depends_on_a_failed_one_is_424) {
  behaviour how;
  how.no_policy = {std::string(bob)};
  world w(how);
  auto after = making("c", alice, "x");
  after["dependsOn"] = json::array{"B"};
  const auto got = by_id(send(w, {making("b", bob, "x"), after}));
  BOOST_TEST(status_of(got.at("c")) == 424);
  BOOST_TEST(send(w, {after}).status == 400);
}

BOOST_AUTO_TEST_CASE(the_log_of_calls_names_the_envelope) {
  world w;
  static_cast<void>(send(w, {making("a", alice, "x"), making("b", bob, "y")}));
  static_cast<void>(w.call(alice, "z"));
  const auto lines = w.graph.calls_json_lines();
  BOOST_TEST(lines.find(R"("external_id":"y","client_request_id":"","method":"POST","batch":1})") != std::string::npos);
  BOOST_TEST(lines.find(R"("external_id":"z","client_request_id":"","method":"POST"})") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
