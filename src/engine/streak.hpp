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

  struct undecided_row {
    row_index row;
    answer last;
    bool organizer;  // the whole organizer is judged by it
  };

  // True where this answer is of the kind held so far (or nothing is held).
  [[nodiscard]] bool continues(answer_class what, const answer& a) const noexcept;
  // Only for answers that continue the streak.
  void add(row_index i, answer_class what, answer&& a);
  [[nodiscard]] bool full() const noexcept { return answers_.size() >= limit; }
  [[nodiscard]] bool empty() const noexcept { return answers_.empty(); }
  [[nodiscard]] const answer& example() const noexcept { return answers_.front().last; }
  // The streak is over: what was held.
  [[nodiscard]] std::vector<undecided_row> take() noexcept;

 private:
  std::vector<undecided_row> answers_;
};

}  // namespace convoke::engine
