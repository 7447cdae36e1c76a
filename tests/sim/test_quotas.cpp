#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "sim/fixture.hpp"
#include "sim/service/retry_after.hpp"

namespace {

using namespace sim_test;

behaviour with_lane(double rate, double burst = 0, window_kind window = window_kind::bucket) {
  behaviour how;
  how.throttle.lane = {rate, burst};
  how.throttle.window = window;
  how.throttle.form = retry_after_form::decimal;
  return how;
}

behaviour throttled_once(scope_kind scope, double penalty = 0) {
  behaviour how;
  how.script = {{"first", 0, fault::throttle}};
  how.throttle.random_scope = scope;
  how.throttle.form = retry_after_form::constant;
  how.throttle.constant_seconds = 2;
  how.throttle.early_penalty = penalty;
  return how;
}

std::chrono::nanoseconds wait_of(const reply& r) {
  return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(std::stod(header(r, "Retry-After").at(0)) - 1e-9));
}

BOOST_AUTO_TEST_SUITE(quotas)

BOOST_AUTO_TEST_CASE(a_bucket_takes_its_burst_and_then_its_rate) {
  world w(with_lane(10, 5));
  for (int i = 0; i < 5; ++i) BOOST_TEST(w.call(alice, std::to_string(i)).status == 201);
  const auto refused = w.call(alice, "x");
  BOOST_TEST(refused.status == 429);
  BOOST_TEST(code_of(refused) == "TooManyRequests");
  BOOST_TEST(parsed(refused).at("error").at("innerError").at("status").as_string() == "429");
  BOOST_TEST(w.graph.meetings().meetings() == 5U);
  BOOST_TEST(w.graph.counts().throttled == 1U);
  // The refused call counts: two tokens are missing, not one.
  BOOST_TEST((wait_of(refused) == 200ms));
  w.pass(200ms);
  BOOST_TEST(w.call(alice, "x").status == 201);
  BOOST_TEST(w.call(alice, "y").status == 429);
}

BOOST_AUTO_TEST_CASE(refused_calls_need_not_count) {
  auto how = with_lane(10, 1);
  how.throttle.throttled_count = false;
  world w(how);
  BOOST_TEST(w.call(alice, "a").status == 201);
  BOOST_TEST((wait_of(w.call(alice, "b")) == 100ms));
  BOOST_TEST((wait_of(w.call(alice, "b")) == 100ms));
}

BOOST_AUTO_TEST_CASE(one_organizer_may_have_a_limit_of_its_own) {
  behaviour how;
  how.throttle.by_organizer[std::string(alice)] = {1, 1};
  world w(how);
  BOOST_TEST(w.call(alice, "a").status == 201);
  const auto refused = w.call(alice, "b");
  BOOST_TEST(refused.status == 429);
  BOOST_TEST((refused.throttled == scope_kind::organizer));
  for (int i = 0; i < 5; ++i) BOOST_TEST(w.call(bob, std::to_string(i)).status == 201);
}

BOOST_AUTO_TEST_CASE(limits_can_change_during_a_run) {
  world w(with_lane(100, 1));
  BOOST_TEST(w.call(alice, "a").status == 201);
  w.graph.change_limits({1, 1}, {});
  w.pass(20ms);
  const auto refused = w.call(alice, "b");
  BOOST_TEST(refused.status == 429);
  BOOST_TEST((refused.throttled == scope_kind::lane));
  w.pass(3s);
  w.graph.change_limits({}, {});
  for (int i = 0; i < 5; ++i) BOOST_TEST(w.call(alice, "c" + std::to_string(i)).status == 201);
}

BOOST_AUTO_TEST_CASE(calls_beyond_the_capacity_are_answered_late) {
  behaviour how;
  how.capacity = 10;
  world w(how);
  BOOST_TEST((w.call(alice, "a").delay == 100ms));
  BOOST_TEST((w.call(alice, "b").delay == 200ms));
  BOOST_TEST((w.call(alice, "c").delay == 300ms));
  w.pass(1s);
  BOOST_TEST((w.call(alice, "d").delay == 100ms));
  BOOST_TEST(w.graph.counts().throttled == 0U);
}

BOOST_AUTO_TEST_CASE(a_caller_that_ignores_throttles_gets_few_answers) {
  for (const auto window : {window_kind::bucket, window_kind::sliding}) {
    auto how = with_lane(10, 0, window);
    how.throttle.form = retry_after_form::absent;  // no cooldown: quota alone
    world w(how);
    int good = 0;
    for (int i = 0; i < 1000; ++i, w.pass(10ms)) good += w.call(alice, std::to_string(i)).status == 201;  // 100/s for 10 s
    BOOST_TEST(good < 30);
  }
}

BOOST_AUTO_TEST_CASE(a_caller_that_obeys_throttles_gets_the_rate) {
  for (const auto window : {window_kind::bucket, window_kind::fixed, window_kind::sliding}) {
    world w(with_lane(10, 0, window));
    int good = 0, refused = 0;
    for (const auto end = w.now.mono + 20s; w.now.mono < end;) {
      const auto r = w.call(alice, std::to_string(good));
      if (r.status == 201) {
        ++good;
      } else {
        ++refused;
        w.pass(wait_of(r));
      }
    }
    BOOST_TEST_CONTEXT("window " << static_cast<int>(window)) {
      BOOST_TEST(good >= 95);
      BOOST_TEST(good <= 230);
      BOOST_TEST(w.graph.counts().early == 0U);
      BOOST_TEST(refused >= 15);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_fixed_window_opens_at_once) {
  world w(with_lane(3, 0, window_kind::fixed));
  for (int i = 0; i < 3; ++i) BOOST_TEST(w.call(alice, std::to_string(i)).status == 201);
  w.pass(400ms);
  const auto refused = w.call(alice, "x");
  BOOST_TEST((wait_of(refused) == 600ms));
  w.pass(600ms);
  for (int i = 3; i < 6; ++i) BOOST_TEST(w.call(alice, std::to_string(i)).status == 201);
}

BOOST_AUTO_TEST_CASE(a_sliding_window_opens_part_by_part) {
  auto how = with_lane(10, 0, window_kind::sliding);
  how.throttle.throttled_count = false;
  world w(how);
  for (int i = 0; i < 5; ++i) w.call(alice, std::to_string(i));
  w.pass(500ms);
  for (int i = 5; i < 10; ++i) BOOST_TEST(w.call(alice, std::to_string(i)).status == 201);
  const auto refused = w.call(alice, "x");
  BOOST_TEST(refused.status == 429);
  BOOST_TEST((wait_of(refused) >= 450ms));
  BOOST_TEST((wait_of(refused) <= 500ms));
  w.pass(wait_of(refused));
  for (int i = 10; i < 15; ++i) BOOST_TEST(w.call(alice, std::to_string(i)).status == 201);
  BOOST_TEST(w.call(alice, "y").status == 429);
}

BOOST_AUTO_TEST_CASE(an_organizers_quota_throttles_one_organizer) {
  behaviour how;
  how.throttle.organizer = {1, 1};
  how.throttle.scope_header = true;
  world w(how);
  BOOST_TEST(w.call(alice, "a").status == 201);
  const auto refused = w.call(alice, "b");
  BOOST_TEST(refused.status == 429);
  BOOST_TEST(header(refused, "x-ms-throttle-scope").at(0) == "User_Application/ReadWrite/" + std::string(app) + "/" + std::string(alice));
  BOOST_TEST(w.call(bob, "a").status == 201);
}

BOOST_AUTO_TEST_CASE(the_scope_header_names_the_lane) {
  auto how = with_lane(1, 1);
  how.throttle.scope_header = true;
  world w(how);
  w.call(alice, "a");
  BOOST_TEST(header(w.call(alice, "b"), "x-ms-throttle-scope").at(0) ==
             "Tenant_Application/ReadWrite/" + std::string(app) + "/" + std::string(tenant));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cooldowns)

BOOST_AUTO_TEST_CASE(calls_in_a_cooldown_are_refused_and_early_after_100_ms) {
  world w(throttled_once(scope_kind::lane));
  BOOST_TEST(w.call(alice, "first").status == 429);
  w.pass(100ms);
  BOOST_TEST(w.call(bob, "a").status == 429);  // in flight when the wait was announced: refused, and not counted as early
  BOOST_TEST(w.graph.counts().early == 0U);
  w.pass(1ms);
  BOOST_TEST(w.call(bob, "a").status == 429);
  BOOST_TEST(w.graph.counts().early == 1U);
  BOOST_TEST(w.graph.meetings().meetings() == 0U);
  w.pass(2s);  // every answer said two seconds
  BOOST_TEST(w.call(bob, "a").status == 201);
  BOOST_TEST(w.graph.counts().early == 1U);
}

BOOST_AUTO_TEST_CASE(the_cooldown_starts_when_the_answer_leaves) {
  world w(throttled_once(scope_kind::lane));
  auto held = w.call(alice, "first", true);
  w.pass(5s);
  BOOST_TEST(w.call(bob, "a").status == 201);
  w.graph.announce(held, w.now.mono);
  w.graph.finish(held);
  w.pass(1999ms);
  BOOST_TEST(w.call(bob, "b").status == 429);
  BOOST_TEST(w.graph.counts().early == 1U);
}

BOOST_AUTO_TEST_CASE(a_later_announcement_does_not_end_an_older_one) {
  world w(throttled_once(scope_kind::lane));
  w.call(alice, "first");
  w.pass(90ms);
  w.call(bob, "a");  // refused; extends the cooldown by 90 ms
  w.pass(50ms);
  w.call(bob, "a");
  BOOST_TEST(w.graph.counts().early == 1U);
}

BOOST_AUTO_TEST_CASE(a_call_is_not_early_while_the_server_was_stalled) {
  world w(throttled_once(scope_kind::lane));
  w.call(alice, "first");
  const auto bearer = "Bearer " + w.token, body = body_of("a"), path = path_of(bob);
  request q;
  q.method = "POST";
  q.target = path;
  q.authorization = bearer;
  q.content_type = "application/json";
  q.body = body;
  q.arrived = w.now.mono + 50ms;
  w.pass(500ms);
  BOOST_TEST(w.send(q).status == 429);
  BOOST_TEST(w.graph.counts().early == 0U);
}

BOOST_AUTO_TEST_CASE(an_apps_throttle_closes_every_organizer_and_names_the_app) {
  auto how = throttled_once(scope_kind::app);
  how.throttle.scope_header = true;
  world w(how);
  const auto refused = w.call(alice, "first");
  BOOST_TEST(refused.status == 429);
  BOOST_TEST((refused.throttled == scope_kind::app));
  BOOST_TEST(header(refused, "x-ms-throttle-scope").at(0) == "Application/ReadWrite/" + std::string(app));
  w.pass(1s);
  BOOST_TEST(w.call(bob, "a").status == 429);
  BOOST_TEST(w.graph.counts().early == 1U);
  w.pass(2s);
  BOOST_TEST(w.call(bob, "a").status == 201);
}

BOOST_AUTO_TEST_CASE(an_organizers_cooldown_does_not_close_the_others) {
  world w(throttled_once(scope_kind::organizer));
  BOOST_TEST(w.call(alice, "first").status == 429);
  w.pass(1s);
  BOOST_TEST(w.call(bob, "a").status == 201);
  BOOST_TEST(w.call(alice, "a").status == 429);
  BOOST_TEST(w.graph.counts().early == 1U);
}

BOOST_AUTO_TEST_CASE(an_early_call_can_lengthen_the_cooldown) {
  auto how = throttled_once(scope_kind::lane, 10);
  how.throttle.form = retry_after_form::integer;
  how.throttle.random_wait = 1;
  world w(how);
  w.call(alice, "first");  // one second at most, so the header says 1
  w.pass(900ms);
  const auto early = w.call(bob, "a");
  BOOST_TEST(header(early, "Retry-After").at(0) == "11");
  w.pass(10s);
  BOOST_TEST(w.call(bob, "a").status == 429);
}

BOOST_AUTO_TEST_CASE(all_calls_of_a_flood_but_the_first_are_early) {
  world w(throttled_once(scope_kind::lane));
  w.call(alice, "first");
  for (int i = 0; i < 1000; ++i) {
    w.pass(1ms);
    BOOST_TEST(w.call(bob, "a").status == 429);
  }
  // 100 ms of grace, and up to 10 ms in which announcements are taken for one.
  BOOST_TEST(w.graph.counts().early >= 889U);
  BOOST_TEST(w.graph.counts().early <= 900U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(retry_after_forms)

const utc_time noon = utc_time(std::chrono::sys_days(std::chrono::year(2026) / 8 / 31)) + 12h;

struct form_case {
  std::string_view word;
  std::chrono::nanoseconds wait;
  std::vector<std::string> lines;
  std::optional<std::chrono::nanoseconds> announced;
};
std::ostream& operator<<(std::ostream& out, const form_case& c) {
  return out << c.word;
}

const std::vector<form_case> form_cases = {
    {"integer", 1200ms, {"Retry-After: 2"}, 2s},
    {"integer", 315s, {"Retry-After: 315"}, 315s},
    {"decimal", 248500us, {"Retry-After: 0.249"}, 249ms},
    {"decimal", 2128ms, {"Retry-After: 2.128"}, 2128ms},
    {"date", 299500ms, {"Retry-After: Mon, 31 Aug 2026 12:05:00 GMT"}, 300s},
    {"joined", 120s, {"Retry-After: 0,120"}, 120s},
    {"absent", 5s, {}, std::nullopt},
    {"constant:1", 30s, {"Retry-After: 1"}, 1s},
    {"constant:0.5", 30s, {"Retry-After: 0.5"}, 500ms},
};
BOOST_DATA_TEST_CASE(each_form_says_what_is_announced, boost::unit_test::data::make(form_cases), c) {
  throttle_options how;
  BOOST_REQUIRE(parse_retry_after_form(c.word, how).has_value());
  random_source random(1);
  const auto made = make_retry_after(how, c.wait, noon, random);
  std::string expected;
  for (const auto& line : c.lines) expected += line + "\r\n";
  BOOST_TEST(made.lines == expected);
  BOOST_TEST((made.announced == c.announced));
}

BOOST_AUTO_TEST_CASE(two_lines_have_the_wait_as_their_largest) {
  throttle_options how;
  BOOST_REQUIRE(parse_retry_after_form("two-lines", how).has_value());
  random_source random(1);
  for (int i = 0; i < 20; ++i) {
    reply r;
    r.headers = make_retry_after(how, 9s, noon, random).lines;
    const auto values = header(r, "Retry-After");
    BOOST_REQUIRE(values.size() == 2U);
    BOOST_TEST(values[1] == "9");
    BOOST_TEST(std::stoi(values[0]) <= 9);
  }
}

BOOST_AUTO_TEST_CASE(an_unusable_value_announces_nothing) {
  throttle_options how;
  BOOST_REQUIRE(parse_retry_after_form("garbage", how).has_value());
  random_source random(1);
  const auto made = make_retry_after(how, 9s, noon, random);
  BOOST_TEST(made.lines.starts_with("Retry-After: "));
  BOOST_TEST(!made.announced.has_value());
}

BOOST_AUTO_TEST_CASE(a_mix_has_every_form_and_stays_below_the_maximum) {
  throttle_options how;
  how.retry_after_max = 3;
  BOOST_REQUIRE(parse_retry_after_form("mix", how).has_value());
  random_source random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto made = make_retry_after(how, 90s, noon, random);
    if (made.announced) BOOST_TEST((*made.announced == 3s));
    seen.insert(made.lines.find(',') == std::string::npos
                    ? std::to_string(std::ranges::count(made.lines, '\n')) + (made.lines.find('.') != std::string::npos ? "." : "")
                    : (made.lines.find("GMT") != std::string::npos ? "date" : "joined"));
  }
  BOOST_TEST(seen.size() == 6U);
}

BOOST_AUTO_TEST_CASE(other_words_are_refused) {
  throttle_options how;
  for (const auto* word : {"", "Integer", "constant", "constant:", "constant:x", "constant:-1", "constant:1s"})
    BOOST_TEST(!parse_retry_after_form(word, how).has_value());
}

BOOST_AUTO_TEST_CASE(a_date_is_relative_to_the_answers_own_date) {
  auto how = throttled_once(scope_kind::lane);
  how.throttle.form = retry_after_form::date;
  world w(how);  // 12:00:00.25
  const auto r = w.call(alice, "first");
  BOOST_TEST(header(r, "Date").at(0) == "Mon, 31 Aug 2026 12:00:00 GMT");
  BOOST_TEST(header(r, "Retry-After").at(0) == "Mon, 31 Aug 2026 12:00:01 GMT");
  w.pass(999ms);
  BOOST_TEST(w.call(bob, "a").status == 429);
  w.pass(2s);
  BOOST_TEST(w.call(bob, "a").status == 201);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
