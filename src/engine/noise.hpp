#pragma once

// Tells throttles that hit calls by chance, at any rate, from those of a limit. Going slower avoids none of the former and costs its full
// share, so nothing is to be learnt from them.
//
// A limit is met the later the slower one goes; chance takes no notice. So where throttles go on to come after as few calls as before,
// though the pace has fallen, a faster one that had been taken is tried again. If that makes no difference, it is chance, and from then on
// a throttle is the limit's only where so few calls before it, throttles so evenly apart, or so many at once are improbable by chance. And
// where a much faster pace gets no more done, it was no chance.

#include <array>
#include <cstddef>
#include <cstdint>

namespace convoke::engine {

class noise {
 public:
  // From the end of a cooldown to the throttle that began the next.
  struct opening {
    double calls;    // made in it, up to the refused one
    double rate;     // calls/s in its last seconds
    double after;    // calls sent after the refused one, before its answer was here
    double refused;  // of these: its echoes
    double seconds;  // from the end of the cooldown before it to the end of the one after it
  };
  enum class finding : std::uint8_t {
    limit,       // a lesson
    chance,      // none
    try_faster,  // a lesson it was, but first `to_try()` is to be tried
    failed,      // what was tried is not taken: the lesson stands
  };
  // To be called when the cooldown after it ends, when all answers are here.
  [[nodiscard]] finding attribute(const opening& o) noexcept;
  [[nodiscard]] double to_try() const noexcept { return to_try_; }
  // So many calls were made since the last cooldown.
  void quiet_for(double calls) noexcept;
  // That a call is throttled by chance; 0 where nothing speaks for it.
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

  double echoes_ = 0;  // share of the calls in flight that are usually refused with one: all of them where the service closes its gate

  // Nothing is known: openings, the latest first.
  static constexpr std::size_t most_past = 16;
  std::array<opening, most_past> past_{};
  std::size_t past_count_ = 0;
  unsigned rest_ = 0;  // openings before the next trial

  // A trial: 0 while there is none.
  double to_try_ = 0, failed_at_ = 0;
  double usual_ = 0;  // calls between throttles, before it

  // What was got done at which rate: when chance became known, and of late.
  struct sum {
    double count = 0, calls = 0, rates = 0, after = 0, refused = 0, seconds = 0;
    void add(const opening& o) noexcept;
    [[nodiscard]] double rate() const noexcept { return rates / count; }
    [[nodiscard]] double per_second() const noexcept { return calls / seconds; }
  };
  sum then_, lately_;

  // Chance it is: 0 while that is not known. The calls between the latest throttles, the latest first.
  double chance_ = 0, seen_at_ = 0;  // and a rate at which throttles were no more frequent
  static constexpr std::size_t most_gaps = 8;
  std::array<double, most_gaps> gaps_{};
  std::size_t gap_count_ = 0;
  bool met_limit_ = false;
};

}  // namespace convoke::engine
