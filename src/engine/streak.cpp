#include "engine/streak.hpp"

#include <utility>

namespace convoke::engine {

bool streak::continues(answer_class what, const answer& a) const noexcept {
  if (held_.empty()) return true;
  const auto& first = held_.front();
  return first.organizer == (what == answer_class::organizer_permanent) && first.last.status == a.status &&
         first.last.error_code == a.error_code;
}

void streak::hold(slot s, answer_class what, answer&& a) {
  held_.push_back({s, std::move(a), what == answer_class::organizer_permanent});
}

std::vector<streak::held_row> streak::take() noexcept {
  return std::exchange(held_, {});
}

}  // namespace convoke::engine
