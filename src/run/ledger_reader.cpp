#include <utility>

#include <fmt/format.h>

#include <convoke/ledger.hpp>
#include <convoke/version.hpp>

#include "ledger/ledger.hpp"
#include "os/clock.hpp"
#include "run/conclude.hpp"
#include "run/cooldowns.hpp"
#include "run/foresight.hpp"
#include "run/ledger_access.hpp"
#include "run/setting_ranges.hpp"

namespace convoke {
namespace {

run_state state_of(ledger::run_state s) noexcept {
  switch (s) {
    case ledger::run_state::planned:
      return run_state::planned;
    case ledger::run_state::open:
      return run_state::open;
    case ledger::run_state::finished:
      return run_state::finished;
    case ledger::run_state::discarded:
      return run_state::discarded;
  }
  std::unreachable();
}

lane_key key_of(const ledger::lane_name& name) {
  return {.graph_root = name.graph_root, .tenant = name.tenant, .app = name.app};
}

run_info info_of(ledger::run_info&& from) {
  run_info out{.id = from.id,
               .state = state_of(from.state),
               .input = std::move(from.header.input_name),
               .input_sha256 = std::move(from.header.input_sha256),
               .feed = std::move(from.header.feed),
               .planned_at = from.planned_at,
               .opened_at = from.opened_at,
               .finished_at = from.finished_at,
               .rows = from.rows,
               .counts = from.counts,
               .drift_fails = from.header.drift_fails,
               .kind = from.header.kind};
  for (const auto& lane : from.header.lanes) out.lanes.push_back(key_of(lane));
  return out;
}

std::vector<counted> counts_of(std::vector<ledger::count_by>&& from) {
  std::vector<counted> out;
  out.reserve(from.size());
  for (auto& one : from) out.push_back({std::move(one.what), one.count});
  return out;
}

lane_status status_of(const ledger::lane_name& name, const ledger::lane_memory& memory) {
  lane_status out{.lane = key_of(name)};
  if (memory.learnt)
    out.learnt = {.rate = memory.learnt->pace.rate, .refused = memory.learnt->pace.refused, .saved_at = memory.learnt->saved_at};
  for (const auto& one : memory.cooldowns) out.closed.push_back({.organizer = one.organizer, .until = one.until});
  return out;
}

worker_status status_of(ledger::worker_info&& from) {
  worker_status out{.host = std::move(from.host),
                    .process = from.process,
                    .started_at = from.started_at,
                    .lease_left = from.lease_left,
                    .rows_held = from.rows_held,
                    .lanes = {}};
  for (const auto& one : from.lanes)
    out.lanes.push_back({.lane = key_of(one.lane), .leads = one.leads, .wants = one.wants, .part = one.part, .rate = one.rate});
  return out;
}

result<std::optional<run_info>> found(result<std::optional<ledger::run_info>> from) {
  if (!from) return std::unexpected(from.error());
  if (!*from) return std::nullopt;
  return info_of(std::move(**from));
}

result<void> check_range(std::string_view name, std::chrono::milliseconds value, const run::duration_range& range) {
  if (run::contains(range, value)) return {};
  return fail(errc::usage, fmt::format("{}: '{}ms' is not {}.", name, value.count(), run::describe(range)));
}

}  // namespace

ledger_reader::ledger_reader(std::unique_ptr<impl> made) noexcept : impl_(std::move(made)) {}
ledger_reader::ledger_reader(ledger_reader&&) noexcept = default;
ledger_reader& ledger_reader::operator=(ledger_reader&&) noexcept = default;
ledger_reader::~ledger_reader() = default;

result<ledger_reader> ledger_reader::open(const std::string& url) {
  auto parsed = ledger::parse_ledger_url(url);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  auto opened = ledger::read_ledger(url);
  if (!opened) return std::unexpected(opened.error());
  auto made = std::make_unique<impl>();
  made->for_several = parsed->kind != ledger::store_kind::sqlite;
  // The URL of a server can hold a password.
  if (!made->for_several) made->path = std::move(parsed->path);
  made->from = std::move(*opened);
  return ledger_reader(std::move(made));
}

result<std::vector<run_info>> ledger_reader::runs() {
  auto all = impl_->from->runs();
  if (!all) return std::unexpected(all.error());
  std::vector<run_info> out;
  out.reserve(all->size());
  for (auto& one : *all) out.push_back(info_of(std::move(one)));
  return out;
}

result<std::optional<run_info>> ledger_reader::run(std::uint32_t id) {
  return found(impl_->from->run(id));
}

result<std::optional<run_info>> ledger_reader::last_run() {
  return found(impl_->from->last_run());
}

result<run_status> ledger_reader::status(std::uint32_t id, std::chrono::milliseconds max_cooldown) {
  if (const auto valid = check_range("max_cooldown", max_cooldown, run::positive_time); !valid) return std::unexpected(valid.error());
  if (const auto there = run::find_run(*impl_->from, id); !there) return std::unexpected(there.error());
  auto read = impl_->from->status(id);
  if (!read) return std::unexpected(read.error());
  const auto now = os::wall_now();
  run::obey_limit(read->lanes, max_cooldown, now);
  auto forecasts = run::foresee_lanes(*read, now);
  run_status out{.expected = run::foresee(*read, forecasts)};
  for (std::size_t i = 0; i < read->lanes.size(); ++i) {
    auto& lane = out.lanes.emplace_back(status_of(read->info.header.lanes[i], read->lanes[i]));
    lane.calls_left = read->calls_left_of_lanes.at(i);
    lane.expected = std::move(forecasts[i]);
  }
  if (read->info.state == ledger::run_state::finished || read->info.state == ledger::run_state::discarded) {
    auto reasons = run::read_reasons(*impl_->from, read->info, {});
    if (!reasons) return std::unexpected(reasons.error());
    out.reasons = std::move(*reasons);
  }
  out.errors = counts_of(std::move(read->errors));
  for (auto& one : read->organizers)
    out.organizers.push_back({.organizer = std::move(one.organizer), .lane = one.lane, .counts = one.counts});
  out.calls_left = read->calls_left;
  out.run = info_of(std::move(read->info));
  return out;
}

result<void> ledger_reader::for_each_result(std::uint32_t id, const std::function<result<void>(const result_row&)>& take) {
  if (const auto there = run::find_run(*impl_->from, id); !there) return std::unexpected(there.error());
  result_row row;
  return impl_->from->for_each_result(id, [&](const ledger::result_row& from) -> result<void> {
    row.wanted.reset();
    if (!from.payload.empty()) {
      auto wanted = decode_spec(from.payload);
      if (!wanted) return std::unexpected(wanted.error());
      row.wanted = std::move(*wanted);
    }
    row.line = from.line;
    row.occurrence = from.occurrence;
    row.lane = from.lane;
    row.raw = from.raw;
    row.result = from.result;
    row.attempts = from.attempts;
    row.http_status = from.http_status;
    row.error_code = from.error_code;
    row.error_message = from.error_message;
    row.request_id = from.request_id;
    row.client_request_id = from.client_request_id;
    row.drift = from.drift;
    row.finished_at = from.finished_at;
    row.meeting_id = from.meeting_id;
    row.join_web_url = from.join_web_url;
    row.join_meeting_id = from.join_meeting_id;
    row.passcode = from.passcode;
    row.dial_in_number = from.dial_in_number;
    row.conference_id = from.conference_id;
    row.options_url = from.options_url;
    row.expires_at = from.expires_at;
    return take(row);
  });
}

result<void> ledger_reader::for_each_inventory(const std::function<result<void>(const inventory_row&)>& take) {
  inventory_row row;
  return impl_->from->for_each_inventory([&](const ledger::inventory_row& from) -> result<void> {
    auto wanted = decode_spec(from.payload);
    if (!wanted) return std::unexpected(wanted.error());
    row.wanted = std::move(*wanted);
    row.lane = key_of(from.lane);
    row.external_id = from.external_id;
    row.state = from.state;
    row.drift = from.drift;
    row.meeting_id = from.meeting_id;
    row.join_web_url = from.join_web_url;
    row.join_meeting_id = from.join_meeting_id;
    row.passcode = from.passcode;
    row.dial_in_number = from.dial_in_number;
    row.conference_id = from.conference_id;
    row.options_url = from.options_url;
    row.expires_at = from.expires_at;
    row.observed_at = from.observed_at;
    row.feed = from.feed;
    return take(row);
  });
}

result<std::vector<failure_reason>> ledger_reader::reasons(std::uint32_t id, std::size_t most) {
  if (const auto there = run::find_run(*impl_->from, id); !there) return std::unexpected(there.error());
  return impl_->from->reasons(id, most);
}

result<std::vector<counted>> ledger_reader::inventory_counts() {
  auto read = impl_->from->inventory_counts();
  if (!read) return std::unexpected(read.error());
  return counts_of(std::move(*read));
}

result<std::uint64_t> ledger_reader::inventory_expired(utc_time now) {
  return impl_->from->inventory_expired(now);
}

result<std::vector<counted>> ledger_reader::inventory_feeds() {
  auto read = impl_->from->inventory_feeds();
  if (!read) return std::unexpected(read.error());
  return counts_of(std::move(*read));
}

result<std::optional<std::vector<worker_status>>> ledger_reader::workers() {
  if (!impl_->for_several) return std::nullopt;
  auto read = impl_->from->workers();
  if (!read) return std::unexpected(read.error());
  std::vector<worker_status> out;
  out.reserve(read->size());
  for (auto& one : *read) out.push_back(status_of(std::move(one)));
  return out;
}

result<void> discard_run(const std::string& url, std::uint32_t id, std::chrono::milliseconds wait_lock, std::stop_token stop) {
  if (auto valid = check_range("wait_lock", wait_lock, run::any_time); !valid) return valid;
  const auto store = ledger::open_ledger(url, {.program_version = version,
                                               .wait_lock = wait_lock,
                                               .interrupted = [stop = std::move(stop)] { return stop.stop_requested(); },
                                               .create = false});
  if (!store) return std::unexpected(store.error());
  return (*store)->discard(id);
}

std::vector<std::string> ledger_warnings(const std::string& url) {
  return ledger::ledger_exposures(url);
}

namespace run {

result<ledger::run_info> find_run(ledger::reader& from, ledger::run_id id) {
  auto found = from.run(id);
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(errc::usage, fmt::format("There is no run {} in this ledger: `convoke runs` lists them.", id));
  return std::move(**found);
}

}  // namespace run

}  // namespace convoke
