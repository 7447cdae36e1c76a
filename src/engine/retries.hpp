#pragma once

// Rows that wait for a time.

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include <convoke/time.hpp>

#include "engine/rows.hpp"

namespace convoke::engine {

class retry_queue {
 public:
  void push(row_index i, mono_time due) {
    heap_.push_back({due, i});
    std::ranges::push_heap(heap_, std::less<>{});
  }
  [[nodiscard]] std::optional<mono_time> next() const noexcept {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().due;
  }
  [[nodiscard]] row_index pop_due(mono_time now) {
    if (heap_.empty() || heap_.front().due > now) return no_row;
    const auto i = heap_.front().row;
    std::ranges::pop_heap(heap_, std::less<>{});
    heap_.pop_back();
    return i;
  }
  // Takes out every row the predicate is true for. Looks at all of them: for rare occasions.
  template <class Predicate>
  void remove_if(Predicate gone) {
    std::erase_if(heap_, [&gone](const entry& e) { return gone(e.row); });
    std::ranges::make_heap(heap_, std::less<>{});
  }
  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }

 private:
  struct entry {
    mono_time due;
    row_index row;
    bool operator<(const entry& b) const noexcept { return due > b.due; }
  };
  std::vector<entry> heap_;
};

}  // namespace convoke::engine
