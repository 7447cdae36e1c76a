#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "sim/fixture.hpp"

namespace {

using namespace sim_test;

BOOST_AUTO_TEST_SUITE(faults)

struct expected {
  fault what;
  int status;
  bool made;
  delivery how = delivery::whole;
  bool close = false;
};
std::ostream& operator<<(std::ostream& out, const expected& e) {
  return out << to_string(e.what);
}

const std::vector<expected> every_kind = {
    {fault::none, 201, true},
    {fault::throttle, 429, false},
    {fault::throttle_503, 503, false},
    {fault::throttle_after, 429, true},
    {fault::false_401, 401, false},
    {fault::e500_before, 500, false},
    {fault::e502_before, 502, false},
    {fault::e503_before, 503, false},
    {fault::e504_before, 504, false},
    {fault::e500_after, 500, true},
    {fault::e502_after, 502, true},
    {fault::e503_after, 503, true},
    {fault::e504_after, 504, true},
    {fault::lost_reply, 201, true, delivery::lost},
    {fault::reset, 200, false, delivery::reset},
    {fault::slow, 201, true},
    {fault::cut_length, 201, true, delivery::cut_length},
    {fault::cut_chunked, 201, true, delivery::cut_chunked},
    {fault::cut_close, 201, true, delivery::cut_close},
    {fault::html_200, 200, true},
    {fault::empty_200, 200, true},
    {fault::wrong_type, 200, true},
    {fault::other_external_id, 201, true},
    {fault::missing_id, 201, true},
    {fault::html_503, 503, false, delivery::whole, true},
    {fault::empty_503, 503, false, delivery::whole, true},
};

BOOST_AUTO_TEST_CASE(the_table_has_every_kind_of_fault) {
  BOOST_TEST(every_kind.size() == fault_count);
}

BOOST_DATA_TEST_CASE(each_kind_of_fault_has_its_effect, boost::unit_test::data::make(every_kind), e) {
  behaviour how;
  how.script = {{"a", 1, e.what}};
  world w(how);
  const auto hit = w.call(alice, "a");
  BOOST_TEST(hit.status == e.status);
  BOOST_TEST((hit.how == e.how));
  BOOST_TEST(hit.close == e.close);
  BOOST_TEST(w.graph.meetings().meetings() == (e.made ? 1U : 0U));
  BOOST_TEST(w.stats().at("faults").as_object().size() == fault_count - 1);
  if (e.what != fault::none) BOOST_TEST(w.stats().at("faults").at(to_string(e.what)).as_int64() == 1);
  BOOST_TEST((hit.delay >= 1s) == (e.what == fault::slow));
  BOOST_TEST(w.graph.counts().throttled == (is_throttle(e.what) ? 1U : 0U));
  BOOST_TEST(header(hit, "Retry-After").size() == (is_throttle(e.what) ? 1U : 0U));

  w.pass(2s);  // longer than any cooldown here
  const auto again = w.call(alice, "a");
  BOOST_TEST(again.status == (e.made ? 200 : 201));
  BOOST_TEST(parsed(again).at("externalId").as_string() == "a");
  BOOST_TEST(w.graph.meetings().meetings() == 1U);
  BOOST_TEST(parse_fault(to_string(e.what)).has_value());
  BOOST_TEST(!describe(e.what).empty());
}

BOOST_AUTO_TEST_CASE(each_malformed_answer_is_wrong_in_its_way) {
  behaviour how;
  how.script = {{"html", 0, fault::html_200},
                {"empty", 0, fault::empty_200},
                {"other", 0, fault::other_external_id},
                {"missing", 0, fault::missing_id}};
  for (int i = 0; i < 20; ++i) how.script.push_back({"type" + std::to_string(i), 0, fault::wrong_type});
  world w(how);
  BOOST_TEST(w.call(alice, "html").body.starts_with("<!DOCTYPE"));
  BOOST_TEST(w.call(alice, "empty").body.empty());
  BOOST_TEST(parsed(w.call(alice, "other")).at("externalId").as_string() == "other-x");
  BOOST_TEST(!parsed(w.call(alice, "missing")).contains("id"));
  std::set<std::string> bodies;
  for (int i = 0; i < 20; ++i) bodies.insert(w.call(alice, "type" + std::to_string(i)).body);
  BOOST_TEST(bodies.size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_script_can_count_all_calls) {
  behaviour how;
  const auto script =
      parse_script(R"([{"call":2,"fault":"lost_reply"},{"key":"c","fault":"fault_500_before"},{"key":"d","call":2,"fault":"slow"}])");
  BOOST_REQUIRE(script.has_value());
  how.script = *script;
  world w(how);
  BOOST_TEST((w.call(alice, "a").how == delivery::whole));
  BOOST_TEST((w.call(alice, "b").how == delivery::lost));
  BOOST_TEST(w.call(alice, "c").status == 500);
  BOOST_TEST(w.call(alice, "c").status == 500);
  BOOST_TEST((w.call(alice, "d").delay == 0s));
  BOOST_TEST((w.call(alice, "d").delay == 1s));
}

const std::vector<std::string> wrong_scripts = {"",
                                                "{}",
                                                "[1]",
                                                R"([{"fault":"slow"}])",
                                                R"([{"call":0,"fault":"slow"}])",
                                                R"([{"call":1,"fault":"sloow"}])",
                                                R"([{"call":1,"fault":"slow","x":1}])",
                                                R"([{"key":7,"fault":"slow"}])",
                                                R"([{"key":"a","operation":"patch","fault":"slow"}])"};
BOOST_DATA_TEST_CASE(wrong_scripts_are_refused, boost::unit_test::data::make(wrong_scripts), script) {
  const auto parsed_script = parse_script(script);
  BOOST_REQUIRE(!parsed_script.has_value());
  BOOST_TEST(parsed_script.error().message.starts_with("fault script: "));
}

// The faults of each key's calls. They do not depend on the order of the keys.
std::string story(std::uint64_t seed, bool backwards) {
  behaviour how;
  how.seed = seed;
  how.faults.spread(0.4);
  world w(how);
  std::map<std::string, std::string> seen;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) {
      const auto key = "k" + std::to_string(backwards ? 99 - i : i);
      const auto r = w.call(alice, key);
      seen[key] += std::to_string(r.status) + std::to_string(static_cast<int>(r.how)) +
                   (r.status < 300 ? r.body.substr(0, 400).substr(0, r.body.find("creationDateTime")) : "") + ";";
    }
  }
  std::string all;
  for (const auto& [key, what] : seen) all += key + ":" + what;
  return all;
}

BOOST_AUTO_TEST_CASE(faults_are_a_function_of_seed_key_and_call) {
  const auto first = story(7, false);
  BOOST_TEST((first == story(7, true)));
  BOOST_TEST((first != story(8, false)));
}

BOOST_AUTO_TEST_CASE(probabilities_hold_and_spread_over_all_kinds) {
  fault_rates rates;
  rates.spread(0.05);
  BOOST_TEST(rates.total() == 0.05, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(rates[fault::throttle] == 0);
  BOOST_TEST(rates[fault::throttle_503] == 0);
  BOOST_TEST(rates[fault::throttle_after] == 0);
  BOOST_TEST(rates[fault::false_401] == 0);
  std::array<int, fault_count> hits{};
  constexpr int calls = 200'000;
  for (int i = 0; i < calls; ++i) ++hits[static_cast<std::size_t>(draw_fault(rates, 3, "k" + std::to_string(i), 1))];
  BOOST_TEST(calls - hits[0] > 9500);
  BOOST_TEST(calls - hits[0] < 10500);
  for (std::size_t i = 1; i < fault_count; ++i) {
    const auto kind = static_cast<fault>(i);
    if (is_throttle(kind) || kind == fault::false_401) continue;
    BOOST_TEST_CONTEXT(to_string(kind)) {
      BOOST_TEST(hits[i] > 350);
      BOOST_TEST(hits[i] < 560);
    }
  }
}

BOOST_AUTO_TEST_CASE(random_throttles_wait_up_to_the_given_time) {
  behaviour how;
  how.faults[fault::throttle] = 1;
  how.throttle.form = retry_after_form::decimal;
  how.throttle.random_wait = 2;
  how.throttle.random_scope = scope_kind::mix;
  how.throttle.scope_header = true;
  world w(how);
  double longest = 0;
  std::set<std::string> scopes;
  for (int i = 0; i < 100; ++i) {
    const auto r = w.call(alice, std::to_string(i));
    const auto wait = std::stod(header(r, "Retry-After").at(0));
    BOOST_TEST(wait <= 2.001);
    longest = std::max(longest, wait);
    scopes.insert(header(r, "x-ms-throttle-scope").at(0).substr(0, 4));
    w.pass(3s);
  }
  BOOST_TEST(longest > 1.5);
  BOOST_TEST(scopes.size() == 2U);
  BOOST_TEST(w.graph.counts().early == 0U);
}

BOOST_AUTO_TEST_CASE(latency_has_the_distribution_that_is_set) {
  behaviour how;
  how.latency = {latency_options::kind::fixed, 0.01, 0};
  world fixed(how);
  BOOST_TEST((fixed.call(alice, "a").delay == 10ms));
  how.latency = {latency_options::kind::lognormal, 0.02, 0.5};
  world w(how);
  std::vector<std::chrono::nanoseconds> seen;
  for (int i = 0; i < 1001; ++i) seen.push_back(w.call(alice, std::to_string(i)).delay);
  std::ranges::sort(seen);
  BOOST_TEST((seen[500] > 18ms));
  BOOST_TEST((seen[500] < 22ms));
  BOOST_TEST((seen[841] > 29ms));  // median × e^0.5 = 33 ms
  BOOST_TEST((seen[841] < 37ms));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
