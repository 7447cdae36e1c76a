#pragma once

// Permanent answers in a row that are the same and may have one cause, such as a missing permission. They are not recorded before it is
// clear that they do not: a streak that is full stops the lane, and its rows stay owed.

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
    bool organizer;  // it is about the whole organizer
  };

  // True where this answer is the same as those of the streak, or the streak is empty.
  [[nodiscard]] bool continues(answer_class what, const answer& a) const noexcept;
  // Only for answers that continue the streak.
  void add(row_index i, answer_class what, answer&& a);
  [[nodiscard]] bool full() const noexcept { return answers_.size() >= limit; }
  [[nodiscard]] bool empty() const noexcept { return answers_.empty(); }
  [[nodiscard]] const answer& example() const noexcept { return answers_.front().last; }
  // Ends the streak. Returns its rows.
  [[nodiscard]] std::vector<undecided_row> take() noexcept;

 private:
  std::vector<undecided_row> answers_;
};

}  // namespace convoke::engine
