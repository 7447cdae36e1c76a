#include "ledger/planning/removals.hpp"

#include "ledger/planning/samples.hpp"

namespace convoke::ledger::planning {

removal_bar bar_of_removals(const operation_settings& settings, feed_id feed, const plan_summary& so_far, bool drift_fails) noexcept {
  if (!settings.remove_vanished) return removal_bar::not_wanted;
  if (feed == no_feed) return removal_bar::no_feed;
  if (so_far.rows == 0) return removal_bar::no_rows;
  if (so_far.rejected > 0) return removal_bar::wrong_rows;
  return drift_fails && so_far.drifted > 0 ? removal_bar::drifted_rows : removal_bar::none;
}

bool is_removable(const seen_key& seen) noexcept {
  return seen.has_meeting && !is_gone(seen.state);
}

result<void> removal_planner::run(removed_keys& found) {
  found.finish();
  for (std::vector<removed_key> page; found.next_page(page, plan_.bounds.payload_page_rows);) {
    if (auto taken = take_page(page); !taken) return taken;
  }
  if (auto sorted = found.status(); !sorted) return sorted;
  const auto removed = plan_.summary.remove_keys;
  if (removed == 0) return {};
  if (auto counted = plan_.store.add_to_rows(removed); !counted) return counted;
  return name_sample(plan_.store, removed_, plan_.summary.remove_sample);
}

result<void> removal_planner::take_page(std::span<const removed_key> page) {
  sources_.clear();
  for (const auto& key : page) sources_.push_back(key.source);
  if (auto read = plan_.store.read_records(sources_, payloads_); !read) return read;
  copies_.clear();
  for (std::size_t i = 0; i < page.size(); ++i) {
    if (auto taken = take(page[i], payloads_[i]); !taken) return taken;
  }
  return plan_.store.write_copies(copies_);
}

// In the lane of this run: the inventory can have the organizer of a lane with another app.
result<organizer_id> removal_planner::organizer_of(lane_id lane, const std::string& object_id) {
  const auto number = plan_.organizers.number(lane, object_id);
  auto& all = plan_.organizers.entries();
  if (all[number].stored == 0)
    if (auto numbered = plan_.store.number_organizers(std::span(all).subspan(number, 1)); !numbered)
      return std::unexpected(std::move(numbered.error()));
  return all[number].stored;
}

result<void> removal_planner::take(const removed_key& key, const std::string& payload) {
  const auto wanted = plan_.identifier.identify(key.lane, payload);
  if (!wanted) return std::unexpected(wanted.error());
  const auto organizer = organizer_of(key.lane, wanted->organizer);
  if (!organizer) return std::unexpected(organizer.error());
  if (++number_ >= row_limit) return fail(errc::input, "the file is too long: a run can have 2,147,483,647 rows");
  copies_.push_back({.number = number_, .key = key.key, .lane = key.lane});
  calls_.push({.key = key.key,
               .hash = wanted->key,
               .payload = wanted->payload,
               .organizer = *organizer,
               .number = number_,
               .op = operation::remove,
               .ends = wanted->ends,
               .waits = true});
  plan_.groups.taken.insert(key.key);
  ++plan_.summary.rows;
  ++plan_.summary.calls;
  ++plan_.summary.remove_keys;
  sample(removed_, key.key);
  return {};
}

}  // namespace convoke::ledger::planning
