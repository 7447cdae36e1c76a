#include "laws/law.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>

#include "engine/pace.hpp"
#include "pacing/pacing.hpp"

namespace convoke::bench {

namespace {

using namespace std::chrono_literals;

constexpr double slowest = 0.5;     // calls/s
constexpr double start_step = 0.5;  // s in which the start doubles the rate

double seconds(std::chrono::nanoseconds d) {
  return static_cast<double>(d.count()) * 1e-9;
}

class convoke_law final : public law {
 public:
  convoke_law(const engine::settings& s, const std::optional<engine::learnt_pace>& learnt, mono_time now)
      : pace_(s, learnt ? std::optional(engine::remembered_pace{*learnt, 23h}) : std::nullopt, now) {}

  [[nodiscard]] mono_time next(mono_time now) const override { return pace_.next(now); }
  void advance(mono_time now, std::uint64_t work) override { pace_.advance(now, work); }
  void take(mono_time now) override { pace_.take(now); }
  void on_success(mono_time sent, mono_time now) override { pace_.on_success(sent, now); }
  void on_throttle(mono_time sent, mono_time now, mono_time until) override { pace_.on_throttle(sent, now, until); }
  void on_echo() override { pace_.on_echo(); }
  [[nodiscard]] std::optional<engine::learnt_pace> learnt() const override { return pace_.learnt(); }

 private:
  engine::pace pace_;
};

// The base of the other two laws: even spacing, a least and a greatest rate, and a start that doubles the rate every half second until the
// first throttle.
class plain_law : public law {
 public:
  plain_law(const engine::settings& s, double first, bool starting, mono_time now)
      : starting_(starting), ceiling_(s.rate), gate_(std::clamp(first, slowest, s.rate)), updated_(now) {}

  [[nodiscard]] mono_time next(mono_time now) const override { return gate_.next(now); }
  void advance(mono_time now, std::uint64_t /*work*/) override {
    if (now <= updated_) return;
    const double dt = seconds(now - updated_);
    updated_ = now;
    set_rate(starting_ ? rate() * std::exp2(dt / start_step) : grown(now, dt), now);
  }
  void take(mono_time now) override { gate_.take(now); }
  void on_success(mono_time /*sent*/, mono_time /*now*/) override {}
  void on_throttle(mono_time /*sent*/, mono_time now, mono_time until) override {
    starting_ = false;
    set_rate(cut(now, until), now);
    updated_ = until;  // no call is made before then, so the rate does not grow
  }
  void on_echo() override {}
  [[nodiscard]] std::optional<engine::learnt_pace> learnt() const override { return engine::learnt_pace{worth_keeping(), 0, 0}; }

 protected:
  [[nodiscard]] double rate() const { return gate_.rate(); }
  [[nodiscard]] bool starting() const { return starting_; }

 private:
  [[nodiscard]] virtual double grown(mono_time now, double dt) const = 0;
  virtual double cut(mono_time now, mono_time until) = 0;
  [[nodiscard]] virtual double worth_keeping() const = 0;
  void set_rate(double rate, mono_time now) { gate_.set_rate(std::clamp(rate, slowest, ceiling_), now); }

  bool starting_;
  double ceiling_;
  pacing::gcra gate_;
  mono_time updated_;
};

// A throttle sets the rate to 0.7 of the measured success rate. The rate then grows back to it and beyond as in CUBIC: W(t) = C(t - K)³ +
// W_max. C is such that K is the same at every rate, because the C of RFC 9438 is meant for segments and not for calls/s. The second run
// begins as after a throttle.
class cubic_law final : public plain_law {
 public:
  cubic_law(const tuning& how, const engine::settings& s, const std::optional<engine::learnt_pace>& learnt, mono_time now)
      : plain_law(s, learnt ? learnt->rate * kept : s.start_rate, !learnt, now),
        k_(how.cubic_seconds),
        good_(learnt ? learnt->rate : s.start_rate),
        opened_(now),
        from_(now) {}

  void on_success(mono_time /*sent*/, mono_time now) override { answers_.push_back(now); }

 private:
  static constexpr double kept = 0.7;

  [[nodiscard]] double grown(mono_time now, double /*dt*/) const override {
    const double t = (seconds(now - from_) - k_) / k_;
    return good_ * (1 + (1 - kept) * t * t * t);
  }
  // The rate of successes in the last second, or over a longer time at a rate of less than 5/s. Shortly after a cooldown few answers have
  // arrived, so the rate itself is returned.
  [[nodiscard]] double measured(mono_time now) {
    const double span = std::max(1.0, 5 / rate());
    if (seconds(now - opened_) < span + 0.2) return rate();
    while (!answers_.empty() && seconds(now - answers_.front()) > span) answers_.pop_front();
    return static_cast<double>(answers_.size()) / span;
  }
  double cut(mono_time now, mono_time until) override {
    good_ = std::max(slowest, std::min(rate(), measured(now)));
    answers_.clear();
    opened_ = from_ = until;
    return kept * good_;
  }
  [[nodiscard]] double worth_keeping() const override { return starting() ? rate() : good_; }

  double k_, good_;
  std::deque<mono_time> answers_;
  mono_time opened_, from_;
};

// A throttle halves the rate. Otherwise the rate grows by one call/s every second.
class aimd_law final : public plain_law {
 public:
  aimd_law(const engine::settings& s, const std::optional<engine::learnt_pace>& learnt, mono_time now)
      : plain_law(s, learnt ? learnt->rate : s.start_rate, !learnt, now) {}

 private:
  [[nodiscard]] double grown(mono_time /*now*/, double dt) const override { return rate() + dt; }
  double cut(mono_time /*now*/, mono_time /*until*/) override { return rate() / 2; }
  [[nodiscard]] double worth_keeping() const override { return rate(); }
};

}  // namespace

std::string_view name_of(law_kind kind) {
  switch (kind) {
    case law_kind::convoke:
      return "convoke";
    case law_kind::cubic:
      return "x0.7, CUBIC";
    case law_kind::aimd:
      return "x0.5, +1/s";
  }
  return "";
}

std::unique_ptr<law> make_law(law_kind kind, const tuning& how, const engine::settings& s, const std::optional<engine::learnt_pace>& learnt,
                              mono_time now) {
  switch (kind) {
    case law_kind::convoke:
      return std::make_unique<convoke_law>(s, learnt, now);
    case law_kind::cubic:
      return std::make_unique<cubic_law>(how, s, learnt, now);
    case law_kind::aimd:
      return std::make_unique<aimd_law>(s, learnt, now);
  }
  return nullptr;
}

}  // namespace convoke::bench
