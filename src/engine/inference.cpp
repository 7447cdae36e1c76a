#include "engine/inference.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace convoke::engine {

bool inference::singled_out(place who) const noexcept {
  return std::ranges::find(singled_, who, &convict::who) != singled_.end();
}

// How likely it is that throttles which may hit anybody hit this one every time: its share of the calls, as often as it was hit again.
double inference::chance() const noexcept {
  const auto own = static_cast<double>(own_) + repeats_ + 1;
  return std::pow(own / (own + static_cast<double>(others_)), repeats_);
}

inference::reading inference::throttled(place who, mono_time sent, mono_time now, std::optional<std::chrono::nanoseconds> wait) {
  if (const auto c = std::ranges::find(singled_, who, &convict::who); c != singled_.end()) {
    c->successes = 0;
    return {.organizer = true};
  }
  if (sent <= announced_) {
    // It was on its way when the cooldown was announced: the same event, and perhaps not one organizer's alone.
    if (who != suspect_) alone_ = false;
    return {};
  }
  const bool again = who == suspect_ && alone_;
  if (again) ++repeats_;
  const bool known = std::ranges::find(former_, who) != former_.end();
  const bool others_go_on = sent >= reopened_ && others_ >= calls_of_others && seen_.size() >= other_organizers;
  if (others_go_on && (known || (again && chance() <= by_chance))) {
    std::erase(former_, who);
    singled_.push_back({who, mono_time::min(), 0});
    suspect(no_place);
    // One that was singled out before has not closed the lane this time, so there is nothing to make good.
    return {.organizer = true, .singled_out = again};
  }
  // Throttled in its cooldown, others say that it never was one organizer's. Unless they are told to wait for much less, or the cooldown is
  // over: then the lane is limited as well.
  for (const auto& c : singled_) {
    const bool another_limit = now >= c.until || (wait && *wait < (c.until - now) / 2);
    if (another_limit && former_.size() < most_former) former_.push_back(c.who);
    misread_until_ = std::max(misread_until_, c.until);
  }
  singled_.clear();
  announced_ = now;
  // The same one alone, and again: what the others did since its first throttle goes on counting.
  if (!again) suspect(who);
  return {.suspect_again = again,
          .perhaps = again && others_go_on,
          .mistaken = std::exchange(let_through_, 0),
          .misread_until = misread_until_};
}

void inference::suspect(place who) noexcept {
  suspect_ = who;
  alone_ = true;
  repeats_ = 0;
  own_ = others_ = 0;
  seen_.clear();
}

void inference::closed_until(const reading& r, mono_time end) noexcept {
  if (!r.organizer) {
    reopened_ = std::max(reopened_, end);
  } else if (!singled_.empty()) {
    // The latest reading may be of any of them; the longest wait decides which calls would have been too early.
    for (auto& c : singled_) c.until = std::max(c.until, end);
  }
}

bool inference::called(place who, mono_time now) noexcept {
  if (now < misread_until_) return true;
  for (const auto& c : singled_) {
    if (now < c.until && who != c.who) {
      ++let_through_;
      break;
    }
  }
  return false;
}

void inference::succeeded(place who, mono_time sent) noexcept {
  if (const auto c = std::ranges::find(singled_, who, &convict::who); c != singled_.end()) {
    if (sent >= c->until && ++c->successes >= calls_to_trust_again) singled_.erase(c);
    return;
  }
  if (sent < reopened_) return;
  if (who == suspect_) {
    ++own_;
    return;
  }
  ++others_;
  if (seen_.size() < other_organizers && std::ranges::find(seen_, who) == seen_.end()) seen_.push_back(who);
}

}  // namespace convoke::engine
