// What is claimed, and how often: against a ledger whose commits take time, in virtual time.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <queue>
#include <utility>
#include <variant>
#include <vector>

#include "engine/script.hpp"

namespace convoke::engine::test {

namespace {

std::uint64_t rows_of(const fetch_rows& claim) {
  std::uint64_t rows = 0;
  for (const auto& page : claim.pages) rows += page.count;
  return rows;
}

std::vector<organizer_setup> organizers_of(organizer_id count, std::uint32_t rows_each) {
  std::vector<organizer_setup> out;
  for (organizer_id o = 0; o < count; ++o) out.push_back({o, rows_each, 0});
  return out;
}

// A whole run. A call takes 5 ms. The ledger makes one commit after the other, each of all that was asked for until it began.
class run {
 public:
  run(std::vector<organizer_setup> organizers, const settings& s, std::chrono::nanoseconds commit)
      : commit_(commit), engine_(s, {lane_setup{.lane = 0, .organizers = organizers, .cooldowns = {}}}, now_) {
    for (const auto& o : organizers) left_[o.organizer] = o.fresh;
    carry_out();
    engine_.token_ready(0, 1, now_);
    carry_out();
    for (connection_id c = 0; c < s.connections; ++c) {
      engine_.connection_ready(0, c, false, now_);
      carry_out();
    }
    while (!over_) step();
  }

  // From the first call to the last answer.
  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(last_answer_ - *first_call_).count(); }

  std::uint64_t claims = 0, pages = 0, rows_claimed = 0, commits = 0, calls = 0;
  std::uint64_t most_ahead = 0;  // rows claimed, or asked for, and not called yet
  bool asked_for_more_than_there_is = false;

 private:
  struct reply {
    mono_time at;
    send_call call;
    bool operator<(const reply& b) const { return at > b.at; }
  };
  struct job {
    std::vector<fetch_rows> claims;
    std::vector<row_id> rows;
    [[nodiscard]] bool empty() const { return claims.empty() && rows.empty(); }
  };

  void step() {
    auto next = mono_time::max();
    if (!replies_.empty()) next = replies_.top().at;
    if (committed_at_) next = std::min(next, *committed_at_);
    if (wake_) next = std::min(next, *wake_);
    BOOST_TEST_REQUIRE((next != mono_time::max()), "nothing happens any more");
    now_ = std::max(now_, next);
    if (committed_at_ && *committed_at_ <= now_) {
      committed_at_.reset();
      acknowledge(std::exchange(under_way_, {}));
      begin_commit();
    } else if (!replies_.empty() && replies_.top().at <= now_) {
      const auto call = replies_.top().call;
      replies_.pop();
      last_answer_ = now_;
      engine_.answered(call.row, ok(), now_);
      carry_out();
      engine_.connection_ready(0, call.connection, false, now_);
      carry_out();
    } else {
      wake_.reset();
      engine_.tick(now_);
      carry_out();
    }
  }

  void acknowledge(const job& done) {
    engine_.committed(done.rows, {}, now_);
    carry_out();
    for (const auto& claim : done.claims) {
      std::vector<claimed_page> found;
      for (const auto& [who, count] : claim.pages) {
        auto& page = found.emplace_back(who, std::vector<owed_row>(), false);
        auto& left = left_[who];
        for (std::uint32_t i = std::min(count, left); i > 0; --i, --left, ++next_row_)
          page.rows.push_back({next_row_, next_row_, who, 1, 0});
        page.exhausted = left == 0;
        rows_claimed += page.rows.size();
      }
      engine_.rows_arrived(0, claim.stale, found, now_);
      carry_out();
    }
  }

  void begin_commit() {
    if (committed_at_ || waiting_.empty()) return;
    under_way_ = std::exchange(waiting_, {});
    committed_at_ = now_ + commit_;
    ++commits;
  }

  void carry_out() {
    for (auto& a : engine_.take_actions()) {
      if (const auto* s = std::get_if<send_call>(&a)) {
        if (!first_call_) first_call_ = now_;
        ++calls;
        replies_.push({now_ + 5ms, *s});
      } else if (const auto* r = std::get_if<record_outcome>(&a)) {
        waiting_.rows.push_back(r->row);
      } else if (const auto* f = std::get_if<fetch_rows>(&a)) {
        ++claims;
        pages += f->pages.size();
        requested_ += rows_of(*f);
        for (const auto& page : f->pages) asked_for_more_than_there_is |= page.count > left_.at(page.organizer);
        waiting_.claims.push_back(*f);
      } else if (const auto* w = std::get_if<wake_at>(&a)) {
        wake_ = w->when;
      } else if (std::holds_alternative<finished>(a)) {
        over_ = true;
      }
    }
    most_ahead = std::max(most_ahead, requested_ - calls);
    begin_commit();
  }

  mono_time now_{1000s}, last_answer_{1000s};
  std::chrono::nanoseconds commit_;
  engine engine_;
  std::map<organizer_id, std::uint32_t> left_;
  std::priority_queue<reply> replies_;
  job waiting_, under_way_;
  std::optional<mono_time> committed_at_, wake_, first_call_;
  row_id next_row_ = 1;
  std::uint64_t requested_ = 0;
  bool over_ = false;
};

settings at_rate(double rate) {
  settings s;
  s.rate = rate;
  s.fixed_rate = true;
  return s;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(claims)

BOOST_AUTO_TEST_CASE(no_more_rows_are_claimed_than_an_organizer_has) {
  for (const std::uint32_t each : {1U, 4U, 9U, 40U, 300U}) {
    const run r(organizers_of(60, each), at_rate(500), 10ms);
    BOOST_TEST(!r.asked_for_more_than_there_is, each << " rows each");
    BOOST_TEST(r.rows_claimed == 60 * each);
    BOOST_TEST(r.calls == 60 * each);
  }
}

BOOST_AUTO_TEST_CASE(one_claim_takes_many_small_organizers) {
  script t(organizers_of(5000, 4), at_rate(500));
  t.next<refresh_token>();
  t.token(1);
  const auto claim = t.next<fetch_rows>();
  t.quiet();
  BOOST_TEST(claim.pages.size() >= 125U / 4);
  BOOST_TEST(rows_of(claim) >= 125U);  // a quarter of a second's calls, counted in rows that exist
  for (organizer_id o = 0; o < claim.pages.size(); ++o) {
    BOOST_TEST(claim.pages[o].organizer == o);  // in the order of the setup, each once
    BOOST_TEST(claim.pages[o].count == 4U);
  }
}

BOOST_AUTO_TEST_CASE(many_small_organizers_need_few_claims) {
  auto fast = at_rate(1e6);
  fast.connections = 64;
  const run r(organizers_of(5000, 4), fast, 10ms);
  BOOST_TEST(r.pages == 5000U);
  BOOST_TEST(r.claims <= 16U);
  const run slower(organizers_of(2000, 1), at_rate(500), 10ms);
  BOOST_TEST(slower.pages == 2000U);
  BOOST_TEST(slower.claims <= 2000U / 100);
}

BOOST_AUTO_TEST_CASE(small_organizers_are_called_as_fast_as_large_ones_however_slow_the_disk) {
  for (const auto commit : {10ms, 50ms, 100ms}) {
    for (const organizer_id organizers : {2000U, 500U, 20U, 4U, 1U}) {
      const run r(organizers_of(organizers, 2000 / organizers), at_rate(500), commit);
      BOOST_TEST(r.seconds() < 1.02 * 2000 / 500, organizers << " organizers, " << commit.count() << " ms: " << r.seconds() << " s");
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_claimed_ahead_is_bounded) {
  const run r(organizers_of(3000, 4), at_rate(500), 100ms);
  BOOST_TEST(r.most_ahead <= 500U / 2 + 4);
  auto fast = at_rate(1e9);
  fast.connections = 64;
  const run f(organizers_of(10'000, 4), fast, 10ms);
  BOOST_TEST(f.most_ahead <= 4096U + 2048U + 4);
}

BOOST_AUTO_TEST_CASE(stale_rows_of_many_organizers_are_claimed_together) {
  std::vector<organizer_setup> organizers;
  for (organizer_id o = 0; o < 40; ++o) organizers.push_back({o, 0, 1 + o % 3});
  script t(organizers, at_rate(500));
  t.next<refresh_token>();
  t.token(1);
  t.quiet();
  t.pass(20s);
  const auto claim = t.next<fetch_rows>();
  BOOST_TEST(claim.stale);
  BOOST_TEST_REQUIRE(claim.pages.size() == 40U);
  for (organizer_id o = 0; o < 40; ++o) BOOST_TEST(claim.pages[o].count == 1 + o % 3);
}

BOOST_AUTO_TEST_CASE(a_ledger_that_has_fewer_rows_than_it_said_is_believed) {
  script t({{0, 100, 0}, {1, 2, 0}});
  t.next<refresh_token>();
  t.token(1);
  const auto claim = t.next<fetch_rows>();
  BOOST_TEST(rows_of(claim) == 102U);
  t.arrive(false, {{0, {{1, 1, 0, 1, 0}}, true}, {1, {}, true}});
  t.quiet();
  t.connect(0);
  t.one_success();
  t.over(stop_reason::finished);
}

BOOST_AUTO_TEST_CASE(a_ledger_that_has_more_rows_than_it_said_is_believed) {
  script t({{0, 1, 0}});
  t.next<refresh_token>();
  t.token(1);
  t.page(1, false);
  BOOST_TEST(rows_of(t.next<fetch_rows>()) == 1U);
  t.arrive(0, false, {{2, 2, 0, 1, 0}}, true);
  t.connect(0);
  t.one_success();
  t.connect(0);
}

BOOST_AUTO_TEST_CASE(an_organizer_whose_cooldown_runs_is_left_out_of_a_claim) {
  script t({{0, 4, 0}, {1, 4, 0}, {2, 4, 0}}, script::quick(), {{1, mono_time{} + 1000s + 60s}});
  t.next<refresh_token>();
  t.token(1);
  const auto claim = t.next<fetch_rows>();
  BOOST_TEST_REQUIRE(claim.pages.size() == 2U);
  BOOST_TEST(claim.pages[0].organizer == 0U);
  BOOST_TEST(claim.pages[1].organizer == 2U);
  t.pass(60s);
  const auto later = t.next<fetch_rows>();
  BOOST_TEST_REQUIRE(later.pages.size() == 1U);
  BOOST_TEST(later.pages[0].organizer == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine::test
