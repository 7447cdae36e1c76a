#include "simulation/referee.hpp"

#include <algorithm>
#include <utility>

#include "engine/classify.hpp"

namespace convoke::simulation {

using engine::answer_class;
using namespace std::chrono_literals;

namespace {

constexpr auto rest_after_timeout = 5s;
constexpr auto least_backoff = 500ms;
constexpr auto worth_saving = 1s;
constexpr unsigned free_stales = 5, conflicts_allowed = 2;

}  // namespace

referee::referee(const plot& p, const ledger& l, mono_time now)
    : plot_(p), ledger_(l), started_(now), rows_(l.rows().size()), organizers_(p.organizers), ever_throttled_(p.organizers) {
  engine::key_id most = 0;
  for (const auto& r : l.rows()) most = std::max(most, r.key);
  key_in_flight_.resize(most + 1);
  key_rests_.resize(most + 1, mono_time::min());
}

void referee::complain(std::string what) {
  if (wrong_.size() < 10) wrong_.push_back(std::move(what));
}

void referee::process_ends(stop_kind how, mono_time now) {
  // What a commit had no time for, what is too short to be kept, and what a clock or an old copy took away is not known any more. Nor is an
  // unlabelled throttle of the lane promised to be: the process that read it as an organizer's kept it as that.
  const auto known = how == stop_kind::crash ? now - 2 * plot_.commit : now;
  std::erase_if(told_cooldowns_, [&](const told_cooldown& p) {
    const bool over = p.until <= now && (!p.cut || p.said <= now);
    return how == stop_kind::rollback || !p.kept_over_restart || over || p.heard >= known || p.heard <= wall_jumped_;
  });
}

void referee::process_starts(mono_time now) {
  started_ = now;
  std::ranges::fill(rows_, row{});
  std::ranges::fill(organizers_, organizer{});
  for (organizer_id o = 0; o < organizers_.size(); ++o) {
    organizers_[o].fresh = ledger_.fresh_left(o);
    organizers_[o].stale = ledger_.stale_left(o);
  }
  std::fill(key_in_flight_.begin(), key_in_flight_.end(), false);
  std::ranges::fill(key_rests_, mono_time::min());
  lane_closed_ = {};
  lane_closed_unlabelled_ = mono_time::min();
  in_flight_ = 0;
  for (const auto& p : told_cooldowns_) (p.organizer ? organizers_[*p.organizer].closed : lane_closed_).close(p.until, p.cut);
  held_ = unacknowledged_ = unacknowledged_bytes_ = 0;
  inferred_ = process_sends_ = 0;
  trouble_since_.reset();
  last_was_probe_ = false;
  trouble_latest_ = last_sent_ = mono_time::min();
  refused_tokens_ = same_permanent_ = 0;
  asked_to_stop_ = false;
}

void referee::fetching(const engine::fetch_rows& f, mono_time now) {
  if (f.stale) check_stale(now);
  if (f.pages.empty()) complain("a claim for no organizer");
  for (const auto& [who, count] : f.pages) {
    auto& o = organizers_[who];
    if (++o.fetching > 1) complain("two pages of organizer " + std::to_string(who) + " under way");
    if (count == 0 || count > (f.stale ? o.stale : o.fresh)) complain("rows claimed that organizer " + std::to_string(who) + " has not");
  }
}

// What an earlier process left half done goes last, and not before a call of it must have ended.
void referee::check_stale(mono_time now) {
  if (now < started_ + plot_.engine.attempt_timeout) complain("stale rows fetched before an attempt timeout has passed");
  for (organizer_id o = 0; o < organizers_.size(); ++o) {
    const auto& one = organizers_[o];
    // How long the engine keeps a throttled one waiting beyond its cooldown is its own affair.
    if (one.judged || one.held > 0 || one.fetching > 0 || ever_throttled_[o]) continue;
    if (ledger_.fresh_left(o) > 0) return complain("stale rows fetched while organizer " + std::to_string(o) + " has fresh ones");
  }
}

void referee::arrived(const claim& c) {
  std::uint32_t largest = 0;
  for (const auto& page : c.pages) {
    auto& o = organizers_[page.organizer];
    --o.fetching;
    (c.asked.stale ? o.stale : o.fresh) -= static_cast<std::uint32_t>(page.rows.size());
    for (const auto& owed : page.rows) {
      auto& r = rows_[ledger::index_of(owed.row)];
      if (r.state != row_state::elsewhere) complain("row " + std::to_string(ledger::index_of(owed.row) + 1) + " was claimed twice");
      r.state = row_state::here;
      r.stale = c.asked.stale;
      ++o.held;
      ++held_;
    }
  }
  for (const auto& wanted : c.asked.pages) largest = std::max(largest, wanted.count);
  const std::size_t limit = 4 * std::size_t{plot_.engine.max_unacknowledged} + 2 * 4096 + largest;
  if (held_ > limit) complain("more rows are held than memory was promised for");
}

void referee::check_cooldowns(organizer_id who, const std::string& name, mono_time now) {
  const auto& o = organizers_[who];
  if (now < lane_closed_.until) complain(name + " sent inside the lane's cooldown");
  if (now < o.closed.until) complain(name + " sent inside its organizer's cooldown");
  if ((lane_closed_.on_trial(now) && in_flight_ > 0) || (o.closed.on_trial(now) && o.in_flight > 0)) {
    complain(name + " sent beside the probe after a cooldown that was cut");
  }
  if (now < lane_closed_unlabelled_) {
    ++inferred_;
    ++all_inferred_;
  }
}

void referee::check_speed(mono_time now) {
  // The pace may save up a second's worth at most; what came before its first call is no credit.
  ++process_sends_;
  const double allowed = plot_.engine.rate * (in_seconds(now - started_) + 1) + 2;
  if (static_cast<double>(process_sends_) > allowed) complain("faster than the ceiling");
}

void referee::check_organizer_rate(organizer& o, const std::string& name, mono_time now) {
  if (now < o.due) complain(name + " sent above --organizer-rate");
  // What a late timer cost may be made good: 2 ms at most. The nanosecond is for rounding.
  o.due = std::max<mono_time>(o.due, now - 2ms) + seconds_of(1 / *plot_.engine.organizer_rate) - 1ns;
}

void referee::check_outage(mono_time now) {
  const auto patience = std::min<nanoseconds>(30s, plot_.engine.max_outage);
  const bool down = trouble_since_ && trouble_latest_ - *trouble_since_ >= patience;
  if (down && last_was_probe_ && now - last_sent_ < 5s) complain("the service is down, and probes come more often than every 5 s");
  last_was_probe_ = down;
  last_sent_ = now;
}

// What a call may not do whatever its row is.
void referee::check_permission(std::uint32_t token, const std::string& name, mono_time now) {
  if (token == 0) complain(name + " sent without a token");
  if (refused_.contains(token)) complain(name + " sent with a token that was refused");
  if (asked_to_stop_) complain(name + " sent after the run was asked to stop");
  if (plot_.engine.max_duration && now > started_ + *plot_.engine.max_duration) complain(name + " sent after --max-duration");
}

void referee::sent(const engine::send_call& c, std::uint32_t token, bool reused, mono_time now, const engine::counters& numbers) {
  const auto i = ledger::index_of(c.row);
  const auto& planned = ledger_.rows()[i];
  auto& r = rows_[i];
  auto& o = organizers_[planned.organizer];
  const auto name = "row " + std::to_string(i + 1);
  ++sends_;
  if (r.state != row_state::here) complain(name + " sent without being claimed by this process and ready");
  if (key_in_flight_[planned.key]) complain(name + " sent while its key is in flight");
  if (now < key_rests_[planned.key]) complain(name + " sent while its key rests");
  if (r.settled) complain(name + " sent after it had its last answer");
  if (r.stales > 0 && reused) complain(name + " met a dead connection, and was sent again on one that was used before");
  check_permission(token, name, now);
  if (r.sends == 0) r.first_sent = now;
  if (now > r.first_sent + plot_.engine.row_deadline) complain(name + " sent after its deadline");
  if (r.charged >= plot_.engine.max_attempts) complain(name + " sent after its attempts were used up");
  if (r.conflicts >= conflicts_allowed) complain(name + " sent after two conflicts");
  if (r.stale && now < started_ + plot_.engine.attempt_timeout) complain(name + " is stale, and was sent too soon");
  check_cooldowns(planned.organizer, name, now);
  check_speed(now);
  check_outage(now);
  if (plot_.engine.organizer_rate) check_organizer_rate(o, name, now);
  r.state = row_state::in_flight;
  r.last_sent = now;
  ++r.sends;
  ++in_flight_;
  key_in_flight_[planned.key] = true;
  if (++o.in_flight > plot_.engine.organizer_concurrency) complain(name + " sent above its organizer's concurrency");
  if (++unacknowledged_ > plot_.engine.max_unacknowledged) complain("too many rows are in flight or not acknowledged");
  if (numbers.unacknowledged > plot_.engine.max_unacknowledged) complain("the engine counts too many that are not acknowledged");
  if (unacknowledged_bytes_ >= plot_.engine.max_unacknowledged_bytes) complain("too many bytes of answers wait for their commit");
}

void referee::note_throttle(organizer_id who, const throttle& t, mono_time sent, mono_time now) {
  const auto said = t.announced.value_or(nanoseconds(0));
  const bool organizer = t.scope == sim::scope_kind::organizer;
  if (organizer || !t.labelled) ever_throttled_[who] = true;
  if (!organizer && !t.labelled) {
    // Whoever reads it as an organizer's keeps the lane open: to be counted, where the service said how long.
    lane_closed_unlabelled_ = std::max(lane_closed_unlabelled_, now + std::min(said, plot_.engine.max_cooldown));
    return;
  }
  // Without a label it may be taken for the lane's, and then any organizer's call is the probe.
  const bool cut = t.labelled && said > plot_.engine.max_cooldown;
  const auto end = now + std::clamp<nanoseconds>(said, least_backoff, plot_.engine.max_cooldown);
  auto& closed = organizer ? organizers_[who].closed : lane_closed_;
  const auto scope = organizer ? std::optional(who) : std::nullopt;
  const bool tried = closed.on_trial(sent);
  if (tried) forget_cut(scope);
  closed.close(end, cut || (closed.cut && (!tried || !t.announced)));
  told_cooldowns_.push_back({scope, now, end, now + said, end - now > worth_saving, cut});
}

void referee::forget_cut(std::optional<organizer_id> who) {
  std::erase_if(told_cooldowns_, [&](const told_cooldown& p) { return p.cut && p.organizer == who; });
}

// The service took a call: where its scope was on trial, that is over.
void referee::note_taken(organizer_id who, mono_time sent) {
  if (lane_closed_.on_trial(sent)) {
    lane_closed_.cut = false;
    forget_cut(std::nullopt);
  }
  if (auto& closed = organizers_[who].closed; closed.on_trial(sent)) {
    closed.cut = false;
    forget_cut(who);
  }
}

void referee::note_health(const engine::answer& a, mono_time now) {
  const auto what = engine::classify(a).what;
  if (engine::shows_life(what)) {
    trouble_since_.reset();
  } else if (what != answer_class::stale) {
    if (!trouble_since_) trouble_since_ = now;
    trouble_latest_ = now;
  }
  if (what == answer_class::success) refused_tokens_ = 0;
  if (what == answer_class::auth) ++refused_tokens_;
  same_permanent_ = engine::is_permanent(what) ? same_permanent_ + 1 : what == answer_class::success ? 0 : same_permanent_;
}

void referee::answered(row_id row, const engine::answer& a, const std::optional<throttle>& closed, mono_time now) {
  const auto i = ledger::index_of(row);
  const auto& planned = ledger_.rows()[i];
  auto& r = rows_[i];
  auto& o = organizers_[planned.organizer];
  key_in_flight_[planned.key] = false;
  if (engine::may_be_at_work(a)) key_rests_[planned.key] = now + rest_after_timeout;
  r.state = row_state::here;
  --o.in_flight;
  --in_flight_;
  --unacknowledged_;
  const auto what = engine::classify(a).what;
  if (what == answer_class::fault || what == answer_class::conflict) ++r.charged;
  if (what == answer_class::conflict) ++r.conflicts;
  r.stales = what == answer_class::stale ? r.stales + 1 : 0;
  if (r.stales > free_stales) ++r.charged;
  // A refusal that was cut or is tied to no request is final when it comes again.
  const bool final = engine::is_permanent(what) && (engine::proven(a) || r.doubted++ > 0);
  if (final && what == answer_class::organizer_permanent) o.judged = true;
  if (what == answer_class::auth) refused_.insert(a.token);
  r.settled = what == answer_class::success || final;
  note_health(a, now);
  if (engine::shows_life(what) && what != answer_class::throttle && what != answer_class::auth) note_taken(planned.organizer, r.last_sent);
  if (closed) note_throttle(planned.organizer, *closed, r.last_sent, now);
}

namespace {

std::size_t bytes_of(const engine::answer& a) {
  auto sum = sizeof a + a.error_code.size() + a.error_message.size() + a.request_id.size() + a.client_request_id.size();
  if (a.stored) sum += a.stored->id.size() + a.stored->join_web_url.size();
  return sum;
}

}  // namespace

void referee::leaves(row& r, organizer& o, const engine::answer& last) {
  r.state = row_state::ending;
  r.bytes = bytes_of(last);
  unacknowledged_bytes_ += r.bytes;
  ++unacknowledged_;
  --o.held;
}

void referee::asked(const engine::record_outcome& a) {
  const auto i = ledger::index_of(a.row);
  auto& r = rows_[i];
  const auto name = "row " + std::to_string(i + 1);
  if (r.state != row_state::here) complain(name + " recorded while it is not ours to end");
  if (a.attempts != r.sends) complain(name + " recorded with a wrong number of attempts");
  if (a.result != outcome::failed && !a.last.stored) complain(name + " recorded as there without a meeting");
  if (!r.settled && r.conflicts < conflicts_allowed && !organizers_[ledger_.rows()[i].organizer].judged) {
    complain(name + " recorded without an answer that ends it");
  }
  leaves(r, organizers_[ledger_.rows()[i].organizer], a.last);
}

void referee::asked(const engine::release_row& a) {
  const auto i = ledger::index_of(a.row);
  auto& r = rows_[i];
  const auto name = "row " + std::to_string(i + 1);
  if (r.state != row_state::here) complain(name + " released while it is not ours to give back");
  const bool used_up = r.charged >= plot_.engine.max_attempts;
  if (a.strike != used_up) complain(name + (a.strike ? " struck with attempts left" : " not struck although its attempts are used up"));
  leaves(r, organizers_[ledger_.rows()[i].organizer], a.last);
}

void referee::made_durable(const committed& c) {
  for (const auto id : c.rows) {
    auto& r = rows_[ledger::index_of(id)];
    if (r.state != row_state::ending) continue;
    --unacknowledged_;
    unacknowledged_bytes_ -= std::exchange(r.bytes, 0);
    --held_;
  }
  for (const auto& closed : c.closings) {
    organizers_[closed.asked.organizer].judged = true;
    held_ -= organizers_[closed.asked.organizer].held;
    organizers_[closed.asked.organizer].held = 0;
  }
}

// Where each connection is closed at its second request, that costs no row anything, and few calls find it out.
void referee::check_dead_connections(const engine::counters& numbers, mono_time now) {
  if (!plot_.net.used_once) return;
  if (numbers.faults > 0) complain("a dead connection was charged to a row");
  const auto tried_again = static_cast<std::uint64_t>(in_seconds(now - started_) / 60);
  if (numbers.stale > plot_.engine.connections + 3 + tried_again) {
    complain(std::to_string(numbers.stale) + " calls met connections that had been used before");
  }
}

void referee::ended(const engine::finished& f, mono_time now, const engine::counters& numbers) {
  using engine::stop_reason;
  const bool owes = !ledger_.done();
  if ((f.reason == stop_reason::finished) == owes && !(f.reason == stop_reason::interrupted && asked_to_stop_)) {
    complain(owes ? "finished, and rows are owed" : "stopped before the end, and nothing is owed: " + f.detail);
  }
  if (f.reason == stop_reason::interrupted && !asked_to_stop_) complain("interrupted, and nobody asked for it");
  if (f.reason == stop_reason::credentials && refused_tokens_ < 3) complain("wrong reason: " + f.detail);
  if (f.reason == stop_reason::permission && same_permanent_ < 20) complain("wrong reason: " + f.detail);
  if (f.reason == stop_reason::storage) complain("wrong reason: " + f.detail);
  if (f.come_back && lane_closed_.until > now + *f.come_back) complain("asked to come back inside the lane's cooldown");
  check_dead_connections(numbers, now);
  if (f.detail.empty()) complain("no word about why it ended");
  if (inferred_ > numbers.early_by_inference) {
    complain(std::to_string(inferred_) + " calls in a cooldown that nothing named, and " + std::to_string(numbers.early_by_inference) +
             " counted as put there by inference");
  }
}

}  // namespace convoke::simulation
