#include "run/feeder.hpp"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "spec/longest_id.hpp"

namespace convoke::run {
namespace {

// Rows go to the ledger's thread in batches: large enough to make the handover cheap, small enough to bound memory. The reasons of a wrong
// row can be a hundred times as long as the row.
constexpr std::size_t batch_rows = 1024;
constexpr std::size_t batch_bytes = std::size_t{1} << 20U;

constexpr std::string_view unknown_user = "no such user in tenant ";

// A search for the nearest name reads all known names, so no more than this many are made.
constexpr std::size_t most_searches = 100;

}  // namespace

result<row_filter> find_only(const std::string& only, const spec::row_builder& builder) {
  if (only.empty()) return row_filter{};
  const auto equals = only.find('=');
  const auto column = builder.find(std::string_view(only).substr(0, equals));
  if (!column)
    return fail(errc::usage,
                fmt::format("--only names column '{}', which the input does not have.", core::escape_for_people(only.substr(0, equals))));
  return row_filter{column, std::string(core::trim(std::string_view(only).substr(equals + 1)))};
}

row_selector::row_selector(row_filter only, const spec::row_builder& builder, const job& j)
    : only_(std::move(only)), limit_(j.plan.limit), lanes_(j.lanes.size()) {
  if (j.plan.kind != run_kind::provision) return;
  // A column `outcome` of somebody else means something else: results have all of these.
  for (const auto name : {"line", "occurrence", "meeting_id", "client_request_id", "finished_at"})
    if (!builder.find(name)) return;
  outcome_ = builder.find("outcome");
}

bool row_selector::was_removed(const csv::record& record) const {
  return outcome_ && *outcome_ < record.fields.size() && core::trim(record.fields[*outcome_]) == to_string(outcome::removed);
}

bool row_selector::may_take(const csv::record& record) const {
  if (limit_ && taken_ >= *limit_) return false;
  if (!only_.column) return true;
  return *only_.column < record.fields.size() && core::trim(record.fields[*only_.column]) == only_.value;
}

bool row_selector::take(std::size_t lane) noexcept {
  if (lane >= lanes_) return false;
  ++taken_;
  return true;
}

bool names_unknown_user(std::string_view error) noexcept {
  return error.contains(unknown_user);
}

// What is wrong with a row whose organizer the tenant does not have.
std::string feeder::why_unknown() {
  const auto& of = job_.lanes[built_.lane];
  auto out = std::string(unknown_user) + core::escape_for_people(of.name.empty() ? of.tenant : of.name, 60);
  auto near = near_.find({built_.lane, built_.organizer_upn});
  if (near == near_.end() && near_.size() < most_searches) {
    const auto found = users_.nearest(built_.lane, built_.organizer_upn);
    near = near_.emplace(std::pair(std::size_t{built_.lane}, built_.organizer_upn), found.value_or(std::string_view())).first;
  }
  if (near != near_.end() && !near->second.empty()) out += "; the nearest known name is " + core::escape_for_people(near->second);
  return out;
}

// The organizer's object id in place of its UPN.
result<void> feeder::resolve_organizer() {
  const auto* const user = users_.find(built_.lane, built_.organizer_upn);
  if (user == nullptr) {
    needs_users_ = true;
    return fail(errc::internal, "an organizer is not looked up yet");
  }
  if (user->is == user_names::entry::kind::found) {
    built_.wanted.organizer = user->text;
    return {};
  }
  // The search for a near name takes a while.
  if (stop_.requested()) return fail(errc::interrupted, interrupted_planning);
  auto why = user->is == user_names::entry::kind::unknown ? why_unknown()
                                                          : "the service does not take it as the name of a user (" + user->text + ")";
  built_.errors.insert(
      built_.errors.begin(),
      {.column = builder_.organizer_column(), .value = core::escape_for_people(built_.organizer_upn), .reason = std::move(why)});
  // Its meetings count as present, whoever organizes them: the user may have been renamed.
  if (built_.present.empty()) {
    for (auto& one : built_.occurrences) built_.present.push_back(std::move(one.external_id));
    if (built_.occurrences.empty() && !built_.wanted.external_id.empty()) built_.present.push_back(built_.wanted.external_id);
  }
  return {};
}

result<void> feeder::add(const csv::record& record) {
  if (spec::empty_row(record.fields)) {
    ++empty_;
    return {};
  }
  ++rows_;
  if (selector_.was_removed(record)) {
    ++removed_before_;
    return {};
  }
  if (!selector_.may_take(record)) return {};
  builder_.build(record.fields, record.line, built_);
  if (!selector_.take(built_.lane)) {
    ++of_other_tenants_;
    return {};
  }
  if (!built_.organizer_upn.empty())
    if (auto resolved = resolve_organizer(); !resolved) return resolved;
  if (const auto& most = job_.plan.longest_external_id) spec::refuse_long_id(built_, *most);
  ledger::planned_row row{.line = record.line, .raw = std::string(record.raw), .lane = built_.lane};
  if (!built_.errors.empty()) {
    row.error = describe(built_.errors);
    for (auto& id : built_.present) row.present.push_back({built_.wanted.organizer, std::move(id)});
    return add(std::move(row));
  }
  if (!built_.occurrences.empty()) return add_occurrences(std::move(row));
  row.payload = encode_spec(built_.wanted);
  return add(std::move(row));
}

result<void> feeder::flush() {
  if (stop_.requested()) return fail(errc::interrupted, interrupted_planning);
  if (batch_.empty()) return {};
  auto full = std::exchange(batch_, {});
  batch_.reserve(batch_rows);
  bytes_ = 0;
  return to_.add_rows(std::move(full));
}

result<void> feeder::add(ledger::planned_row row) {
  bytes_ += row.raw.size() + row.payload.size() + row.error.size();
  batch_.push_back(std::move(row));
  return batch_.size() < batch_rows && bytes_ < batch_bytes ? result<void>{} : flush();
}

// Of the rows of one record only the first one keeps its bytes.
result<void> feeder::add_occurrences(ledger::planned_row first) {
  for (auto& one : built_.occurrences) {
    ledger::planned_row row{.line = first.line, .raw = std::exchange(first.raw, {}), .lane = first.lane, .occurrence = one.date};
    built_.wanted.start = one.start;
    built_.wanted.end = one.end;
    built_.wanted.external_id = std::move(one.external_id);
    row.payload = encode_spec(built_.wanted);
    if (auto added = add(std::move(row)); !added) return added;
  }
  return {};
}

}  // namespace convoke::run
