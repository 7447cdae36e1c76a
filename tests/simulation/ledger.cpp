#include "simulation/ledger.hpp"

#include <algorithm>
#include <utility>

#include "engine/scopes.hpp"

namespace convoke::simulation {

using engine::owed_row;

void ledger::add(engine::key_id key, organizer_id organizer) {
  organizers_[organizer].all.push_back(static_cast<std::uint32_t>(rows_.size()));
  auto& r = rows_.emplace_back();
  r.key = key;
  r.organizer = organizer;
  ++owed_;
}

void ledger::complain(std::size_t index, const char* what) {
  if (complaints_.size() < 10) complaints_.push_back("row " + std::to_string(index + 1) + " " + what);
}

void ledger::begin_process() {
  ++process_;
  for (auto& o : organizers_) {
    o.fresh.clear();
    o.stale.clear();
    for (const auto i : o.all) {
      if (rows_[i].result) continue;
      if (broken_promise == promise::claims_kept) rows_[i].claimed_by = 0;
      (rows_[i].claimed_by == 0 ? o.fresh : o.stale).push_back(i);
    }
  }
}

engine::lane_setup ledger::setup(mono_time now, utc_time wall, std::chrono::nanoseconds max_cooldown) const {
  engine::lane_setup out{0, {}, {}};
  for (organizer_id o = 0; o < organizers_.size(); ++o) {
    const auto& rows = organizers_[o];
    if (rows.fresh.empty() && rows.stale.empty()) continue;
    out.organizers.push_back({o, static_cast<std::uint32_t>(rows.fresh.size()), static_cast<std::uint32_t>(rows.stale.size())});
  }
  for (const auto& [who, kept] : cooldowns_) {
    if (kept.until <= wall) continue;
    const auto [until, cut] = engine::obey_saved(kept.until, kept.saved, max_cooldown);
    if (until > wall || cut) out.cooldowns.push_back({who, now + std::max(until - wall, ticks(0)), cut});
  }
  return out;
}

std::uint32_t ledger::fresh_left(organizer_id o) const {
  return static_cast<std::uint32_t>(organizers_[o].fresh.size());
}

std::uint32_t ledger::stale_left(organizer_id o) const {
  return static_cast<std::uint32_t>(organizers_[o].stale.size());
}

committed ledger::commit(std::vector<ledger_job>& jobs, mono_time now, utc_time wall) {
  committed done;
  for (auto& job : jobs) {
    if (auto* r = std::get_if<engine::record_outcome>(&job)) {
      done.rows.push_back(r->row);
      record(*r, false);
    } else if (const auto* back = std::get_if<engine::release_row>(&job)) {
      done.rows.push_back(back->row);
      release(*back, false);
    } else if (const auto* f = std::get_if<engine::fetch_rows>(&job)) {
      auto& answer = done.claims.emplace_back(*f, std::vector<engine::claimed_page>());
      for (const auto& wanted : f->pages) answer.pages.push_back(take(wanted, f->stale));
    } else if (const auto* c = std::get_if<engine::close_organizer>(&job)) {
      const auto n = close(*c);
      done.closings.push_back({*c, n});
    } else if (const auto* cooldown = std::get_if<engine::save_cooldown>(&job)) {
      auto& kept = cooldowns_[cooldown->organizer];
      const auto until = wall + std::chrono::ceil<ticks>(cooldown->until - now);
      if (until > kept.until) kept = {until, wall};
    } else if (const auto* gone = std::get_if<engine::forget_cooldown>(&job)) {
      cooldowns_.erase(gone->organizer);
    } else if (const auto* p = std::get_if<engine::save_pace>(&job)) {
      pace_ = p->pace;
    }
  }
  jobs.clear();
  return done;
}

void ledger::late_write(const ledger_job& job) {
  if (const auto* r = std::get_if<engine::record_outcome>(&job)) {
    auto copy = *r;
    record(copy, true);
  } else if (const auto* back = std::get_if<engine::release_row>(&job)) {
    release(*back, true);
  }
}

engine::claimed_page ledger::take(const engine::page_wanted& wanted, bool stale) {
  engine::claimed_page out{wanted.organizer, {}, false};
  auto& o = organizers_[wanted.organizer];
  auto& from = stale ? o.stale : o.fresh;
  while (out.rows.size() < wanted.count && !from.empty()) {
    const auto i = from.front();
    from.pop_front();
    auto& r = rows_[i];
    if (r.result) continue;  // its organizer was closed, or a late write came
    r.claimed_by = process_;
    ++r.token;
    out.rows.push_back(owed_row{id_of(i), r.key, r.organizer, r.token, r.strikes});
  }
  out.exhausted = from.empty();
  return out;
}

bool ledger::holds(std::size_t index, lease_token token, const char* what, bool late) {
  const auto& r = rows_[index];
  const bool its_own = (r.token == token && r.claimed_by != 0) || broken_promise == promise::token_checked;
  if (its_own && (!r.result || broken_promise == promise::insert_only)) return true;
  ++lost_writes_;
  if (!late) complain(index, what);
  return false;
}

void ledger::end(std::size_t index, outcome result, const engine::answer& last) {
  auto& r = rows_[index];
  if (r.result) return complain(index, "had its outcome written over");
  r.result = result;
  --owed_;
  auto& kept = answers_[index];
  kept.status = last.status;
  kept.error_code = last.error_code;
  kept.drift = last.drift;
  if (!last.stored) return;
  kept.stored.emplace();
  kept.stored->id = last.stored->id;
  kept.stored->external_id = last.stored->external_id;
}

void ledger::record(engine::record_outcome& a, bool late) {
  const auto i = index_of(a.row);
  if (!holds(i, a.token, "recorded without holding its claim", late)) return;
  end(i, a.result, a.last);
}

void ledger::release(const engine::release_row& a, bool late) {
  const auto i = index_of(a.row);
  if (!holds(i, a.token, "released without holding its claim", late)) return;
  auto& r = rows_[i];
  r.claimed_by = 0;
  if (a.strike) ++r.strikes;
  if (r.strikes < 3) return;
  engine::answer last;
  last.error_code = "retries";
  end(i, outcome::failed, last);
}

std::uint32_t ledger::close(const engine::close_organizer& c) {
  std::uint32_t n = 0;
  for (const auto i : organizers_[c.organizer].all) {
    if (rows_[i].result && broken_promise != promise::insert_only) continue;
    end(i, outcome::failed, c.last);
    ++n;
  }
  return n;
}

const engine::answer* ledger::ended_with(std::size_t index) const {
  const auto found = answers_.find(index);
  return found == answers_.end() ? nullptr : &found->second;
}

}  // namespace convoke::simulation
