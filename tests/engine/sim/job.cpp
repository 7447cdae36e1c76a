#include "engine/sim/job.hpp"

#include <algorithm>
#include <utility>

#include "engine/classify.hpp"
#include "engine/scopes.hpp"

namespace convoke::engine::sim {

using namespace std::chrono_literals;

job::job(std::uint64_t seed, const plot& p) : plot_(p), dice_(seed), service_(seed ^ 0x5EED, p.service) {
  plot_.engine.seed = seed;
  std::vector<bool> bad(p.organizers);
  if (p.organizers >= 5) bad[dice_() % p.organizers] = dice_() % 2 == 0;
  for (row_id id = 1; id <= p.rows; ++id) {
    const auto who = static_cast<organizer_id>(dice_() % p.organizers);
    ledger_.add(id, {who, 7'000'000 + id, dice_() % 100 == 0, bad[who]});
  }
}

void job::complain(std::string what) {
  if (wrong_.size() < 10) wrong_.push_back(std::move(what));
}

std::chrono::nanoseconds job::some(std::chrono::nanoseconds upto) {
  return std::chrono::nanoseconds(std::uniform_int_distribution<std::int64_t>(1, upto.count())(dice_));
}

void job::later(std::chrono::nanoseconds in, std::function<void()> what) {
  events_.push({now_ + in, order_++, [this, generation = generation_, what = std::move(what)] {
                  if (generation == generation_) what();
                }});
}

std::vector<std::string> job::run() {
  const auto end = now_ + std::chrono::days(3);
  while (!ledger_.done() && wrong_.empty() && now_ < end && processes_ < 200) {
    start();
    drive();
    end_process();
  }
  if (service_.overlaps() > 0) complain(std::to_string(service_.overlaps()) + " calls of a key while another of it was at work");
  auto out = wrong_;
  std::ranges::move(ledger_.wrong(service_), std::back_inserter(out));
  return out;
}

void job::start() {
  ++processes_;
  ++generation_;
  ledger_.begin_process();
  ended_.reset();
  killed_ = refreshing_ = false;
  token_ = 0;
  idle_.clear();
  in_flight_.clear();
  rests_.clear();
  charged_.clear();
  queue_.clear();
  queued_rows_.clear();
  after_.clear();
  announced_.clear();
  announced_[std::nullopt] = ledger_.saved_fence(std::nullopt);
  for (organizer_id o = 0; o < plot_.organizers; ++o) announced_[o] = ledger_.saved_fence(o);
  enabled_ = plot_.engine.connections;
  engine_ = std::make_unique<engine>(plot_.engine, std::vector{ledger_.setup()}, now_);
  for (connection_id c = 0; c < enabled_; ++c) later(some(50ms), [this, c] { open(c); });
  if (plot_.crashes > 0 && dice_() % 2 == 0) {
    --plot_.crashes;
    later(some(dice_() % 2 == 0 ? 2s : 60s), [this] { killed_ = true; });
  } else if (plot_.interrupts > 0) {
    --plot_.interrupts;
    later(some(dice_() % 2 == 0 ? 2s : 60s), [this] {
      engine_->stop(stop_reason::interrupted, now_);
      pump();
    });
  }
  pump();
}

void job::drive() {
  while (!ended_ && !killed_ && wrong_.empty()) {
    if (events_.empty()) return complain("nothing is going to happen, and the run is not over");
    auto e = events_.top();
    events_.pop();
    now_ = e.at;
    e.happen();
  }
}

void job::end_process() {
  if (killed_) service_.caller_died(now_);
  if (ended_) {
    commit();  // a process that ends well lets its ledger finish
    if (ended_->reason == stop_reason::finished && !ledger_.done()) complain("finished, and rows are owed");
    if (ended_->reason == stop_reason::storage || ended_->reason == stop_reason::credentials) complain("wrong reason: " + ended_->detail);
    // Whoever is told to come back later does so; an interrupted run is started again at once.
    if (ended_->reason == stop_reason::deferred) now_ += ended_->come_back.value_or(5s);
  }
  engine_.reset();
  events_ = {};
}

void job::pump() {
  // Like a driver: carry out, in order; what that leads to comes as an event of its own.
  for (auto& a : engine_->take_actions()) {
    if (ended_) complain("an action after the end");
    carry_out(a);
  }
}

void job::open(connection_id c) {
  if (c >= enabled_) return later(1s, [this, c] { open(c); });
  const auto wait = engine_->may_connect_at(0);
  if (wait > now_) return later(wait - now_, [this, c] { open(c); });
  if (dice_() % 20 == 0) {
    answer why;
    why.error = attempt_error::connect;
    engine_->connect_failed(0, c, why, now_);
    later(1ms, [this, c] { open(c); });
  } else {
    idle_.insert(c);
    engine_->connection_ready(0, c, now_);
  }
  pump();
}

void job::check_send(const send_call& c) {
  const auto& w = ledger_.what(c.row);
  const auto name = "row " + std::to_string(c.row);
  if (idle_.erase(c.connection) == 0) complain(name + " sent on a connection that is not ready");
  if (!in_flight_.insert(w.key).second) complain(name + " sent while its key is in flight");
  if (now_ < announced_[std::nullopt]) complain(name + " sent inside the lane's fence");
  if (now_ < announced_[w.organizer]) complain(name + " sent inside its organizer's fence");
  if (now_ < rests_[w.key]) complain(name + " sent while its key rests");
  if (token_ == 0) complain(name + " sent without a token");
  if (charged_[c.row] >= plot_.engine.max_attempts) complain(name + " sent after its attempts were used up");
  if (engine_->numbers().unacknowledged > plot_.engine.max_unacknowledged) complain("too much is not acknowledged");
  std::size_t of_organizer = 0;
  for (const auto k : in_flight_) of_organizer += ledger_.what(k - 7'000'000).organizer == w.organizer ? 1U : 0U;
  if (of_organizer > plot_.engine.organizer_concurrency) complain(name + " sent above its organizer's concurrency");
}

void job::send(const send_call& c) {
  check_send(c);
  auto r = service_.call(ledger_.what(c.row), token_, now_);
  const auto after = r.after;
  later(after, [this, c, r = std::move(r)] { answer_came(c, r); });
}

void job::note_throttle(organizer_id who, const answer& a) {
  if (classify(a).what != answer_class::throttle || !a.retry_after) return;
  const auto scope = parse_scope(a.throttle_scope) == scope_kind::organizer ? std::optional(who) : std::nullopt;
  announced_[scope] = std::max(announced_[scope], now_ + *a.retry_after);
}

void job::answer_came(const send_call& c, service::reply r) {
  const auto& w = ledger_.what(c.row);
  in_flight_.erase(w.key);
  const auto what = classify(r.said).what;
  if (what == answer_class::fault) ++charged_[c.row];
  if (r.said.error == attempt_error::timeout) rests_[w.key] = now_ + 5s;
  note_throttle(w.organizer, r.said);
  engine_->answered(c.row, std::move(r.said), now_);
  bool dropped = false;
  for (auto& a : engine_->take_actions()) {
    if (const auto* d = std::get_if<drop_connection>(&a); d != nullptr && d->connection == c.connection) dropped = true;
    carry_out(a);
  }
  if (ended_) return;
  if (!r.connection_lives || dropped || dice_() % 50 == 0) return later(some(30ms), [this, c] { open(c.connection); });
  idle_.insert(c.connection);
  engine_->connection_ready(0, c.connection, now_);
  pump();
  if (!ended_ && dice_() % 100 == 0 && idle_.erase(c.connection) > 0) {
    engine_->connection_lost(0, c.connection, now_);
    later(some(30ms), [this, c] { open(c.connection); });
    pump();
  }
}

void job::enqueue(std::function<void()> op) {
  if (queue_.empty()) later(some(15ms), [this] { commit(); });
  queue_.push_back(std::move(op));
}

void job::commit() {
  for (auto& op : std::exchange(queue_, {})) op();
  const auto rows = std::exchange(queued_rows_, {});
  const auto told = std::exchange(after_, {});
  if (ended_) return;
  if (!rows.empty()) engine_->committed(rows, now_);
  for (const auto& tell : told) tell();
  pump();
}

void job::carry_out(action& a) {
  if (auto* f = std::get_if<fetch_rows>(&a)) {
    enqueue([this, f = *f] {
      bool exhausted = false;
      auto rows = ledger_.claim(f, exhausted);
      after_.push_back(
          [this, f, rows = std::move(rows), exhausted] { engine_->rows_arrived(0, f.organizer, f.stale, rows, exhausted, now_); });
    });
  } else if (auto* s = std::get_if<send_call>(&a)) {
    send(*s);
  } else if (auto* r = std::get_if<record_outcome>(&a)) {
    queued_rows_.push_back(r->row);
    enqueue([this, r = *r] { ledger_.record(r); });
  } else if (auto* back = std::get_if<release_row>(&a)) {
    queued_rows_.push_back(back->row);
    enqueue([this, r = *back] { ledger_.release(r); });
  } else if (auto* c = std::get_if<close_organizer>(&a)) {
    if (std::ranges::any_of(in_flight_, [&](key_id k) { return ledger_.what(k - 7'000'000).organizer == c->organizer; })) {
      complain("an organizer closed while a call of it is in flight");
    }
    enqueue([this, c = *c] {
      const auto n = ledger_.close(c);
      after_.push_back([this, o = c.organizer, n] { engine_->organizer_closed(0, o, n, now_); });
    });
  } else if (auto* f2 = std::get_if<save_fence>(&a)) {
    if (f2->until - now_ <= 1s) complain("a short fence was saved");
    enqueue([this, f = *f2] { ledger_.save(f); });
  } else if (std::holds_alternative<refresh_token>(a)) {
    if (std::exchange(refreshing_, true)) complain("two refreshes under way");
    later(some(200ms), [this] {
      refreshing_ = false;
      token_ = service_.new_token(now_);
      engine_->token_ready(0, token_, now_);
      pump();
    });
  } else if (auto* n = std::get_if<set_connections>(&a)) {
    enabled_ = n->count;
  } else if (auto* w = std::get_if<wake_at>(&a)) {
    if (w->when <= now_) complain("asked to be woken in the past");
    later(w->when - now_, [this, mine = ++wake_] {
      if (mine != wake_) return;
      engine_->tick(now_);
      pump();
    });
  } else if (auto* over = std::get_if<finished>(&a)) {
    ended_ = *over;
  }
}

}  // namespace convoke::engine::sim
