#include "ledger/planning/groups.hpp"

namespace convoke::ledger::planning {

void group_builder::begin(const keyed_row& first, key_id known) {
  end();
  first_ = first;
  known_ = known;
  lines_.clear();
  conflict_ = false;
  group_ = static_cast<std::uint32_t>(groups_.conflicting.size());
}

matched_row group_builder::add(const keyed_row& row) {
  ++rows_;
  if (lines_.size() < key_groups::lines_named) lines_.push_back(row.line);
  conflict_ = conflict_ || row.payload != first_.payload;
  return {.key = known_,
          .hash = row.key,
          .payload = row.payload,
          .line = row.line,
          .first = first_.line,
          .organizer = row.organizer,
          .group = group_,
          .what = known_ != 0 ? row_class::known : row_class::new_key};
}

void group_builder::end() {
  if (rows_ == 0) return;
  groups_.conflicting.push_back(conflict_);
  groups_.has_duplicates.push_back(rows_ > 1 && !conflict_);
  if (known_ != 0) groups_.present.insert(known_);
  if (!conflict_) {
    if (known_ != 0) groups_.taken.insert(known_);
  } else if (groups_.conflicts.size() < key_groups::conflicts_named) {
    groups_.conflicts.emplace(group_, key_groups::conflict{lines_, rows_});
  }
  rows_ = 0;
}

std::string conflict_message(const key_groups& groups, const matched_row& row) {
  std::string text = "the same organizer and external id as ";
  const auto found = groups.conflicts.find(row.group);
  if (found == groups.conflicts.end()) {
    text += row.line == row.first ? "a later line" : "line " + std::to_string(row.first);
  } else {
    const auto& [lines, rows] = found->second;
    std::uint64_t named = 0;
    for (const auto line : lines) {
      if (line == row.line || named + 1 == key_groups::lines_named) continue;
      text += (named++ == 0 ? "line " : ", line ") + std::to_string(line);
    }
    if (rows - 1 > named) text += " and " + std::to_string(rows - 1 - named) + " more";
  }
  return text + ", but not the same meeting; make these rows equal, or give each its own external id";
}

}  // namespace convoke::ledger::planning
