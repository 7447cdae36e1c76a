#include "simulation/fleet/store.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "simulation/fleet/switches.hpp"

namespace convoke::simulation::fleet {

using namespace std::chrono_literals;

namespace {

constexpr auto no_answer = 5s;  // for so long an attempt waits for one
constexpr unsigned any_number = std::numeric_limits<unsigned>::max();

std::unexpected<error> storage(const char* what) {
  return std::unexpected(error{errc::storage, what});
}
std::unexpected<error> session_over() {
  return std::unexpected(error{errc::busy, "the lease has ended"});
}

}  // namespace

result<std::unique_ptr<convoke::ledger::plan_builder>> sim_store::begin_plan(const convoke::ledger::run_header&) {
  return storage("not used");
}
result<std::unique_ptr<convoke::ledger::plan_builder>> sim_store::begin_open(run_id) {
  return storage("not used");
}
result<convoke::ledger::opened_run> sim_store::resume(run_id) {
  return storage("not used");
}

// ---- transactions

nanoseconds sim_store::one_way() {
  return to_.random.chance(to_.s.slow) ? to_.random.upto(3500ms) : 100us + to_.random.upto(to_.s.latency);
}

void sim_store::fail(const std::shared_ptr<transaction>& t) {
  if (t->made >= t->attempts || to_.time.now() >= t->give_up) return t->failed();
  of_.later(100ms + to_.random.upto(std::min<nanoseconds>(5s, 200ms * (1 << std::min(t->made, 5U)))), [this, t] { attempt(t); });
}

// It is committed, or not, even where the process ends or stops meanwhile.
void sim_store::attempt(const std::shared_ptr<transaction>& t) {
  const bool repeated = t->made++ > 0;
  if (of_.cut_off()) return of_.later(to_.random.chance(0.5) ? nanoseconds(no_answer) : 10ms, [this, t] { fail(t); });
  const bool lost = to_.random.chance(to_.s.lost), in_doubt = to_.random.chance(to_.s.in_doubt);
  const auto there = one_way(), back = one_way();
  if (lost) return of_.later(there, [this, t] { fail(t); });
  to_.time.in(there, [apply = t->apply, repeated] { apply(repeated); });
  if (in_doubt) return of_.later(there + back, [this, t] { fail(t); });
  of_.later(there + back, [this, t] { of_.cut_off() ? of_.later(no_answer, [this, t] { fail(t); }) : t->done(); });
}

void sim_store::queue(transaction t) {
  const auto then = [this](std::function<void()> what) {
    return [this, moved = std::move(what)] {
      queue_.pop_front();
      next();
      moved();
    };
  };
  t.done = then(std::move(t.done));
  t.failed = then(std::move(t.failed));
  queue_.push_back(std::make_shared<transaction>(std::move(t)));
  if (queue_.size() == 1) next();
}

void sim_store::next() {
  if (!queue_.empty()) attempt(queue_.front());
}

void sim_store::begin(std::function<void(std::optional<database::joined>)> done) {
  auto answer = std::make_shared<std::optional<database::joined>>();
  auto& to = to_;
  const auto apply = [answer, &db = to.db, &time = to.time, worker = worker_](bool) { *answer = db.join(worker, time.now()); };
  const auto arrived = [this, answer, done, asked = to_.time.now()] {
    memory_ = std::make_shared<session_memory>((*answer)->session);
    delivered_.assign(to_.db.lanes(), {});
    lease_end_ = asked + convoke::ledger::lease_time;
    done(std::move(*answer));
  };
  attempt(std::make_shared<transaction>(apply, arrived, [done] { done(std::nullopt); }, 3, to_.time.now() + 30s));
}

void sim_store::commit(std::vector<ledger_job> jobs, std::function<void(std::optional<database::changes>)> done) {
  auto answer = std::make_shared<database::changes>();
  auto work = std::make_shared<const std::vector<ledger_job>>(std::move(jobs));
  std::vector<lease_token> tokens;
  for (const auto& job : *work)
    if (std::holds_alternative<engine::fetch_rows>(job)) tokens.push_back(to_.db.new_token());
  const auto apply = [answer, work, tokens, session = memory_, &db = to_.db, &time = to_.time, &watch = to_.watch](bool repeated) {
    *answer = db.commit(*session, *work, tokens, repeated, time.now());
    watch.committed_by(*work, answer->done, db.rows());
  };
  const auto arrived = [this, answer, work, done] {
    memory_->received = std::max(memory_->received, answer->received);
    for (const auto& job : *work)
      if (const auto* back = std::get_if<engine::release_row>(&job)) memory_->released.insert(back->row);
    done(std::move(*answer));
  };
  queue({apply, arrived, [done] { done(std::nullopt); }, any_number, to_.time.now() + convoke::ledger::lease_time});
}

void sim_store::end(std::function<void()> done) {
  const auto apply = [id = session(), &db = to_.db, &time = to_.time](bool) { db.leave(id, time.now()); };
  attempt(std::make_shared<transaction>(apply, done, done, 2, to_.time.now() + 5s));
}

// ---- the lease

std::vector<convoke::ledger::announced_cooldown> sim_store::by_wall(const std::vector<announcement>& cooldowns) const {
  std::vector<convoke::ledger::announced_cooldown> out;
  for (const auto& c : cooldowns) out.push_back({c.lane, c.organizer, of_.wall() + std::chrono::ceil<ticks>(c.until - to_.time.now())});
  return out;
}

convoke::ledger::renewal sim_store::in_words_of_ledger(const renewed& r) const {
  convoke::ledger::renewal out{.left = r.left, .lanes = {}, .cooldowns = by_wall(r.cooldowns)};
  for (const auto& t : r.lanes) {
    auto& l = out.lanes.emplace_back();
    l.lane = static_cast<lane_id>(out.lanes.size() - 1);
    l.leads = t.leads;
    l.part = holds(guarantee::parts_granted) ? t.part : 1;
    l.safe_part = holds(guarantee::parts_granted) ? t.safe_part : 1;
    l.workers = t.workers;
    l.rate = t.rate;
    if (t.pace) l.pace = {.rate = t.pace->rate, .refused = t.pace->refused, .credit = t.pace->credit};
    l.calls = t.calls;
    l.successes = t.successes;
    const auto wall_of = [this](mono_time when) { return of_.wall() + std::chrono::floor<ticks>(when - to_.time.now()); };
    for (const auto& one : t.throttles) l.throttles.push_back({.sent = wall_of(one.sent), .until = wall_of(one.until)});
    l.members = t.members;
  }
  return out;
}

void sim_store::renew(convoke::ledger::renewal_request wanted, convoke::ledger::renewed_handler done) {
  std::vector<report> reports;
  for (const auto& l : wanted.lanes) {
    auto& r = reports.emplace_back();
    r.wants = l.wants;
    r.calls = delivered_[l.lane].calls + l.calls;
    r.successes = delivered_[l.lane].successes + l.successes;
    const auto mono_of = [this](utc_time when) { return to_.time.now() + (when - of_.wall()); };
    for (const auto& t : l.throttles) r.throttles.push_back({.sent = mono_of(t.sent), .until = mono_of(t.until)});
    if (!l.leads) continue;
    r.leads = report::published{};
    r.leads->rate = l.leads->rate;
    if (l.leads->pace.rate > 0) r.leads->pace = {l.leads->pace.rate, l.leads->pace.refused, l.leads->pace.credit};
    r.leads->grants = l.leads->grants;
  }
  struct answer {
    std::optional<renewed> terms;
    mono_time said{};
  };
  auto got = std::make_shared<answer>();
  const auto sent = to_.time.now();
  // The clock of a worker differs as its wall clock does.
  const auto by_worker = sent + of_.wall_offset();
  const auto apply = [=, session = memory_, extend = wanted.extend, &db = to_.db, &time = to_.time](bool) {
    got->terms = db.renew(*session, extend, reports, time.now(), by_worker);
    got->said = time.now();
  };
  const auto arrived = [this, got, reports, done, sent] {
    if (!got->terms) return done(session_over());
    for (std::size_t l = 0; l < reports.size(); ++l) delivered_[l] = {reports[l].calls, reports[l].successes};
    to_.watch.renewal_succeeded(worker_);
    memory_->received = std::max(memory_->received, got->terms->received);
    to_.watch.exchanged(worker_, got->said);
    of_.received(got->terms->cooldowns);
    auto terms = in_words_of_ledger(*got->terms);
    if (!holds(guarantee::measured_from_sending)) terms.left += to_.time.now() - sent;
    lease_end_ = sent + terms.left;
    to_.watch.lease_believed(memory_->id, lease_end_);
    done(std::move(terms));
  };
  const auto failed = [this, done, extend = wanted.extend] {
    if (extend) to_.watch.renewal_failed(worker_);
    if (!holds(guarantee::failed_renewal_stops)) return done(convoke::ledger::renewal{.left = 60s, .lanes = {}, .cooldowns = {}});
    done(storage("the database does not answer"));
  };
  // On a connection of its own.
  attempt(std::make_shared<transaction>(apply, arrived, failed, 2, mono_time::max()));
}

void sim_store::survey(lease_token, convoke::ledger::surveyed_handler done) {
  auto answer = std::make_shared<std::optional<surveyed>>();
  const auto apply = [answer, session = memory_, &db = to_.db, &time = to_.time](bool) { *answer = db.survey(*session, time.now()); };
  const auto arrived = [answer, done] {
    if (!*answer) return done(session_over());
    convoke::ledger::rows_in_store out;
    for (lane_id l = 0; l < (*answer)->organizers.size(); ++l) {
      for (const auto& o : (*answer)->organizers[l])
        out.organizers.push_back({.id = o.organizer, .lane = l, .organizer = {}, .fresh = o.fresh, .stale = o.stale});
      out.held_elsewhere += (*answer)->held_elsewhere[l];
    }
    if (holds(guarantee::lost_claims_end)) out.held_here = (*answer)->held_here;
    done(std::move(out));
  };
  queue({apply, arrived, [done] { done(storage("the database does not answer")); }, 3, to_.time.now() + 30s});
}

}  // namespace convoke::simulation::fleet
