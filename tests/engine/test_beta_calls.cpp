// Rows whose createOrGet is a call of the beta endpoint, among others of the same lane.

#include <set>

#include "engine/operations.hpp"
#include "engine/script.hpp"

namespace convoke::engine::test {

namespace {

settings together() {
  auto s = script::quick();
  s.batch_size = 20;
  return s;
}

// One row of each of `count` organizers, all claimed and with one connection. `beta`: the organizers whose row is of the beta endpoint.
script mixed(organizer_id count, const std::set<organizer_id>& beta, const settings& s, operation op = operation::create_or_get,
             std::uint32_t rows_each = 1) {
  std::vector<organizer_setup> setup;
  for (organizer_id o = 0; o < count; ++o) setup.push_back({o, rows_each, 0});
  script t(std::move(setup), s);
  t.next<refresh_token>();
  t.token(1);
  for (auto claims = t.all<fetch_rows>(); !claims.empty(); claims = t.all<fetch_rows>()) {
    for (const auto& claim : claims) {
      std::vector<claimed_page> pages;
      for (const auto& wanted : claim.pages) {
        auto& page = pages.emplace_back(wanted.organizer, std::vector<owed_row>(), true);
        for (std::uint32_t i = 0; i < wanted.count; ++i) {
          const row_id row = 1 + wanted.organizer * row_id{100} + i;
          page.rows.push_back({.row = row,
                               .key = 1000 + row,
                               .organizer = wanted.organizer,
                               .token = 1,
                               .strikes = 0,
                               .op = op,
                               .beta = beta.contains(wanted.organizer)});
        }
      }
      t.arrive(false, pages);
    }
  }
  t.connect(0);
  return t;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(beta_calls)

BOOST_AUTO_TEST_CASE(a_call_of_the_beta_endpoint_is_in_no_batch) {
  auto t = mixed(9, {3, 4, 8}, together());
  std::set<row_id> batched, alone;
  for (int i = 0; i < 20; ++i) {
    for (const auto& b : t.all<send_batch>()) {
      for (const auto& c : b.calls) batched.insert(c.row);
      t.finish(b, std::vector<answer>(b.calls.size(), ok()));
    }
    for (const auto& c : t.all<send_call>()) {
      alone.insert(c.row);
      t.finish(c, ok());
    }
    for (const auto& one : t.all<record_outcome>()) t.commit({one.row});
    t.pass(200ms);
  }
  for (const row_id beta : {301U, 401U, 801U}) {
    BOOST_TEST(alone.contains(beta));
    BOOST_TEST(!batched.contains(beta));
  }
  BOOST_TEST(batched.size() + alone.size() == 9U);
  BOOST_TEST(batched.size() >= 5U);
  t.over(stop_reason::finished);
}

// What follows createOrGet is a call of v1.0.
BOOST_AUTO_TEST_CASE(other_operations_of_such_a_row_go_into_a_batch) {
  auto t = mixed(3, {0, 1, 2}, together(), operation::update);
  BOOST_TEST(t.next<send_batch>().calls.size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_the_beta_endpoint_does_not_find_ends_the_row_and_not_the_organizer) {
  auto t = mixed(1, {0}, script::quick(), operation::create_or_get, 2);
  t.finish(t.next<send_call>(), http(404, "NotFound"));
  BOOST_TEST(t.all<close_organizer>().empty());
  t.finish(t.next<send_call>(), ok());
  BOOST_TEST((t.recorded(outcome::failed).row == 1U));
  t.recorded(outcome::created);
  t.over(stop_reason::finished);
}

// A missing policy is about the organizer, whatever the endpoint.
BOOST_AUTO_TEST_CASE(a_403_of_the_beta_endpoint_ends_the_organizer) {
  auto t = mixed(1, {0}, script::quick(), operation::create_or_get, 2);
  t.finish(t.next<send_call>(), http(403, "Forbidden"));
  BOOST_TEST(t.all<send_call>().empty());
}

BOOST_AUTO_TEST_CASE(without_the_mark_a_404_ends_the_organizer) {
  auto t = mixed(1, {}, script::quick(), operation::create_or_get, 2);
  t.finish(t.next<send_call>(), http(404, "NotFound"));
  BOOST_TEST(t.all<send_call>().empty());
}

BOOST_AUTO_TEST_CASE(a_chat_that_differs_alone_owes_no_update) {
  auto chat = ok(200), both = ok(200);
  chat.drift = {"chat_thread_id"};
  both.drift = {"subject", "chat_thread_id"};
  for (const auto rule : {update_rule::never, update_rule::if_different}) {
    const auto then = after_success(operation::create_or_get, rule, chat);
    BOOST_TEST(!then.next.has_value());
    BOOST_TEST((then.result == outcome::drifted));
  }
  BOOST_TEST((after_success(operation::create_or_get, update_rule::if_different, both).next == operation::update));
  chat.settled = true;
  BOOST_TEST(!after_success(operation::create_or_get, update_rule::both, chat).next.has_value());
  chat.to_set = {"option.allowRecording"};
  BOOST_TEST((after_success(operation::create_or_get, update_rule::never, chat).next == operation::update));
  BOOST_TEST((after_success(operation::update, update_rule::if_different, chat).result == outcome::drifted));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
