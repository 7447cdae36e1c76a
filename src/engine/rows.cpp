#include "engine/rows.hpp"

#include <algorithm>

namespace convoke::engine {

row_index row_store::add(const owed_row& owed, lane_id lane, std::uint32_t organizer) {
  if (index_.find(owed.row) != nullptr) return no_row;
  row_index i = no_row;
  if (free_.empty()) {
    i = static_cast<row_index>(rows_.size());
    rows_.emplace_back();
  } else {
    i = free_.back();
    free_.pop_back();
  }
  auto& r = rows_[i];
  r = row{};
  r.owed = owed;
  r.lane = lane;
  r.organizer = organizer;
  r.state = row_state::ready;
  index_[owed.row] = i;
  return i;
}

void row_store::remove(row_index i) noexcept {
  auto& r = rows_[i];
  index_.erase(r.owed.row);
  r.state = row_state::vacant;
  r.last.reset();
  free_.push_back(i);
}

row_index row_store::find(row_id id) noexcept {
  const auto* found = index_.find(id);
  return found == nullptr ? no_row : *found;
}

void sent_list::append(row_index i) noexcept {
  auto& r = (*rows_)[i];
  r.sent_before = tail_;
  r.sent_after = no_row;
  if (tail_ == no_row) {
    head_ = i;
  } else {
    (*rows_)[tail_].sent_after = i;
  }
  tail_ = i;
}

void sent_list::remove(row_index i) noexcept {
  auto& r = (*rows_)[i];
  if (r.sent_before == no_row && head_ != i) return;  // never appended, or removed already
  (r.sent_before == no_row ? head_ : (*rows_)[r.sent_before].sent_after) = r.sent_after;
  (r.sent_after == no_row ? tail_ : (*rows_)[r.sent_after].sent_before) = r.sent_before;
  r.sent_before = r.sent_after = no_row;
}

mono_time key_guard::free_at(key_id key) noexcept {
  const auto* until = until_.find(key);
  return until == nullptr ? mono_time::min() : *until;
}

void key_guard::rest(key_id key, mono_time until, mono_time now) {
  const auto awake = std::ranges::find_if(resting_, [now](const rest_end& n) { return n.until > now; });
  for (auto n = resting_.begin(); n != awake; ++n) {
    const auto* end = until_.find(n->key);
    if (end != nullptr && *end <= now) until_.erase(n->key);
  }
  resting_.erase(resting_.begin(), awake);
  until_[key] = until;
  resting_.push_back({until, key});
}

}  // namespace convoke::engine
