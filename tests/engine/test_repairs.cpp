// What follows the get of a row that repairs, and what expiry means for one that only reads.

#include "engine/operations.hpp"
#include "engine/script.hpp"

namespace convoke::engine::test {

namespace {

constexpr auto create_or_get = operation::create_or_get, update = operation::update, get = operation::get;
constexpr utc_time answered_at{std::chrono::seconds(1'780'000'000)};

script repairing(std::uint32_t rows, update_rule rule = update_rule::if_different) {
  return script::owing(get, rule, {rows}, 1, script::quick(), true);
}

answer expiring(answer a, std::chrono::seconds after) {
  a.finished_at = answered_at;
  a.stored->expires_at = answered_at + after;
  return a;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(repairs)

BOOST_AUTO_TEST_CASE(the_rules_of_a_get) {
  BOOST_TEST((after_gone(get, false, true).next == create_or_get));
  BOOST_TEST((after_success(get, update_rule::if_different, different(), true).next == update));
  BOOST_TEST((after_success(get, update_rule::both, different(), true).next == update));
  for (const auto rule : {update_rule::never, update_rule::always}) {
    BOOST_TEST(!after_success(get, rule, different(), true).next.has_value());
    BOOST_TEST((after_success(get, rule, different(), true).result == outcome::drifted));
  }
  BOOST_TEST(!after_success(get, update_rule::both, different(), false).next.has_value());
  BOOST_TEST((after_success(get, update_rule::if_different, ok(200), true).result == outcome::unchanged));
  // createOrGet has taken place: what it returns is not made once more.
  BOOST_TEST(!after_success(create_or_get, update_rule::never, expiring(ok(200), 0s), true).next.has_value());
}

BOOST_AUTO_TEST_CASE(an_expired_meeting_is_never_unchanged) {
  BOOST_TEST(shows_expiry(expiring(ok(200), 0s)));
  BOOST_TEST(!shows_expiry(expiring(ok(200), 1s)));
  BOOST_TEST(!shows_expiry(ok(200)));
  BOOST_TEST((after_success(get, update_rule::never, expiring(ok(200), 0s)).result == outcome::drifted));
  BOOST_TEST((after_success(get, update_rule::never, expiring(ok(200), 1s)).result == outcome::unchanged));
  BOOST_TEST((after_success(get, update_rule::if_different, expiring(different(), 0s), true).next == create_or_get));
}

BOOST_AUTO_TEST_CASE(expiry_is_named_among_what_differs) {
  auto t = script::owing(get, update_rule::never, {2}, 1);
  t.finish(t.call(get), expiring(ok(200), -1s));
  BOOST_TEST((t.recorded(outcome::drifted).last.drift == std::vector<std::string>{"expiry"}));
  t.finish(t.call(get), expiring(different(), -1s));
  BOOST_TEST((t.recorded(outcome::drifted).last.drift == std::vector<std::string>{"subject", "expiry"}));
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_lost_meeting_is_made_again_and_one_that_differs_is_updated) {
  auto t = repairing(4);
  t.finish(t.call(get), http(404, "NotFound"));
  const auto lost = t.advanced(create_or_get);
  BOOST_TEST(!lost.last.stored.has_value());
  t.finish(t.call(get), different());  // row 2 was granted while row 1 was not durable
  t.advanced(update);
  t.finish(t.call(create_or_get), ok(201));
  BOOST_TEST(t.recorded(outcome::created).attempts == 2U);
  t.finish(t.call(update), ok(200));
  t.recorded(outcome::updated);
  t.finish(t.call(get), expiring(ok(200), -1s));
  t.advanced(create_or_get);
  t.finish(t.call(get), ok(200));
  t.recorded(outcome::unchanged);
  t.finish(t.call(create_or_get), ok(200));
  t.recorded(outcome::existing);
  t.over(stop_reason::finished);
}

// A meeting that was made again can differ at once, and be lost once more before its update: it is made one time more, as after any update.
BOOST_AUTO_TEST_CASE(what_was_made_again_is_updated_and_may_be_lost_once_more) {
  auto t = repairing(1);
  t.finish(t.call(get), http(404));
  t.advanced(create_or_get);
  t.finish(t.call(create_or_get), different(200));
  t.advanced(update);
  t.finish(t.call(update), http(404));
  t.advanced(create_or_get);
  t.finish(t.call(create_or_get), different(200));
  t.advanced(update);
  t.finish(t.call(update), http(404));
  t.recorded(outcome::failed);
  t.over(stop_reason::finished);
}

// The 404 of a get does not say whether the meeting or its organizer is gone; that of createOrGet can only mean the organizer.
BOOST_AUTO_TEST_CASE(an_organizer_who_left_is_found_by_the_createorget_that_follows) {
  auto t = repairing(3);
  t.finish(t.call(get), http(404, "NotFound"));
  t.advanced(create_or_get);
  t.finish(t.call(get), http(404, "NotFound"));
  t.advanced(create_or_get);
  t.finish(t.call(create_or_get), http(404, "NotFound"));
  t.recorded(outcome::failed);
  const auto closed = t.next<close_organizer>();
  BOOST_TEST(closed.last.status == 404);
}

BOOST_AUTO_TEST_CASE(an_unproven_404_makes_nothing) {
  auto t = repairing(1);
  auto unnamed = http(404);
  unnamed.bound = false;
  t.finish(t.call(get), unnamed);
  t.next<drop_connection>();
  t.pass(5s - 1ns);
  t.quiet();
  t.connect(0);
  t.pass(1ns);
  t.finish(t.call(get), ok(200));
  t.recorded(outcome::unchanged);
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
