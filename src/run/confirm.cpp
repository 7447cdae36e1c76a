#include "run/confirm.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <convoke/spec.hpp>

namespace convoke::run {
namespace {

constexpr std::size_t most_examples = 3;

// Ends a read of which enough is known; no error.
std::unexpected<error> read_enough() {
  return fail(errc::interrupted, "enough is known");
}

result<known_meeting> meeting_of(std::string_view payload) {
  auto wanted = decode_spec(payload);
  if (!wanted) return std::unexpected(std::move(wanted.error()));
  return known_meeting{.organizer = std::move(wanted->organizer),
                       .external_id = std::move(wanted->external_id),
                       .subject = wanted->subject.value_or(std::string()),
                       .start = wanted->start};
}

// The first meetings of the plan's sample, as the inventory has them.
result<std::vector<known_meeting>> examples_of(const workspace& w, const plan_summary& plan) {
  const auto named = std::min(plan.remove_sample.size(), most_examples);
  std::vector<known_meeting> found;
  const auto take = [&](const ledger::inventory_row& row) -> result<void> {
    if (found.size() == named) return read_enough();
    if (std::ranges::find(w.header.lanes, row.lane) == w.header.lanes.end()) return {};
    const auto is_named = [&](const named_key& key) { return key.organizer == row.organizer && key.external_id == row.external_id; };
    const auto* const end = plan.remove_sample.data() + named;
    if (std::find_if(plan.remove_sample.data(), end, is_named) == end) return {};
    auto meeting = meeting_of(row.payload);
    if (!meeting) return std::unexpected(std::move(meeting.error()));
    found.push_back(std::move(*meeting));
    return {};
  };
  const auto read = named == 0 ? result<void>() : w.store->read()->for_each_inventory(take);
  if (!read && found.size() < named) return std::unexpected(read.error());
  return found;
}

// The first meetings that a run still owes.
result<std::vector<known_meeting>> examples_of(ledger::reader& from, ledger::run_id run) {
  std::vector<known_meeting> found;
  const auto take = [&](const ledger::result_row& row) -> result<void> {
    if (found.size() == most_examples) return read_enough();
    if (row.result || row.payload.empty()) return {};
    auto meeting = meeting_of(row.payload);
    if (!meeting) return std::unexpected(std::move(meeting.error()));
    found.push_back(std::move(*meeting));
    return {};
  };
  const auto read = from.for_each_result(run, take);
  if (!read && found.size() < most_examples) return std::unexpected(read.error());
  return found;
}

}  // namespace

bool asks_before_removal(const job& j) noexcept {
  return j.plan.kind == run_kind::remove && !j.plan.confirmed;
}

result<void> confirm_plan(const workspace& w, const plan_summary& plan, const job& j, observer& watch) {
  auto examples = examples_of(w, plan);
  if (!examples) return std::unexpected(std::move(examples.error()));
  return watch.confirm_removal({.input = j.input, .meetings = plan.remove_keys, .plan = plan, .examples = std::move(*examples)});
}

result<void> confirm_resumed(const workspace& w, const ledger::run_info& run, const job& j, observer& watch) {
  const auto from = w.store->read();
  const auto status = from->status(run.id);
  if (!status) return std::unexpected(status.error());
  if (status->calls_left == 0) return {};
  auto examples = examples_of(*from, run.id);
  if (!examples) return std::unexpected(std::move(examples.error()));
  return watch.confirm_removal({.input = j.input, .run = run.id, .meetings = status->calls_left, .examples = std::move(*examples)});
}

}  // namespace convoke::run
