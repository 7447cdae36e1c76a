#include "engine/inference.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace convoke::engine {

bool inference::limited(organizer_index who) const noexcept {
  return std::ranges::find(limited_, who, &limited_organizer::who) != limited_.end();
}

// The probability that throttles which hit calls at random hit this organizer every time: its share of the calls, to the power of repeats.
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
    // The call was in flight when the cooldown was announced, so both throttles are the same event. If they are of two organizers, it is
    // not one organizer's alone.
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
    set_candidate(no_organizer);
    // An organizer that was limited before did not close the lane this time, so the lane's pace needs no correction.
    return {.organizer = true, .newly_limited = again};
  }
  // Another organizer is throttled during the cooldown: the attribution was wrong. Unless its wait is much shorter, or the cooldown is
  // over: then the lane has a limit as well, and the organizer takes less evidence the next time.
  for (const auto& c : limited_) {
    const bool another_limit = now >= c.until || (wait && *wait < (c.until - now) / 2);
    if (another_limit && limited_before_.size() < most_remembered) limited_before_.push_back(c.who);
    misattributed_until_ = std::max(misattributed_until_, c.until);
  }
  limited_.clear();
  announced_ = now;
  // The same organizer alone again: what was counted since its first throttle goes on counting.
  if (!again) set_candidate(who);
  return {.same_organizer = again,
          .others_go_on = again && others_go_on,
          .misattributed = std::exchange(let_through_, 0),
          .misattributed_until = misattributed_until_};
}

void inference::set_candidate(organizer_index who) noexcept {
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
    // The attribution may be of any of them. The latest end decides which calls would have been too early.
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
    if (sent >= c->until && ++c->successes >= successes_to_clear) limited_.erase(c);
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
