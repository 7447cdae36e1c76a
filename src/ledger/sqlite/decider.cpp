#include "ledger/sqlite/decider.hpp"

#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

result<void> decider::decide(matched_rows& matched, call_rows& calls) {
  matched.finish();
  for (matched_row row; matched.next(row) && db_.ok();) {
    ++summary_.rows;
    if (row.kind == row_kind::wrong) {
      ++summary_.rejected;
      outcomes_.decided(make_row(run_, row.line), outcome::rejected, "invalid", {}, {});
    } else if (groups_.conflicting[row.group]) {
      reject_conflict(row);
    } else {
      decide(row, calls);
    }
  }
  if (auto sorted = matched.status(); !sorted) return sorted;
  return db_.status();
}

void decider::decide(const matched_row& row, call_rows& calls) {
  const auto id = make_row(run_, row.line);
  const bool duplicate = row.line != row.first;
  if (duplicate) ++summary_.duplicates;
  if (row.kind == row_kind::unchanged || row.kind == row_kind::drifted) {
    decide_known(row);
  } else if (duplicate) {
    duplicate_.with(make_row(run_, row.first), id).run();
  } else {
    count_call(row);
    calls.push({.key = row.key,
                .hash = row.hash,
                .payload = row.payload,
                .organizer = organizers_.entries()[row.organizer].stored,
                .line = row.line,
                .duplicates = groups_.has_duplicates[row.group] ? 1U : 0U});
  }
}

void decider::decide_known(const matched_row& row) {
  const auto id = make_row(run_, row.line);
  decision_.with(id, row.key, organizers_.entries()[row.organizer].stored).run();
  if (row.kind == row_kind::unchanged) {
    ++summary_.unchanged;
    outcomes_.decided(id, outcome::unchanged, {}, {}, {});
    return;
  }
  ++summary_.drifted;
  const bool seen = drift_.with(row.key).step();
  outcomes_.decided(id, outcome::drifted, {}, {}, seen ? drift_.text(0) : std::string_view());
}

void decider::count_call(const matched_row& row) {
  auto& organizer = organizers_.entries()[row.organizer];
  ++organizer.calls;
  ++summary_.calls;
  if (row.kind == row_kind::fresh) {
    ++organizer.fresh;
    ++summary_.new_keys;
  } else {
    ++(row.kind == row_kind::changed ? summary_.changed_keys : summary_.retried_keys);
  }
}

void decider::reject_conflict(const matched_row& row) {
  const auto id = make_row(run_, row.line);
  ++summary_.rejected;
  decision_.with(id, std::nullopt, organizers_.entries()[row.organizer].stored).run();
  outcomes_.decided(id, outcome::rejected, "conflict", conflict_message(row), {});
}

std::string decider::conflict_message(const matched_row& row) const {
  std::string text = "the same organizer and external id as ";
  const auto found = groups_.conflicts.find(row.group);
  if (found == groups_.conflicts.end()) {
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

}  // namespace convoke::ledger::sqlite
