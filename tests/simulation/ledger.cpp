#include "simulation/ledger.hpp"

#include <algorithm>
#include <utility>

#include "engine/scopes.hpp"

namespace convoke::simulation {

using engine::owed_row;

namespace {

constexpr std::uint16_t another_process = 0xffff;

}  // namespace

void ledger::add(engine::key_id key, organizer_id organizer, engine::update_rule update) {
  organizers_[organizer].all.push_back(static_cast<std::uint32_t>(rows_.size()));
  auto& r = rows_.emplace_back();
  r.key = key;
  r.organizer = organizer;
  r.lane = lane_of_[organizer];
  r.update = update;
  ++owed_;
}

void ledger::begin_with(std::size_t index, operation op, std::string meeting_id, bool repairs) {
  auto& r = rows_[index];
  r.op = r.planned = op;
  r.repairs = repairs;
  r.meeting_id = std::move(meeting_id);
}

void ledger::violated(std::size_t index, const char* what) {
  if (violations_.size() < 10) violations_.push_back("row " + std::to_string(index + 1) + " " + what);
}

void ledger::begin_process() {
  ++process_;
  for (auto& o : organizers_) {
    o.fresh.clear();
    o.stale.clear();
    for (const auto i : o.all) {
      auto& r = rows_[i];
      r.taken_over = false;
      if (r.result) continue;
      if (disabled_guarantee == guarantee::claims_kept) r.claimed_by = 0;
      if (disabled_guarantee == guarantee::advances_kept) {
        r.op = r.planned;
        r.advances = 0;
      }
      (r.claimed_by == 0 ? o.fresh : o.stale).push_back(i);
    }
  }
}

engine::lane_setup ledger::setup(lane_id lane, mono_time now, utc_time wall, std::chrono::nanoseconds max_cooldown) const {
  engine::lane_setup out{.lane = lane, .organizers = {}, .cooldowns = {}};
  for (organizer_id o = 0; o < organizers_.size(); ++o) {
    const auto& rows = organizers_[o];
    if (lane_of_[o] != lane || (rows.fresh.empty() && rows.stale.empty())) continue;
    out.organizers.push_back({o, static_cast<std::uint32_t>(rows.fresh.size()), static_cast<std::uint32_t>(rows.stale.size())});
  }
  for (const auto& [where, kept] : cooldowns_) {
    if (where.first != lane || kept.until <= wall) continue;
    const auto [until, cut] = engine::obey_saved(kept.until, kept.saved, max_cooldown);
    if (until > wall || cut) out.cooldowns.push_back({where.second, now + std::max(until - wall, ticks(0)), cut});
  }
  return out;
}

std::uint32_t ledger::fresh_left(organizer_id o) const {
  return static_cast<std::uint32_t>(organizers_[o].fresh.size());
}

std::uint32_t ledger::stale_left(organizer_id o) const {
  return static_cast<std::uint32_t>(organizers_[o].stale.size());
}

row_facts ledger::at(std::size_t index) const {
  const auto& r = rows_[index];
  return {r.key, r.organizer, r.lane, r.op, r.update, r.advances, r.taken_over, r.repairs};
}

std::size_t ledger::owed_here(lane_id lane) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(rows_, [lane](const row& r) { return r.lane == lane && !r.result && !r.taken_over; }));
}

bool ledger::any_taken_over() const {
  return std::ranges::any_of(rows_, &row::taken_over);
}

std::optional<engine::learnt_pace> ledger::pace(lane_id lane) const {
  const auto found = paces_.find(lane);
  return found == paces_.end() ? std::nullopt : std::optional(found->second);
}

committed ledger::commit(std::vector<ledger_job>& jobs, mono_time now, utc_time wall) {
  committed done;
  const auto sort = [&done](row_id row, hold h) { (h == hold::held ? done.rows : done.lost).push_back(row); };
  for (auto& job : jobs) {
    if (const auto* r = std::get_if<engine::record_outcome>(&job)) {
      sort(r->row, record(*r, false));
    } else if (const auto* a = std::get_if<engine::advance_row>(&job)) {
      sort(a->row, advance(*a, false));
    } else if (const auto* back = std::get_if<engine::release_row>(&job)) {
      sort(back->row, release(*back, false));
    } else if (const auto* f = std::get_if<engine::fetch_rows>(&job)) {
      auto& answer = done.claims.emplace_back(*f, std::vector<engine::claimed_page>());
      for (const auto& wanted : f->pages) answer.pages.push_back(take(wanted, f->stale));
    } else if (const auto* c = std::get_if<engine::close_organizer>(&job)) {
      const auto n = close(*c);
      done.closings.push_back({*c, n});
    } else if (const auto* saved = std::get_if<engine::save_cooldown>(&job)) {
      auto& kept = cooldowns_[{saved->lane, saved->organizer}];
      const auto until = wall + std::chrono::ceil<ticks>(saved->until - now);
      if (until > kept.until) kept = {until, wall};
    } else if (const auto* gone = std::get_if<engine::forget_cooldown>(&job)) {
      cooldowns_.erase({gone->lane, gone->organizer});
    } else if (const auto* p = std::get_if<engine::save_pace>(&job)) {
      paces_[p->lane] = p->pace;
    }
  }
  jobs.clear();
  return done;
}

void ledger::late_write(ledger_job job) {
  if (const auto* r = std::get_if<engine::record_outcome>(&job)) (void)record(*r, true);
  if (const auto* a = std::get_if<engine::advance_row>(&job)) (void)advance(*a, true);
  if (const auto* back = std::get_if<engine::release_row>(&job)) (void)release(*back, true);
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
    out.rows.push_back(owed_row{id_of(i), r.key, r.organizer, r.token, r.strikes, r.op, r.update, r.repairs && r.op == operation::get});
  }
  out.exhausted = from.empty();
  return out;
}

ledger::hold ledger::holds(std::size_t index, lease_token token, const char* what, bool late) {
  const auto& r = rows_[index];
  const bool its_own = (r.token == token && r.claimed_by != 0) || disabled_guarantee == guarantee::token_checked;
  if (its_own && (!r.result || disabled_guarantee == guarantee::insert_only)) return hold::held;
  if (!late && !r.taken_over) violated(index, what);
  return hold::lost;
}

void ledger::end(std::size_t index, outcome result, const engine::answer& last) {
  auto& r = rows_[index];
  if (r.result) return violated(index, "had its outcome overwritten");
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

void ledger::move_on(row& r, operation next, const engine::answer& last) {
  r.op = next;
  ++r.advances;
  if (last.stored) r.meeting_id = last.stored->id;
}

ledger::hold ledger::record(const engine::record_outcome& a, bool late) {
  const auto i = index_of(a.row);
  const auto h = holds(i, a.token, "recorded without holding its claim", late);
  if (h == hold::held) end(i, a.result, a.last);
  return h;
}

ledger::hold ledger::advance(const engine::advance_row& a, bool late) {
  const auto i = index_of(a.row);
  const auto h = holds(i, a.token, "advanced without holding its claim", late);
  if (h == hold::held) move_on(rows_[i], a.next, a.last);
  return h;
}

ledger::hold ledger::release(const engine::release_row& a, bool late) {
  const auto i = index_of(a.row);
  const auto h = holds(i, a.token, "released without holding its claim", late);
  if (h == hold::lost) return h;
  auto& r = rows_[i];
  r.claimed_by = 0;
  if (a.strike) ++r.strikes;
  if (r.strikes < 3) return h;
  engine::answer last;
  last.error_code = "retries";
  end(i, outcome::failed, last);
  return h;
}

std::uint32_t ledger::close(const engine::close_organizer& c) {
  std::uint32_t n = 0;
  for (const auto i : organizers_[c.organizer].all) {
    const auto& r = rows_[i];
    if (r.claimed_by == another_process || (r.result && disabled_guarantee != guarantee::insert_only)) continue;
    end(i, outcome::failed, c.last);
    ++n;
  }
  return n;
}

bool ledger::take_over(std::size_t index) {
  auto& r = rows_[index];
  if (r.result || r.claimed_by != process_) return false;
  r.claimed_by = another_process;
  r.taken_over = true;
  ++r.token;
  return true;
}

void ledger::advance_elsewhere(std::size_t index, operation next, const engine::answer& last) {
  move_on(rows_[index], next, last);
}

void ledger::end_elsewhere(std::size_t index, outcome result, const engine::answer& last) {
  end(index, result, last);
}

void ledger::release_elsewhere(std::size_t index) {
  rows_[index].claimed_by = 0;
}

const engine::answer* ledger::ended_with(std::size_t index) const {
  const auto found = answers_.find(index);
  return found == answers_.end() ? nullptr : &found->second;
}

}  // namespace convoke::simulation
