#include "ledger/sqlite/intake.hpp"

#include <convoke/key.hpp>
#include <convoke/spec.hpp>

#include "ledger/sqlite/ledger_file.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

intake::intake(connection& db, run_id run, const std::vector<lane_name>& lanes, keyed_rows& keyed, matched_rows& matched,
               organizer_numbers& organizers)
    : db_(db), run_(run), keyed_(keyed), matched_(matched), organizers_(organizers) {
  // NUL between the parts: none of them can hold one.
  for (const auto& lane : lanes) prefixes_.push_back(to_lower(lane.graph_root) + '\0' + to_lower(lane.tenant) + '\0');
}

result<void> intake::add(const planned_row& row) {
  if (row.line <= last_line_) return fail(errc::internal, "rows were planned out of line order: line " + std::to_string(row.line));
  if (row.line >= first_call) return fail(errc::input, "the file is too long: a run can have 2,147,483,647 lines");
  if (row.lane >= prefixes_.size())
    return fail(errc::internal, "line " + std::to_string(row.line) + " is in a lane that the run does not have");
  last_line_ = row.line;
  const bool wrong = !row.error.empty();
  const auto id = make_row(run_, row.line);
  if (wrong) {
    insert_.with(id, row.lane, blob(row.raw), std::nullopt, row.error, static_cast<int>(update_rule::never)).run();
  } else {
    insert_.with(id, row.lane, blob(row.raw), blob(row.payload), std::nullopt, static_cast<int>(row.update)).run();
  }
  return sort_in(row.line, row.lane, row.payload, wrong);
}

result<void> intake::read_stored() {
  statement records(db_, "SELECT id, lane, payload, error IS NOT NULL FROM record WHERE id BETWEEN ? AND ? ORDER BY id");
  for (records.with(first_row(run_), last_row(run_)); records.step();) {
    const auto lane = records.as<lane_id>(1);
    if (lane >= prefixes_.size())
      return fail(errc::storage, "ledger " + shown(db_.path()) + ": a record belongs to a lane that its run does not have");
    const auto line = line_of(records.as<row_id>(0));
    if (auto done = sort_in(line, lane, records.text(2), records.integer(3) != 0); !done) return done;
  }
  return db_.status();
}

result<void> intake::sort_in(std::uint32_t line, lane_id lane, std::string_view payload, bool wrong) {
  ++rows_;
  if (wrong) {
    matched_.push({.line = line, .first = line});
    return {};
  }
  auto wanted = decode_spec(payload);
  if (!wanted) return std::unexpected(wanted.error());
  const auto organizer = to_lower(wanted->organizer);
  const auto external_id = to_lower(wanted->external_id);
  const std::string_view nul("\0", 1);
  const auto key = hash_({prefixes_[lane], organizer, nul, external_id});
  // The id as it is spelt is no part of what is wanted of the meeting.
  const bool as_spelt = wanted->organizer == organizer && wanted->external_id == external_id;
  std::string folded;
  if (!as_spelt) {
    wanted->organizer = organizer;
    wanted->external_id = external_id;
    folded = encode_spec(*wanted);
  }
  keyed_.push({.key = key,
               .payload = hash_({as_spelt ? payload : std::string_view(folded)}),
               .line = line,
               .organizer = organizers_.number(lane, organizer)});
  return {};
}

}  // namespace convoke::ledger::sqlite
