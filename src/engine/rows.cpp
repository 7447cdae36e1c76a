#include "engine/rows.hpp"

#include <algorithm>

namespace convoke::engine {

slot row_store::add(const owed_row& owed, lane_id lane, std::uint32_t organizer) {
  if (index_.find(owed.row) != nullptr) return no_slot;
  slot s = no_slot;
  if (free_.empty()) {
    s = static_cast<slot>(rows_.size());
    rows_.emplace_back();
  } else {
    s = free_.back();
    free_.pop_back();
  }
  auto& r = rows_[s];
  r = row{};
  r.owed = owed;
  r.lane = lane;
  r.organizer = organizer;
  r.state = row_state::ready;
  index_[owed.row] = s;
  return s;
}

void row_store::remove(slot s) noexcept {
  auto& r = rows_[s];
  index_.erase(r.owed.row);
  r.state = row_state::vacant;
  r.last.reset();
  free_.push_back(s);
}

slot row_store::find(row_id id) noexcept {
  const auto* s = index_.find(id);
  return s == nullptr ? no_slot : *s;
}

void sent_list::append(slot s) noexcept {
  auto& r = (*rows_)[s];
  r.sent_before = tail_;
  r.sent_after = no_slot;
  if (tail_ == no_slot) {
    head_ = s;
  } else {
    (*rows_)[tail_].sent_after = s;
  }
  tail_ = s;
}

void sent_list::remove(slot s) noexcept {
  auto& r = (*rows_)[s];
  if (r.sent_before == no_slot && head_ != s) return;  // never appended, or removed already
  (r.sent_before == no_slot ? head_ : (*rows_)[r.sent_before].sent_after) = r.sent_after;
  (r.sent_after == no_slot ? tail_ : (*rows_)[r.sent_after].sent_before) = r.sent_before;
  r.sent_before = r.sent_after = no_slot;
}

mono_time key_guard::free_at(key_id key) noexcept {
  const auto* until = until_.find(key);
  return until == nullptr ? mono_time::min() : *until;
}

void key_guard::rest(key_id key, mono_time until, mono_time now) {
  const auto awake = std::ranges::find_if(resting_, [now](const nap& n) { return n.until > now; });
  for (auto n = resting_.begin(); n != awake; ++n) {
    const auto* end = until_.find(n->key);
    if (end != nullptr && *end <= now) until_.erase(n->key);
  }
  resting_.erase(resting_.begin(), awake);
  until_[key] = until;
  resting_.push_back({until, key});
}

}  // namespace convoke::engine
