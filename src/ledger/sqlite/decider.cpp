#include "ledger/sqlite/decider.hpp"

#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

result<void> decider::decide(matched_rows& matched, call_rows& calls) {
  matched.finish();
  for (matched_row row; matched.next(row) && db_.ok();) {
    ++summary_.rows;
    if (row.kind == row_kind::wrong) {
      ++summary_.rejected;
      ends_.decided(make_row(run_, row.line), outcome::rejected, "invalid", {}, {});
    } else if (groups_.conflicting[row.group]) {
      reject_conflict(row);
    } else {
      decide(row, calls);
    }
  }
  seen_.close();
  if (auto sorted = matched.status(); !sorted) return sorted;
  return db_.status();
}

void decider::decide(const matched_row& row, call_rows& calls) {
  const auto id = make_row(run_, row.line);
  const bool twin = row.line != row.first;
  const auto organizer = organizers_.entries()[row.organizer].stored;
  const auto v = judge(row);
  if (twin) {
    ++summary_.duplicates;
  } else {
    want(row, v);
  }
  if (v == verdict::unchanged || v == verdict::drifted) {
    decision_.with(id, row.key, organizer).run();
    const bool same = v == verdict::unchanged;
    ++(same ? summary_.unchanged : summary_.drifted);
    ends_.decided(id, same ? outcome::unchanged : outcome::drifted, {}, {}, same ? std::string_view() : seen_.row().text(4));
  } else if (twin) {
    twin_.with(make_row(run_, row.first), id).run();
  } else {
    count_call(row, v);
    calls.push({.key = row.key,
                .hash = row.hash,
                .payload = row.payload,
                .organizer = organizer,
                .line = row.line,
                .twins = groups_.has_twins[row.group] ? 1U : 0U});
  }
}

decider::verdict decider::judge(const matched_row& row) {
  if (row.kind == row_kind::fresh) return verdict::fresh;
  if (seen_.find(row.key)) {
    const auto& seen = seen_.row();
    const auto state = static_cast<observed>(seen.integer(1));
    pending_ = seen.integer(2) != 0;
    if (state != observed::failed) {
      if (read_digest(seen.text(3)) != row.payload) return verdict::changed;
      return state == observed::satisfied ? verdict::unchanged : verdict::drifted;
    }
  }
  pending_ = false;
  const bool same = wanted_.with(row.key).step() && read_digest(wanted_.text(0)) == row.payload;
  wanted_.reset();
  return same ? verdict::retried : verdict::changed;
}

// Brings the wanted side up to date. `pending` marks the few observations whose key is wanted differently by now, so that the many
// others need no look at the wanted side.
void decider::want(const matched_row& row, verdict v) {
  const digest_bytes hash(row.payload);
  const auto source = make_row(run_, row.line);
  if (v == verdict::changed) {
    want_.with(source, blob(hash.view()), row.key).run();
    pend_.with(1, row.key).run();
  } else if (pending_ && v != verdict::retried) {
    want_.with(source, blob(hash.view()), row.key).run();
    pend_.with(0, row.key).run();
  }
}

void decider::count_call(const matched_row& row, verdict v) {
  auto& organizer = organizers_.entries()[row.organizer];
  ++organizer.calls;
  ++summary_.calls;
  if (v == verdict::fresh) {
    ++organizer.fresh;
    ++summary_.new_keys;
  } else {
    ++(v == verdict::changed ? summary_.changed_keys : summary_.retried_keys);
  }
}

void decider::reject_conflict(const matched_row& row) {
  const auto id = make_row(run_, row.line);
  ++summary_.rejected;
  decision_.with(id, std::nullopt, organizers_.entries()[row.organizer].stored).run();
  ends_.decided(id, outcome::rejected, "conflict", conflict_message(row), {});
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
