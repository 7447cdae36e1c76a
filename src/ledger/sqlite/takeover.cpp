#include "ledger/sqlite/takeover.hpp"

#include <algorithm>
#include <map>

#include <convoke/spec.hpp>

namespace convoke::ledger::sqlite {
namespace {

constexpr std::size_t samples = 20;
constexpr int page_rows = 4096;
constexpr auto discarded = static_cast<std::int64_t>(run_state::discarded);

}  // namespace

// A key can come from a discarded run's claim and from an open run's row: the claim stays, whichever brought it.
void inheritance::sort() {
  std::sort(entries_.begin(), entries_.end(), [](const entry& a, const entry& b) { return a.key < b.key; });
  std::vector<entry> merged;
  for (const auto& e : entries_) {
    if (merged.empty() || merged.back().key != e.key) {
      merged.push_back(e);
      continue;
    }
    auto& into = merged.back();
    if (into.token == 0) into.token = e.token;
    into.strikes = std::max(into.strikes, e.strikes);
  }
  entries_ = std::move(merged);
}

inheritance::entry inheritance::of(key_id key) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), key, [](const entry& e, key_id k) { return e.key < k; });
  return found != entries_.end() && found->key == key ? *found : entry{};
}

result<inheritance> takeover::look() {
  statement owed(db_,
                 "SELECT o.run, o.line, o.key, o.duplicates, o.token, o.strikes, r.state FROM owed o JOIN run r ON r.id = o.run "
                 "WHERE o.run <> ?");
  inheritance out;
  for (owed.with(run_); owed.step();) {
    const auto key = owed.as<key_id>(2);
    const auto token = owed.as<lease_token>(4);
    if (owed.integer(6) == discarded) {
      if (groups_.taken.contains(key)) out.add({key, token, 0});
      continue;
    }
    if (!groups_.taken.contains(key)) {
      if (groups_.present.contains(key)) continue;  // here, but rejected: it stays owed where it was
      ++summary_.owed_elsewhere;
      sample(summary_.owed_elsewhere_sample, key);
      continue;
    }
    const auto row = make_row(owed.as<run_id>(0), owed.as<std::uint32_t>(1));
    summary_.superseded += 1 + (owed.integer(3) != 0 ? duplicates_of(row) : 0);
    const auto strikes = owed.as<std::uint32_t>(5);
    if (token != 0 || strikes != 0) out.add({key, token, strikes});
  }
  out.sort();
  if (!db_.ok()) return std::unexpected(db_.failure());
  return out;
}

std::uint64_t takeover::duplicates_of(row_id row) {
  std::uint64_t count = 0;
  if (duplicates_.with(row).step()) count = duplicates_.as<std::uint64_t>(0);
  duplicates_.reset();
  return count;
}

void takeover::sample(std::vector<named_key>& into, key_id key) {
  if (into.size() >= samples) return;
  if (auto found = name(key)) into.push_back(std::move(*found));
}

std::optional<named_key> takeover::name(key_id key) {
  std::optional<named_key> found;
  if (named_.with(key).step()) {
    if (auto wanted = decode_spec(named_.text(0))) found = named_key{std::move(wanted->organizer), std::move(wanted->external_id)};
  }
  named_.reset();
  return found;
}

std::optional<run_id> takeover::previous(const run_header& header) {
  statement opened(db_, "SELECT id FROM run WHERE id <> ? AND input_name = ? AND opened_at IS NOT NULL ORDER BY opened_at DESC, id DESC");
  run_table runs(db_);
  for (opened.with(run_, header.input_name); opened.step();) {
    const auto id = opened.as<run_id>(0);
    const auto found = runs.find(id);
    if (found && found->info.header.lanes == header.lanes) return id;
  }
  return std::nullopt;
}

result<void> takeover::find_vanished(const run_header& header) {
  const auto before = previous(header);
  if (!before) return db_.status();
  statement keys(db_, "SELECT key, organizer FROM decision WHERE id BETWEEN ? AND ? AND key IS NOT NULL ORDER BY id");
  key_set gone;
  std::map<organizer_id, std::uint64_t> by_organizer;
  for (keys.with(first_row(*before), last_row(*before)); keys.step();) {
    const auto key = keys.as<key_id>(0);
    if (groups_.present.contains(key) || !gone.insert(key)) continue;
    ++by_organizer[keys.as<organizer_id>(1)];
    sample(summary_.vanished_sample, key);
  }
  summary_.vanished = gone.size();
  std::map<std::string, std::size_t, std::less<>> places;
  for (std::size_t i = 0; i < summary_.organizers.size(); ++i) places.emplace(summary_.organizers[i].organizer, i);
  statement name(db_, "SELECT object_id FROM organizer WHERE id = ?");
  for (const auto& [organizer, count] : by_organizer) {
    if (!name.with(organizer).step()) continue;
    const auto [place, added] = places.emplace(name.text(0), summary_.organizers.size());
    if (added) summary_.organizers.push_back({.organizer = place->first});
    summary_.organizers[place->second].vanished += count;
  }
  return db_.status();
}

result<void> takeover::supersede(outcome_writer& outcomes, utc_time now) {
  statement owed(db_,
                 "SELECT o.run, o.organizer, o.line, o.key, o.duplicates, o.call, r.state FROM owed o JOIN run r ON r.id = o.run "
                 "WHERE (o.run, o.organizer, o.line) > (?, ?, ?) AND o.run <> ? ORDER BY o.run, o.organizer, o.line LIMIT ?");
  statement drop(db_, "DELETE FROM owed WHERE run = ? AND organizer = ? AND line = ?");
  struct owed_row {
    organizer_id organizer = 0;
    owed_call row;
    bool only_claimed = false;  // of a discarded run: nobody waits for its end
  };
  struct place {
    run_id run = 0;
    organizer_id organizer = 0;
    std::uint32_t line = 0;
  } at;
  std::set<run_id> touched;
  for (int found = page_rows; found == page_rows && db_.ok();) {
    std::vector<owed_row> page;
    found = 0;
    for (owed.with(at.run, at.organizer, at.line, run_, page_rows); owed.step(); ++found) {
      at = {owed.as<run_id>(0), owed.as<organizer_id>(1), owed.as<std::uint32_t>(2)};
      const auto key = owed.as<key_id>(3);
      if (!groups_.taken.contains(key)) continue;
      page.push_back(
          {at.organizer,
           {make_row(at.run, at.line), outcome_id_of_call(at.run, owed.as<std::uint32_t>(5)), key, owed.as<std::uint64_t>(4), {}},
           owed.integer(6) == discarded});
    }
    for (const auto& [organizer, row, only_claimed] : page) {
      if (!only_claimed) outcomes.superseded(row, run_, now);
      drop.with(run_of(row.row), organizer, line_of(row.row)).run();
      touched.insert(run_of(row.row));
    }
  }
  statement finish(
      db_, "UPDATE run SET state = 3, finished_at = ? WHERE id = ? AND state = 2 AND NOT EXISTS(SELECT 1 FROM owed WHERE run = id)");
  for (const auto run : touched) finish.with(to_stored(now), run).run();
  return db_.status();
}

}  // namespace convoke::ledger::sqlite
