#include "ledger/sqlite/matcher.hpp"

namespace convoke::ledger::sqlite {
result<void> matcher::match(keyed_rows& keyed) {
  keyed.finish();
  bool any = false;
  for (keyed_row row; keyed.next(row);) {
    if (!any || row.key != first_.key) {
      if (any) end_group();
      begin_group(row);
      any = true;
    }
    add(row);
  }
  if (any) end_group();
  if (auto sorted = keyed.status(); !sorted) return sorted;
  return db_.status();
}

void matcher::begin_group(const keyed_row& first) {
  first_ = first;
  lines_.clear();
  rows_ = 0;
  conflict_ = false;
  group_ = static_cast<std::uint32_t>(groups_.conflicting.size());
  const bool known = known_.find(first.key);
  kind_ = known ? row_kind::known : row_kind::fresh;
  key_ = known ? known_.row().as<key_id>(1) : 0;
}

void matcher::add(const keyed_row& row) {
  ++rows_;
  if (lines_.size() < key_groups::lines_named) lines_.push_back(row.line);
  conflict_ = conflict_ || row.payload != first_.payload;
  const matched_row out{.key = key_,
                        .hash = row.key,
                        .payload = row.payload,
                        .line = row.line,
                        .first = first_.line,
                        .organizer = row.organizer,
                        .group = group_,
                        .kind = kind_};
  if (kind_ == row_kind::known) {
    known_rows_.push(out);
  } else {
    fresh_rows_.push(out);
  }
}

void matcher::end_group() {
  groups_.conflicting.push_back(conflict_);
  groups_.has_duplicates.push_back(rows_ > 1 && !conflict_);
  if (kind_ == row_kind::known) groups_.present.insert(key_);
  if (conflict_) {
    if (groups_.conflicts.size() < key_groups::conflicts_named) groups_.conflicts.emplace(group_, key_groups::conflict{lines_, rows_});
    return;
  }
  if (kind_ == row_kind::known) groups_.taken.insert(key_);
}

}  // namespace convoke::ledger::sqlite
