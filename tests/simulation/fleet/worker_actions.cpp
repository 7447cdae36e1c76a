// What the engine of a worker wants done, and what the database answers.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "simulation/fleet/worker.hpp"

namespace convoke::simulation::fleet {

using namespace std::chrono_literals;

void worker::pump() {
  if (!engine_ || over_) return;
  engine_->take_actions(actions_);
  ++wake_;
  for (auto& a : actions_) {
    if (over_) checker_->violated("an action after the end");
    carry_out(a);
  }
}

void worker::carry_out(engine::action& a) {
  if (auto* s = std::get_if<engine::send_call>(&a)) {
    send(*s);
  } else if (auto* together = std::get_if<engine::send_batch>(&a)) {
    send_batch(*together);
  } else if (auto* w = std::get_if<engine::wake_at>(&a)) {
    if (w->when <= now()) checker_->violated("the engine asks to be called at a time that has passed");
    at(w->when, [this, mine = ++wake_] {
      if (mine != wake_ || over_) return;
      engine_->tick(now());
      pump();
    });
  } else if (auto* t = std::get_if<engine::refresh_token>(&a)) {
    request_token(t->lane, random_.between(20ms, with_.s.job.token_wait));
  } else if (auto* n = std::get_if<engine::set_connections>(&a)) {
    lanes_[n->lane].pool->limit(n->count);
  } else if (auto* d = std::get_if<engine::drop_connection>(&a)) {
    lanes_[d->lane].pool->replace(d->connection);
    if (lanes_[d->lane].links[d->connection].idle) await(d->lane, d->connection, 0ns, &worker::check_idle);
  } else if (auto* look = std::get_if<engine::look_for_rows>(&a)) {
    keeper_->look(look->lane);
  } else if (auto* over = std::get_if<engine::finished>(&a)) {
    finished(*over);
  } else {
    carry_out_write(a);
  }
}

void worker::carry_out_write(engine::action& a) {
  if (auto* r = std::get_if<engine::record_outcome>(&a)) {
    checker_->requested(*r);
    rows_.erase(index_of(r->row));
    enqueue(std::move(*r));
  } else if (auto* step = std::get_if<engine::advance_row>(&a)) {
    checker_->requested(*step);
    auto& held = rows_[index_of(step->row)];
    held.changed = step->last.drift;
    held.next = step->next;
    if (step->last.stored) held.meeting_id = step->last.stored->id;
    enqueue(std::move(*step));
  } else if (auto* f = std::get_if<engine::fetch_rows>(&a)) {
    checker_->requested(*f, now());
    enqueue(*f);
  } else if (auto* back = std::get_if<engine::release_row>(&a)) {
    checker_->requested(*back);
    rows_.erase(index_of(back->row));
    enqueue(std::move(*back));
  } else if (auto* c = std::get_if<engine::close_organizer>(&a)) {
    enqueue(std::move(*c));
  } else if (auto* cooldown = std::get_if<engine::save_cooldown>(&a)) {
    checker_->requested(*cooldown);
    enqueue(*cooldown);
  } else if (auto* gone = std::get_if<engine::forget_cooldown>(&a)) {
    enqueue(*gone);
  } else if (auto* pace = std::get_if<engine::save_pace>(&a)) {
    enqueue(*pace);
  }
}

void worker::finished(const engine::finished& f) {
  log("ends: " + f.detail);
  over_ = true;
  if (f.reason != engine::stop_reason::storage) checker_->ended(f, now(), engine_->numbers());
  if (f.reason == engine::stop_reason::finished && held_elsewhere_ > 0) checker_->violated("finished, and other workers hold rows");
  come_back_ = now() + f.come_back.value_or(1s);
  if (draining_ && f.reason == engine::stop_reason::interrupted) drained_ = true;
  keeper_->stop();
  if (!committing_ && jobs_.empty()) return end(!session_over_);
  commit();
}

// ---- the database

void worker::enqueue(ledger_job job) {
  jobs_.push_back(std::move(job));
  if (committing_ || std::exchange(commit_scheduled_, true)) return;
  later(1ms + random_.upto(with_.s.job.commit), [this] {
    commit_scheduled_ = false;
    commit();
  });
}

void worker::commit() {
  if (committing_ || jobs_.empty()) return;
  committing_ = true;
  store_->commit(std::exchange(jobs_, {}), [this](const std::optional<database::changes>& done) { committed(done); });
}

void worker::committed(const std::optional<database::changes>& done) {
  committing_ = false;
  if (!done) {
    storage_failed({errc::storage, "the database cannot be reached"});
  } else {
    checker_->made_durable(done->done);
    for (const auto id : done->done.lost) {
      rows_.erase(index_of(id));
      known_.erase(index_of(id));
      lost_.insert(index_of(id));
    }
    for (const auto id : done->done.rows)
      if (!rows_.contains(index_of(id))) known_.erase(index_of(id));
    if (!over_ && keeper_) {
      received(done->cooldowns);
      keeper_->announce(store_->by_wall(done->cooldowns));
    }
    if (!over_ && (!done->done.rows.empty() || !done->done.lost.empty())) {
      for (const auto id : done->done.rows)
        if (const auto found = rows_.find(index_of(id)); found != rows_.end()) {
          found->second.op = found->second.next;
          ++found->second.advances;
        }
      engine_->committed(done->done.rows, done->done.lost, now());
      pump();
    }
    for (const auto& c : done->done.claims) {
      if (over_) break;
      take(c);
    }
    for (const auto& c : done->done.closings) {
      if (over_) break;
      const auto of_it = [&](std::size_t i) { return with_.db.rows()[i].organizer == c.request.organizer; };
      std::erase_if(rows_, [&](const auto& r) { return of_it(r.first); });
      std::erase_if(known_, of_it);
      engine_->organizer_closed(c.request.lane, c.request.organizer, c.rows, now());
      pump();
    }
    if (done->over && !over_) storage_failed({errc::busy, "the lease has ended"});
  }
  if (!jobs_.empty()) return commit();
  if (over_) end(!session_over_);
}

void worker::received(const std::vector<announcement>& cooldowns) {
  for (const auto& c : cooldowns) {
    log(fmt::format("learns that {} is closed for {:.3f} s", c.organizer ? fmt::format("organizer {}", *c.organizer) : "the lane",
                    in_seconds(c.until - now())));
    checker_->cooldown_known(c.lane, c.organizer, c.until);
  }
}

bool worker::holds_nothing() const {
  return known_.empty() && !committing_ && jobs_.empty();
}

// Rows that were claimed arrive.
void worker::take(const claim& c) {
  auto fresh = c;
  for (auto& page : fresh.pages) {
    auto& left = c.request.stale ? stale_[page.organizer] : fresh_[page.organizer];
    left = page.exhausted ? 0 : std::max(1U, left - std::min(left, static_cast<std::uint32_t>(page.rows.size())));
    log(fmt::format("has claimed {} {} rows of organizer {}", page.rows.size(), c.request.stale ? "stale" : "fresh", page.organizer));
    // A row that the engine has already comes again only after a failover, and is ignored.
    std::erase_if(page.rows, [this](const engine::owed_row& owed) { return known_.contains(index_of(owed.row)); });
    for (const auto& owed : page.rows) {
      const auto i = index_of(owed.row);
      const auto& r = with_.db.rows()[i];
      if (with_.watch.lost_by_failover(i)) checker_->given_back(i);
      rows_[i] = {owed.op, r.meeting_id, {}, r.advances, owed.token, c.request.stale};
      known_.insert(i);
    }
  }
  checker_->claimed(fresh);
  engine_->rows_arrived(c.request.lane, c.request.stale, c.pages, now());
  pump();
}

void worker::found(const convoke::ledger::rows_in_store& rows) {
  held_elsewhere_ = rows.held_elsewhere;
  std::vector<std::uint32_t> fresh(fresh_.size()), stale(stale_.size());
  for (const auto& o : rows.organizers) {
    fresh[o.id] = o.fresh;
    stale[o.id] = o.stale;
  }
  for (organizer_id o = 0; o < fresh.size(); ++o) {
    if (fresh[o] + stale[o] > 0) log(fmt::format("finds {} fresh and {} stale rows of organizer {}", fresh[o], stale[o], o));
    stale_[o] = stale[o];
    // The answer to a claim that is under way is newer.
    if (checker_->rows_counted(o, fresh[o], stale[o])) fresh_[o] = fresh[o];
  }
}

void worker::storage_failed(const error& why) {
  if (why.code == errc::busy) session_over_ = true;
  if (over_) return;
  if (why.code == errc::busy && now() < store_->lease_end()) with_.watch.session_given_up();
  log("the session is over: " + why.message);
  engine_->storage_failed(why, now());
  pump();
}

// ---- tokens

void worker::request_token(lane_id l, nanoseconds wait) {
  if (std::exchange(lanes_[l].token_requested, true)) return;
  later(wait, [this, l] { token_arrives(l); });
}

void worker::token_arrives(lane_id l) {
  auto& one = lanes_[l];
  one.token_requested = false;
  if (over_) return;
  auto bearer = service_cut_ ? std::string() : simulation::request_token(*with_.services[l], {now(), with_.wall(now())});
  if (bearer.empty()) {
    checker_->token_failed(l);
    engine_->token_failed(l, {errc::network, "the token endpoint does not answer"}, false, std::nullopt, now());
    pump();
    if (!over_) request_token(l, random_.between(1s, 5s));
    return;
  }
  one.bearer = "Bearer " + bearer;
  one.token = static_cast<std::uint32_t>(++tokens_);
  engine_->token_ready(l, one.token, now());
  pump();
  if (!over_) later(seconds_of(with_.s.job.service.tokens.lifetime_seconds * 0.8), [this, l] { request_token(l, 1ms); });
}

}  // namespace convoke::simulation::fleet
