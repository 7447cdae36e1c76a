// One process around its engine: carries out its actions as the real driver does, without sockets. Which connections connect, stay idle,
// rest and are replaced is decided by the driver's own class (run::connection_pool).

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "simulation/world.hpp"

namespace convoke::simulation {

using namespace std::chrono_literals;
using run::connection_pool;

void world::pump() {
  // What follows from an action comes as an event of its own, so one round is enough.
  engine_->take_actions(actions_);
  wake_.reset();
  for (auto& a : actions_) {
    if (ended_) violated("an action after the end");
    carry_out(a);
  }
}

void world::carry_out(engine::action& a) {
  if (auto* s = std::get_if<engine::send_call>(&a)) {
    send(*s);
  } else if (auto* together = std::get_if<engine::send_batch>(&a)) {
    send_batch(*together);
  } else if (auto* w = std::get_if<engine::wake_at>(&a)) {
    if (w->when <= now_) violated("the engine asks to be called at a time that has passed");
    wake_ = w->when;
  } else if (auto* t = std::get_if<engine::refresh_token>(&a)) {
    request_token(t->lane, random_.between(20ms, scenario_.token_wait));
  } else if (auto* n = std::get_if<engine::set_connections>(&a)) {
    limit_connections(n->lane, n->count);
  } else if (auto* d = std::get_if<engine::drop_connection>(&a)) {
    replace(d->lane, d->connection);
  } else if (auto* over = std::get_if<engine::finished>(&a)) {
    ended_ = *over;
  } else {
    (void)carry_out_write(a);
  }
}

// Actions for the ledger.
bool world::carry_out_write(engine::action& a) {
  if (auto* r = std::get_if<engine::record_outcome>(&a)) {
    checker_->requested(*r);
    enqueue(std::move(*r));
  } else if (auto* step = std::get_if<engine::advance_row>(&a)) {
    checker_->requested(*step);
    const auto index = ledger::index_of(step->row);
    changed_[index] = step->last.to_set;
    if (ledger_.rows()[index].update != engine::update_rule::never || changed_[index].empty())
      changed_[index].insert(changed_[index].end(), step->last.drift.begin(), step->last.drift.end());
    enqueue(std::move(*step));
    // A kill between two operations of a row is the most interesting one, so it is more likely there.
    if (scenario_.crashes > 0 && random_.chance(0.05)) {
      --scenario_.crashes;
      in(random_.upto(4 * scenario_.commit), event_kind::kill);
    }
  } else if (auto* f = std::get_if<engine::fetch_rows>(&a)) {
    checker_->requested(*f, now_);
    enqueue(*f);
  } else if (auto* back = std::get_if<engine::release_row>(&a)) {
    checker_->requested(*back);
    enqueue(std::move(*back));
  } else if (auto* c = std::get_if<engine::close_organizer>(&a)) {
    enqueue(std::move(*c));
  } else if (auto* cooldown = std::get_if<engine::save_cooldown>(&a)) {
    checker_->requested(*cooldown);
    enqueue(*cooldown);
  } else if (auto* gone = std::get_if<engine::forget_cooldown>(&a)) {
    enqueue(*gone);
  } else if (auto* pace = std::get_if<engine::save_pace>(&a)) {
    if (!(pace->pace.rate > 0)) violated("a pace without a rate is saved");
    enqueue(*pace);
  } else {
    return false;
  }
  return true;
}

// ---- the ledger's thread

void world::enqueue(ledger_job job) {
  jobs_.push_back(std::move(job));
  if (std::exchange(commit_scheduled_, true)) return;
  in(1ms + random_.upto(scenario_.commit - 1ms), event_kind::commit);
}

void world::commit() {
  commit_scheduled_ = false;
  const auto done = ledger_.commit(jobs_, now_, wall());
  checker_->made_durable(done);
  if (!done.rows.empty() || !done.lost.empty()) {
    result_.seen.last_commit = since_start(now_);
    engine_->committed(done.rows, done.lost, now_);
    pump();
  }
  for (const auto& c : done.claims) {
    if (ended_) return;
    checker_->claimed(c);
    engine_->rows_arrived(c.request.lane, c.request.stale, c.pages, now_);
    pump();
  }
  for (const auto& c : done.closings) {
    if (ended_) return;
    engine_->organizer_closed(c.request.lane, c.request.organizer, c.rows, now_);
    pump();
  }
}

// ---- connections

// The connection's next event; one that it awaited before is void.
void world::await(lane_id l, engine::connection_id c, mono_time when, event_kind what) {
  lanes_[l].links[c].awaits = at(when, what, c, l);
}

void world::take_turn(lane_id l, engine::connection_id c) {
  const auto turn = lanes_[l].pool->ask_to_connect(c, engine_->may_connect_at(l), now_);
  if (!turn.connect) return await(l, c, turn.ask_again, event_kind::turn);
  await(l, c, now_ + network_random_.upto(scenario_.net.connect), event_kind::connected);
}

void world::connected(lane_id l, engine::connection_id c) {
  auto& pool = *lanes_[l].pool;
  if ((in_outage() && !scenario_.net.outages_connect) || network_random_.chance(scenario_.net.refused)) {
    engine::answer why;
    why.error = network_random_.chance(0.9) ? engine::attempt_error::connect : engine::attempt_error::local_resources;
    why.error_message = "connection refused";
    pool.connect_failed(c);
    checker_->connect_failed(l);
    engine_->connect_failed(l, c, why, now_);
    pump();
    if (!ended_) await(l, c, now_ + 1ms, event_kind::turn);
    return;
  }
  became_idle(l, c, false);
}

void world::became_idle(lane_id l, engine::connection_id c, bool reused) {
  auto& one = lanes_[l];
  auto& link = one.links[c];
  link.idle = true;
  link.reused = reused;
  link.server_closed = false;
  one.pool->ready(c, now_);
  engine_->connection_ready(l, c, reused, now_);
  pump();
  if (ended_ || !link.idle) return;
  await(l, c, one.pool->next_check(now_), event_kind::idle_check);
  if (reused && network_random_.chance(scenario_.net.idle_closed)) in(network_random_.upto(1s), event_kind::server_close, c, l);
}

void world::check_idle(lane_id l, engine::connection_id c) {
  auto& one = lanes_[l];
  auto& link = one.links[c];
  if (!link.idle) return;
  const auto result = one.pool->check_idle(c, !link.server_closed, now_);
  if (result == connection_pool::check_result::keep) return await(l, c, one.pool->next_check(now_), event_kind::idle_check);
  link.idle = false;
  if (result == connection_pool::check_result::rest) {
    engine_->connection_lost(l, c, now_);
    pump();
  }
  if (!ended_) await(l, c, now_, event_kind::turn);
}

// Its call is over.
void world::free_connection(lane_id l, engine::connection_id c, bool usable) {
  auto& pool = *lanes_[l].pool;
  if (pool.keep_after_call(c, usable)) return became_idle(l, c, true);
  pool.closed(c);
  await(l, c, now_, event_kind::turn);
}

void world::limit_connections(lane_id l, unsigned count) {
  auto& one = lanes_[l];
  one.pool->limit(count);
  for (engine::connection_id c = 0; c < one.links.size(); ++c)
    if (one.links[c].idle && c >= count) await(l, c, now_, event_kind::idle_check);
}

void world::replace(lane_id l, engine::connection_id c) {
  lanes_[l].pool->replace(c);
  if (lanes_[l].links[c].idle) await(l, c, now_, event_kind::idle_check);
}

// ---- tokens

void world::request_token(lane_id l, nanoseconds wait) {
  if (!std::exchange(lanes_[l].token_requested, true)) in(wait, event_kind::token, 0, l);
}

// The token; empty where the endpoint gives none.
std::string world::fetch_token(lane_id l) {
  return simulation::request_token(*lanes_[l].service, true_time());
}

void world::token_arrives(lane_id l) {
  auto& one = lanes_[l];
  one.token_requested = false;
  if (scenario_.wrong_credentials > 0 && l + 1U == lanes_.size() && (one.token > 0 || scenario_.seed % 2 == 0)) {
    checker_->credentials_refused(l);
    engine_->token_failed(l, {errc::credentials, "the client secret is wrong"}, true, std::nullopt, now_);
    return pump();
  }
  auto bearer = in_outage() ? std::string() : fetch_token(l);
  if (bearer.empty()) {
    checker_->token_failed(l);
    engine_->token_failed(l, {errc::network, "the token endpoint does not answer"}, false, std::nullopt, now_);
    pump();
    if (!ended_) request_token(l, random_.between(1s, 5s));
    return;
  }
  tokens_.push_back(std::move(bearer));
  one.token = static_cast<std::uint32_t>(tokens_.size());
  engine_->token_ready(l, one.token, now_);
  pump();
  const auto& service = scenario_.service.tokens;
  if (!ended_ && scenario_.refresh_early) in(seconds_of(service.lifetime_seconds * 0.8), event_kind::renew, 0, l);
}

}  // namespace convoke::simulation
