#include "engine/inference.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace convoke::engine {

bool inference::newly_limited(organizer_index who) const noexcept {
  return std::ranges::find(limited_, who, &limited_organizer::who) != limited_.end();
}

// How likely it is that throttles which may hit anybody hit this one every time: its share of the calls, as often as it was hit again.
double inference::chance() const noexcept {
  const auto own = static_cast<double>(own_) + repeats_ + 1;
  return std::pow(own / (own + static_cast<double>(others_)), repeats_);
}

inference::attribution inference::throttled(organizer_index who, mono_time sent, mono_time now,
                                            std::optional<std::chrono::nanoseconds> wait) {
  if (const auto c = std::ranges::find(limited_, who, &limited_organizer::who); c != limited_.end()) {
    c->successes = 0;
    return {.organizer = true};
  }
  if (sent <= announced_) {
    // It was on its way when the cooldown was announced: the same event, and perhaps not one organizer's alone.
    if (who != candidate_) alone_ = false;
    return {};
  }
  const bool again = who == candidate_ && alone_;
  if (again) ++repeats_;
  const bool known = std::ranges::find(limited_before_, who) != limited_before_.end();
  const bool others_go_on = sent >= reopened_ && others_ >= calls_of_others && seen_.size() >= other_organizers;
  if (others_go_on && (known || (again && chance() <= by_chance))) {
    std::erase(limited_before_, who);
    limited_.push_back({who, mono_time::min(), 0});
    observe(no_organizer);
    // One that was singled out before has not closed the lane this time, so there is nothing to make good.
    return {.organizer = true, .newly_limited = again};
  }
  // Throttled in its cooldown, others say that it never was one organizer's. Unless they are told to wait for much less, or the cooldown is
  // over: then the lane is limited as well.
  for (const auto& c : limited_) {
    const bool another_limit = now >= c.until || (wait && *wait < (c.until - now) / 2);
    if (another_limit && limited_before_.size() < most_remembered) limited_before_.push_back(c.who);
    misattributed_until_ = std::max(misattributed_until_, c.until);
  }
  limited_.clear();
  announced_ = now;
  // The same one alone, and again: what the others did since its first throttle goes on counting.
  if (!again) observe(who);
  return {.same_organizer = again,
          .others_go_on = again && others_go_on,
          .misattributed = std::exchange(let_through_, 0),
          .misattributed_until = misattributed_until_};
}

void inference::observe(organizer_index who) noexcept {
  candidate_ = who;
  alone_ = true;
  repeats_ = 0;
  own_ = others_ = 0;
  seen_.clear();
}

void inference::closed_until(const attribution& r, mono_time end) noexcept {
  if (!r.organizer) {
    reopened_ = std::max(reopened_, end);
  } else if (!limited_.empty()) {
    // The latest reading may be of any of them; the longest wait decides which calls would have been too early.
    for (auto& c : limited_) c.until = std::max(c.until, end);
  }
}

bool inference::called(organizer_index who, mono_time now) noexcept {
  if (now < misattributed_until_) return true;
  for (const auto& c : limited_) {
    if (now < c.until && who != c.who) {
      ++let_through_;
      break;
    }
  }
  return false;
}

void inference::succeeded(organizer_index who, mono_time sent) noexcept {
  if (const auto c = std::ranges::find(limited_, who, &limited_organizer::who); c != limited_.end()) {
    if (sent >= c->until && ++c->successes >= calls_to_trust_again) limited_.erase(c);
    return;
  }
  if (sent < reopened_) return;
  if (who == candidate_) {
    ++own_;
    return;
  }
  ++others_;
  if (seen_.size() < other_organizers && std::ranges::find(seen_, who) == seen_.end()) seen_.push_back(who);
}

}  // namespace convoke::engine
