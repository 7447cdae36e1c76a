#include "laws/world.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <queue>
#include <random>
#include <tuple>

#include "sim/service/quota.hpp"

namespace convoke::bench {

namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

nanoseconds from_seconds(double s) {
  return nanoseconds(static_cast<std::int64_t>(std::ceil(s * 1e9)));
}
double seconds(nanoseconds d) {
  return static_cast<double>(d.count()) * 1e-9;
}
bool whole(double x) {
  return x >= 1 && std::abs(x - std::round(x)) < 1e-9;
}

class player {
 public:
  player(const world& w, const plan& p, const law_maker& make)
      : world_(w),
        plan_(p),
        random_(w.seed * 1000 + p.run),
        start_(from_seconds(1000 + 2 * part_(random_))),
        law_(make(start_)),
        left_(p.rows) {
    now_ = cooldown_ = start_;
    how_.window = w.kind == limit_kind::fixed     ? sim::window_kind::fixed
                  : w.kind == limit_kind::sliding ? sim::window_kind::sliding
                                                  : sim::window_kind::bucket;
    how_.window_seconds = w.window;
    how_.throttled_count = w.throttled_count;
  }

  course run() {
    while (done_ < plan_.rows && elapsed() < plan_.seconds) {
      law_->advance(now_, left_);
      const auto allowed = std::max(law_->next(now_), cooldown_);
      if (left_ > 0 && allowed <= now_) {
        call();
        continue;
      }
      const auto wake = left_ > 0 ? std::min(allowed, now_ + 50ms) : mono_time::max();
      if (events_.empty() || wake < events_.top().at) {
        now_ = std::max(wake, now_ + 1ns);
        continue;
      }
      const auto e = events_.top();
      events_.pop();
      now_ = e.at;
      happen(e);
    }
    result_.learnt = law_->learnt();
    return std::move(result_);
  }

 private:
  enum class what : std::uint8_t { arrival, success, throttle };
  struct event {
    mono_time at, sent;
    what kind;
    nanoseconds wait;
    std::uint64_t number;
    bool operator<(const event& other) const { return std::tie(at, number) > std::tie(other.at, other.number); }
  };

  [[nodiscard]] double elapsed() const { return seconds(now_ - start_); }
  [[nodiscard]] course::counts& bin() {
    const auto number = static_cast<std::size_t>(elapsed() / course::bin);
    if (number >= result_.bins.size()) result_.bins.resize(number + 1);
    return result_.bins[number];
  }
  void expect(nanoseconds in, mono_time sent, what kind, nanoseconds wait = 0ns) { events_.push({now_ + in, sent, kind, wait, ++number_}); }
  void call() {
    law_->take(now_);
    --left_;
    expect(from_seconds(0.002 + 0.002 * part_(random_)), now_, what::arrival);
  }
  void happen(const event& e) {
    switch (e.kind) {
      case what::arrival:
        return arrive(e.sent);
      case what::success:
        ++done_;
        result_.finished = elapsed();
        return law_->on_success(e.sent, now_);
      case what::throttle:
        return throttle(e);
    }
  }
  void arrive(mono_time sent) {
    if (world_.chance > 0 && part_(random_) < world_.chance) {
      ++bin().refused;
      return expect(from_seconds(std::min(world_.latency, 0.02)), sent, what::throttle,
                    from_seconds(world_.chance_wait * (1 + longest_jitter * part_(random_))));
    }
    const double factor = plan_.factor && elapsed() >= world_.change_at ? *plan_.factor : 1;
    const auto wait = quota_.take({world_.limit * factor, world_.depth * factor}, how_, now_);
    ++(wait ? bin().refused : bin().accepted);
    const double latency = world_.latency * std::exp(0.3 * noise_(random_));
    if (!wait) return expect(from_seconds(latency), sent, what::success);
    // A refusal is answered quickly. Every caller waits for half a second at least.
    const double announced = std::max(0.5, world_.whole_seconds ? std::ceil(seconds(*wait)) : seconds(*wait));
    expect(from_seconds(std::min(latency, 0.02)), sent, what::throttle, from_seconds(announced * (1 + longest_jitter * part_(random_))));
  }
  void throttle(const event& e) {
    ++left_;
    cooldown_ = std::max(cooldown_, now_ + e.wait);
    if (e.sent <= counted_) return law_->on_echo();
    counted_ = now_;
    ++bin().cooldowns;
    law_->on_throttle(e.sent, now_, cooldown_);
  }

  world world_;
  plan plan_;
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> part_{0, 1};
  std::normal_distribution<double> noise_{0, 1};
  mono_time start_, now_, cooldown_, counted_ = mono_time::min();
  std::unique_ptr<law> law_;
  sim::quota quota_;
  sim::throttle_options how_;
  std::priority_queue<event> events_;
  std::uint64_t left_, done_ = 0, number_ = 0;
  course result_;
};

}  // namespace

bool world::can_change_by(double factor) const {
  const bool windows = kind == limit_kind::fixed || kind == limit_kind::sliding;
  return windows ? whole(limit * factor * window) : depth * factor >= 1;
}

world make_world(limit_kind kind, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> part(0, 1);
  world w{.kind = kind, .seed = seed};
  w.limit = std::round(2 * std::pow(250, part(random)));
  const double length = part(random);
  if (kind == limit_kind::fixed || kind == limit_kind::sliding) {
    w.window = length < 0.2 ? 0.5 : length < 0.8 ? 1 : 2;
    if (!whole(w.limit * w.window)) w.window = 1;
  }
  const double deep = part(random);
  w.depth = kind == limit_kind::shallow_bucket ? 1 + std::floor(deep * std::min(9.0, w.limit / 2)) : w.limit;
  w.latency = 0.01 * std::pow(15, part(random));
  w.whole_seconds = part(random) < 0.5;
  w.throttled_count = part(random) < 0.7;
  w.change_at = 60 + std::floor(40 * part(random));
  return w;
}

world with_random_throttles(world w) {
  std::mt19937_64 random(w.seed + 77);
  std::uniform_real_distribution<double> part(0, 1);
  w.chance = 0.0005 * std::pow(20, part(random));
  constexpr std::array waits{0.0, 0.1, 0.5, 1.0};
  w.chance_wait = waits[static_cast<std::size_t>(part(random) * waits.size())];
  return w;
}

course::counts course::between(double from, double to) const {
  counts sum;
  const auto first = static_cast<std::size_t>(from / bin), last = std::min(bins.size(), static_cast<std::size_t>(to / bin));
  for (auto i = first; i < last; ++i) {
    sum.accepted += bins[i].accepted;
    sum.refused += bins[i].refused;
    sum.cooldowns += bins[i].cooldowns;
  }
  return sum;
}

course simulate(const world& w, const plan& p, const law_maker& make) {
  return player(w, p, make).run();
}

}  // namespace convoke::bench
