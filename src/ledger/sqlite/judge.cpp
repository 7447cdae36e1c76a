#include "ledger/sqlite/judge.hpp"

#include <optional>
#include <utility>

#include <convoke/spec.hpp>

#include "ledger/sqlite/outcome_writer.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

result<void> judge::rule(known_rows& known, matched_rows& judged) {
  known.finish();
  for (matched_row row; known.next(row) && db_.ok();) {
    if (!groups_.conflicting[row.group]) {
      row.kind = rule(row);
      if (row.line == row.first) want(row);
    }
    judged.push(row);
  }
  if (auto sorted = known.status(); !sorted) return sorted;
  return db_.status();
}

row_kind judge::rule(const matched_row& row) {
  pending_ = false;
  if (seen_.find(row.key)) {
    const auto& seen = seen_.row();
    const auto state = static_cast<observed>(seen.integer(1));
    pending_ = seen.integer(2) != 0;
    if (state == observed::satisfied || state == observed::drifted) {
      if (read_digest(seen.text(3)) != row.payload) return row_kind::changed;
      return state == observed::satisfied ? row_kind::unchanged : row_kind::drifted;
    }
  }
  const bool same = wanted_.with(row.key).step() && read_digest(wanted_.text(0)) == row.payload;
  wanted_.reset();
  return same ? row_kind::retried : row_kind::changed;
}

// Nobody says whether Graph tells letter case apart in external ids. A key that was called once is called by the same spelling again, or
// a row that is spelt otherwise by now would make a second meeting. It goes with what is wanted, from record to record.
void judge::keep_spelling(const matched_row& row) {
  if (!spelt_.with(row.key).step()) return spelt_.reset();
  auto before = decode_spec(spelt_.text(0));
  spelt_.reset();
  const auto id = make_row(run_, row.line);
  if (!payload_.with(id).step()) return payload_.reset();
  auto now = decode_spec(payload_.text(0));
  payload_.reset();
  if (!before || !now || before->external_id == now->external_id) return;
  now->external_id = std::move(before->external_id);
  respell_.with(blob(encode_spec(*now)), id).run();
}

// `pending` marks the few observations whose key is wanted differently by now, so that the many others need no look at the wanted
// side.
void judge::want(const matched_row& row) {
  const bool changed = row.kind == row_kind::changed;
  const bool wanted_back = pending_ && (row.kind == row_kind::unchanged || row.kind == row_kind::drifted);
  if (changed || wanted_back || row.kind == row_kind::retried) keep_spelling(row);
  if (!changed && !wanted_back) return;
  const digest_bytes hash(row.payload);
  const auto before = source_.with(row.key).step() ? std::optional(source_.as<row_id>(0)) : std::nullopt;
  source_.reset();
  want_.with(make_row(run_, row.line), blob(hash.view()), row.key).run();
  if (before) forget_.with(*before).run();
  pend_.with(changed ? 1 : 0, row.key).run();
}

}  // namespace convoke::ledger::sqlite
