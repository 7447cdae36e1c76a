#include "ledger/postgres/outcome_writer.hpp"

#include <algorithm>
#include <tuple>

#include "ledger/postgres/outcome_statements.hpp"
#include "ledger/postgres/write_arrays.hpp"
#include "ledger/stored.hpp"
#include "ledger/strikes.hpp"

namespace convoke::ledger::postgres {

observed_as observation_after(outcome o, bool shows_meeting) noexcept {
  using ending::observing;
  const auto seen = [&](observed state, observing otherwise) { return observed_as{state, shows_meeting ? observing::meeting : otherwise}; };
  switch (o) {
    case outcome::drifted:
      return seen(observed::drifted, observing::compared);
    case outcome::failed:
      return seen(observed::failed, observing::state);
    case outcome::lost:
      return {observed::lost, observing::gone};
    case outcome::removed:
      return {observed::removed, observing::gone};
    default:
      return seen(observed::satisfied, observing::compared);
  }
}

write_set::write_set(std::span<const row_writes* const> requests) : requests_(requests.size()) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto named = [&](kind what, const auto& from) {
      return row{.what = what, .request = i, .id = from.row, .organizer = from.organizer, .key = from.key, .token = from.token};
    };
    for (const auto& from : requests[i]->finished) {
      auto one = named(kind::finished, from);
      one.finished = &from;
      add_row(one);
    }
    for (const auto& from : requests[i]->advanced) {
      auto one = named(kind::advanced, from);
      one.advanced = &from;
      add_row(one);
    }
    for (const auto& from : requests[i]->released) {
      auto one = named(kind::released, from);
      one.released = &from;
      if (from.strike) one.finished = &third_strikes_.emplace_back(third_strike(from));
      add_row(one);
    }
  }
  const auto by_id = [this](std::size_t a, std::size_t b) {
    const auto place = [this](std::size_t i) { return std::tuple(run_of(rows_[i].id), rows_[i].organizer, number_of(rows_[i].id), i); };
    return place(a) < place(b);
  };
  for (auto* set : {&ends_, &advances_, &releases_}) std::ranges::sort(*set, by_id);
}

void write_set::add_row(row added) {
  const auto index = rows_.size();
  rows_.push_back(added);
  if (added.token == 0) return;  // it was never claimed: lost
  if (added.finished != nullptr) ends_.push_back(index);
  if (added.what == kind::advanced) advances_.push_back(index);
  if (added.what == kind::released) releases_.push_back(index);
}

void write_set::add(pipeline& to, std::uint32_t slot) {
  if (!ends_.empty()) add_ends(to, slot);
  if (!advances_.empty()) add_advances(to);
  if (!releases_.empty()) add_releases(to);
}

void write_set::add_ends(pipeline& to, std::uint32_t slot) {
  write_arrays names;
  answer_arrays answers;
  meeting_arrays meetings;
  std::vector<std::int64_t> strikes, outcomes;
  for (const auto i : ends_) {
    const auto& from = rows_[i];
    names.add(from.id, from.organizer, from.token);
    strikes.push_back(from.what == kind::released ? strikes_to_fail - 1 : 0);
    outcomes.push_back(static_cast<std::int64_t>(from.finished->result));
    answers.add(*from.finished);
    meetings.add(*from.finished);
  }
  auto& values = to.add(ending::finish()).with(slot);
  names.bind(values);
  values.integers(strikes).integers(outcomes);
  answers.bind(values);
  values.texts(meetings.drifts).integers(meetings.times).integers(meetings.modes).integers(meetings.states);
  meetings.bind(values);
}

void write_set::add_advances(pipeline& to) {
  write_arrays names;
  meeting_arrays meetings;
  std::vector<std::int64_t> next;
  for (const auto i : advances_) {
    const auto& from = rows_[i];
    names.add(from.id, from.organizer, from.token);
    next.push_back(static_cast<std::int64_t>(from.advanced->next));
    meetings.add(*from.advanced);
  }
  auto& values = to.add(ending::advance());
  names.bind(values);
  values.integers(next).texts(meetings.drifts).integers(meetings.times).integers(meetings.modes).integers(meetings.states);
  meetings.bind(values);
}

void write_set::add_releases(pipeline& to) {
  write_arrays names;
  answer_arrays answers;
  std::vector<std::int64_t> strikes;
  for (const auto i : releases_) {
    const auto& from = rows_[i];
    names.add(from.id, from.organizer, from.token);
    strikes.push_back(from.released->strike ? 1 : 0);
    answers.add(*from.released);
  }
  auto& values = to.add(ending::release());
  names.bind(values);
  values.integers(strikes);
  answers.bind(values);
}

write_set::row* write_set::answered(const std::vector<std::size_t>& set, const rows& from, int at) {
  const auto position = from.as<std::size_t>(at, 0);  // from 1 on
  return position == 0 || position > set.size() ? nullptr : &rows_[set[position - 1]];
}

void write_set::read(const std::vector<rows>& answers, std::size_t first) {
  if (!ends_.empty()) {
    const auto& ended = answers[first++];
    for (int i = 0; i < ended.size(); ++i) {
      auto* const row = answered(ends_, ended, i);
      if (row == nullptr) continue;
      row->done = row->ended = true;
      row->inputs = ended.as<std::uint64_t>(i, 2);
      // A meeting that an earlier operation of the row made was counted when the row advanced.
      row->made = row->finished->result == outcome::created && ended.integer(i, 1) == static_cast<int>(operation::create_or_get);
    }
  }
  if (!advances_.empty()) {
    const auto& advanced = answers[first++];
    for (int i = 0; i < advanced.size(); ++i) {
      auto* const row = answered(advances_, advanced, i);
      if (row == nullptr) continue;
      row->done = true;
      row->made = row->advanced->created;
    }
  }
  if (releases_.empty()) return;
  const auto& freed = answers[first];
  for (int i = 0; i < freed.size(); ++i) {
    if (auto* const row = answered(releases_, freed, i)) row->done = true;
  }
}

outcome_of<void> write_set::find_done(connection& db) {
  std::vector<std::int64_t> ids, tokens, runs, organizers, numbers;
  std::vector<std::size_t> may_have_ended, may_be_free;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const auto& row = rows_[i];
    if (row.done || row.token == 0 || row.what == kind::advanced) continue;
    if (row.finished != nullptr) {
      may_have_ended.push_back(i);
      ids.push_back(static_cast<std::int64_t>(row.id));
      tokens.push_back(static_cast<std::int64_t>(row.token));
    }
    if (row.what == kind::released) {
      may_be_free.push_back(i);
      runs.push_back(run_of(row.id));
      organizers.push_back(row.organizer);
      numbers.push_back(number_of(row.id));
    }
  }
  if (!may_have_ended.empty()) {
    auto ended = db.run(ending::find_ended, params().integers(ids).integers(tokens));
    if (!ended) return std::unexpected(ended.error());
    for (int i = 0; i < ended->size(); ++i) {
      auto* const row = answered(may_have_ended, *ended, i);
      if (row == nullptr || ended->integer(i, 1) != static_cast<std::int64_t>(row->finished->result)) continue;
      row->done = row->ended = true;
      row->inputs = ended->as<std::uint64_t>(i, 2);
      row->made = row->finished->result == outcome::created;
    }
  }
  if (may_be_free.empty()) return {};
  auto freed = db.run(ending::find_released, params().integers(runs).integers(organizers).integers(numbers));
  if (!freed) return std::unexpected(freed.error());
  for (int i = 0; i < freed->size(); ++i) {
    if (auto* const row = answered(may_be_free, *freed, i)) row->done = true;
  }
  return {};
}

outcome_of<void> write_set::free_inherited(connection& db) const {
  std::vector<std::int64_t> ids, organizers, keys, tokens;
  for (const auto& row : rows_) {
    if (row.done || row.token == 0) continue;
    ids.push_back(static_cast<std::int64_t>(row.id));
    organizers.push_back(row.organizer);
    keys.push_back(static_cast<std::int64_t>(row.key));
    tokens.push_back(static_cast<std::int64_t>(row.token));
  }
  if (ids.empty()) return {};
  pipeline all;
  all.add(begin_transaction);
  all.add(share_writes_lock);
  all.add(ending::free_inherited).integers(ids).integers(organizers).integers(keys).integers(tokens);
  all.add(commit_transaction);
  if (auto done = all.run(db); !done) return std::unexpected(done.error());
  return {};
}

std::vector<committed_rows> write_set::answers(memory_writer& memory) const {
  std::vector<committed_rows> out(requests_);
  for (const auto& row : rows_) {
    auto& answer = out[row.request];
    (row.done ? answer.calls : answer.lost).push_back(row.id);
    answer.ended += row.inputs;
    if (row.made) memory.made(row.organizer, row.advanced != nullptr ? row.advanced->finished_at : row.finished->finished_at);
  }
  return out;
}

std::vector<row_id> write_set::released() const {
  std::vector<row_id> out;
  for (const auto& row : rows_) {
    if (row.what == kind::released && row.done && !row.ended) out.push_back(row.id);
  }
  return out;
}

}  // namespace convoke::ledger::postgres
