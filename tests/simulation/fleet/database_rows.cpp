// Claims and writes.

#include <algorithm>
#include <utility>

#include "simulation/fleet/database.hpp"

namespace convoke::simulation::fleet {

database::database(std::vector<lane_id> lanes_of_organizers, std::uint64_t seed, listener& watch)
    : lane_of_(std::move(lanes_of_organizers)), random_(seed, 21), watch_(watch) {
  state_.lanes.resize(std::ranges::max(lane_of_) + std::size_t{1});
}

lease_token database::new_token() {
  return (random_.next() >> 1U) | 1U;
}

std::size_t database::add(row planned) {
  planned.lane = lane_of_[planned.organizer];
  planned.op = planned.planned;
  state_.rows.push_back(std::move(planned));
  return state_.rows.size() - 1;
}

void database::open(run_id run, mono_time) {
  auto& rows = state_.rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].run != run) continue;
    rows[i].open = true;
    for (std::size_t other = 0; other < rows.size(); ++other) {
      auto& old = rows[other];
      if (old.run == run || old.key != rows[i].key || !old.owed()) continue;
      if (holds(guarantee::claims_inherited)) {
        rows[i].token = std::max(rows[i].token, old.token);
        if (rows[i].token == old.token) rows[i].session = old.session;
      }
      // What was observed of the key stays known, and the newer row owes what is left of it.
      rows[i].op = old.op;
      rows[i].advances = old.advances;
      rows[i].meeting_id = old.meeting_id;
      rows[i].strikes = old.strikes;
      watch_.superseded(i, other);
      end(other, outcome::superseded, {}, 0);
    }
  }
}

std::size_t database::owed() const {
  return static_cast<std::size_t>(std::ranges::count_if(state_.rows, &row::owed));
}

database::kind database::kind_of(const row& r, row_id id, const session_memory& s, mono_time now) const {
  if (!r.owed() || s.released.contains(id)) return kind::other;
  if (r.token == 0) return kind::fresh;
  if (r.session == s.id) return kind::other;
  if (live(r.session, now)) return holds(guarantee::live_claims_kept) ? kind::held : kind::stale;
  // The rows of a session that ended after the survey wait for the next one: its calls may still be in flight.
  return s.ended.contains(r.session) || !holds(guarantee::survey_first) ? kind::stale : kind::held;
}

// The first attempt of a claim that is repeated took effect: its rows are given out, and no others.
std::optional<claim> database::claimed_before(const engine::fetch_rows& f, lease_token token) const {
  std::optional<claim> out;
  for (const auto& wanted : f.pages) {
    engine::claimed_page page{wanted.organizer, {}, true};
    for (std::size_t i = 0; i < state_.rows.size(); ++i) {
      const auto& r = state_.rows[i];
      if (r.organizer != wanted.organizer || !r.owed() || r.token != token) continue;
      page.rows.push_back({simulation::ledger::id_of(i), r.key, r.organizer, token, r.strikes, r.op, r.update});
      page.exhausted = false;
    }
    if (!out) out = claim{f, {}};
    out->pages.push_back(std::move(page));
  }
  const bool any = out && std::ranges::any_of(out->pages, [](const engine::claimed_page& p) { return !p.rows.empty(); });
  return any ? out : std::nullopt;
}

engine::claimed_page database::take(const engine::page_wanted& wanted, bool stale, const session_memory& s, lease_token token,
                                    const std::set<row_id>& released, mono_time now) {
  engine::claimed_page out{wanted.organizer, {}, true};
  const auto give = [&](std::size_t i) {
    auto& r = state_.rows[i];
    r.token = token;
    r.session = s.id;
    out.rows.push_back({simulation::ledger::id_of(i), r.key, r.organizer, token, r.strikes, r.op, r.update});
  };
  for (std::size_t i = 0; i < state_.rows.size(); ++i) {
    auto& r = state_.rows[i];
    if (r.organizer != wanted.organizer || !r.owed()) continue;
    if (released.contains(simulation::ledger::id_of(i))) continue;
    if (kind_of(r, simulation::ledger::id_of(i), s, now) != (stale ? kind::stale : kind::fresh)) continue;
    if (out.rows.size() >= wanted.count) {
      out.exhausted = false;
      break;
    }
    give(i);
    watch_.claimed(i, s.id, token);
  }
  return out;
}

bool database::holds_claim(std::size_t index, lease_token token) const {
  const auto& r = state_.rows[index];
  const bool ours = r.token == token || !holds(guarantee::token_checked);
  return ours && (!r.result || !holds(guarantee::insert_only));
}

void database::end(std::size_t index, outcome result, const engine::answer& last, lease_token token) {
  auto& r = state_.rows[index];
  r.result = result;
  r.written_under = token;
  r.last.status = last.status;
  r.last.error_code = last.error_code;
  r.last.drift = last.drift;
  r.last.stored.reset();
  watch_.wrote(index, token, true);
  if (!last.stored) return;
  r.last.stored.emplace();
  r.last.stored->id = last.stored->id;
  r.last.stored->external_id = last.stored->external_id;
}

// A newer row inherited the claim of the row that this write is about. Whoever held it has no call in flight for it any more.
void database::free_inherited(key_id key, lease_token token) {
  if (!holds(guarantee::inherited_freed)) return;
  for (std::size_t i = 0; i < state_.rows.size(); ++i) {
    auto& r = state_.rows[i];
    if (!r.owed() || r.key != key || r.token != token) continue;
    r.token = r.session = 0;
    watch_.released(i);
  }
}

bool database::record(const engine::record_outcome& a, bool repeated) {
  const auto i = index_of(a.row);
  if (holds_claim(i, a.token)) {
    end(i, a.result, a.last, a.token);
    return true;
  }
  const auto& r = state_.rows[i];
  if (repeated && r.result && r.written_under == a.token && holds(guarantee::outcome_read_again)) return true;
  free_inherited(r.key, a.token);
  return false;
}

bool database::advance(const engine::advance_row& a) {
  const auto i = index_of(a.row);
  auto& r = state_.rows[i];
  if (!holds_claim(i, a.token)) {
    free_inherited(r.key, a.token);
    return false;
  }
  if (a.last.stored) r.meeting_id = a.last.stored->id;
  if (r.op != a.next) ++r.advances;
  r.op = a.next;
  watch_.wrote(i, a.token, false);
  return true;
}

bool database::release(const engine::release_row& a, bool repeated) {
  const auto i = index_of(a.row);
  auto& r = state_.rows[i];
  if (!holds_claim(i, a.token)) {
    // Of a release that is repeated: the first attempt took effect, and no other session has claimed the row yet; or it was the last
    // strike.
    if (repeated && r.token == 0 && r.owed()) return true;
    if (repeated && r.result && r.written_under == a.token) return true;
    free_inherited(r.key, a.token);
    return false;
  }
  if (a.strike && ++r.strikes >= 3) {
    engine::answer last;
    last.error_code = "retries";
    end(i, outcome::failed, last, a.token);
    return true;
  }
  watch_.wrote(i, a.token, false);
  r.token = r.session = 0;
  watch_.released(i);
  return true;
}

std::uint32_t database::close(const engine::close_organizer& c, const session_memory& s, mono_time now) {
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < state_.rows.size(); ++i) {
    const auto& r = state_.rows[i];
    if (r.organizer != c.organizer || !r.owed()) continue;
    if (r.token != 0 && r.session != s.id && live(r.session, now)) continue;
    end(i, outcome::failed, c.last, r.token);
    ++n;
  }
  return n;
}

void database::save(const engine::save_cooldown& c, lease_token id) {
  auto& kept = state_.cooldowns[{c.lane, c.organizer}];
  if (c.until <= kept.until) return;
  kept = {c.until, id, ++state_.serial};
  watch_.saved_cooldown(c.lane, c.organizer, c.until);
}

database::changes database::commit(session_memory& s, const std::vector<ledger_job>& jobs, const std::vector<lease_token>& tokens,
                                   bool repeated, mono_time now) {
  changes out;
  const bool valid = live(s.id, now);
  auto token = tokens.begin();
  std::set<row_id> released;  // by this commit
  const auto sort = [&out](row_id id, bool held) {
    (held || !holds(guarantee::changes_counted) ? out.done.rows : out.done.lost).push_back(id);
  };
  for (const auto& job : jobs) {
    if (const auto* r = std::get_if<engine::record_outcome>(&job)) {
      sort(r->row, record(*r, repeated));
    } else if (const auto* a = std::get_if<engine::advance_row>(&job)) {
      sort(a->row, advance(*a));
    } else if (const auto* back = std::get_if<engine::release_row>(&job)) {
      sort(back->row, release(*back, repeated));
      released.insert(back->row);
    } else if (const auto* f = std::get_if<engine::fetch_rows>(&job)) {
      const auto claim_token = *token++;
      if (!valid) continue;
      if (auto before = repeated ? claimed_before(*f, claim_token) : std::nullopt) {
        out.done.claims.push_back(std::move(*before));
        continue;
      }
      auto& answer = out.done.claims.emplace_back(*f, std::vector<engine::claimed_page>());
      for (const auto& wanted : f->pages) answer.pages.push_back(take(wanted, f->stale, s, claim_token, released, now));
    } else if (const auto* c = std::get_if<engine::close_organizer>(&job)) {
      if (valid) out.done.closings.push_back({*c, close(*c, s, now)});
    } else if (const auto* saved = std::get_if<engine::save_cooldown>(&job)) {
      save(*saved, s.id);
    } else if (const auto* gone = std::get_if<engine::forget_cooldown>(&job)) {
      state_.cooldowns.erase({gone->lane, gone->organizer});
    } else if (const auto* p = std::get_if<engine::save_pace>(&job)) {
      state_.lanes[p->lane].saved = p->pace;
    }
  }
  out.over = !valid;
  out.cooldowns = news(s, now);
  out.received = state_.serial;
  return out;
}

}  // namespace convoke::simulation::fleet
