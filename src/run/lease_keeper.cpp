#include "run/lease_keeper.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace convoke::run {
namespace {

constexpr auto try_again_after = std::chrono::seconds(1);

}  // namespace

lease_keeper::lease_keeper(const parts& with, const ledger::opened_run& opened, mono_time joined, std::chrono::nanoseconds max_cooldown,
                           events to)
    : clock_(with.time),
      store_(with.store),
      engine_(with.informs),
      opened_(opened),
      max_cooldown_(max_cooldown),
      to_(std::move(to)),
      lanes_(opened.info.header.lanes.size()),
      began_(joined),
      lease_end_(joined + opened.shared->left),
      extend_at_(joined + ledger::heartbeat_interval),
      exchange_timer_(clock_.make_timer([this] { exchange(); })),
      survey_timer_(clock_.make_timer([this] { survey(); })),
      mail_(with.io, *this) {}

void lease_keeper::start() {
  accept(*opened_.shared, began_);
  exchange_timer_->expire_at(clock_.now() + ledger::exchange_interval);
}

void lease_keeper::stop() {
  stopped_ = true;
  exchange_timer_->cancel();
  survey_timer_->cancel();
}

void lease_keeper::end(const error& why) {
  stop();
  to_.ended(why);
}

// ---- the lease and the lanes

void lease_keeper::exchange() {
  if (stopped_) return;
  const auto at = clocks();
  ledger::renewal_request request{.lease = opened_.lease, .extend = at.now >= extend_at_, .lanes = {}};
  request.lanes.reserve(lanes_.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    auto& lane = lanes_[i];
    if (lane.left) continue;
    auto report = engine_.report(static_cast<engine::lane_id>(i), at.now);
    lane.over = report.over;
    lane.unsent.lane = static_cast<ledger::lane_id>(i);
    lane.unsent.leads = publication(report, lane.leads, lane.members, opened_.lease);
    add_report(lane.unsent, std::move(report), at);
    request.lanes.push_back(lane.unsent);
  }
  store_.renew(std::move(request), [back = mail_.here(), sent = at.now, extending = request.extend](const result<ledger::renewal>& answer) {
    back.post([sent, extending, answer](lease_keeper& self) { self.on_renewed(sent, extending, answer); });
  });
}

void lease_keeper::on_renewed(mono_time sent, bool extended, const result<ledger::renewal>& answer) {
  if (stopped_) return;
  if (!answer) return on_failure(extended, answer.error());
  for (auto& lane : lanes_) {
    lane.unsent = {};
    lane.left = lane.over;
  }
  // After a heartbeat that failed only another heartbeat shows that the lease can be renewed.
  if (extended) {
    extend_at_ = sent + ledger::heartbeat_interval;
    if (std::exchange(suspended_, false)) to_.note("The lease is renewed again: calls go on.");
  }
  accept(*answer, sent);
  exchange_timer_->expire_at(sent + ledger::exchange_interval);
  to_.changed();
}

void lease_keeper::on_failure(bool extending, const error& why) {
  if (why.code == errc::busy) return end(why);
  const auto now = clock_.now();
  if (lease_has_ended())
    return end({errc::busy, fmt::format("The lease of this session ended before it could be renewed: {}", why.message)});
  extend_at_ = now;
  if (!extending) return exchange();
  if (!std::exchange(suspended_, true))
    to_.note(fmt::format("The lease of this session could not be renewed, so nothing is sent until it is: {}", why.message));
  exchange_timer_->expire_at(now + try_again_after);
  engine_.lease_until(now, now);
  to_.changed();
}

void lease_keeper::accept(const ledger::renewal& terms, mono_time sent) {
  const auto at = clocks();
  lease_end_ = sent + terms.left;
  // Before anything by which a call could be granted.
  announce(terms.cooldowns);
  if (!suspended_) engine_.lease_until(lease_end_, at.now);
  for (const auto& one : terms.lanes) {
    if (one.lane >= lanes_.size()) continue;
    auto& lane = lanes_[one.lane];
    lane.leads = one.leads;
    lane.members = one.members;
    engine_.share_changed(one.lane, share_of(one, sent, at), at.now);
  }
}

void lease_keeper::announce(std::span<const ledger::announced_cooldown> cooldowns) {
  if (stopped_) return;
  const auto at = clocks();
  std::vector<engine::announced_cooldown> all;
  for (const auto& one : cooldowns)
    all.push_back({.lane = one.lane, .organizer = one.organizer, .until = opens_at(one, max_cooldown_, at)});
  engine_.cooldown_announced(all, at.now);
}

// ---- rows

void lease_keeper::look(engine::lane_id lane) {
  if (stopped_) return;
  looking_.push_back(lane);
  if (!surveying_) survey();
}

void lease_keeper::survey() {
  if (stopped_ || surveying_ || looking_.empty()) return;
  surveying_ = true;
  held_nothing_ = to_.holds_nothing();
  store_.survey(opened_.lease,
                [back = mail_.here(), lanes = std::exchange(looking_, {})](const result<ledger::rows_in_store>& found) mutable {
                  back.post([lanes, found](lease_keeper& self) { self.on_surveyed(lanes, found); });
                });
}

void lease_keeper::on_surveyed(std::vector<engine::lane_id> lanes, const result<ledger::rows_in_store>& found) {
  surveying_ = false;
  if (stopped_) return;
  if (!found) {
    if (found.error().code == errc::busy || lease_has_ended()) return end({errc::busy, found.error().message});
    looking_.insert(looking_.end(), lanes.begin(), lanes.end());
    survey_timer_->expire_at(clock_.now() + try_again_after);
    return;
  }
  // A database that took over without its last commits still has claims whose outcomes it lost. While this session lasts no worker would
  // take these rows.
  if (found->held_here > 0 && held_nothing_ && to_.holds_nothing())
    return end(
        {errc::busy, fmt::format("The ledger has {} as claimed by this session that this session has ended already: the last commits "
                                 "of the database were lost, perhaps by a failover.",
                                 found->held_here == 1 ? std::string("1 row") : fmt::format("{} rows", found->held_here))});
  to_.surveyed(*found);
  const auto inform = [&](engine::lane_id lane) {
    engine_.rows_available(lane, rows_of_lane(*found, lane), found->held_elsewhere, clock_.now());
  };
  // First those that did not look: their claims may bring rows that were found to be stale just now, and until all looks are answered the
  // engine claims no stale rows.
  for (engine::lane_id lane = 0; lane < lanes_.size(); ++lane)
    if (std::ranges::find(lanes, lane) == lanes.end()) inform(lane);
  for (const auto lane : lanes) inform(lane);
  to_.changed();
  survey();
}

}  // namespace convoke::run
