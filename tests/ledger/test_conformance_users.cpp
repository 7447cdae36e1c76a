// The users that a ledger remembers, with every store.

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;
using namespace std::chrono_literals;

namespace {

utc_time now() {
  return std::chrono::time_point_cast<ticks>(std::chrono::system_clock::now());
}

const known_user ada{"ada@uni.example", organizer_name(1)}, ben{"ben@uni.example", organizer_name(2)},
    zoe{"zoe@uni.example", organizer_name(3)};

struct fixture : at_work {
  lane_name here = header().lanes[0];
  utc_time when = now();

  [[nodiscard]] std::vector<known_user> users(utc_time at, std::optional<lane_name> of = std::nullopt) const {
    return must(s->users(of.value_or(here), at)).users;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(users, fixture)

BOOST_AUTO_TEST_CASE(users_are_remembered_for_seven_days) {
  BOOST_TEST(users(when).empty());
  must(s->save_users(here, {.users = {zoe, ada}, .closed_until = {}}, when));
  must(s->save_users(here, {.users = {ben}, .closed_until = {}}, when + 24h));
  restart();
  BOOST_TEST((users(when + 25h) == std::vector{ada, ben, zoe}));
  BOOST_TEST((users(when + 7 * 24h - 1s) == std::vector{ada, ben, zoe}));
  BOOST_TEST((users(when + 7 * 24h + 1s) == std::vector{ben}));
  BOOST_TEST(users(when + 8 * 24h + 1s).empty());
}

BOOST_AUTO_TEST_CASE(a_later_look_up_replaces_an_earlier_one_and_lasts_longer) {
  must(s->save_users(here, {.users = {ada}, .closed_until = {}}, when));
  must(s->save_users(here, {.users = {{ada.upn, ben.object_id}}, .closed_until = {}}, when + 6 * 24h));
  BOOST_TEST((users(when + 8 * 24h) == std::vector<known_user>{{ada.upn, ben.object_id}}));
}

BOOST_AUTO_TEST_CASE(users_belong_to_the_root_and_the_tenant_and_not_to_the_app) {
  must(s->save_users(here, {.users = {ada}, .closed_until = when + 1h}, when));
  auto app = here, tenant = here, root = here;
  app.app = "another";
  tenant.tenant = "00000000-0000-4000-8000-0000000000ff";
  root.graph_root = "https://elsewhere.example";
  BOOST_TEST((users(when, app) == std::vector{ada}));
  BOOST_TEST(must(s->users(app, when)).closed_until.has_value());
  for (const auto& other : {tenant, root}) {
    BOOST_TEST(users(when, other).empty());
    BOOST_TEST(!must(s->users(other, when)).closed_until.has_value());
  }
}

BOOST_AUTO_TEST_CASE(look_ups_that_seem_to_come_from_the_future_count_as_none) {
  must(s->save_users(here, {.users = {ada}, .closed_until = {}}, when + 48h));
  BOOST_TEST(users(when).empty());
  // They are forgotten with the next write.
  must(s->save_users(here, {.users = {ben}, .closed_until = {}}, when));
  BOOST_TEST((users(when + 49h) == std::vector{ben}));
}

BOOST_AUTO_TEST_CASE(a_cooldown_of_look_ups_lasts_until_its_end_or_until_it_is_replaced) {
  must(s->save_users(here, {.users = {}, .closed_until = when + 20min}, when));
  restart();
  const auto closed = must(s->users(here, when)).closed_until;
  BOOST_REQUIRE(closed.has_value());
  BOOST_TEST(about(*closed, when + 20min));
  // What is learnt without a cooldown leaves it as it is.
  must(s->save_users(here, {.users = {ada}, .closed_until = {}}, when));
  BOOST_TEST(must(s->users(here, when)).closed_until.has_value());
  must(s->save_users(here, {.users = {}, .closed_until = when}, when));
  BOOST_TEST(!must(s->users(here, now())).closed_until.has_value());
}

// The user was deleted, and made anew with another id.
BOOST_AUTO_TEST_CASE(the_names_of_an_organizer_whom_the_service_does_not_know_are_forgotten) {
  const known_user alias{"countess@uni.example", ada.object_id};
  auto elsewhere = here;
  elsewhere.tenant = "00000000-0000-4000-8000-0000000000ff";
  must(s->save_users(here, {.users = {ada, alias, ben}, .closed_until = {}}, when));
  must(s->save_users(elsewhere, {.users = {ada}, .closed_until = {}}, when));
  const auto run = resume(plan(*s, header(), {row(2, 1, "a"), row(3, 2, "b")}).id);
  const auto close = [&](const known_user& who, int status) {
    const auto found = std::ranges::find(run.organizers, who.object_id, &organizer_rows::organizer);
    BOOST_REQUIRE(found != run.organizers.end());
    finished_row like;
    like.http_status = status;
    const auto done = std::make_shared<std::promise<result<closed_rows>>>();
    s->close_organizer({.run = run.info.id, .lane = 0, .lease = run.lease, .organizer = found->id, .like = like},
                       [done](result<closed_rows> n) { done->set_value(std::move(n)); });
    BOOST_TEST(must(done->get_future().get()).calls == 1u);
  };
  close(ben, 403);
  BOOST_TEST((users(when + 1h) == std::vector{ada, ben, alias}));
  close(ada, 404);
  BOOST_TEST((users(when + 1h) == std::vector{ben}));
  BOOST_TEST((users(when + 1h, elsewhere) == std::vector{ada}));
}

// A run that stops because many organizers are not known leaves its rows owed.
BOOST_AUTO_TEST_CASE(the_names_of_the_organizer_of_a_released_row_are_forgotten_where_the_service_does_not_know_it) {
  must(s->save_users(here, {.users = {ada, ben}, .closed_until = {}}, when));
  const auto run = resume(plan(*s, header(), {row(2, 1, "a"), row(3, 2, "b")}).id);
  const auto release = [&](const known_user& who, int status) {
    const auto found = std::ranges::find(run.organizers, who.object_id, &organizer_rows::organizer);
    BOOST_REQUIRE(found != run.organizers.end());
    auto one = released(claim(*s, run, found->id).rows.at(0));
    one.http_status = status;
    finish(*s, {}, {one});
  };
  release(ben, 503);
  release(ada, 404);
  BOOST_TEST((users(when + 1h) == std::vector{ben}));
}

BOOST_AUTO_TEST_CASE(users_survive_runs_and_their_pruning) {
  must(s->save_users(here, {.users = {ada}, .closed_until = {}}, when));
  carry_out(*s, plan(*s, header(), {row(2, 1, "a")}).id);
  must(s->prune(1));
  BOOST_TEST((users(when + 1h) == std::vector{ada}));
}

BOOST_AUTO_TEST_SUITE_END()
