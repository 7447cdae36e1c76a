#include "ledger/planning/groups.hpp"

namespace convoke::ledger::planning {

void group_builder::begin(const digest& key, key_id known) {
  end();
  key_ = key;
  known_ = known;
  if (known_ != 0) groups_.present.insert(known_);
  named_.clear();
  conflict_ = false;
  group_ = static_cast<std::uint32_t>(groups_.conflicting.size());
}

matched_row group_builder::add(const keyed_row& row) {
  if (rows_++ == 0) first_ = row;
  if (named_.size() < key_groups::rows_named) named_.push_back({row.number, row.line});
  conflict_ = conflict_ || row.payload != first_.payload;
  return {.key = known_,
          .hash = row.key,
          .payload = row.payload,
          .number = row.number,
          .first = first_.number,
          .line = row.line,
          .organizer = row.organizer,
          .group = group_,
          .what = known_ != 0 ? row_class::known : row_class::new_key,
          .options = row.options,
          .update = row.update,
          .ends = row.ends};
}

void group_builder::reject(const digest& key) {
  auto& keys = groups_.rejected;
  if (!keys.empty() && keys.back() == key) return;
  if (keys.size() < key_groups::most_rejected)
    keys.push_back(key);
  else
    groups_.more_rejected = true;
}

void group_builder::end() {
  if (rows_ == 0) return;
  groups_.conflicting.push_back(conflict_);
  groups_.has_duplicates.push_back(rows_ > 1 && !conflict_);
  if (!conflict_) {
    if (known_ != 0 && takes_) groups_.taken.insert(known_);
  } else if (groups_.conflicts.size() < key_groups::conflicts_named) {
    groups_.conflicts.emplace(group_, key_groups::conflict{named_, rows_});
  }
  rows_ = 0;
}

namespace {

// The rows of a conflict that the message of one of them names.
struct other_rows {
  std::string lines;         // of other records
  bool same_record = false;  // further occurrences of its own record
  std::uint64_t named = 0;
};

other_rows name_others(const key_groups::conflict& conflict, const matched_row& row) {
  other_rows out;
  std::uint32_t last = 0;
  for (const auto& other : conflict.first) {
    if (other.number == row.number || out.named + 1 == key_groups::rows_named) continue;
    ++out.named;
    out.same_record = out.same_record || other.line == row.line;
    if (other.line == row.line || other.line == last) continue;
    out.lines += (out.lines.empty() ? "line " : ", line ") + std::to_string(other.line);
    last = other.line;
  }
  return out;
}

}  // namespace

std::string conflict_message(const key_groups& groups, const matched_row& row) {
  std::string text = "the same organizer and external id as ";
  const auto found = groups.conflicts.find(row.group);
  if (found == groups.conflicts.end()) {
    text += row.number == row.first ? "a later row" : "an earlier row";
  } else {
    const auto others = name_others(found->second, row);
    if (others.same_record) text += others.lines.empty() ? "another date of this row" : "another date of this row, ";
    text += others.lines;
    const auto more = found->second.rows - 1 - others.named;
    if (more > 0) text += " and " + std::to_string(more) + " more";
    if (others.lines.empty()) return text + ", but not the same meeting; give each date its own external id";
  }
  return text + ", but not the same meeting; make these rows equal, or give each its own external id";
}

}  // namespace convoke::ledger::planning
