#pragma once

// Attributes throttles to a rate limit or to chance. Some services throttle a share of the calls at random, whatever the rate. A slower
// pace avoids none of those throttles and costs throughput, so they must not lower the pace.
//
// At a slower pace a limit is reached later, while random throttles come after as many calls as before. So where the pace has fallen and
// throttles still come after as few calls, a faster rate that was taken before is tried again. If throttles come after as many calls then,
// they are attributed to chance. From then on a throttle is attributed to the limit only where chance makes it improbable: after so few
// calls, at such even distances, or with so many refused at once. Where a much faster pace gets no more done, it was the limit after all.

#include <array>
#include <cstddef>
#include <cstdint>

namespace convoke::engine {

class noise {
 public:
  // The time from the end of a cooldown to the throttle that began the next.
  struct opening {
    double calls;    // made in it, up to the refused one
    double rate;     // calls/s in its last seconds
    double after;    // calls sent after the refused one, before its answer arrived
    double refused;  // of these, the refused ones: the echoes
    double seconds;  // from the end of the cooldown before it to the end of the one after it
  };
  enum class finding : std::uint8_t {
    limit,       // it is attributed to the limit: the pace stays reduced
    chance,      // it is attributed to chance: the reduction is reverted
    try_faster,  // it is attributed to the limit for now, and the rate `to_try()` is tried next
    failed,      // the rate that was tried is not taken: the reduction stands
  };
  // Call it when the cooldown after the throttle ends, because all answers have arrived then.
  [[nodiscard]] finding attribute(const opening& o) noexcept;
  [[nodiscard]] double to_try() const noexcept { return to_try_; }
  // The number of calls made since the last cooldown, while none is throttled.
  void unthrottled_for(double calls) noexcept;
  // The probability that a call is throttled by chance; 0 where throttles are not attributed to chance.
  [[nodiscard]] double chance() const noexcept { return chance_; }

 private:
  [[nodiscard]] finding close_trial(const opening& o) noexcept;
  [[nodiscard]] finding attribute_known(const opening& o) noexcept;
  void remember(const opening& o) noexcept;
  [[nodiscard]] bool slower_is_no_better() noexcept;
  [[nodiscard]] bool crowded(const opening& o) const noexcept;
  [[nodiscard]] bool too_soon() const noexcept;
  [[nodiscard]] bool faster_is_no_better(const opening& o) noexcept;
  void count_echoes(const opening& o, double weight) noexcept;
  void learn(const opening& o) noexcept;
  void forget() noexcept;

  // The usual share of the calls in flight that are refused together with one: all of them where the service closes a scope.
  double echoes_ = 0;

  // While throttles are not attributed to chance: the openings, the latest first.
  static constexpr std::size_t most_past = 16;
  std::array<opening, most_past> past_{};
  std::size_t past_count_ = 0;
  unsigned rest_ = 0;  // openings before the next trial

  // Of a trial: 0 while there is none.
  double to_try_ = 0, failed_at_ = 0;
  double usual_ = 0;  // calls between throttles, before the trial

  // How much was done at which rate: when throttles were first attributed to chance, and lately.
  struct sum {
    double count = 0, calls = 0, rates = 0, after = 0, refused = 0, seconds = 0;
    void add(const opening& o) noexcept;
    [[nodiscard]] double rate() const noexcept { return rates / count; }
    [[nodiscard]] double per_second() const noexcept { return calls / seconds; }
  };
  sum then_, lately_;

  // While throttles are attributed to chance, else 0. The calls between the latest throttles, the latest first.
  double chance_ = 0, seen_at_ = 0;  // the probability, and a rate at which throttles were no more frequent
  static constexpr std::size_t most_gaps = 8;
  std::array<double, most_gaps> gaps_{};
  std::size_t gap_count_ = 0;
  bool met_limit_ = false;
};

}  // namespace convoke::engine
