#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <rapidcheck/boost_test.h>
#include <boost/test/unit_test.hpp>

#include "engine/lookups.hpp"

using namespace convoke;
using namespace convoke::engine;
using namespace std::chrono_literals;
using kind = lookup_item::kind;
using state = user_lookups::user::state;
using step_kind = user_lookups::step::kind;

namespace {

lookup_item found(std::uint32_t user) {
  return {.what = kind::found, .object_id = "id-" + std::to_string(user)};
}
lookup_item throttled(std::optional<std::chrono::nanoseconds> wait) {
  return {.what = kind::throttled, .text = "HTTP 429 TooManyRequests", .retry_after = wait};
}
lookup_item fault(std::string text = "HTTP 503") {
  return {.what = kind::fault, .text = std::move(text)};
}

struct world {
  explicit world(std::size_t users, lookup_settings how = {}) : policy(how, users, now) {}

  // The next envelope; the waits before it pass.
  std::vector<std::uint32_t> next_envelope(bool token = true) {
    for (int i = 0; i < 1000; ++i) {
      auto step = policy.next(now, token);
      if (step.what == step_kind::send) return step.users;
      if (step.what == step_kind::over) return {};
      BOOST_REQUIRE(step.until > now);
      now = step.until;
    }
    BOOST_FAIL("it waits for ever");
    return {};
  }
  void answer(const std::vector<std::uint32_t>& users, std::vector<lookup_item> items, std::uint32_t token = 1) {
    policy.answered(users, {.items = std::move(items), .token = token}, now);
  }
  void answer_all(const std::vector<std::uint32_t>& users, const lookup_item& as, std::uint32_t token = 1) {
    policy.answered(users, {.items = {}, .envelope = as, .token = token}, now);
  }
  void find_all(const std::vector<std::uint32_t>& users) {
    std::vector<lookup_item> items;
    for (const auto i : users) items.push_back(found(i));
    answer(users, std::move(items));
  }
  [[nodiscard]] std::size_t count(state as) const {
    return static_cast<std::size_t>(std::ranges::count(policy.users(), as, &user_lookups::user::is));
  }

  mono_time now{1000s};
  user_lookups policy;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lookups)

BOOST_AUTO_TEST_CASE(users_go_in_envelopes_of_twenty_at_the_pace) {
  world w(45);
  std::vector<mono_time> sent;
  std::vector<std::size_t> sizes;
  for (;;) {
    const auto users = w.next_envelope();
    if (users.empty()) break;
    sent.push_back(w.now);
    sizes.push_back(users.size());
    w.find_all(users);
  }
  BOOST_TEST(sizes == (std::vector<std::size_t>{20, 20, 5}), boost::test_tools::per_element());
  BOOST_TEST((sent[1] - sent[0] >= 199ms));
  BOOST_TEST((sent[2] - sent[1] >= 199ms));
  BOOST_TEST(w.policy.over());
  BOOST_TEST(!w.policy.ended().has_value());
  BOOST_TEST(w.count(state::found) == 45u);
  BOOST_TEST(w.policy.users()[44].text == "id-44");
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_without_a_token_and_four_envelopes_are_in_flight_at_most) {
  world w(200);
  BOOST_TEST((w.policy.next(w.now, false).what == step_kind::wait));
  for (int i = 0; i < 4; ++i) BOOST_TEST(w.next_envelope().size() == 20u);
  BOOST_TEST((w.policy.next(w.now + 10s, true).what == step_kind::wait));
}

BOOST_AUTO_TEST_CASE(an_unknown_and_a_refused_user_are_known_to_be_so) {
  world w(3);
  const auto users = w.next_envelope();
  w.answer(users, {{.what = kind::unknown}, {.what = kind::refused, .text = "HTTP 400 Request_BadRequest"}, found(2)});
  BOOST_TEST(w.policy.over());
  BOOST_TEST((w.policy.users()[0].is == state::unknown));
  BOOST_TEST((w.policy.users()[1].is == state::refused));
  BOOST_TEST(w.policy.users()[1].text == "HTTP 400 Request_BadRequest");
  BOOST_TEST((w.policy.users()[2].is == state::found));
}

BOOST_AUTO_TEST_CASE(of_the_cooldowns_of_an_envelope_the_longest_is_obeyed_and_costs_no_attempt) {
  world w(3, {.max_attempts = 1});
  const auto first = w.next_envelope();
  const auto at = w.now;
  w.answer(first, {throttled(5s), found(1), throttled(30s)});
  BOOST_TEST((w.policy.closed_for(at) == 30s));
  const auto again = w.next_envelope();
  BOOST_TEST(again.size() == 2u);
  BOOST_TEST((w.now >= at + 30s));
  BOOST_TEST((w.now <= at + 33s));
  for (int i = 0; i < 8; ++i) {
    w.answer_all({0, 2}, throttled(1s));
    BOOST_TEST(w.next_envelope().size() == 2u);
  }
  w.find_all({0, 2});
  BOOST_TEST(w.count(state::found) == 3u);
}

BOOST_AUTO_TEST_CASE(a_throttle_lowers_the_pace_once_and_successes_raise_it_again) {
  world w(1000);
  std::vector<std::vector<std::uint32_t>> flying;
  for (int i = 0; i < 4; ++i) flying.push_back(w.next_envelope());
  for (const auto& users : flying) w.answer_all(users, throttled(2s));
  const auto one = w.next_envelope();
  w.find_all(one);
  const auto at = w.now;
  const auto two = w.next_envelope();
  // Half of 5 envelopes a second, a quarter more after a success.
  BOOST_TEST((w.now - at >= 300ms));
  BOOST_TEST((w.now - at <= 410ms));
  w.find_all(two);
}

BOOST_AUTO_TEST_CASE(a_throttle_without_a_time_backs_off) {
  world w(1);
  std::chrono::nanoseconds before{0};
  for (int i = 0; i < 5; ++i) {
    const auto users = w.next_envelope();
    const auto at = w.now;
    w.answer_all(users, throttled(std::nullopt));
    BOOST_TEST((w.policy.closed_for(at) == 0s));
    static_cast<void>(w.policy.next(w.now, true));
    const auto step = w.policy.next(w.now, true);
    BOOST_TEST((step.what == step_kind::wait));
    BOOST_TEST((step.until - at >= before / 2));
    before = step.until - at;
  }
  BOOST_TEST((before >= 8s));
}

BOOST_AUTO_TEST_CASE(a_long_cooldown_ends_the_look_ups_and_says_when_to_come_back) {
  world w(2);
  w.answer_all(w.next_envelope(), throttled(1200s));
  BOOST_TEST(w.next_envelope().empty());
  BOOST_REQUIRE(w.policy.ended().has_value());
  BOOST_TEST((w.policy.ended()->code == errc::network));
  BOOST_TEST((w.policy.ended()->come_back == 1200s));
  BOOST_TEST(w.policy.ended()->why.contains("HTTP 429 TooManyRequests"));
}

BOOST_AUTO_TEST_CASE(an_implausible_cooldown_is_cut_and_a_saved_one_is_obeyed) {
  world w(1, {.max_cooldown = 60s});
  const auto at = w.now;
  w.answer_all(w.next_envelope(), throttled(std::chrono::hours(1000)));
  BOOST_TEST((w.policy.closed_for(at) == 60s));
  BOOST_TEST(w.next_envelope().size() == 1u);
  BOOST_TEST((w.now >= at + 60s));
  BOOST_TEST((w.now <= at + 66s));

  world saved(1, {.closed_for = 90s});
  const auto begin = saved.now;
  BOOST_TEST(saved.next_envelope().size() == 1u);
  BOOST_TEST((saved.now >= begin + 90s));

  world closed(1, {.closed_for = 1200s});
  BOOST_TEST(closed.next_envelope().empty());
  BOOST_TEST((closed.policy.ended()->come_back == 1200s));
}

BOOST_AUTO_TEST_CASE(faults_are_repeated_after_a_backoff_until_the_attempts_are_used_up) {
  world w(2, {.max_attempts = 3});
  for (int i = 0; i < 2; ++i) {
    const auto at = w.now;
    const auto users = w.next_envelope();
    if (i > 0) BOOST_TEST((w.now - at >= 500ms));
    w.answer(users, i == 0 ? std::vector<lookup_item>{found(0), fault()} : std::vector<lookup_item>{fault()});
  }
  w.answer(w.next_envelope(), {fault("the answer has no id")});
  BOOST_TEST(w.policy.over());
  BOOST_REQUIRE(w.policy.ended().has_value());
  BOOST_TEST((w.policy.ended()->code == errc::network));
  BOOST_TEST(w.policy.ended()->why == "Users cannot be looked up, in 3 attempts (the answer has no id).");
  BOOST_TEST((w.policy.users()[0].is == state::found));
}

BOOST_AUTO_TEST_CASE(a_fault_with_a_time_waits_for_it) {
  world w(1);
  const auto at = w.now;
  w.answer_all(w.next_envelope(), {.what = kind::fault, .text = "HTTP 500", .retry_after = 40s});
  BOOST_TEST(w.next_envelope().size() == 1u);
  BOOST_TEST((w.now >= at + 40s));
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_renewed_once_and_the_third_in_a_row_ends_it) {
  world w(1);
  w.answer_all(w.next_envelope(), {.what = kind::unauthorized, .text = "HTTP 401"}, 1);
  BOOST_TEST(w.policy.take_refused_token().value_or(0) == 1u);
  BOOST_TEST(!w.policy.take_refused_token().has_value());
  w.answer_all(w.next_envelope(), {.what = kind::unauthorized, .text = "HTTP 401"}, 2);
  BOOST_TEST(w.policy.take_refused_token().value_or(0) == 2u);
  w.answer_all(w.next_envelope(), {.what = kind::unauthorized, .text = "HTTP 401"}, 3);
  BOOST_TEST(w.next_envelope().empty());
  BOOST_TEST((w.policy.ended()->code == errc::credentials));
  BOOST_TEST(w.policy.ended()->why.contains("HTTP 401"));
}

BOOST_AUTO_TEST_CASE(envelopes_that_flew_with_one_refused_token_count_once) {
  world w(80);
  std::vector<std::vector<std::uint32_t>> flying;
  for (int i = 0; i < 4; ++i) flying.push_back(w.next_envelope());
  for (const auto& users : flying) w.answer_all(users, {.what = kind::unauthorized, .text = "HTTP 401"}, 1);
  BOOST_TEST(w.policy.take_refused_token().value_or(0) == 1u);
  BOOST_TEST(!w.policy.ended().has_value());
  for (auto users = w.next_envelope(); !users.empty(); users = w.next_envelope()) w.find_all(users);
  BOOST_TEST(w.count(state::found) == 80u);
}

BOOST_AUTO_TEST_CASE(a_missing_permission_names_it_and_the_alternative) {
  world w(3);
  w.answer(w.next_envelope(), {found(0), {.what = kind::denied, .text = "HTTP 403 Authorization_RequestDenied"}, found(2)});
  BOOST_TEST(w.next_envelope().empty());
  const auto& end = w.policy.ended();
  BOOST_REQUIRE(end.has_value());
  BOOST_TEST((end->code == errc::credentials));
  BOOST_TEST(end->why.contains("Authorization_RequestDenied"));
  BOOST_TEST(end->why.contains("application permission User.Read.All"));
  BOOST_TEST(end->why.contains("object ids"));
}

BOOST_AUTO_TEST_CASE(what_is_no_graph_ends_it) {
  world w(1);
  w.answer_all(w.next_envelope(), {.what = kind::broken, .text = "HTTP 404"});
  BOOST_TEST((w.policy.ended()->code == errc::protocol));
}

BOOST_AUTO_TEST_CASE(what_was_not_sent_costs_nothing) {
  world w(2, {.max_attempts = 1});
  for (int i = 0; i < 4; ++i) w.policy.answered(w.next_envelope(), {.items = {}, .envelope = fault("closed"), .sent = false}, w.now);
  BOOST_TEST(!w.policy.ended().has_value());
  w.find_all(w.next_envelope());
  BOOST_TEST(w.count(state::found) == 2u);
}

BOOST_AUTO_TEST_CASE(a_login_that_a_proxy_refuses_is_not_tried_again) {
  world w(1, {.max_outage = 60s});
  w.policy.connect_failed("the proxy refused", true, w.now);
  BOOST_REQUIRE(w.policy.ended().has_value());
  BOOST_TEST((w.policy.ended()->code == errc::credentials));
  BOOST_TEST(w.policy.ended()->why == "the proxy refused");
}

BOOST_AUTO_TEST_CASE(connections_are_tried_with_pauses_until_the_outage_is_too_long) {
  world w(1, {.max_outage = 60s});
  const auto begin = w.now;
  int tries = 0;
  for (; tries < 1000 && !w.policy.over(); ++tries) {
    w.policy.connect_failed("cannot connect", false, w.now);
    BOOST_TEST((w.policy.may_connect_at() - w.now >= 500ms));
    w.now = std::min(w.policy.may_connect_at(), std::max(w.policy.patience(w.now), w.now + 1ms));
    static_cast<void>(w.policy.patience(w.now));
  }
  BOOST_REQUIRE(w.policy.ended().has_value());
  BOOST_TEST((w.policy.ended()->code == errc::network));
  BOOST_TEST(w.policy.ended()->why.contains("cannot connect"));
  BOOST_TEST((w.now - begin >= 60s));
  BOOST_TEST((w.now - begin <= 61s));
  BOOST_TEST(tries < 30);
}

BOOST_AUTO_TEST_CASE(a_token_that_never_comes_ends_it) {
  world refused(1);
  refused.policy.token_failed("AADSTS7000215: wrong secret", true, {});
  BOOST_TEST((refused.policy.ended()->code == errc::credentials));
  BOOST_TEST(refused.policy.ended()->why == "AADSTS7000215: wrong secret");

  world late(1, {.max_outage = 60s});
  late.policy.token_failed("the token endpoint cannot be reached", false, late.now + 30s);
  BOOST_TEST(late.next_envelope(false).empty());
  BOOST_TEST((late.policy.ended()->code == errc::network));
  BOOST_TEST(late.policy.ended()->why.contains("the token endpoint"));
  // An outage is expected to last as long again, five minutes at least.
  BOOST_TEST((late.policy.ended()->come_back == 5min));
}

BOOST_AUTO_TEST_CASE(the_time_to_come_back_lies_after_every_announced_cooldown) {
  world of_tokens(1, {.max_outage = 5s});
  of_tokens.policy.token_failed("HTTP 429", false, of_tokens.now + 500s);
  BOOST_TEST(of_tokens.next_envelope(false).empty());
  BOOST_TEST((of_tokens.policy.ended()->come_back == 495s));
  world of_users(1, {.max_outage = 5s});
  of_users.answer_all(of_users.next_envelope(), throttled(500s));
  BOOST_TEST(of_users.next_envelope().empty());
  BOOST_TEST((of_users.policy.ended()->come_back == 495s));
  // Where attempts are used up.
  world of_attempts(2, {.max_attempts = 1});
  of_attempts.answer(of_attempts.next_envelope(), {throttled(900s), fault()});
  BOOST_TEST((of_attempts.policy.ended()->come_back == 900s));
}

BOOST_AUTO_TEST_CASE(a_token_endpoint_that_is_closed_for_long_ends_it_and_says_when_to_come_back) {
  world w(30);
  const auto users = w.next_envelope();
  w.policy.token_failed("HTTP 429", false, w.now + 7200s);
  // What is in flight is waited for.
  BOOST_TEST((w.policy.next(w.now, false).what == step_kind::wait));
  w.find_all(users);
  BOOST_TEST(w.policy.known() == 20U);
  BOOST_TEST(w.next_envelope(false).empty());
  BOOST_REQUIRE(w.policy.ended().has_value());
  BOOST_TEST((w.policy.ended()->code == errc::network));
  BOOST_TEST((w.policy.ended()->come_back == 7200s));
  BOOST_TEST(w.policy.ended()->why.contains("The token endpoint gives no token, which look-ups of users need (HTTP 429)"));

  // A shorter wait is waited for, and so is a token that came after all.
  world brief(1);
  brief.policy.token_failed("HTTP 429", false, brief.now + 600s);
  BOOST_TEST((brief.policy.next(brief.now, false).what == step_kind::wait));
  brief.policy.token_failed("HTTP 429", false, brief.now + 7200s);
  BOOST_TEST(brief.next_envelope(true).size() == 1U);
}

// A service that throttles, fails and loses items by chance, with envelopes whose answers come in any order.
RC_BOOST_PROP(whatever_the_service_does_each_user_is_answered_once_and_no_cooldown_is_broken, ()) {
  const auto users = *rc::gen::inRange<std::size_t>(1, 300);
  const auto seed = *rc::gen::inRange<std::uint64_t>(0, 1'000'000);
  const auto faults = *rc::gen::inRange<unsigned>(0, 30);  // per cent
  pacing::random_engine random(seed);
  const auto chance = [&random](unsigned percent) { return random() % 100 < percent; };
  world w(users, {.max_attempts = 200, .seed = seed});
  std::vector<std::pair<std::vector<std::uint32_t>, mono_time>> flying;
  std::map<std::uint32_t, unsigned> given;
  std::set<std::uint32_t> in_flight;
  mono_time closed_until{};
  for (int i = 0; i < 100'000; ++i) {
    // The time of the next thing that happens.
    auto step = w.policy.next(w.now, true);
    if (step.what == step_kind::over && flying.empty()) break;
    if (step.what == step_kind::send) {
      RC_ASSERT(!step.users.empty() && step.users.size() <= 20u);
      RC_ASSERT(w.now >= closed_until);
      for (const auto u : step.users) {
        RC_ASSERT(in_flight.insert(u).second);
        RC_ASSERT(given[u] == 0u);
      }
      flying.emplace_back(step.users, w.now + std::chrono::milliseconds(random() % 3000));
      RC_ASSERT(flying.size() <= 4u);
      continue;
    }
    const auto next = std::ranges::min_element(flying, {}, [](const auto& one) { return one.second; });
    if (next == flying.end() || (step.what == step_kind::wait && step.until < next->second)) {
      RC_ASSERT(step.what == step_kind::wait && step.until > w.now);
      w.now = step.until;
      continue;
    }
    w.now = std::max(w.now, next->second);
    const auto asked = next->first;
    flying.erase(next);
    std::vector<lookup_item> items;
    for (const auto u : asked) {
      in_flight.erase(u);
      if (chance(faults)) {
        const std::chrono::seconds wait(random() % 60);
        items.push_back(chance(50) ? fault() : throttled(wait));
        if (items.back().what == kind::throttled) closed_until = std::max(closed_until, w.now + wait);
      } else {
        ++given[u];
        items.push_back(chance(10) ? lookup_item{.what = kind::unknown} : found(u));
      }
    }
    w.answer(asked, std::move(items));
  }
  RC_ASSERT(!w.policy.ended().has_value());
  RC_ASSERT(w.policy.over());
  for (std::uint32_t u = 0; u < users; ++u) {
    RC_ASSERT(given[u] == 1u);
    const auto& one = w.policy.users()[u];
    RC_ASSERT(one.is == state::unknown || (one.is == state::found && one.text == "id-" + std::to_string(u)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
