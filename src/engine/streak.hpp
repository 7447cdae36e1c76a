#pragma once

// Permanent answers that may all have one cause. They are not recorded until it is clear that they have not.

#include <cstddef>
#include <string>
#include <vector>

#include "engine/classify.hpp"
#include "engine/rows.hpp"
#include "engine/types.hpp"

namespace convoke::engine {

class streak {
 public:
  static constexpr std::size_t limit = 20;

  struct held_row {
    slot row;
    answer last;
    bool organizer;  // the whole organizer is judged by it
  };

  // True where this answer is of the kind held so far (or nothing is held).
  [[nodiscard]] bool continues(answer_class what, const answer& a) const noexcept;
  // Only for answers that continue the streak.
  void hold(slot s, answer_class what, answer&& a);
  [[nodiscard]] bool full() const noexcept { return held_.size() >= limit; }
  [[nodiscard]] bool empty() const noexcept { return held_.empty(); }
  [[nodiscard]] const answer& example() const noexcept { return held_.front().last; }
  // The streak is over: what was held.
  [[nodiscard]] std::vector<held_row> take() noexcept;

 private:
  std::vector<held_row> held_;
};

}  // namespace convoke::engine
