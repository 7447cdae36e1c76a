#include "ledger/planning/removals.hpp"

#include "ledger/planning/samples.hpp"

namespace convoke::ledger::planning {

removal_bar bar_of_removals(const operation_settings& settings, feed_id feed, const plan_summary& so_far) noexcept {
  if (!settings.remove_vanished) return removal_bar::not_wanted;
  if (feed == no_feed) return removal_bar::no_feed;
  if (so_far.rows == 0) return removal_bar::no_rows;
  return so_far.rejected > 0 ? removal_bar::wrong_rows : removal_bar::none;
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

result<void> removal_planner::take(const removed_key& key, const std::string& payload) {
  const auto wanted = plan_.identifier.identify(key.lane, payload);
  if (!wanted) return std::unexpected(wanted.error());
  if (++number_ >= row_limit) return fail(errc::input, "the file is too long: a run can have 2,147,483,647 rows");
  copies_.push_back({.number = number_, .key = key.key, .lane = key.lane});
  calls_.push({.key = key.key,
               .hash = wanted->key,
               .payload = wanted->payload,
               .organizer = key.organizer,
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
