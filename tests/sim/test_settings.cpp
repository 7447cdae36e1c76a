// The table of settings: every setting takes back what it shows, and JSON changes all or nothing.

#include "sim/service/settings.hpp"

#include <set>

#include "fixture.hpp"
#include "sim/service/behaviour_json.hpp"
#include "sim/service/latency.hpp"

namespace {

using namespace sim_test;

BOOST_AUTO_TEST_SUITE(table_of_settings)

BOOST_AUTO_TEST_CASE(every_setting_has_a_topic_and_a_sentence_of_its_own) {
  std::set<std::string> names, sentences;
  for (const auto& one : settings()) {
    BOOST_TEST(names.insert(std::string(one.name)).second, one.name);
    BOOST_TEST(sentences.insert(one.sentence).second, one.name);
    BOOST_TEST(one.sentence.ends_with('.'), one.name);
    BOOST_TEST(one.sentence.size() > 20U, one.name);
    BOOST_TEST(one.value.empty() == (one.form == value_form::yes_no), one.name);
    BOOST_TEST(std::ranges::count(setting_topics(), one.topic, &setting_topic::name) == 1, one.name);
  }
}

BOOST_AUTO_TEST_CASE(every_setting_takes_the_value_that_it_shows) {
  behaviour how;
  for (const auto& one : settings()) {
    if (!one.get) continue;
    const auto before = one.get(how);
    if (before.empty()) continue;  // a claim of the tokens that is not replaced
    const auto set = one.set(how, before);
    BOOST_TEST(set.has_value(), one.name << " " << before << ": " << (set ? "" : set.error().message));
    BOOST_TEST(one.get(how) == before, one.name);
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_value_is_refused_by_every_setting_and_changes_nothing) {
  behaviour how;
  for (const auto& one : settings()) {
    const auto before = behaviour_json(how);
    BOOST_TEST(!one.set(how, "\"wrong value\"").has_value(), one.name);
    BOOST_TEST(behaviour_json(how) == before, one.name);
  }
}

BOOST_AUTO_TEST_CASE(json_changes_what_it_names) {
  const auto made = changed_by_json(
      {},
      R"({"lane_rate":12.5,"small-answers":true,"window":"fixed","latency":"percentiles:50=20ms,99=1s","no_policy":["AAAAAAAA-0000-4000-8000-000000000001"],)"
      R"("script":[{"call":2,"fault":"lost_reply"}],"monthly_quota":2000})");
  BOOST_REQUIRE(made.has_value());
  BOOST_TEST(made->throttle.lane.rate == 12.5);
  BOOST_TEST(made->small_answers);
  BOOST_TEST((made->throttle.window == window_kind::fixed));
  BOOST_TEST(made->latency.points.size() == 2U);
  BOOST_TEST(made->no_policy.contains(std::string(alice)));
  BOOST_TEST(made->script.size() == 1U);
  BOOST_TEST(made->throttle.monthly == 2000U);
  // What is shown is accepted as it is.
  const auto shown = behaviour_json(*made);
  const auto again = changed_by_json({}, shown);
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(behaviour_json(*again) == shown);
}

BOOST_AUTO_TEST_CASE(json_that_is_wrong_names_every_wrong_member) {
  const auto made = changed_by_json({}, R"({"lane_rat":1,"window":"round","seed":7,"faults":null})");
  BOOST_REQUIRE(!made.has_value());
  const auto& why = made.error().message;
  BOOST_TEST(why.contains("lane_rat: there is no such setting; did you mean lane_rate?"), why);
  BOOST_TEST(why.contains("window: \"round\" is not one of bucket, fixed, sliding"), why);
  BOOST_TEST(why.contains("faults: "), why);
  BOOST_TEST(!why.contains("seed"), why);
  for (const auto* body : {"", "[]", "7", "{", R"({"lost_reply":0.6,"reset":0.6})"})
    BOOST_TEST(!changed_by_json({}, body).has_value(), body);
}

BOOST_AUTO_TEST_CASE(latencies_are_drawn_from_their_distribution) {
  random_source random(1);
  const auto times = [&](std::string_view text) {
    const auto from = parse_latency(text);
    BOOST_REQUIRE(from.has_value());
    std::vector<double> out;
    for (int i = 0; i < 10'000; ++i) out.push_back(std::chrono::duration<double>(draw_latency(*from, random)).count());
    std::ranges::sort(out);
    return out;
  };
  const auto even = times("uniform:10ms:50ms");
  BOOST_TEST(even.front() >= 0.01);
  BOOST_TEST(even.back() <= 0.05);
  BOOST_TEST(even[5000] == 0.03, boost::test_tools::tolerance(0.05));
  const auto steps = times("percentiles:50=20ms,90=80ms,100=1s");
  BOOST_TEST(steps.front() == 0.02, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(steps[7000] == 0.05, boost::test_tools::tolerance(0.05));
  BOOST_TEST(steps[8000] == 0.065, boost::test_tools::tolerance(0.05));
  BOOST_TEST(steps.back() <= 1.0);
  BOOST_TEST(steps.back() > 0.9);
  for (const auto* wrong : {"uniform:50ms:10ms", "uniform:1s", "percentiles:", "percentiles:90=1s,50=2s", "percentiles:50=2s,90=1s",
                            "percentiles:101=1s", "lognormal:20ms:-1"})
    BOOST_TEST(!parse_latency(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
