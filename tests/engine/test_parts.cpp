// The parts by themselves.

#include <rapidcheck.h>

#include <map>

#include "engine/fetching.hpp"
#include "engine/flat_index.hpp"
#include "engine/health.hpp"
#include "engine/organizers.hpp"
#include "engine/retries.hpp"
#include "engine/rows.hpp"
#include "engine/scopes.hpp"
#include "engine/script.hpp"
#include "engine/streak.hpp"

namespace convoke::engine::test {

BOOST_AUTO_TEST_SUITE(parts)

BOOST_AUTO_TEST_CASE(the_index_behaves_like_a_map) {
  BOOST_TEST(rc::check("as std::map", [](const std::vector<std::pair<std::uint8_t, bool>>& steps) {
    flat_index<std::uint32_t> index;
    std::map<std::uint64_t, std::uint32_t> model;
    std::uint32_t n = 0;
    for (const auto& [k, add] : steps) {
      const std::uint64_t key = std::uint64_t{k % 40U} << 32;
      if (add) {
        index[key] = model[key] = ++n;
      } else {
        index.erase(key);
        model.erase(key);
      }
      RC_ASSERT(index.size() == model.size());
      for (std::uint64_t probe = 0; probe < 40; ++probe) {
        const auto* found = index.find(probe << 32);
        const auto expected = model.find(probe << 32);
        RC_ASSERT((found != nullptr) == (expected != model.end()));
        if (found != nullptr) RC_ASSERT(*found == expected->second);
      }
    }
  }));
}

BOOST_AUTO_TEST_CASE(retries_come_in_order_of_time) {
  BOOST_TEST(rc::check("sorted", [](const std::vector<std::uint16_t>& times) {
    retry_queue q;
    for (row_index s = 0; s < times.size(); ++s) q.push(s, mono_time{} + std::chrono::seconds(times[s]));
    q.remove_if([](row_index s) { return s % 3 == 1; });
    auto last = mono_time::min();
    std::size_t seen = 0;
    for (auto s = q.pop_due(mono_time::max()); s != no_row; s = q.pop_due(mono_time::max())) {
      const auto at = mono_time{} + std::chrono::seconds(times[s]);
      RC_ASSERT(at >= last);
      RC_ASSERT(s % 3 != 1);
      last = at;
      ++seen;
    }
    RC_ASSERT(seen == times.size() - (times.size() + 1) / 3);
    RC_ASSERT(q.empty());
  }));
}

BOOST_AUTO_TEST_CASE(rows_keep_their_indexes_and_sent_ones_their_order) {
  row_store rows;
  sent_list sent(rows);
  std::vector<row_index> s;
  for (row_id id = 1; id <= 4; ++id) s.push_back(rows.add({id, id, 0, 1, 0}, 0, 0));
  BOOST_TEST(rows.add({2, 2, 0, 1, 0}, 0, 0) == no_row);
  for (const auto one : s) sent.append(one);
  sent.remove(s[1]);
  sent.remove(s[1]);
  sent.remove(s[0]);
  BOOST_TEST(sent.front() == s[2]);
  sent.remove(s[3]);
  sent.remove(s[2]);
  BOOST_TEST(sent.front() == no_row);
  rows.remove(s[1]);
  BOOST_TEST(rows.find(2) == no_row);
  BOOST_TEST(rows.find(3) == s[2]);
  BOOST_TEST(rows.add({9, 9, 0, 1, 0}, 0, 0) == s[1]);
}

BOOST_AUTO_TEST_CASE(a_key_guard_forgets_what_is_over) {
  key_guard keys;
  const auto t = mono_time{} + 1s;
  keys.sent(1);
  BOOST_TEST((keys.free_at(1) == mono_time::max()));
  keys.rest(1, t + 5s, t);
  BOOST_TEST((keys.free_at(1) == t + 5s));
  keys.rest(2, t + 15s, t + 10s);
  BOOST_TEST((keys.free_at(1) == mono_time::min()));
  keys.sent(2);
  keys.rest(3, t + 35s, t + 30s);
  BOOST_TEST((keys.free_at(2) == mono_time::max()));  // in flight again: not forgotten with its rest
}

BOOST_AUTO_TEST_CASE(which_words_of_the_header_name_which_scope) {
  BOOST_TEST((parse_scope("tenant_application/readwrite/a/t") == scope_kind::lane));
  BOOST_TEST((parse_scope("APPLICATION") == scope_kind::app));
  BOOST_TEST((parse_scope("Application_Tenant/x") == scope_kind::lane));
  BOOST_TEST((parse_scope("user") == scope_kind::organizer));
  BOOST_TEST(!parse_scope(std::string(10'000, 'u')));
  BOOST_TEST(!parse_scope("/User"));
  BOOST_TEST(!parse_scope(""));
  BOOST_TEST(!parse_scope("Weather"));
}

BOOST_AUTO_TEST_CASE(most_of_a_full_window_must_be_faults) {
  health h(30min);
  unsigned bad = 0;
  for (int i = 0; i < 99; ++i) bad += h.count(true);
  BOOST_TEST(bad == 0U);
  BOOST_TEST(h.count(true) == 1U);
  for (int i = 0; i < 99; ++i) bad += h.count(true);
  BOOST_TEST(bad == 0U);
  BOOST_TEST(h.count(true) == 2U);
  h.success();
  for (int i = 0; i < 100; ++i) bad += h.count(i % 2 == 0);
  BOOST_TEST(bad == 0U);
  BOOST_TEST(h.count(true) == 0U);  // 50: the oldest fault left the window
  BOOST_TEST(h.count(true) == 1U);
}

BOOST_AUTO_TEST_CASE(a_lane_is_down_after_thirty_seconds_of_failures_only) {
  health h(30min);
  const auto t = mono_time{} + 5s;
  h.failed(t, "x");
  BOOST_TEST(!h.down());
  h.failed(t + 29s, "x");
  BOOST_TEST(!h.down());
  h.failed(t + 30s, "x");
  BOOST_TEST(h.down());
  BOOST_TEST((h.gives_up_at() == t + 30min));
  h.answered();
  BOOST_TEST(!h.down());
  BOOST_TEST(!h.gives_up_at().has_value());
}

BOOST_AUTO_TEST_CASE(the_size_of_a_page_follows_rate_and_connections) {
  settings fast;
  fast.rate = 60'000;
  fast.connections = 64;
  const fetch_sizes f(fast, fast.max_unacknowledged);
  BOOST_TEST(f.page(1) == 512U);               // one organizer: as much as a page may be
  BOOST_TEST(f.page(100'000) >= 64U);          // many: some hundred claims a second, not thousands
  BOOST_TEST(f.page(100'000) * 32U <= 4096U);  // and every connection finds an organizer
  fast.rate = 10'000;
  BOOST_TEST(fetch_sizes(fast, fast.max_unacknowledged).low() == 2500U);
  BOOST_TEST(fetch_sizes(fast, fast.max_unacknowledged, 0.25).low() == 625U);  // of the rows that four workers claim
  BOOST_TEST(fetch_sizes(fast, fast.max_unacknowledged, 0.01).low() == 128U);
  settings slow;
  slow.organizer_rate = 0.05;
  BOOST_TEST(fetch_sizes(slow, slow.max_unacknowledged).page(100) == 1U);
  for (const double rate : {0.0, 0.1, 1e12}) {
    settings odd;
    odd.rate = rate;
    odd.connections = 1;
    odd.organizer_concurrency = 0;
    BOOST_TEST(fetch_sizes(odd, odd.max_unacknowledged).page(0) >= 1U);
  }
}

BOOST_AUTO_TEST_CASE(the_round_contains_exactly_the_organizers_that_may_be_called) {
  BOOST_TEST(rc::check("sendable is what the round holds", [](const std::vector<std::uint8_t>& steps) {
    row_store rows;
    settings s;
    s.organizer_concurrency = 2;
    organizers all(s, rows);
    for (organizer_id o = 0; o < 4; ++o) all.add(o, 1, 0);
    row_id next = 1;
    std::vector<organizer_index> out;
    const auto now = mono_time{} + 1s;
    for (const auto step : steps) {
      const organizer_index p = step % 4;
      if (step % 3 == 0) {
        all.push(p, rows.add({next, next, p, 1, 0}, 0, p), step % 2 == 0);
        ++next;
        all.update_round(p, now);
      } else if (step % 3 == 1 && all.front() != no_organizer) {
        const auto turn = all.front();
        RC_ASSERT(all.pop(turn) != no_row);
        all.call_made(turn, now);
        all.end_turn(turn, now);
        out.push_back(turn);
      } else if (!out.empty()) {
        --all[out.back()].in_flight;
        all.update_round(out.back(), now);
        out.pop_back();
      }
      std::uint32_t sendable = 0;
      for (organizer_index i = 0; i < 4; ++i) {
        const auto& o = all[i];
        RC_ASSERT(o.in_round == (o.ready > 0 && o.in_flight < 2));
        if (o.in_round) sendable += o.ready;
      }
      RC_ASSERT(sendable == all.sendable());
      RC_ASSERT((all.front() == no_organizer) == (sendable == 0));
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
