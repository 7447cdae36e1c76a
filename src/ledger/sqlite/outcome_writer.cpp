#include "ledger/sqlite/outcome_writer.hpp"

#include <string>

#include "ledger/observed_meeting.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {
namespace {

observed state_after(outcome o) noexcept {
  switch (o) {
    case outcome::drifted:
      return observed::drifted;
    case outcome::failed:
      return observed::failed;
    case outcome::lost:
      return observed::lost;
    case outcome::removed:
      return observed::removed;
    default:
      return observed::satisfied;
  }
}

}  // namespace

std::uint64_t outcome_writer::write_all(const owed_call& call, const finished_row& with) {
  write(call.outcome_id, with);
  std::uint64_t rows = 1;
  if (call.duplicates == 0) return rows;
  for (duplicates_.with(call.row); duplicates_.step(); ++rows) write(duplicates_.as<row_id>(0), with);
  return rows;
}

void outcome_writer::failed_last(const owed_call& call, const released_row& with) {
  const auto write_last_failure = [&](row_id outcome_id) {
    last_failure_
        .with(outcome_id, number_of(call.row), with.attempts, with.http_status, or_null(with.error_code), or_null(with.error_message),
              or_null(with.request_id), or_null(with.client_request_id))
        .run();
  };
  write_last_failure(call.outcome_id);
  if (call.duplicates == 0) return;
  for (duplicates_.with(call.row); duplicates_.step();) write_last_failure(duplicates_.as<row_id>(0));
}

std::uint64_t outcome_writer::answered(const owed_call& call, const finished_row& with) {
  const auto rows = write_all(call, with);
  if (!call.reads || with.result != outcome::failed) observe(call, with);
  return rows;
}

// What waits to be made as it is wanted now, or was never compared with that.
bool outcome_writer::needs_call(key_id key) {
  const bool seen = state_of_.with(key).step();
  const bool needed = seen && (state_of_.integer(1) != 0 || planning::needs_wanted(static_cast<observed>(state_of_.integer(0))));
  state_of_.reset();
  return needed;
}

void outcome_writer::given_up(const owed_call& call, std::string_view code, std::string_view why, utc_time when) {
  finished_row out;
  out.error_code = code;
  out.error_message = why;
  out.finished_at = when;
  write_all(call, out);
}

void outcome_writer::advanced(const owed_call& call, const advanced_row& with) {
  if (with.stored) return observe_meeting(call, observed::incomplete, with.drift, *with.stored, with.finished_at);
  state_.with(call.key, static_cast<int>(observed::incomplete), to_stored(with.finished_at)).run();
}

void outcome_writer::superseded(const owed_call& call, run_id by, utc_time when) {
  finished_row out;
  out.result = outcome::superseded;
  out.error_message = "run " + std::to_string(by) + " took it over";
  out.finished_at = when;
  write_all(call, out);
}

void outcome_writer::decided(row_id row, outcome o, std::string_view code, std::string_view why, std::string_view drift) {
  decide_.with(row, static_cast<int>(o), or_null(code), or_null(why), or_null(drift)).run();
  ++counts_[{run_of(row), o}];
}

void outcome_writer::write(row_id outcome_id, const finished_row& with) {
  insert_
      .with(outcome_id, static_cast<int>(with.result), with.attempts, with.http_status, or_null(with.error_code),
            or_null(with.error_message), or_null(with.request_id), or_null(with.client_request_id), or_null(with.drift),
            to_stored(with.finished_at))
      .run();
  ++counts_[{run_of(outcome_id), with.result}];
}

void outcome_writer::observe(const owed_call& call, const finished_row& with) {
  auto state = state_after(with.result);
  if (call.reads && state == observed::drifted && needs_call(call.key)) state = observed::incomplete;
  // Nothing differs after an update: the fields are those that did.
  const std::string_view drift = with.result == outcome::updated ? std::string_view() : with.drift;
  const auto when = to_stored(with.finished_at);
  switch (state) {
    case observed::satisfied:
    case observed::drifted: {
      if (with.stored) return observe_meeting(call, state, drift, *with.stored, with.finished_at);
      const digest_bytes hash(call.hash);
      comparison_.with(call.key, static_cast<int>(state), blob(hash.view()), when, or_null(drift)).run();
      return;
    }
    case observed::lost:
    case observed::removed:
      // Nothing is left that a payload could be compared with.
      comparison_.with(call.key, static_cast<int>(state), std::nullopt, when, std::nullopt).run();
      return;
    case observed::failed:
    case observed::incomplete:
      if (with.stored) return observe_meeting(call, state, with.drift, *with.stored, with.finished_at);
      state_.with(call.key, static_cast<int>(state), when).run();
      return;
  }
}

const char* outcome_writer::observe_sql() {
  static const auto sql =
      "INSERT INTO observation(id, state, pending, compared_hash, observed_at, drift, meeting_id, join_web_url, join_meeting_id, passcode, "
      "dial_in_number, conference_id, options_url, expires_at) VALUES(?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE "
      "SET state = excluded.state, pending = 0, compared_hash = excluded.compared_hash, observed_at = excluded.observed_at, "
      "drift = excluded.drift, " +
      std::string(observe_what_is_shown);
  return sql.c_str();
}

void outcome_writer::observe_meeting(const owed_call& call, observed state, std::string_view drift, const meeting& m, utc_time when) {
  const digest_bytes hash(call.hash);
  meeting_
      .with(call.key, static_cast<int>(state), blob(hash.view()), to_stored(when), or_null(drift), m.id, m.join_web_url, m.join_meeting_id,
            m.passcode, m.dial_in_number, m.conference_id, m.options_url, to_stored(m.expires_at))
      .run();
}

void outcome_writer::write_counts() {
  for (const auto& [what, n] : counts_) tally_.with(what.first, static_cast<int>(what.second), n).run();
  counts_.clear();
}

}  // namespace convoke::ledger::sqlite
