// Which rows a lane claims, and when: see fetching.hpp.

#include <algorithm>
#include <utility>

#include "engine/lane.hpp"
#include "engine/rules.hpp"

namespace convoke::engine {

void lane::page_arrived(const claimed_page& page, bool stale, mono_time now) {
  const auto who = organizers_.find(page.organizer);
  if (who == no_organizer) return;
  auto& o = organizers_[who];
  if (o.fetching) {
    o.fetching = false;
    --fetching_;
    stale ? --context_.stale_claims : --fetching_fresh_;
    requested_ -= o.requested;
  }
  count_left(who, page, stale);
  if (o.closed) return;  // claimed before close_organizer, which ended these rows
  for (const auto& r : page.rows) {
    const auto i = context_.rows.add(r, id_, who);
    if (i == no_row) continue;
    ++claimed_;
    if (stopped_ && !o.closing) {
      release_unsent(i);
    } else {
      organizers_.push(who, i, false);
    }
  }
  organizers_.update_round(who, now);
  want_rows(who);
}

// The setup counted the rows of each organizer. Where a page differs from that, the page is right.
void lane::count_left(organizer_index who, const claimed_page& page, bool stale) {
  auto& o = organizers_[who];
  auto& left = stale ? o.stale_left : o.fresh_left;
  const bool any_before = left > 0;
  if (page.exhausted || page.rows.empty()) {
    left = 0;
  } else {
    const auto came = static_cast<std::uint32_t>(page.rows.size());
    left = left > came ? left - came : 1;
  }
  if (!stale && any_before && left == 0) --fresh_left_;
  count_unfetched(who);
}

void lane::count_unfetched(organizer_index who) {
  auto& o = organizers_[who];
  const bool now_so = !o.blocked && (o.fresh_left > 0 || o.stale_left > 0);
  if (now_so == o.unfetched) return;
  o.unfetched = now_so;
  now_so ? ++unfetched_ : --unfetched_;
}

std::uint32_t lane::page_size() const noexcept {
  return sizes_.page(fresh_left_ > 0 ? fresh_left_ : unfetched_);
}

void lane::want_rows(organizer_index who) {
  auto& o = organizers_[who];
  if (stopped_ || o.queued || o.fetching || !o.unfetched || o.ready > page_size() / 2) return;
  o.queued = true;
  (o.fresh_left > 0 ? want_fresh_ : want_stale_).push_back(who);
}

bool lane::enough_claimed() const noexcept {
  return organizers_.sendable() + requested_ >= sizes_.high() || claimed_ + requested_ >= sizes_.most_claimed();
}

void lane::fetch(mono_time now) {
  if (stopped_ || token_ == 0 || organizers_.sendable() + requested_ >= sizes_.low() || lease_over(now)) return;
  if (!may_claim(now) || pace_.part() <= 0) return;
  fetch_from(want_fresh_, false, now);
  if (enough_claimed()) return;
  // Rows that an earlier process claimed go last: one of its calls may still be carried out.
  stale_turn_ = stale_turn_ || !holds(rule::stale_rows_wait) || (now >= stale_at_ && fetching_fresh_ == 0 && organizers_.sendable() == 0);
  if (stale_turn_ && context_.looks == 0) fetch_from(want_stale_, true, now);
}

// One claim for as many organizers as are needed. An organizer that has ready rows left gets fewer.
void lane::fetch_from(std::deque<organizer_index>& queue, bool stale, mono_time now) {
  fetch_rows claim{id_, stale, {}};
  while (!queue.empty() && !enough_claimed()) {
    const auto who = queue.front();
    queue.pop_front();
    auto& o = organizers_[who];
    o.queued = false;
    if (!o.unfetched) continue;
    if (o.cooldown.closed(now)) {
      organizers_.wake(who, o.cooldown.end());
      continue;
    }
    const auto page = page_size();
    o.fetching = true;
    o.requested = std::min(page - std::min(o.ready, page / 2), stale ? o.stale_left : o.fresh_left);
    ++fetching_;
    stale ? ++context_.stale_claims : ++fetching_fresh_;
    requested_ += o.requested;
    claim.pages.push_back({o.id, o.requested});
  }
  if (claim.pages.empty()) return;
  nothing_elsewhere_ = false;
  context_.actions.emplace_back(std::move(claim));
}

}  // namespace convoke::engine
