#include "engine/streak.hpp"

#include <utility>

namespace convoke::engine {

bool streak::continues(answer_class what, const answer& a) const noexcept {
  if (answers_.empty()) return true;
  const auto& first = answers_.front();
  return first.organizer == (what == answer_class::organizer_permanent) && first.last.status == a.status &&
         first.last.error_code == a.error_code;
}

void streak::add(row_index i, answer_class what, answer&& a) {
  answers_.push_back({i, std::move(a), what == answer_class::organizer_permanent});
}

std::vector<streak::undecided_row> streak::take() noexcept {
  return std::exchange(answers_, {});
}

}  // namespace convoke::engine
