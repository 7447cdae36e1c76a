#include "engine/sim/ledger.hpp"

#include <algorithm>

namespace convoke::engine::sim {

lane_setup ledger::setup() const {
  lane_setup out{0, {}, {}};
  std::map<organizer_id, organizer_setup> each;
  for (const auto& [id, r] : rows_) {
    if (r.result) continue;
    auto& o = each.try_emplace(r.what.organizer, organizer_setup{r.what.organizer, 0, 0}).first->second;
    ++(r.claimed_by == 0 ? o.fresh : o.stale);
  }
  for (const auto& [id, o] : each) out.organizers.push_back(o);
  for (const auto& [who, until] : fences_) out.fences.push_back({who, until});
  return out;
}

std::vector<owed_row> ledger::claim(const fetch_rows& f, bool& exhausted) {
  std::vector<owed_row> out;
  exhausted = true;
  for (auto& [id, r] : rows_) {
    if (r.what.organizer != f.organizer || r.result || r.released_by == process_) continue;
    const bool mine = f.stale ? r.claimed_by != 0 && r.claimed_by != process_ : r.claimed_by == 0;
    if (!mine) continue;
    if (out.size() == f.count) {
      exhausted = false;
      break;
    }
    r.claimed_by = process_;
    ++r.epoch;
    out.push_back({id, r.what.key, r.what.organizer, r.epoch, r.strikes});
  }
  return out;
}

void ledger::record(const record_outcome& a) {
  auto& r = rows_.at(a.row);
  if (r.result) complaints_.push_back("row " + std::to_string(a.row) + " ended twice");
  if (r.epoch != a.epoch || r.claimed_by != process_) complaints_.push_back("row " + std::to_string(a.row) + " recorded without a claim");
  r.result = a.result;
  r.code = a.last.error_code;
}

void ledger::release(const release_row& a) {
  auto& r = rows_.at(a.row);
  if (r.result) complaints_.push_back("row " + std::to_string(a.row) + " released after its end");
  if (r.epoch != a.epoch || r.claimed_by != process_) complaints_.push_back("row " + std::to_string(a.row) + " released without a claim");
  r.claimed_by = 0;
  r.released_by = process_;
  r.strikes = a.strike ? static_cast<std::uint8_t>(r.strikes + 1) : r.strikes;
  if (r.strikes < 3) return;
  r.result = outcome::failed;
  r.code = "retries";
}

std::uint32_t ledger::close(const close_organizer& c) {
  std::uint32_t n = 0;
  for (auto& [id, r] : rows_) {
    if (r.what.organizer != c.organizer || r.result) continue;
    r.result = outcome::failed;
    r.code = c.last.error_code;
    ++n;
  }
  return n;
}

void ledger::save(const save_fence& f) {
  auto& until = fences_.try_emplace(f.organizer, mono_time::min()).first->second;
  until = std::max(until, f.until);
}

mono_time ledger::saved_fence(std::optional<organizer_id> o) const {
  const auto found = fences_.find(o);
  return found == fences_.end() ? mono_time::min() : found->second;
}

bool ledger::done() const noexcept {
  return std::ranges::all_of(rows_, [](const auto& r) { return r.second.result.has_value(); });
}

std::size_t ledger::claimed() const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(rows_, [this](const auto& r) { return !r.second.result && r.second.claimed_by == process_; }));
}

std::vector<std::string> ledger::wrong(const service& s) const {
  auto out = complaints_;
  for (const auto& [id, r] : rows_) {
    const auto name = "row " + std::to_string(id);
    if (!r.result) {
      out.push_back(name + " has no outcome");
      continue;
    }
    const auto made = s.creations(r.what.key);
    if (made > 1) out.push_back(name + " was created " + std::to_string(made) + " times");
    const bool bad = r.what.bad_row || r.what.bad_organizer;
    const bool failed = *r.result == outcome::failed;
    if (bad && !failed) out.push_back(name + " cannot have succeeded");
    if (!bad && failed && r.code != "retries") out.push_back(name + " failed without cause: " + r.code);
    if (!failed && made != 1) out.push_back(name + " is said to be there and is not");
  }
  return out;
}

}  // namespace convoke::engine::sim
