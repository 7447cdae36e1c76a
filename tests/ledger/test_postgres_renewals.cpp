// Leases, and what the workers of a lane exchange.

#include "ledger/postgres_worker.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

lane_report counts(std::uint64_t calls, std::uint64_t successes, double wants = 1) {
  lane_report out;
  out.wants = wants;
  out.calls = calls;
  out.successes = successes;
  return out;
}

lane_report publishing(double rate, std::vector<lane_report::published::grant> grants = {}) {
  lane_report out;
  out.leads = lane_report::published{};
  out.leads->rate = rate;
  out.leads->pace = {.rate = rate / 2, .refused = rate * 2, .credit = 3};
  out.leads->grants = std::move(grants);
  return out;
}

struct renewals : database {
  renewals() { add_run(10); }
  lane_terms renew(worker& w, lane_report report = {}) {
    const auto answer = w.renew({std::move(report)});
    if (!answer) BOOST_FAIL("unexpected error: " << answer.error().message);
    BOOST_REQUIRE(answer->lanes.size() == 1u);
    return answer->lanes[0];
  }
  // As if it had not renewed for so long.
  void silent(const worker& w, int seconds) {
    must(connect().run("UPDATE convoke.session_lane SET seen_at = clock_timestamp() - $2::bigint * interval '1 second' WHERE session = $1",
                       postgres::params().with(w.lease).with(seconds)));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(postgres_renewals, renewals)

BOOST_AUTO_TEST_CASE(a_renewal_extends_the_lease_and_an_exchange_does_not) {
  worker one(*this);
  const auto opened = one.join();
  BOOST_REQUIRE(opened.shared.has_value());
  BOOST_TEST((opened.shared->left == lease_time));
  must(connect().run("UPDATE convoke.session SET expires_at = clock_timestamp() + interval '10 seconds'"));
  auto left = must(one.renew({lane_report{}}, false)).left;
  BOOST_TEST((left <= std::chrono::seconds(10)));
  BOOST_TEST((left > std::chrono::seconds(5)));
  left = must(one.renew({lane_report{}}, true)).left;
  BOOST_TEST((left <= lease_time));
  BOOST_TEST((left > lease_time - std::chrono::seconds(5)));
  expire(one.lease);
  for (const bool extend : {false, true}) BOOST_TEST((one.renew({counts(5, 5)}, extend).error().code == errc::busy));
  BOOST_TEST(number("SELECT calls FROM convoke.session_lane") == 0);
}

BOOST_AUTO_TEST_CASE(one_worker_alone_leads_with_the_whole_rate) {
  worker one(*this);
  const auto first = one.join().shared.value().lanes.at(0);
  for (const auto& terms : {first, renew(one, counts(10, 9)), renew(one, publishing(20))}) {
    BOOST_TEST(terms.leads);
    BOOST_TEST(terms.part == 1);
    BOOST_TEST(terms.safe_part == 1);
    BOOST_TEST(terms.workers == 1u);
    BOOST_TEST(terms.calls == 0u);
    BOOST_TEST(terms.successes == 0u);
    BOOST_TEST(terms.throttles.empty());
    BOOST_REQUIRE(terms.members.size() == 1u);
    BOOST_TEST(terms.members[0].settled);
  }
}

BOOST_AUTO_TEST_CASE(the_first_worker_leads_and_sees_what_the_others_do) {
  worker one(*this), two(*this);
  one.join();
  const auto joined = two.join().shared.value().lanes.at(0);
  BOOST_TEST(!joined.leads);
  BOOST_TEST(joined.part == 0);
  BOOST_TEST(joined.workers == 2u);
  renew(one);
  renew(two, counts(10, 8, 5));
  auto seen = renew(one);
  BOOST_TEST(seen.leads);
  BOOST_TEST(seen.calls == 10u);
  BOOST_TEST(seen.successes == 8u);
  BOOST_REQUIRE(seen.members.size() == 2u);
  for (const auto& member : seen.members) {
    if (member.session == two.lease) BOOST_TEST(member.wants == 5);
  }
  BOOST_TEST(renew(one).calls == 0u);
  auto throttled = counts(3, 2);
  const auto now = os::wall_now();
  throttled.throttles.push_back({.sent = now - std::chrono::seconds(2), .until = now + std::chrono::seconds(30)});
  renew(two, throttled);
  renew(two, throttled);  // the same one, as after an answer that was lost
  seen = renew(one, publishing(40, {{.session = one.lease, .part = 0.75, .safe_part = 0.3},
                                    {.session = two.lease, .part = 0.25, .safe_part = 0.1}}));
  BOOST_TEST(seen.calls == 6u);
  BOOST_REQUIRE(seen.throttles.size() == 1u);
  BOOST_TEST(about(seen.throttles[0].sent, now - std::chrono::seconds(2)));
  BOOST_TEST(about(seen.throttles[0].until, now + std::chrono::seconds(30)));
  BOOST_TEST(renew(one).throttles.empty());
  const auto granted = renew(two);
  BOOST_TEST(!granted.leads);
  BOOST_TEST(granted.part == 0.25);
  BOOST_TEST(granted.safe_part == 0.1);
  BOOST_TEST(granted.rate == 40);
  BOOST_REQUIRE(granted.pace.has_value());
  BOOST_TEST((*granted.pace == lane_pace{.rate = 20, .refused = 80, .credit = 3}));
  BOOST_TEST(granted.members.empty());
}

BOOST_AUTO_TEST_CASE(another_worker_stands_in_for_a_leader_that_is_silent) {
  worker one(*this), two(*this);
  one.join();
  two.join();
  renew(one, publishing(40));
  renew(two, counts(7, 7));
  silent(one, 4);
  BOOST_TEST(!renew(two).leads);
  silent(one, 6);
  const auto begins = renew(two);
  BOOST_TEST(begins.leads);
  BOOST_TEST(begins.rate == 40);
  BOOST_TEST(begins.calls == 0u);
  renew(two, publishing(30));
  // The first one is back: what it has to publish is old. It leads again from the renewal after that one, at the rate of the other.
  auto back = renew(one, publishing(100));
  BOOST_TEST(!back.leads);
  BOOST_TEST(back.rate == 30);
  BOOST_TEST(!renew(two, publishing(35)).leads);
  back = renew(one);
  BOOST_TEST(back.leads);
  BOOST_TEST(back.rate == 30);
  renew(one, publishing(50));
  BOOST_TEST(renew(two).rate == 50);
  // An ended session leads nothing.
  must(one.sessions.leave(one.db, one.lease));
  BOOST_TEST(renew(two).leads);
}

BOOST_AUTO_TEST_CASE(only_what_happened_since_it_leads_counts_for_a_leader) {
  worker one(*this), two(*this), three(*this);
  one.join();
  two.join();
  three.join();
  renew(one);
  renew(three, counts(100, 90));
  must(one.sessions.leave(one.db, one.lease));
  BOOST_TEST(renew(two).calls == 0u);
  renew(three, counts(5, 4));
  worker four(*this);
  four.join();
  renew(four, counts(2, 1));
  const auto seen = renew(two);
  BOOST_TEST(seen.calls == 7u);
  BOOST_TEST(seen.successes == 5u);
  BOOST_TEST(seen.workers == 3u);
}

BOOST_AUTO_TEST_CASE(sums_that_are_stated_again_count_once) {
  worker one(*this), two(*this);
  one.join();
  two.join();
  renew(one);
  // The answer of this renewal is lost: the session does not know that it took effect.
  postgres::session_list other;
  auto copy = std::make_shared<postgres::session>();
  const auto known = two.list.find(two.lease);
  copy->id = known->id;
  copy->lanes = known->lanes;
  copy->exchange.resize(1);
  other.add(copy);
  must(must(postgres::renew(two.renewals, other, {.lease = two.lease, .extend = false, .lanes = {counts(6, 5)}})));
  renew(two, counts(6, 5));
  BOOST_TEST(renew(one).calls == 6u);
}

BOOST_AUTO_TEST_CASE(a_worker_that_joins_while_the_lane_learns_is_not_settled) {
  worker one(*this), two(*this), three(*this);
  const auto settled = [&] {
    const auto seen = renew(one);
    std::string out;
    for (const auto* w : {&one, &two, &three}) {
      for (const auto& member : seen.members) {
        if (member.session == w->lease) out += member.settled ? 's' : 'l';
      }
    }
    return out;
  };
  one.join();
  two.join();
  BOOST_TEST(settled() == "sl");
  must(connect().run("UPDATE convoke.lane_rate SET active_since = active_since - interval '61 seconds'"));
  three.join();
  BOOST_TEST(settled() == "sss");
  // The lane begins anew once no worker is left.
  for (auto* w : {&one, &two, &three}) must(w->sessions.leave(w->db, w->lease));
  two.lease = three.lease = 0;
  one.join();
  two.join();
  BOOST_TEST(settled() == "sl");
  BOOST_TEST(renew(two).rate == 0);
}

BOOST_AUTO_TEST_CASE(cooldowns_of_others_are_announced_once) {
  worker one(*this), two(*this);
  const auto organizer = one.join().organizers.at(0).id;
  two.join();
  const auto page = two.claim(organizer, 3);
  const auto now = os::wall_now();
  const auto cool = [&](worker& w, std::optional<organizer_id> of, int seconds) {
    postgres::group all;
    all.cooldowns.push_back({.run = all_runs, .lane = 0, .organizer = of, .until = now + std::chrono::seconds(seconds)});
    must(w.writer.commit(w.db, all));
  };
  cool(one, {}, 100);
  cool(two, organizer, 50);
  auto found = two.write({.finished = {finished(page.rows[0])}, .advanced = {}, .released = {}}).cooldowns;
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].lane == 0u);
  BOOST_TEST(!found[0].organizer.has_value());
  BOOST_TEST(about(found[0].until, now + std::chrono::seconds(100)));
  BOOST_TEST(two.write({.finished = {finished(page.rows[1])}, .advanced = {}, .released = {}}).cooldowns.empty());
  BOOST_TEST(must(two.renew()).cooldowns.empty());
  found = must(one.renew()).cooldowns;
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST((found[0].organizer == organizer));
  // A later end is new, an earlier one changes nothing.
  cool(one, {}, 90);
  BOOST_TEST(must(two.renew()).cooldowns.empty());
  cool(one, {}, 200);
  BOOST_TEST(must(two.renew()).cooldowns.size() == 1u);
  // One that begins knows them all.
  worker three(*this);
  BOOST_TEST(three.join().cooldowns.size() == 2u);
  BOOST_TEST(must(three.renew()).cooldowns.empty());
}

// As after a failover to a standby that lacks the last commits.
BOOST_AUTO_TEST_CASE(a_cooldown_whose_number_was_drawn_before_is_announced) {
  worker one(*this), two(*this);
  one.join();
  two.join();
  postgres::group all;
  all.cooldowns.push_back({.run = all_runs, .lane = 0, .organizer = {}, .until = os::wall_now() + std::chrono::minutes(5)});
  must(one.writer.commit(one.db, all));
  BOOST_TEST(must(two.renew()).cooldowns.size() == 1u);
  must(connect().run("DELETE FROM convoke.cooldown"));
  must(connect().run("SELECT setval('convoke.cooldown_serial', 1, false)"));
  postgres::group next;
  next.cooldowns.push_back({.run = all_runs, .lane = 0, .organizer = {}, .until = os::wall_now() + std::chrono::minutes(9)});
  must(one.writer.commit(one.db, next));
  BOOST_TEST(number("SELECT serial FROM convoke.cooldown") == 1);
  BOOST_TEST(must(two.renew()).cooldowns.size() == 1u);
  BOOST_TEST(must(two.renew()).cooldowns.empty());
}

// A serial is drawn before its commit, so a lower one can appear after a higher one.
BOOST_AUTO_TEST_CASE(a_cooldown_that_is_committed_late_is_announced) {
  worker one(*this), two(*this);
  one.join();
  two.join();
  auto late = connect();
  must(late.run("BEGIN"));
  must(
      late.run("INSERT INTO convoke.cooldown SELECT 1, 5, clock_timestamp() + interval '1 hour', clock_timestamp(), 7, "
               "nextval('convoke.cooldown_serial')"));
  postgres::group all;
  all.cooldowns.push_back({.run = all_runs, .lane = 0, .organizer = {}, .until = os::wall_now() + std::chrono::hours(1)});
  must(one.writer.commit(one.db, all));
  BOOST_TEST(must(two.renew()).cooldowns.size() == 1u);
  must(late.run("COMMIT"));
  const auto found = must(two.renew()).cooldowns;
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST((found[0].organizer == organizer_id{5}));
}

BOOST_AUTO_TEST_SUITE_END()
