#include "ledger/planning/steps.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "ledger/planning/kinds.hpp"
#include "ledger/planning/lacking.hpp"
#include "ledger/planning/samples.hpp"

namespace convoke::ledger::planning {
namespace {

void set_operation(matched_row& row, std::optional<operation> first) noexcept {
  row.owes = first.has_value();
  if (first) row.first_op = *first;
}

}  // namespace

result<void> key_matcher::run(keyed_rows& rows) {
  rows.finish();
  while (rows.next_page(page_, plan_.bounds.page_rows)) {
    if (auto found = find_page_keys(); !found) return found;
    auto next = found_.begin();
    for (const auto& row : page_) {
      if (!groups_.continues(row.key)) groups_.begin(row.key, *next++);
      if (row.rejected)
        groups_.reject(row.key);
      else
        add(groups_.add(row));
    }
  }
  groups_.end();
  return rows.status();
}

void key_matcher::add(matched_row row) {
  if (row.what == row_class::known) return known_.push(row);
  if (plan_.kind != run_kind::provision) {
    row.what = row_class::unknown;
    return done_.push(row);
  }
  set_operation(row, first_operation(plan_.settings, row.what, false));
  done_.push(row);
}

result<void> key_matcher::find_page_keys() {
  keys_.clear();
  for (const auto& row : page_) {
    const bool seen = keys_.empty() ? groups_.continues(row.key) : keys_.back() == row.key;
    if (!seen) keys_.push_back(row.key);
  }
  found_.assign(keys_.size(), 0);
  if (keys_.empty()) return {};
  return plan_.store.find_keys(keys_, found_);
}

result<void> known_key_classifier::run(rows_by_key& known) {
  known.finish();
  while (known.next_page(page_, plan_.bounds.page_rows)) {
    if (auto read = read_page_keys(); !read) return read;
    auto next = found_.begin();
    called_.clear();
    wanted_.clear();
    feeds_.clear();
    shown_.clear();
    for (auto& row : page_) {
      if (!plan_.groups.conflicting[row.group]) {
        if (row.key != key_) at_key_ = *next++;
        key_ = row.key;
        plan_.kind == run_kind::provision ? classify(row) : check(row);
      }
      done_.push(row);
    }
    if (auto written = write_page(); !written) return written;
  }
  if (auto sorted = known.status(); !sorted) return sorted;
  return name_sample(plan_.store, expire_early_, plan_.summary.expire_early_sample);
}

result<void> known_key_classifier::write_page() {
  if (auto kept = keep_first_forms(); !kept) return kept;
  if (!shown_.empty()) {
    if (auto written = plan_.store.write_inventory_payloads(shown_, plan_.settings.repair); !written) return written;
  }
  if (!wanted_.empty()) {
    if (auto written = plan_.store.write_wanted(wanted_); !written) return written;
  }
  if (feeds_.empty()) return {};
  return plan_.store.write_feeds(feeds_);
}

result<void> known_key_classifier::read_page_keys() {
  keys_.clear();
  for (auto last = key_; const auto& row : page_) {
    if (row.key == last || plan_.groups.conflicting[row.group]) continue;
    keys_.push_back(row.key);
    last = row.key;
  }
  found_.assign(keys_.size(), known_key{});
  if (keys_.empty()) return {};
  return plan_.store.read_known(keys_, found_);
}

void known_key_classifier::classify(matched_row& row) {
  row.what = classify_known(at_key_, row.payload, plan_.now);
  const bool stays_as_it_is = row.what == row_class::drifted && !at_key_.correctable;
  set_operation(row, stays_as_it_is ? std::nullopt : first_operation(plan_.settings, row.what, at_key_.has_meeting));
  if (!row.owes && call_for_expiry(plan_.settings, at_key_, row.what, row.ends, plan_.now)) {
    row.owes = row.extends = true;
    row.first_op = operation::update;
  }
  if (row.number != row.first) return;
  update_feed(row);
  note_expiry(row);
  const auto change = change_of_wanted(row.what, at_key_.pending);
  if (row.owes || change != wanted_change::none) called_.push_back({row.key, row.number});
  if (change == wanted_change::none) return;
  wanted_.push_back({.key = row.key, .number = row.number, .payload = row.payload, .pending = change == wanted_change::replaced});
}

// Of a run that verifies or removes. What the inventory wants stays as it is, and so do keys for which nothing is to be done here: other
// runs may owe them.
void known_key_classifier::check(matched_row& row) {
  const auto rule = rule_of(plan_.kind, plan_.settings, at_key_, plan_.feed, plan_.now);
  row.what = rule.what;
  row.payload = at_key_.wanted;
  row.repairs = rule.repairs;
  set_operation(row, rule.first);
  if (row.owes && plan_.groups.owed.contains(row.key)) {
    plan_.groups.left_out.insert(row.key);
    row.what = row_class::left_out;
    set_operation(row, std::nullopt);
  }
  if (row.owes) plan_.groups.taken.insert(row.key);
  // A row of the inventory has its payload already.
  if (row.line != 0 || plan_.settings.repair) shown_.push_back({row.key, row.number});
}

void known_key_classifier::update_feed(const matched_row& row) {
  const auto feed = feed_after(at_key_.feed, plan_.feed);
  if (feed != at_key_.feed || at_key_.ends != row.ends) feeds_.push_back({.key = row.key, .feed = feed, .ends = row.ends});
}

// An update extends the meeting, so there is nothing to warn about; and one that has expired is called already.
void known_key_classifier::note_expiry(const matched_row& row) {
  if (row.what == row_class::expired || (row.owes && row.first_op == operation::update)) return;
  if (!expires_early(at_key_, row.ends, plan_.now)) return;
  ++plan_.summary.expire_early;
  sample(expire_early_, row.key);
}

// Before the wanted side changes: it is where the first form is.
result<void> known_key_classifier::keep_first_forms() {
  for (std::span<const key_row> left = called_; !left.empty();) {
    const auto page = left.first(std::min(left.size(), plan_.bounds.payload_page_rows));
    left = left.subspan(page.size());
    if (auto read = plan_.store.read_payloads(page, pairs_); !read) return read;
    rewritten_.clear();
    for (const auto& [number, first, row] : pairs_) {
      if (auto payload = with_first_form(first, row)) rewritten_.push_back({number, std::move(*payload)});
    }
    if (rewritten_.empty()) continue;
    if (auto written = plan_.store.write_payloads(rewritten_); !written) return written;
  }
  return {};
}

result<void> row_decider::run(rows_by_number& rows) {
  rows.finish();
  for (matched_row row; rows.next(row);) {
    const bool conflicting = row.what != row_class::invalid && plan_.groups.conflicting[row.group];
    const auto decided = decide(row, conflicting);
    count(plan_.summary, row, decided);
    if (decided == decision::call) {
      add_call(row);
      continue;
    }
    add_decision(row, decided);
    if (page_.size() < plan_.bounds.page_rows) continue;
    if (auto written = write_page(); !written) return written;
  }
  if (auto sorted = rows.status(); !sorted) return sorted;
  if (auto written = write_page(); !written) return written;
  return name_sample(plan_.store, removed_, plan_.summary.remove_sample);
}

void row_decider::add_call(const matched_row& row) {
  auto& organizer = plan_.organizers.entries()[row.organizer];
  ++organizer.calls;
  if (row.first_op == operation::remove) sample(removed_, row.key);
  if (row.what == row_class::new_key) ++organizer.new_keys;
  calls_.push({.key = row.key,
               .hash = row.hash,
               .payload = row.payload,
               .organizer = organizer.stored,
               .number = row.number,
               .has_duplicates = plan_.groups.has_duplicates[row.group],
               .op = row.first_op,
               .extends = row.extends,
               .ends = row.ends,
               .repairs = row.repairs});
}

void row_decider::add_decision(const matched_row& row, decision decided) {
  auto& out = page_.emplace_back(decided_row{.number = row.number, .first = row.first, .what = decided});
  if (decided == decision::invalid) return;
  out.organizer = plan_.organizers.entries()[row.organizer].stored;
  if (decided == decision::conflict) {
    out.why = conflict_message(plan_.groups, row);
  } else {
    out.key = row.key;
    out.why = reason_of(row.what, plan_.kind).why;
  }
}

result<void> row_decider::write_page() {
  if (page_.empty()) return {};
  auto written = plan_.store.write_decisions(page_);
  page_.clear();
  return written;
}

result<void> call_numberer::run(call_rows& calls, const inherited_claims& inherited, replacement_finder* replacements) {
  calls.finish();
  std::vector<call_row> page;
  std::vector<planned_call> numbered;
  while (calls.next_page(page, plan_.bounds.page_rows)) {
    numbered.clear();
    for (const auto& call : page) numbered.push_back(number(call, inherited));
    if (auto written = plan_.store.write_calls(numbered); !written) return written;
  }
  if (auto sorted = calls.status(); !sorted) return sorted;
  if (auto written = write_new_keys(); !written) return written;
  if (auto written = write_decisions(replacements); !written) return written;
  return plan_.store.write_duplicates();
}

planned_call call_numberer::number(const call_row& call, const inherited_claims& inherited) {
  planned_call out{.call = ++last_call_,
                   .number = call.number,
                   .key = call.key,
                   .organizer = call.organizer,
                   .payload = call.payload,
                   .is_new = call.key == 0,
                   .has_duplicates = call.has_duplicates,
                   .op = call.op,
                   .extends = call.extends,
                   .repairs = call.repairs,
                   .waits = call.waits};
  if (out.is_new) {
    // Consecutive ids in the order of the calls: what a run writes about new keys goes to one place that moves forward.
    out.key = make_row(run_, out.call);
    out.feed = plan_.feed;
    out.ends = call.ends;
    new_keys_.push({.hash = call.hash, .id = out.key});
  } else {
    out.inherited = inherited.of(call.key);
  }
  rows_.push({.key = out.key, .organizer = call.organizer, .number = call.number, .call = out.call});
  return out;
}

result<void> call_numberer::write_new_keys() {
  new_keys_.finish();
  for (std::vector<new_key> page; new_keys_.next_page(page, plan_.bounds.page_rows);) {
    if (auto written = plan_.store.write_new_keys(page); !written) return written;
  }
  return new_keys_.status();
}

result<void> call_numberer::write_decisions(replacement_finder* replacements) {
  rows_.finish();
  for (std::vector<numbered_row> page; rows_.next_page(page, plan_.bounds.page_rows);) {
    if (auto written = plan_.store.write_call_decisions(page); !written) return written;
    if (replacements == nullptr) continue;
    if (auto added = replacements->add(page); !added) return added;
  }
  return rows_.status();
}

}  // namespace convoke::ledger::planning
