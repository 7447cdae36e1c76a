// Which organizer gets the next call: organizers take turns, whatever the order of the file and however unequal they are. A service that
// takes 100 ms a call, in virtual time.

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include "engine/engine.hpp"

namespace convoke::engine {

using namespace std::chrono_literals;

namespace {

constexpr mono_time start{1000s};
constexpr auto latency = 100ms;

double seconds(std::chrono::nanoseconds d) {
  return static_cast<double>(d.count()) * 1e-9;
}

settings paced(double rate) {
  settings s;
  s.rate = rate;
  s.fixed_rate = true;
  s.connections = 64;
  return s;
}

// A whole run over a file that names its organizers line by line.
class run {
 public:
  run(const std::vector<organizer_id>& file, const settings& s) {
    for (std::uint32_t line = 1; line <= file.size(); ++line) owed_[file[line - 1]].push_back({line, line, file[line - 1], 1, 0});
    lane_setup lane{.lane = 0, .organizers = {}, .cooldowns = {}};
    for (const auto& [who, rows] : owed_) lane.organizers.push_back({who, static_cast<std::uint32_t>(rows.size()), 0});
    engine e(s, {lane}, now_);
    carry_out(e, s.connections);
  }

  [[nodiscard]] double length() const { return seconds(ended_ - start); }
  // When the last call of an organizer was answered.
  [[nodiscard]] double done(organizer_id who) const { return seconds(last_.at(who) - start); }
  // Calls of an organizer between two times.
  [[nodiscard]] std::size_t calls(organizer_id who, std::chrono::nanoseconds from, std::chrono::nanoseconds to) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(sent_, [&](const auto& c) { return c.first == who && c.second >= start + from && c.second < start + to; }));
  }

 private:
  struct reply {
    mono_time at;
    send_call call;
    bool operator<(const reply& b) const { return at > b.at; }
  };

  void carry_out(engine& e, unsigned connections) {
    carry_out(e);
    e.token_ready(0, 1, now_);
    carry_out(e);
    for (connection_id c = 0; c < connections; ++c) {
      e.connection_ready(0, c, false, now_);
      carry_out(e);
    }
    while (!over_) {
      const bool answer_next = !replies_.empty() && (!wake_ || replies_.top().at <= *wake_);
      BOOST_REQUIRE(answer_next || wake_);
      now_ = std::max(now_, answer_next ? replies_.top().at : *wake_);
      if (!answer_next) {
        wake_.reset();
        e.tick(now_);
        carry_out(e);
        continue;
      }
      const auto c = replies_.top().call;
      replies_.pop();
      answer made;
      made.status = 201;
      made.stored.emplace();
      e.answered(c.row, std::move(made), now_);
      carry_out(e);
      e.connection_ready(0, c.connection, true, now_);
      carry_out(e);
    }
  }

  void carry_out(engine& e) {
    std::vector<row_id> recorded;
    for (auto& a : e.take_actions()) {
      if (const auto* s = std::get_if<send_call>(&a)) {
        sent_.emplace_back(who_.at(s->row), now_);
        last_[who_.at(s->row)] = ended_ = now_ + latency;
        replies_.push({now_ + latency, *s});
      } else if (const auto* r = std::get_if<record_outcome>(&a)) {
        recorded.push_back(r->row);
      } else if (const auto* f = std::get_if<fetch_rows>(&a)) {
        requested_.push_back(*f);
      } else if (const auto* w = std::get_if<wake_at>(&a)) {
        wake_ = w->when;
      } else if (std::holds_alternative<finished>(a)) {
        over_ = true;
      }
    }
    if (!recorded.empty()) {
      e.committed(recorded, {}, now_);
      carry_out(e);
    }
    for (const auto& f : std::exchange(requested_, {})) {
      std::vector<claimed_page> claim;
      for (const auto& [who, count] : f.pages) {
        auto& rows = owed_[who];
        const auto n = std::min<std::size_t>(count, rows.size());
        std::vector<owed_row> page(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(n));
        rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(n));
        for (const auto& r : page) who_[r.row] = r.organizer;
        claim.push_back({who, std::move(page), rows.empty()});
      }
      e.rows_arrived(0, f.stale, claim, now_);
      carry_out(e);
    }
  }

  mono_time now_ = start, ended_ = start;
  std::map<organizer_id, std::vector<owed_row>> owed_;
  std::map<row_id, organizer_id> who_;
  std::map<organizer_id, mono_time> last_;
  std::vector<std::pair<organizer_id, mono_time>> sent_;
  std::priority_queue<reply> replies_;
  std::vector<fetch_rows> requested_;
  std::optional<mono_time> wake_;
  bool over_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(fairness)

BOOST_AUTO_TEST_CASE(a_file_sorted_by_organizer_runs_as_fast_as_a_shuffled_one) {
  std::vector<organizer_id> sorted;
  for (organizer_id o = 0; o < 50; ++o) sorted.insert(sorted.end(), 40, o);
  auto shuffled = sorted;
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937_64(1));
  const auto a = run(sorted, paced(200)).length(), b = run(shuffled, paced(200)).length();
  BOOST_TEST(a < 1.02 * 2000 / 200);
  BOOST_TEST(b < 1.02 * 2000 / 200);
}

BOOST_AUTO_TEST_CASE(one_with_most_of_the_rows_does_not_starve_the_rest) {
  // 900 rows of organizer 0 first, then ten of each of ten others.
  std::vector<organizer_id> file(900, 0);
  for (organizer_id o = 1; o <= 10; ++o) file.insert(file.end(), 10, o);
  const run r(file, paced(30));
  // Eleven take turns at 30/s: a round takes 0.37 s, ten rounds 3.7 s.
  for (organizer_id o = 1; o <= 10; ++o) BOOST_TEST(r.done(o) < 4.5);
}

BOOST_AUTO_TEST_CASE(what_the_others_leave_goes_to_the_one_that_has_more) {
  std::vector<organizer_id> file(900, 0);
  for (organizer_id o = 1; o <= 10; ++o) file.insert(file.end(), 10, o);
  const run r(file, paced(30));
  // Alone it gets the whole pace, which its four calls at a time (40/s at 100 ms) allow.
  BOOST_TEST(r.calls(0, 10s, 20s) >= 295U);
  BOOST_TEST(r.length() < 1.03 * 1000 / 30);
}

BOOST_AUTO_TEST_CASE(alone_it_is_bounded_by_its_own_concurrency_only) {
  const run r(std::vector<organizer_id>(400, 7), paced(500));
  // Four at a time, 100 ms each: 40/s.
  BOOST_TEST(r.length() < 1.03 * 400 / 40);
  BOOST_TEST(r.length() > 0.97 * 400 / 40);
}

BOOST_AUTO_TEST_CASE(one_of_many_gets_no_more_than_its_turn) {
  std::vector<organizer_id> file;
  for (organizer_id o = 0; o < 20; ++o) file.insert(file.end(), 100, o);
  const run r(file, paced(100));
  for (organizer_id o = 0; o < 20; ++o) {
    BOOST_TEST(r.calls(o, 2s, 10s) >= 35U);
    BOOST_TEST(r.calls(o, 2s, 10s) <= 45U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace convoke::engine
