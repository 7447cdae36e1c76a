// What one call costs in the engine: connection ready, answer, record and commit, with a driver that does nothing else.

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "engine/engine.hpp"

namespace {

using namespace convoke;
using namespace convoke::engine;

answer made() {
  answer a;
  a.status = 201;
  a.stored.emplace();
  return a;
}

// Does what the engine requests and answers its calls; 5 us of virtual time pass with each answer.
class driver {
 public:
  driver(std::uint32_t organizers, const settings& s) : engine_(s, {setup(organizers)}, now_) {
    engine_.token_ready(0, 1, now_);
    for (connection_id c = 0; c < s.connections; ++c) engine_.connection_ready(0, c, false, now_);
    carry_out();
  }

  void answer_one() {
    if (sent_.empty()) {
      now_ += std::chrono::milliseconds(1);
      engine_.tick(now_);
      carry_out();
      return;
    }
    const auto c = sent_[head_];
    if (++head_ == sent_.size()) {
      sent_.clear();
      head_ = 0;
    }
    now_ += std::chrono::microseconds(5);
    engine_.answered(c.row, made(), now_);
    carry_out();
    engine_.connection_ready(0, c.connection, true, now_);
    carry_out();
    ++answered;
  }

  std::uint64_t answered = 0;

 private:
  static lane_setup setup(std::uint32_t organizers) {
    lane_setup lane{.lane = 0, .organizers = {}, .cooldowns = {}};
    for (organizer_id o = 0; o < organizers; ++o) lane.organizers.push_back({o, 1'000'000, 0});
    return lane;
  }

  void carry_out() {
    engine_.take_actions(actions_);
    for (auto& a : actions_) {
      if (const auto* s = std::get_if<send_call>(&a)) {
        sent_.push_back(*s);
      } else if (const auto* r = std::get_if<record_outcome>(&a)) {
        commits_.push_back(r->row);
      } else if (const auto* f = std::get_if<fetch_rows>(&a)) {
        claims_.push_back(*f);
      }
    }
    for (const auto& f : std::exchange(claims_, {})) {
      std::vector<claimed_page> pages;
      for (const auto& [who, count] : f.pages) {
        auto& page = pages.emplace_back(who, std::vector<owed_row>(), false);
        for (std::uint32_t i = 0; i < count; ++i, ++next_) page.rows.push_back({next_, next_, who, 1, 0});
      }
      engine_.rows_arrived(0, f.stale, pages, now_);
      carry_out();
    }
    if (commits_.size() < 100) return;
    const auto done = std::exchange(commits_, {});
    engine_.committed(done, {}, now_);
    carry_out();
  }

  mono_time now_ = mono_time{} + std::chrono::seconds(1);
  convoke::engine::engine engine_;
  std::vector<action> actions_;
  std::vector<send_call> sent_;
  std::size_t head_ = 0;
  std::vector<row_id> commits_;
  std::vector<fetch_rows> claims_;
  row_id next_ = 1;
};

void engine_calls(benchmark::State& state) {
  settings s;
  s.rate = 1e9;
  s.connections = 64;
  driver d(static_cast<std::uint32_t>(state.range(0)), s);
  for (auto _ : state) d.answer_one();
  state.SetItemsProcessed(static_cast<std::int64_t>(d.answered));
}
BENCHMARK(engine_calls)->ArgName("organizers")->Arg(16)->Arg(1'000)->Arg(100'000);

void engine_paced_calls(benchmark::State& state) {
  settings s;
  s.rate = 60'000;
  s.connections = 64;
  driver d(100, s);
  for (auto _ : state) d.answer_one();
  state.SetItemsProcessed(static_cast<std::int64_t>(d.answered));
}
BENCHMARK(engine_paced_calls);

}  // namespace
