#include "engine/engine.hpp"

#include <algorithm>
#include <utility>

#include "core/saturating.hpp"
#include "engine/lane.hpp"
#include "engine/rules.hpp"
#include "engine/run_context.hpp"

namespace convoke::engine {

class engine::impl {
 public:
  impl(const settings& s, const std::vector<lane_setup>& setups, mono_time now) : context(s), started_(now) {
    for (const auto& setup : setups) lanes_.push_back(std::make_unique<lane>(context, setup, now));
    settle(now);
  }

  [[nodiscard]] lane* find(lane_id id) const noexcept {
    if (id < lanes_.size() && lanes_[id]->id() == id) return lanes_[id].get();
    const auto l = std::ranges::find_if(lanes_, [id](const auto& one) { return one->id() == id; });
    return l == lanes_.end() ? nullptr : l->get();
  }

  void answered(row_id row, answer&& a, mono_time now) {
    const auto i = context.rows.find(row);
    // Late answers of calls that a drain gave up on.
    if (i == no_row || context.rows[i].state != row_state::in_flight) return;
    auto* of_row = find(context.rows[i].lane);
    const auto cooldown = of_row->answered(i, std::move(a), now);
    if (!cooldown) return;
    for (const auto& l : lanes_)
      if (l.get() != of_row && closed_together(*l, *of_row)) l->close(*cooldown, now);
  }

  // Each call ends on its own. The last of them stands for the connection.
  void batch_answered(lane_id id, batch_answer&& a, mono_time now) {
    context.numbers.strange += a.strange;
    std::erase_if(a.items, [this](const auto& one) {
      const auto i = context.rows.find(one.row);
      return i == no_row || context.rows[i].state != row_state::in_flight;
    });
    auto* l = find(id);
    if (a.items.empty() || l == nullptr) return;
    if (a.envelope && l->batch_refused(a, now)) return;
    for (std::size_t k = 0; k < a.items.size(); ++k) {
      auto& one = a.items[k];
      if (k + 1 == a.items.size()) context.rows[context.rows.find(one.row)].shares_connection = false;
      // What could not be put into the request has an answer of its own.
      if (a.envelope && one.got.sent) {
        one.got = *a.envelope;
        one.got.of_envelope = true;
      }
      answered(one.row, std::move(one.got), now);
    }
  }

  void acknowledged(std::span<const row_id> rows, bool lost, mono_time now) {
    for (const auto id : rows) {
      const auto i = context.rows.find(id);
      if (i == no_row) continue;
      const auto& r = context.rows[i];
      if (r.state != row_state::committing && r.state != row_state::advancing) continue;
      if (lost) ++context.numbers.lost_writes;
      find(r.lane)->acknowledged(i, lost, now);
    }
  }

  void stop(stop_reason why, const std::string& detail, mono_time now, std::optional<mono_time> come_back = {}) {
    if (why == stop_reason::storage) {
      context.actions.clear();  // what was not carried out yet cannot be made durable, so it must not happen
      finish({stop_reason::storage, detail, std::nullopt});
      return;
    }
    if (ending_ || (why == stop_reason::interrupted && !holds(rule::nothing_after_stop))) return;
    if (!stopped_at_) stopped_at_ = now;
    if (why == stop_reason::interrupted) interruption_ = detail;
    for (const auto& l : lanes_) l->stop(why, detail, now, come_back);
  }

  // Whether a cooldown of the application closes both lanes.
  [[nodiscard]] static bool closed_together(const lane& a, const lane& b) noexcept {
    return a.app() == b.app() ? holds(rule::app_cooldown_shared) : !holds(rule::app_cooldown_bounded);
  }

  // False after the end: nothing is done any more.
  bool enter(mono_time now) noexcept {
    context.now = now;
    return !over;
  }
  void settle(mono_time now);
  void finish(struct finished f) {
    over = true;
    wake.reset();
    context.actions.emplace_back(std::move(f));
  }

  run_context context;
  std::optional<mono_time> wake;
  bool over = false;

 private:
  void stop_all_with_one(mono_time now);
  void look_for_the_end(mono_time now);
  [[nodiscard]] struct finished result(mono_time now) const;
  void count(mono_time now) noexcept;

  std::vector<std::unique_ptr<lane>> lanes_;
  mono_time started_;
  std::optional<mono_time> stopped_at_;
  std::optional<std::string> interruption_;  // what is said of it, once the run was interrupted
  bool ending_ = false;                      // nothing will be sent any more, and nothing is in flight: only commits are awaited
  mono_time end_by_ = mono_time::max();
};

void engine::impl::settle(mono_time now) {
  if (over) return;
  if (context.config.max_duration && !stopped_at_ && !ending_ && now - started_ >= *context.config.max_duration &&
      holds(rule::duration_kept)) {
    stop(stop_reason::deferred, "The time limit (--max-duration) is over. Run the same command again to go on.", now, now);
  }
  for (const auto& l : lanes_) l->advance(now);
  if (!holds(rule::lanes_stop_alone)) stop_all_with_one(now);
  look_for_the_end(now);
  if (over) return;
  wake.reset();
  const auto consider = [this, now](std::optional<mono_time> t) {
    if (t && *t > now && (!wake || *t < *wake)) wake = t;
  };
  for (const auto& l : lanes_) consider(l->next(now));
  if (ending_) consider(end_by_);
  if (context.lease_until != mono_time::max()) consider(context.lease_trusted_until());
  if (context.config.max_duration && !stopped_at_ && !ending_) consider(core::after(started_, *context.config.max_duration));
  count(now);
}

// What must not happen: only the simulation switches the rule off.
void engine::impl::stop_all_with_one(mono_time now) {
  for (const auto& stopped : lanes_) {
    const auto end = stopped->end();
    if (end.reason != stop_reason::credentials && end.reason != stop_reason::permission) continue;
    for (const auto& l : lanes_) l->stop(end.reason, end.detail, now);
  }
}

void engine::impl::look_for_the_end(mono_time now) {
  if (!ending_) {
    if (std::ranges::any_of(lanes_, [now](const auto& l) { return l->look(now).busy; })) return;
    for (const auto& l : lanes_) l->set_down(now);
    if (std::ranges::any_of(lanes_, [](const auto& l) { return l->awaits_others(); })) return;
    for (const auto& l : lanes_) l->wind_up(now);
    ending_ = true;
    end_by_ = core::after(stopped_at_.value_or(now), context.config.drain);
  }
  const bool acknowledged = (context.numbers.unacknowledged == 0 && context.closings == 0) || !holds(rule::acknowledged_first);
  if (acknowledged || now >= end_by_) finish(result(now));
}

// The run ends like the lane that ended worst, the first of those where there are several. One that was interrupted says so, also where
// all of its lanes could finish.
struct finished engine::impl::result(mono_time now) const {
  struct finished f{stop_reason::finished, "Everything that was owed is done.", std::nullopt};
  for (const auto& l : lanes_) {
    const auto& end = f.lanes.emplace_back(l->end());
    if (!outranks(end.reason, f.reason)) continue;
    f.reason = end.reason;
    f.detail = end.detail;
  }
  if (interruption_ && outranks(stop_reason::interrupted, f.reason)) {
    f.reason = stop_reason::interrupted;
    f.detail = *interruption_;
  }
  if (f.reason == stop_reason::finished && context.numbers.unacknowledged + context.closings > 0) {
    f.reason = stop_reason::storage;
    f.detail = "The ledger did not acknowledge the last commits in time. Run the same command again.";
  }
  if (f.reason != stop_reason::deferred) return f;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    const auto at = f.lanes[i].reason == stop_reason::finished ? std::nullopt : lanes_[i]->come_back(now);
    if (at && (!f.come_back || *at - now < *f.come_back)) f.come_back = std::max(*at - now, std::chrono::nanoseconds(0));
  }
  return f;
}

void engine::impl::count(mono_time now) noexcept {
  context.numbers.rate = 0;
  context.numbers.learning = false;
  context.numbers.cooldown_until.reset();
  for (const auto& l : lanes_) {
    context.numbers.rate += l->rate();
    context.numbers.learning |= l->learning();
    const auto end = l->cooldown_end();
    if (end > now && (!context.numbers.cooldown_until || end > *context.numbers.cooldown_until)) context.numbers.cooldown_until = end;
  }
}

engine::engine(const settings& s, std::vector<lane_setup> lanes, mono_time now) : impl_(std::make_unique<impl>(s, lanes, now)) {}
engine::~engine() = default;
engine::engine(engine&&) noexcept = default;

// Every event: nothing after the end; then the lane concerned; then whatever follows from it.

void engine::rows_arrived(lane_id id, bool stale, std::span<const claimed_page> pages, mono_time now) {
  if (!impl_->enter(now)) return;
  if (auto* l = impl_->find(id)) {
    for (const auto& page : pages) l->page_arrived(page, stale, now);
  }
  impl_->settle(now);
}

void engine::connection_ready(lane_id id, connection_id c, bool reused, mono_time now) {
  if (!impl_->enter(now)) return;
  if (auto* l = impl_->find(id)) l->connection_ready(c, reused, now);
  impl_->settle(now);
}

void engine::connection_lost(lane_id id, connection_id c, mono_time now) {
  if (!impl_->enter(now)) return;
  if (auto* l = impl_->find(id)) l->connection_lost(c);
  impl_->settle(now);
}

void engine::connect_failed(lane_id id, connection_id, const answer& why, mono_time now) {
  if (!impl_->enter(now)) return;
  if (auto* l = impl_->find(id)) l->connect_failed(why, now);
  impl_->settle(now);
}

mono_time engine::may_connect_at(lane_id id) const {
  const auto* l = impl_->find(id);
  return l == nullptr ? mono_time::min() : l->may_connect_at();
}

void engine::token_ready(lane_id id, std::uint32_t token, mono_time now) {
  if (!impl_->enter(now)) return;
  if (auto* l = impl_->find(id)) l->token_ready(token);
  impl_->settle(now);
}

void engine::token_failed(lane_id id, const error& why, bool fatal, std::optional<mono_time> again, mono_time now) {
  if (!impl_->enter(now)) return;
  if (auto* l = impl_->find(id)) l->token_failed(why, fatal, again, now);
  impl_->settle(now);
}

void engine::answered(row_id row, answer a, mono_time now) {
  if (!impl_->enter(now)) return;
  impl_->answered(row, std::move(a), now);
  impl_->settle(now);
}

void engine::batch_answered(lane_id id, batch_answer a, mono_time now) {
  if (!impl_->enter(now)) return;
  impl_->batch_answered(id, std::move(a), now);
  impl_->settle(now);
}

void engine::committed(std::span<const row_id> rows, std::span<const row_id> lost, mono_time now) {
  if (!impl_->enter(now)) return;
  impl_->acknowledged(lost, true, now);
  impl_->acknowledged(rows, false, now);
  impl_->settle(now);
}

void engine::organizer_closed(lane_id, organizer_id, std::uint32_t, mono_time now) {
  if (!impl_->enter(now)) return;
  if (impl_->context.closings > 0) --impl_->context.closings;
  impl_->settle(now);
}

void engine::storage_failed(const error& why, mono_time now) {
  if (!impl_->enter(now)) return;
  impl_->stop(stop_reason::storage, why.message, now);
}

void engine::lease_until(mono_time until, mono_time now) {
  if (!impl_->enter(now)) return;
  impl_->context.lease_until = until;
  impl_->settle(now);
}

void engine::share_changed(lane_id id, const lane_share& share, mono_time now) {
  if (!impl_->enter(now)) return;
  if (auto* l = impl_->find(id)) l->share_changed(share, now);
  impl_->settle(now);
}

void engine::cooldown_announced(std::span<const announced_cooldown> all, mono_time now) {
  if (all.empty() || !impl_->enter(now)) return;
  for (const auto& one : all)
    if (auto* l = impl_->find(one.lane)) l->cooldown_announced(one.organizer, one.until, now);
  impl_->settle(now);
}

void engine::rows_available(lane_id id, std::span<const organizer_setup> organizers, std::uint64_t held_elsewhere, mono_time now) {
  if (!impl_->enter(now)) return;
  if (auto* l = impl_->find(id)) l->rows_available(organizers, held_elsewhere, now);
  impl_->settle(now);
}

lane_report engine::report(lane_id id, mono_time now) {
  auto* l = impl_->find(id);
  return l == nullptr ? lane_report{} : l->report(now);
}

void engine::stop(stop_reason why, mono_time now) {
  if (!impl_->enter(now)) return;
  impl_->stop(why, why == stop_reason::interrupted ? "Interrupted. Run the same command again to go on." : "Stopped.", now);
  impl_->settle(now);
}

void engine::tick(mono_time now) {
  if (!impl_->enter(now)) return;
  impl_->settle(now);
}

std::vector<action> engine::take_actions() {
  std::vector<action> taken;
  take_actions(taken);
  return taken;
}

void engine::take_actions(std::vector<action>& into) {
  into.clear();
  std::swap(into, impl_->context.actions);
  if (impl_->wake) into.emplace_back(wake_at{*impl_->wake});
  impl_->wake.reset();
}

const counters& engine::numbers() const noexcept {
  return impl_->context.numbers;
}

}  // namespace convoke::engine
