// One process around its engine: carries out what it asks for, as the real driver does, without its sockets.

#include <algorithm>
#include <utility>

#include "simulation/world.hpp"

namespace convoke::simulation {

using namespace std::chrono_literals;

void world::pump() {
  // What an action leads to comes as an event of its own, so one round is enough.
  engine_->take_actions(actions_);
  wake_.reset();
  for (auto& a : actions_) {
    if (ended_) complain("an action after the end");
    carry_out(a);
  }
}

void world::carry_out(engine::action& a) {
  if (auto* s = std::get_if<engine::send_call>(&a)) {
    send(*s);
  } else if (auto* w = std::get_if<engine::wake_at>(&a)) {
    if (w->when <= now_) complain("asked to be woken in the past");
    wake_ = w->when;
  } else if (auto* r = std::get_if<engine::record_outcome>(&a)) {
    referee_->asked(*r);
    enqueue(std::move(*r));
  } else if (auto* f = std::get_if<engine::fetch_rows>(&a)) {
    referee_->fetching(*f, now_);
    enqueue(*f);
  } else if (auto* back = std::get_if<engine::release_row>(&a)) {
    referee_->asked(*back);
    enqueue(std::move(*back));
  } else if (auto* c = std::get_if<engine::close_organizer>(&a)) {
    enqueue(std::move(*c));
  } else if (auto* cooldown = std::get_if<engine::save_cooldown>(&a)) {
    enqueue(*cooldown);
  } else if (auto* gone = std::get_if<engine::forget_cooldown>(&a)) {
    enqueue(*gone);
  } else if (auto* pace = std::get_if<engine::save_pace>(&a)) {
    if (!(pace->pace.rate > 0)) complain("a pace that is none is to be saved");
    enqueue(*pace);
  } else if (std::get_if<engine::refresh_token>(&a) != nullptr) {
    ask_for_token(dice_.between(20ms, plot_.token_wait));
  } else if (auto* n = std::get_if<engine::set_connections>(&a)) {
    enabled_ = n->count;
  } else if (auto* d = std::get_if<engine::drop_connection>(&a)) {
    drop(d->connection);
  } else if (auto* over = std::get_if<engine::finished>(&a)) {
    ended_ = *over;
  }
}

// ---- the ledger's thread

void world::enqueue(ledger_job job) {
  jobs_.push_back(std::move(job));
  if (std::exchange(commit_scheduled_, true)) return;
  in(1ms + dice_.upto(plot_.commit - 1ms), event_kind::commit);
}

void world::commit() {
  commit_scheduled_ = false;
  const auto done = ledger_.commit(jobs_, now_, wall());
  referee_->made_durable(done);
  if (!done.rows.empty()) {
    story_.seen.last_commit = since_start(now_);
    engine_->committed(done.rows, {}, now_);
    pump();
  }
  for (const auto& c : done.claims) {
    if (ended_) return;
    referee_->arrived(c);
    engine_->rows_arrived(0, c.asked.stale, c.pages, now_);
    pump();
  }
  for (const auto& c : done.closings) {
    if (ended_) return;
    engine_->organizer_closed(0, c.asked.organizer, c.rows, now_);
    pump();
  }
}

// ---- connections

void world::connect(engine::connection_id c) {
  if (c >= enabled_) return in(1s, event_kind::connect, c);
  const auto allowed = engine_->may_connect_at(0);
  if (allowed > now_) return at(allowed, event_kind::connect, c);
  if ((in_outage() && !plot_.net.outages_connect) || net_dice_.chance(plot_.net.refused)) {
    engine::answer why;
    why.error = net_dice_.chance(0.9) ? engine::attempt_error::connect : engine::attempt_error::local_resources;
    why.error_message = "connection refused";
    engine_->connect_failed(0, c, why, now_);
    pump();
    if (!ended_) in(1ms, event_kind::connect, c);
    return;
  }
  connections_[c].idle = true;
  connections_[c].reused = connections_[c].dropped = false;
  engine_->connection_ready(0, c, false, now_);
  pump();
}

void world::free_connection(engine::connection_id c, bool lives) {
  auto& link = connections_[c];
  if (!lives || link.dropped || c >= enabled_) return in(net_dice_.upto(plot_.net.connect), event_kind::connect, c);
  link.idle = link.reused = true;
  engine_->connection_ready(0, c, true, now_);
  pump();
  if (!ended_ && link.idle && net_dice_.chance(plot_.net.idle_drop)) in(net_dice_.upto(1s), event_kind::close_idle, c);
}

void world::close_idle(engine::connection_id c) {
  if (!connections_[c].idle) return;
  connections_[c].idle = false;
  engine_->connection_lost(0, c, now_);
  pump();
  if (!ended_) in(net_dice_.upto(plot_.net.connect), event_kind::connect, c);
}

void world::drop(engine::connection_id c) {
  auto& link = connections_[c];
  if (!std::exchange(link.idle, false)) {
    link.dropped = true;  // its answer is being taken
    return;
  }
  in(net_dice_.upto(plot_.net.connect), event_kind::connect, c);
}

// ---- tokens

void world::ask_for_token(nanoseconds wait) {
  if (std::exchange(token_under_way_, true)) return;
  in(wait, event_kind::token);
}

// The token, or nothing.
std::string world::fetch_token() {
  static constexpr std::string_view form =
      "client_id=2b9de0c4-6c1f-4c0e-8f6a-90b4a7d1c002&scope=https%3A%2F%2Flocalhost%3A8443%2F.default&client_secret=hush&"
      "grant_type=client_credentials";
  sim::request q;
  q.method = "POST";
  q.target = "/7f1c9a52-0c5e-4f3b-9a53-51f6d3c0a001/oauth2/v2.0/token";
  q.content_type = "application/x-www-form-urlencoded";
  q.body = form;
  q.arrived = now_;
  sim::reply r;
  service_->handle(q, true_time(), r);
  constexpr std::string_view member = "\"access_token\":\"";
  const auto found = r.body.find(member);
  if (r.status != 200 || found == std::string::npos) return {};
  const auto begin = found + member.size();
  return r.body.substr(begin, r.body.find('"', begin) - begin);
}

void world::token_arrives() {
  token_under_way_ = false;
  auto bearer = in_outage() ? std::string() : fetch_token();
  if (bearer.empty()) {
    engine_->token_failed(0, {errc::network, "no token could be had"}, false, std::nullopt, now_);
    pump();
    if (!ended_) ask_for_token(dice_.between(1s, 5s));
    return;
  }
  tokens_.push_back(std::move(bearer));
  token_ = static_cast<std::uint32_t>(tokens_.size());
  engine_->token_ready(0, token_, now_);
  pump();
  if (!ended_ && plot_.refresh_early) in(seconds_of(plot_.service.tokens.lifetime_seconds * 0.8), event_kind::renew);
}

}  // namespace convoke::simulation
