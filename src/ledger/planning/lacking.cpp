#include "ledger/planning/lacking.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/text.hpp"
#include "ledger/planning/samples.hpp"

namespace convoke::ledger::planning {
namespace {

// The id of a meeting of a row that repeats ends in its date: `-20260907`. This is the id without it; empty: there is no date.
std::string_view id_without_date(std::string_view id) {
  constexpr std::size_t date_size = 9;
  if (id.size() <= date_size) return {};
  const auto date = id.substr(id.size() - date_size);
  if (date.front() != '-' || !std::ranges::all_of(date.substr(1), core::ascii_digit)) return {};
  return id.substr(0, id.size() - date_size);
}

}  // namespace

// ---- which keys the input lacks

result<void> lacking_finder::run() {
  if (plan_.feed == no_feed && plan_.summary.new_keys == 0) return {};
  key_id after = 0;
  do {
    if (auto read = plan_.store.read_live(after, plan_.now, plan_.bounds.page_rows, page_); !read) return read;
    if (page_.empty()) break;
    after = page_.back().key;
    const bool last = page_.size() < plan_.bounds.page_rows;
    if (auto taken = take_page(); !taken) return taken;
    if (last) break;
  } while (true);
  return name_sample(plan_.store, vanished_, plan_.summary.vanished_sample);
}

result<void> lacking_finder::take_page() {
  const bool with_new = plan_.summary.new_keys > 0;
  std::erase_if(page_,
                [&](const live_key& key) { return plan_.groups.present.contains(key.key) || (!with_new && key.feed != plan_.feed); });
  if (auto dropped = drop_keys_of_rejected(); !dropped) return dropped;
  if (page_.empty()) return {};
  keys_.clear();
  for (const auto& key : page_) keys_.push_back(key.key);
  seen_.assign(keys_.size(), {});
  if (auto read = plan_.store.read_states(keys_, seen_); !read) return read;
  auto seen = seen_.begin();
  for (const auto& key : page_) {
    if (!is_gone(seen->state)) take(key, *seen);
    ++seen;
  }
  return {};
}

result<void> lacking_finder::drop_keys_of_rejected() {
  if (plan_.groups.rejected.empty()) return {};
  std::vector<live_key> kept;
  for (std::span<const live_key> left = page_; !left.empty();) {
    const auto part = left.first(std::min(left.size(), plan_.bounds.payload_page_rows));
    left = left.subspan(part.size());
    sources_.clear();
    for (const auto& key : part) sources_.push_back(key.source);
    if (auto read = plan_.store.read_records(sources_, payloads_); !read) return read;
    for (std::size_t i = 0; i < part.size(); ++i) {
      const auto wanted = decode_spec(payloads_[i]);
      if (!wanted || !of_rejected(part[i].lane, *wanted)) {
        kept.push_back(part[i]);
      } else {
        plan_.groups.present.insert(part[i].key);  // a removal that an older run owes is not made
      }
    }
  }
  page_ = std::move(kept);
  return {};
}

bool lacking_finder::of_rejected(lane_id lane, const meeting_spec& wanted) const {
  const auto& rejected = plan_.groups.rejected;
  const auto has = [&](const digest& key) { return std::ranges::binary_search(rejected, key); };
  auto& hashes = plan_.identifier;
  if (has(hashes.any_organizer(wanted.external_id))) return true;
  // The keys of any organizer come first: those beyond the cap may be any.
  if (plan_.groups.more_rejected && row_identifier::of_any_organizer(rejected.back())) return true;
  const auto id = id_without_date(wanted.external_id);
  if (id.empty()) return false;
  return plan_.groups.more_rejected || has(hashes.key_of(lane, wanted.organizer, id)) || has(hashes.any_organizer(id));
}

void lacking_finder::take(const live_key& key, const seen_key& seen) {
  if (plan_.summary.new_keys > 0) {
    ++found_;
    lacking_.push({.source = key.source, .key = key.key, .lane = key.lane});
  }
  if (plan_.feed == no_feed || key.feed != plan_.feed) return;
  ++plan_.summary.vanished;
  auto& of_organizer = vanished_by_organizer_[key.organizer];
  of_organizer.lane = key.lane;
  ++of_organizer.all;
  sample(vanished_, key.key);
  if (plan_.summary.barred != removal_bar::none || !is_removable(seen)) return;
  ++of_organizer.removed;
  removed_.push({.key = key.key, .source = key.source, .lane = key.lane});
}

result<void> lacking_finder::list_organizers() const {
  if (vanished_by_organizer_.empty()) return {};
  std::vector<organizer_id> organizers;
  for (const auto& [organizer, keys] : vanished_by_organizer_) organizers.push_back(organizer);
  std::vector<std::string> names;
  if (auto named = plan_.store.name_organizers(organizers, names); !named) return named;
  auto& listed = plan_.summary.organizers;
  std::map<std::pair<std::size_t, std::string>, std::size_t> places;
  for (std::size_t i = 0; i < listed.size(); ++i) places.emplace(std::pair(listed[i].lane, listed[i].organizer), i);
  auto name = names.begin();
  for (const auto& [organizer, keys] : vanished_by_organizer_) {
    const auto& object_id = *name++;
    if (object_id.empty()) continue;
    const auto [place, added] = places.emplace(std::pair(std::size_t{keys.lane}, object_id), listed.size());
    if (added) listed.push_back({.organizer = object_id, .lane = keys.lane});
    listed[place->second].vanished += keys.all;
    listed[place->second].calls += keys.removed;
  }
  return {};
}

// ---- which new keys replace them

replacement_finder::replacement_finder(const plan_context& plan, run_id run)
    : plan_(plan),
      run_(run),
      meetings_(plan.bounds.folder, plan.bounds.sort_bytes / 2),
      external_ids_(plan.bounds.folder, plan.bounds.sort_bytes / 2) {
  for (const auto& organizer : plan.organizers.entries()) lanes_.emplace(organizer.stored, organizer.lane);
}

void replacement_finder::push(const fingerprints& prints, key_id key, std::uint32_t number) {
  meetings_.push({.print = prints.meeting, .key = key, .number = number});
  external_ids_.push({.print = prints.external_id, .key = key, .number = number});
}

result<void> replacement_finder::add(std::span<const numbered_row> rows) {
  for (const auto& row : rows) {
    // The ids of new keys are made of the run that is the first to have them.
    if (run_of(row.key) == run_) new_rows_.push_back(row);
    if (new_rows_.size() < plan_.bounds.payload_page_rows) continue;
    if (auto added = add_new(new_rows_); !added) return added;
    new_rows_.clear();
  }
  auto added = add_new(new_rows_);
  new_rows_.clear();
  return added;
}

result<void> replacement_finder::add_new(std::span<const numbered_row> rows) {
  if (rows.empty()) return {};
  sources_.clear();
  for (const auto& row : rows) sources_.push_back(make_row(run_, row.number));
  if (auto read = plan_.store.read_records(sources_, payloads_); !read) return read;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto wanted = decode_spec(payloads_[i]);
    const auto lane = lanes_.find(rows[i].organizer);
    if (wanted && lane != lanes_.end()) push(fingerprint_.of(lane->second, *wanted), rows[i].key, rows[i].number);
  }
  return {};
}

result<void> replacement_finder::add_lacking(lacking_keys& lacking) {
  lacking.finish();
  for (std::vector<lacking_key> page; lacking.next_page(page, plan_.bounds.payload_page_rows);) {
    sources_.clear();
    for (const auto& key : page) sources_.push_back(key.source);
    if (auto read = plan_.store.read_records(sources_, payloads_); !read) return read;
    for (std::size_t i = 0; i < page.size(); ++i) {
      if (const auto wanted = decode_spec(payloads_[i])) push(fingerprint_.of(page[i].lane, *wanted), page[i].key, 0);
    }
  }
  return lacking.status();
}

// Keeps those of the first rows, in their order.
void replacement_finder::keep_first(std::vector<pair>& pairs, const pair& found) {
  if (pairs.size() == sample_size && pairs.back().number < found.number) return;
  pairs.insert(std::ranges::upper_bound(pairs, found.number, {}, &pair::number), found);
  if (pairs.size() > sample_size) pairs.pop_back();
}

// Calls `f` with every new key that has the fingerprint of a lacking one, and with the first such key.
template <class F>
result<void> replacement_finder::for_each_pair(printed_keys& keys, F f) {
  keys.finish();
  std::optional<printed_key> before;
  for (printed_key key; keys.next(key);) {
    if (key.number != 0) {
      if (before && before->print == key.print) f(pair{.number = key.number, .now = key.key, .before = before->key});
    } else if (!before || before->print != key.print) {
      before = key;
    }
  }
  return keys.status();
}

result<void> replacement_finder::run(lacking_keys& lacking) {
  if (auto added = add_lacking(lacking); !added) return added;
  auto& summary = plan_.summary;
  key_set counted, old_removed;
  std::vector<pair> changed, moved;
  // Of several new keys that replace one meeting the first counts its removal.
  const auto removes = [&](const pair& found) {
    if (!plan_.groups.taken.contains(found.before) || old_removed.contains(found.before)) return false;
    old_removed.insert(found.before);
    return true;
  };
  const auto meetings = for_each_pair(meetings_, [&](const pair& found) {
    ++summary.changed_ids;
    if (removes(found)) ++summary.changed_ids_removed;
    counted.insert(found.now);
    keep_first(changed, found);
  });
  if (!meetings) return meetings;
  const auto external_ids = for_each_pair(external_ids_, [&](const pair& found) {
    if (counted.contains(found.now)) return;
    ++summary.moved;
    if (removes(found)) ++summary.moved_removed;
    keep_first(moved, found);
  });
  if (!external_ids) return external_ids;
  if (auto named = name(changed, summary.changed_ids_sample); !named) return named;
  return name(moved, summary.moved_sample);
}

result<void> replacement_finder::name(const std::vector<pair>& pairs, std::vector<replaced_key>& into) {
  if (pairs.empty()) return {};
  std::vector<key_id> keys;
  for (const auto& [number, now, before] : pairs) keys.insert(keys.end(), {now, before});
  std::vector<std::optional<named_key>> names;
  if (auto named = plan_.store.name_keys(keys, names); !named) return named;
  for (std::size_t i = 0; i + 1 < names.size(); i += 2) {
    if (names[i] && names[i + 1]) into.push_back({.now = std::move(*names[i]), .before = std::move(*names[i + 1])});
  }
  return {};
}

}  // namespace convoke::ledger::planning
