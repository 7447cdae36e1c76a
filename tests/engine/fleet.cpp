#include "engine/fleet.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace convoke::engine::test {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr organizer_id organizers = 20;
constexpr auto lease = 60s, heartbeat = 20s, exchange_every = 1s, leads_if_renewed = 5s, share_lasts = 5s;

double in_seconds(nanoseconds d) {
  return static_cast<double>(d.count()) * 1e-9;
}

}  // namespace

fleet::fleet(const hidden_limit& limit, const settings& s, std::uint64_t seed)
    : limit_(limit), settings_(s), random_(seed), tokens_(limit.depth) {
  settings_.shared = true;
}

std::size_t fleet::join(const worker_setup& setup) {
  const auto w = workers_.size();
  auto s = settings_;
  s.connections = setup.connections;
  s.seed = random_();
  lane_setup lane{.lane = 0, .organizers = {}, .cooldowns = {}};
  for (organizer_id o = 0; o < organizers; ++o) lane.organizers.push_back({static_cast<organizer_id>(w * organizers + o), setup.rows, 0});
  auto& one = *workers_.emplace_back(std::make_unique<worker>(s, std::move(lane), now_));
  one.setup = setup;
  one.next_row = (std::uint64_t{w} << 32U) + 1;
  one.session.began = one.session.renewed = now_;
  one.session.lease_end = now_ + lease;
  one.announced = now_;
  one.machine.lease_until(now_ + lease, now_);
  renewed(w);
  carry_out(w);
  one.machine.token_ready(0, 1, now_);
  for (connection_id c = 0; c < setup.connections; ++c) one.machine.connection_ready(0, c, false, now_);
  carry_out(w);
  after(between(0s, exchange_every), [this, w] { exchange(w); });
  return w;
}

void fleet::kill(std::size_t worker) {
  workers_[worker]->alive = false;
}

std::optional<std::size_t> fleet::leader() const {
  std::optional<std::size_t> found;
  for (std::size_t w = 0; w < workers_.size(); ++w) {
    const auto& s = workers_[w]->session;
    if (!live(s) || now_ - s.renewed > leads_if_renewed) continue;
    if (!found || s.began < workers_[*found]->session.began) found = w;
  }
  return found;
}

void fleet::run_until(nanoseconds end) {
  while (!events_.empty() && events_.top().at <= start_ + end) {
    auto next = events_.top();
    events_.pop();
    now_ = next.at;
    next.happen();
  }
  now_ = start_ + end;
}

void fleet::carry_out(std::size_t w) {
  auto& one = *workers_[w];
  for (auto& a : one.machine.take_actions()) {
    if (auto* fetch = std::get_if<fetch_rows>(&a)) {
      after(4ms, [this, w, wanted = *fetch] { claim(w, wanted); });
    } else if (auto* send = std::get_if<send_call>(&a)) {
      call(w, *send);
    } else if (auto* row = std::get_if<record_outcome>(&a)) {
      if (one.to_commit.empty()) after(8ms, [this, w] { commit(w); });
      one.to_commit.push_back(row->row);
    } else if (auto* saved = std::get_if<save_cooldown>(&a)) {
      after(8ms, [this, w, until = saved->until] { announcements_.push_back({now_, until, w}); });
    } else if (std::holds_alternative<look_for_rows>(a)) {
      after(4ms, [this, w] {
        if (!workers_[w]->alive) return;
        workers_[w]->machine.rows_available(0, {}, 1, now_);
        carry_out(w);
      });
    } else if (auto* wake = std::get_if<wake_at>(&a)) {
      one.wake = wake->when;
      events_.push({wake->when, ++order_, [this, w, at = wake->when] {
                      auto& sleeper = *workers_[w];
                      if (!sleeper.alive || sleeper.wake != at) return;
                      sleeper.machine.tick(now_);
                      carry_out(w);
                    }});
    }
  }
}

void fleet::claim(std::size_t w, const fetch_rows& a) {
  auto& one = *workers_[w];
  if (!one.alive) return;
  std::vector<claimed_page> pages;
  for (const auto& p : a.pages) {
    auto& page = pages.emplace_back(claimed_page{p.organizer, {}, false});
    for (std::uint32_t i = 0; i < p.count; ++i, ++one.next_row) page.rows.push_back({one.next_row, one.next_row, p.organizer, 1, 0});
  }
  one.machine.rows_arrived(0, a.stale, pages, now_);
  carry_out(w);
}

void fleet::call(std::size_t w, const send_call& a) {
  after(between(15ms, 20ms), [this, w, a] {
    tokens_ = std::min(limit_.depth, tokens_ + limit_.rate * in_seconds(now_ - filled_));
    filled_ = now_;
    const bool taken = tokens_ >= 1 && !(limit_.strict && now_ < closed_);
    if (taken) --tokens_;
    for (auto* c : {&seen_, &workers_[w]->seen}) ++(taken ? c->accepted : c->throttled);
    if (now_ < closed_) ++seen_.early;
    answer reply;
    reply.status = taken ? 201 : 429;
    if (taken) {
      reply.stored.emplace().id = "m";
    } else {
      reply.retry_after = 1s;
      if (now_ >= closed_ || limit_.prolonged || !limit_.strict) closed_ = now_ + 1s;
    }
    after(between(20ms, 40ms), [this, w, a, reply] {
      auto& one = *workers_[w];
      if (!one.alive) return;
      one.machine.answered(a.row, reply, now_);
      one.machine.connection_ready(0, a.connection, true, now_);
      carry_out(w);
    });
  });
}

void fleet::commit(std::size_t w) {
  auto& one = *workers_[w];
  if (!one.alive) return;
  one.machine.committed(std::exchange(one.to_commit, {}), {}, now_);
  announce(w);
  carry_out(w);
}

// Each answer of the ledger brings the cooldowns that others found.
void fleet::announce(std::size_t w) {
  auto& one = *workers_[w];
  std::vector<announced_cooldown> all;
  for (const auto& a : announcements_)
    if (a.by != w && a.at > one.announced) all.push_back({.until = a.until});
  one.machine.cooldown_announced(all, now_);
  one.announced = now_;
}

void fleet::exchange(std::size_t w) {
  auto& one = *workers_[w];
  if (!one.alive) return;
  auto said = one.machine.report(0, now_);
  carry_out(w);
  after(between(2ms, 8ms), [this, w, said = std::move(said), grants = std::exchange(one.grants, {})]() mutable {
    auto& s = workers_[w]->session;
    s.renewed = now_;
    if (now_ - (s.lease_end - lease) >= heartbeat) s.lease_end = now_ + lease;
    said.calls += s.said.calls;
    said.successes += s.said.successes;
    for (const auto& t : std::exchange(said.throttles, {})) s.throttles.emplace_back(now_, t);
    s.said = std::move(said);
    if (leader() == w) {
      if (s.said.rate > 0) {
        published_rate_ = s.said.rate;
        published_pace_ = s.said.learnt;
      }
      for (const auto& g : grants) {
        workers_[g.session]->session.part = g.part;
        workers_[g.session]->session.safe_part = g.safe_part;
      }
    }
    after(between(2ms, 8ms), [this, w] {
      if (!workers_[w]->alive) return;
      renewed(w);
      announce(w);
      carry_out(w);
    });
  });
  after(exchange_every + between(-20ms, 20ms), [this, w] { exchange(w); });
}

void fleet::renewed(std::size_t w) {
  auto& one = *workers_[w];
  auto& s = one.session;
  lane_share share;
  share.leads = leader() == w;
  std::size_t living = 0;
  for (const auto& other : workers_) living += live(other->session) ? 1 : 0;
  if (living == 1) s.part = s.safe_part = 1;
  share.part = s.part;
  share.safe_part = s.safe_part;
  share.until = now_ + share_lasts;
  share.rate = published_rate_;
  share.learnt = published_pace_;
  one.machine.lease_until(s.lease_end, now_);
  std::uint64_t calls = 0, successes = 0;
  for (const auto& other : workers_) {
    if (other == workers_[w]) continue;
    calls += other->session.said.calls;
    successes += other->session.said.successes;
    for (const auto& [at, t] : other->session.throttles)
      if (share.leads && at > s.exchanged && at <= now_) share.throttles.push_back(t);
  }
  if (share.leads) {
    share.calls = calls - s.others_calls;
    share.successes = successes - s.others_successes;
  }
  s.others_calls = calls;
  s.others_successes = successes;
  s.exchanged = now_;
  one.machine.share_changed(0, share, now_);
  if (!share.leads) return;
  std::vector<sharer> among;
  const auto settled_from = workers_.front()->session.began + lease;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const auto& other = *workers_[i];
    if (!live(other.session)) continue;
    among.push_back({.session = i,
                     .wants = other.session.said.wants,
                     .weight = other.setup.weight,
                     .part = other.session.part,
                     .settled = now_ >= settled_from || other.session.began >= settled_from,
                     .leads = i == w});
  }
  one.grants = divide(published_rate_, among);
}

}  // namespace convoke::engine::test
