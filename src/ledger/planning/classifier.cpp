#include "ledger/planning/classifier.hpp"

#include <string>
#include <utility>

#include "ledger/planning/kinds.hpp"
#include "ledger/planning/lacking.hpp"
#include "ledger/planning/other_runs.hpp"

namespace convoke::ledger::planning {

classifier::classifier(plan_store& store, run_id run, const run_header& header, limits bounds)
    : store_(store),
      run_(run),
      kind_(header.kind),
      settings_(header.operations),
      drift_fails_(header.drift_fails),
      feed_(header.feed),
      bounds_(std::move(bounds)),
      identifier_(header.lanes, header.operations) {
  keyed_.emplace(bounds_.folder, bounds_.sort_bytes);
  matched_.emplace(bounds_.folder, bounds_.sort_bytes);
}

result<void> classifier::check_place(const row_place& at) {
  if (at.number <= last_number_) return fail(errc::internal, "rows were planned out of order: line " + std::to_string(at.line));
  if (at.number >= row_limit) return fail(errc::input, "the file is too long: a run can have 2,147,483,647 rows");
  if (at.lane >= identifier_.lanes()) {
    return fail(errc::internal, "line " + std::to_string(at.line) + " is in a lane that the run does not have");
  }
  last_number_ = at.number;
  ++rows_;
  return {};
}

result<update_rule> classifier::add(const row_place& at, std::string_view payload, update_rule at_least) {
  if (auto good = check_place(at); !good) return std::unexpected(std::move(good.error()));
  const auto identity = identifier_.identify(at.lane, payload);
  if (!identity) return std::unexpected(identity.error());
  const bool provision = kind_ == run_kind::provision;
  const auto update = provision ? at_least | identity->update : update_after_get(settings_);
  keyed_->push({.key = identity->key,
                // What a row of another kind of run says besides its key does not count, so no two rows of a key differ.
                .payload = provision ? identity->payload : digest{},
                .number = at.number,
                .line = at.line,
                .organizer = organizers_.number(at.lane, identity->organizer),
                .options = identity->options,
                .update = update,
                .ends = identity->ends});
  return update;
}

result<void> classifier::add_invalid(const row_place& at, std::span<const digest> present) {
  if (auto good = check_place(at); !good) return good;
  matched_->push({.number = at.number, .first = at.number, .line = at.line});
  for (const auto& key : present) keyed_->push({.key = key, .number = at.number, .line = at.line, .rejected = true});
  return {};
}

std::vector<digest> classifier::hashes_of(lane_id lane, std::span<const named_key> keys) {
  std::vector<digest> out;
  if (lane >= identifier_.lanes()) return out;
  for (const auto& key : keys) {
    const bool any = key.organizer.empty();
    out.push_back(any ? identifier_.any_organizer(key.external_id) : identifier_.key_of(lane, key.organizer, key.external_id));
  }
  return out;
}

result<plan_summary> classifier::classify(utc_time now) {
  context_.now = now;
  if (!feed_.empty() && kind_ != run_kind::verify) {
    const auto feed = store_.number_feed(feed_);
    if (!feed) return std::unexpected(feed.error());
    context_.feed = *feed;
  }
  if (auto numbered = store_.number_organizers(organizers_.entries()); !numbered) return std::unexpected(std::move(numbered.error()));
  if (kind_ == run_kind::verify)
    if (auto found = other_runs(context_).find_kept_calls(); !found) return std::unexpected(std::move(found.error()));
  if (auto decided = decide_rows(); !decided) return std::unexpected(std::move(decided.error()));
  if (auto found = find_lacking(); !found) return std::unexpected(std::move(found.error()));
  return summary_;
}

// What the input lacks is looked for where it says what is wanted, before the new keys are written, and compared with them afterwards.
result<void> classifier::find_lacking() {
  if (kind_ != run_kind::provision) {
    if (auto numbered = number_calls(nullptr); !numbered) return numbered;
    return list_organizers();
  }
  lacking_keys lacking(bounds_.folder, bounds_.sort_bytes / 2);
  removed_keys removed(bounds_.folder, bounds_.sort_bytes / 2);
  lacking_finder finder(context_, lacking, removed);
  summary_.barred = bar_of_removals(settings_, context_.feed, summary_, drift_fails_);
  if (auto found = finder.run(); !found) return found;
  if (auto planned = removal_planner(context_, last_number_, *calls_).run(removed); !planned) return planned;
  std::optional<replacement_finder> replacements;
  if (finder.found() > 0) replacements.emplace(context_, run_);
  if (auto numbered = number_calls(replacements ? &*replacements : nullptr); !numbered) return numbered;
  if (auto listed = list_organizers(); !listed) return listed;
  if (auto listed = finder.list_organizers(); !listed) return listed;
  return replacements ? replacements->run(lacking) : result<void>{};
}

// Each sorter is dropped as soon as it was read: three exist at a time.
result<void> classifier::decide_rows() {
  {
    rows_by_key known(bounds_.folder, bounds_.sort_bytes);
    key_matcher matcher(context_, known, *matched_);
    if (auto done = matcher.run(*keyed_); !done) return done;
    keyed_.reset();
    known_key_classifier known_keys(context_, *matched_);
    if (auto done = known_keys.run(known); !done) return done;
  }
  calls_.emplace(bounds_.folder, bounds_.sort_bytes);
  row_decider decider(context_, *calls_);
  auto decided = decider.run(*matched_);
  matched_.reset();
  return decided;
}

result<void> classifier::number_calls(replacement_finder* replacements) {
  const auto inherited = other_runs(context_).read_owed();
  if (!inherited) return std::unexpected(inherited.error());
  call_numberer numberer(context_, run_);
  auto numbered = numberer.run(*calls_, *inherited, replacements);
  calls_.reset();
  return numbered;
}

result<void> classifier::list_organizers() {
  std::vector<organizer_id> with_new;
  std::vector<std::size_t> places;
  for (const auto& o : organizers_.entries()) {
    if (o.calls == 0) continue;
    if (o.new_keys > 0) {
      with_new.push_back(o.stored);
      places.push_back(summary_.organizers.size());
    }
    summary_.organizers.push_back({.organizer = o.object_id, .lane = o.lane, .calls = o.calls, .new_keys = o.new_keys});
  }
  if (with_new.empty()) return {};
  std::vector<std::uint64_t> made(with_new.size());
  if (auto counted = store_.count_made(with_new, made); !counted) return counted;
  for (std::size_t i = 0; i < places.size(); ++i) summary_.organizers[places[i]].made_this_month = made[i];
  return {};
}

result<void> classifier::supersede(utc_time when) {
  return other_runs(context_).supersede(when);
}

}  // namespace convoke::ledger::planning
