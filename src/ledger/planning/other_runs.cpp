#include "ledger/planning/other_runs.hpp"

#include <string>
#include <utility>

namespace convoke::ledger::planning {
namespace {

constexpr std::size_t sample_keys = 20;

void sample(std::vector<key_id>& keys, key_id key) {
  if (keys.size() < sample_keys) keys.push_back(key);
}

// Calls `f` with pages of what other runs owe.
template <class F>
result<void> for_each_owed_page(const plan_context& plan, F f) {
  std::vector<owed_elsewhere> page;
  owed_place at;
  do {
    if (auto read = plan.store.read_owed(at, plan.bounds.page_rows, page); !read) return read;
    if (page.empty()) return {};
    at = {.run = page.back().run, .organizer = page.back().organizer, .number = page.back().number};
    const bool last = page.size() < plan.bounds.page_rows;
    if (auto done = f(page); !done || last) return done;
  } while (true);
}

}  // namespace

result<inherited_claims> other_runs::read_owed() {
  auto& summary = plan_.summary;
  inherited_claims inherited;
  std::vector<key_id> elsewhere;
  const auto take = [&](const std::vector<owed_elsewhere>& page) -> result<void> {
    for (const auto& row : page) {
      const auto taken = take_over(row, plan_.groups);
      if (taken == takeover::elsewhere) {
        ++summary.owed_elsewhere;
        sample(elsewhere, row.key);
      } else if (taken != takeover::none) {
        if (taken == takeover::superseded) summary.superseded += 1 + row.duplicates;
        inherited.add(row.key, claim_of(row));
      }
    }
    return {};
  };
  if (auto read = for_each_owed_page(plan_, take); !read) return std::unexpected(std::move(read.error()));
  if (auto named = name_sample(elsewhere, summary.owed_elsewhere_sample); !named) return std::unexpected(std::move(named.error()));
  inherited.sort();
  return inherited;
}

result<void> other_runs::name_sample(const std::vector<key_id>& keys, std::vector<named_key>& into) {
  if (keys.empty()) return {};
  std::vector<std::optional<named_key>> found;
  if (auto named = plan_.store.name_keys(keys, found); !named) return named;
  for (auto& name : found) {
    if (name) into.push_back(std::move(*name));
  }
  return {};
}

result<void> other_runs::find_vanished() {
  const auto before = plan_.store.previous_run();
  if (!before) return std::unexpected(before.error());
  if (!*before) return {};
  key_set gone;
  std::vector<key_id> named;
  std::map<organizer_id, std::uint64_t> by_organizer;
  std::vector<earlier_row> page;
  std::uint32_t after = 0;
  do {
    if (auto read = plan_.store.read_earlier(**before, after, plan_.bounds.page_rows, page); !read) return read;
    for (const auto& row : page) {
      after = row.number;
      if (plan_.groups.present.contains(row.key) || !gone.insert(row.key)) continue;
      ++by_organizer[row.organizer];
      sample(named, row.key);
    }
  } while (page.size() == plan_.bounds.page_rows);
  plan_.summary.vanished = gone.size();
  if (auto done = name_sample(named, plan_.summary.vanished_sample); !done) return done;
  return add_vanished(by_organizer);
}

result<void> other_runs::add_vanished(const std::map<organizer_id, std::uint64_t>& counts) {
  if (counts.empty()) return {};
  std::vector<organizer_id> organizers;
  for (const auto& [organizer, count] : counts) organizers.push_back(organizer);
  std::vector<std::string> names;
  if (auto named = plan_.store.name_organizers(organizers, names); !named) return named;
  auto& listed = plan_.summary.organizers;
  std::map<std::string, std::size_t, std::less<>> places;
  for (std::size_t i = 0; i < listed.size(); ++i) places.emplace(listed[i].organizer, i);
  auto name = names.begin();
  for (const auto& [organizer, count] : counts) {
    const auto& object_id = *name++;
    if (object_id.empty()) continue;
    const auto [place, added] = places.emplace(object_id, listed.size());
    if (added) listed.push_back({.organizer = object_id});
    listed[place->second].vanished += count;
  }
  return {};
}

result<void> other_runs::supersede(utc_time when) {
  std::vector<owed_elsewhere> taken;
  return for_each_owed_page(plan_, [&](const std::vector<owed_elsewhere>& page) -> result<void> {
    taken.clear();
    for (const auto& row : page) {
      const auto what = take_over(row, plan_.groups);
      if (what == takeover::superseded || what == takeover::claim_only) taken.push_back(row);
    }
    if (taken.empty()) return {};
    return plan_.store.write_superseded(taken, when);
  });
}

}  // namespace convoke::ledger::planning
