#pragma once

// Rows of a store's tables as values of the interface. A `Row` is the present row of a statement: integer(column), real(column),
// text(column), null(column) and as<T>(column), which give 0 and empty text for NULL. `Bytes` keeps texts for as long as the page is used:
// page_bytes, or bytes_in_place where the statement keeps them by itself.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <convoke/spec.hpp>

#include "ledger/page.hpp"
#include "ledger/reader.hpp"
#include "ledger/stored.hpp"

namespace convoke::ledger {

struct bytes_in_place {
  [[nodiscard]] static std::string_view keep(std::string_view text) noexcept { return text; }
};

// ---- runs

inline constexpr const char* run_columns =
    "id, state, identity, input_name, input_sha256, settings, dialect, header, tzdata_version, convoke_version, drift_fails, rows, "
    "planned_at, opened_at, finished_at, pruned, update_drifted, enforce_roles, feed, keep_alive, kind, repair, remove_vanished";

// Without lanes and counts.
template <class Row>
[[nodiscard]] stored_run read_run(const Row& row) {
  const auto time = [&](int column) { return row.null(column) ? std::nullopt : std::optional(from_stored(row.integer(column))); };
  stored_run out;
  auto& info = out.info;
  info.id = row.template as<run_id>(0);
  info.state = static_cast<run_state>(row.integer(1));
  info.header.identity = row.text(2);
  info.header.input_name = row.text(3);
  info.header.input_sha256 = row.text(4);
  info.header.settings = row.text(5);
  info.header.dialect = row.text(6);
  info.header.header = row.text(7);
  info.header.tzdata_version = row.text(8);
  info.header.convoke_version = row.text(9);
  info.header.drift_fails = row.integer(10) != 0;
  info.rows = row.template as<std::uint64_t>(11);
  info.planned_at = from_stored(row.integer(12));
  info.opened_at = time(13);
  info.finished_at = time(14);
  out.pruned = row.integer(15) != 0;
  info.header.operations = {.update_drifted = row.integer(16) != 0, .enforce_roles = row.integer(17) != 0};
  info.header.feed = row.text(18);
  if (!row.null(19)) info.header.operations.keep_alive = std::chrono::seconds(row.integer(19));
  info.header.kind = static_cast<run_kind>(row.integer(20));
  info.header.operations.repair = row.integer(21) != 0;
  info.header.operations.remove_vanished = row.integer(22) != 0;
  return out;
}

// ---- results

// Of record r, its decision d, its outcome o and the observation b of its key. `raw` stands after them, because not every store reads it
// with every row.
inline constexpr const char* result_columns =
    "r.id, r.lane, CASE WHEN r.error IS NULL THEN r.payload END, o.outcome, o.attempts, o.http_status, o.error_code, "
    "coalesce(o.error_message, r.error), o.request_id, o.client_request_id, o.drift, o.finished_at, b.meeting_id, b.join_web_url, "
    "b.join_meeting_id, b.passcode, b.dial_in_number, b.conference_id, coalesce(d.outcome_id, r.id), d.organizer, r.line, r.first, "
    "r.occurrence, b.options_url, b.expires_at";
enum result_column : std::uint8_t {
  result_id = 0,
  result_outcome = 3,
  result_outcome_id = 18,
  result_organizer = 19,
  result_line = 20,
  result_first = 21,
  result_occurrence = 22,
  result_further = 25,
};

// False for a row that is a meeting of the inventory: it is no record that could be written again.
template <class Row>
[[nodiscard]] bool is_record(const Row& from) {
  return from.null(result_line) || from.integer(result_line) != 0;
}

// Everything but `raw`, `occurrences`, and the last failure of a deferred row.
template <class Row, class Bytes>
void read_result(const Row& from, const run_info& run, result_row& row, Bytes& bytes) {
  const auto text = [&](int column) { return bytes.keep(from.text(column)); };
  row.line = from.null(result_line) ? number_of(from.template as<row_id>(result_id)) : from.template as<std::uint32_t>(result_line);
  if (!from.null(result_occurrence)) row.occurrence = date_from_stored(from.integer(result_occurrence));
  row.lane = from.template as<lane_id>(1);
  row.payload = text(2);
  if (!from.null(result_outcome)) row.result = static_cast<outcome>(from.integer(result_outcome));
  row.attempts = from.template as<std::uint32_t>(4);
  row.http_status = from.template as<int>(5);
  row.error_code = text(6);
  row.error_message = text(7);
  row.request_id = text(8);
  row.client_request_id = text(9);
  row.drift = text(10);
  // The outcomes of a plan have the time at which it was opened.
  if (row.result) row.finished_at = from.null(11) ? run.opened_at : std::optional(from_stored(from.integer(11)));
  if (!row.result || !shows_meeting(*row.result)) return;
  row.meeting_id = text(12);
  row.join_web_url = text(13);
  row.join_meeting_id = text(14);
  row.passcode = text(15);
  row.dial_in_number = text(16);
  row.conference_id = text(17);
  row.options_url = text(23);
  if (!from.null(24)) row.expires_at = from_stored(from.integer(24));
}

// The last failure of a deferred row, from six columns beginning with `first`.
template <class Row, class Bytes>
void read_last_failure(const Row& from, int first, result_row& row, Bytes& bytes) {
  row.attempts = from.template as<std::uint32_t>(first);
  row.http_status = from.template as<int>(first + 1);
  row.error_code = bytes.keep(from.text(first + 2));
  row.error_message = bytes.keep(from.text(first + 3));
  row.request_id = bytes.keep(from.text(first + 4));
  row.client_request_id = bytes.keep(from.text(first + 5));
}

// What the first row of a reason says, and what came with the answer to it: of record r and outcome o. A row that was never called has no
// answer, and its message stands in its record.
inline constexpr const char* first_of_reason_columns =
    "r.line, CASE WHEN r.error IS NULL THEN r.payload END, coalesce(o.error_message, r.error), o.request_id, o.http_status, o.finished_at";
template <class Row>
void read_first_of_reason(const Row& from, failure_reason& reason) {
  if (!from.null(0)) reason.line = from.template as<std::uint32_t>(0);
  if (auto wanted = decode_spec(from.text(1))) {
    reason.organizer = std::move(wanted->organizer);
    reason.external_id = std::move(wanted->external_id);
  }
  reason.message = from.text(2);
  reason.request_id = from.text(3);
  if (from.integer(4) != 0 && !from.null(5)) reason.answered_at = from_stored(from.integer(5));
}

// ---- inventory

// Of key i of the inventory, the record r of its source and its observation b.
inline constexpr const char* inventory_columns =
    "i.id, i.organizer, r.payload, b.state, b.pending, b.drift, b.meeting_id, b.join_web_url, b.join_meeting_id, b.passcode, "
    "b.dial_in_number, b.conference_id, b.observed_at, i.feed, b.options_url, b.expires_at";
enum inventory_column : std::uint8_t { inventory_id = 0, inventory_organizer = 1, inventory_feed = 13 };

// Everything but lane, organizer and feed. errc::storage where the payload cannot be read.
template <class Row>
[[nodiscard]] result<void> read_inventory(const Row& from, inventory_row& row, page_bytes& bytes) {
  const auto text = [&](int column) { return bytes.keep(from.text(column)); };
  row.payload = text(2);
  const auto wanted = decode_spec(row.payload);
  if (!wanted) return std::unexpected(wanted.error());
  row.external_id = bytes.keep(wanted->external_id);
  row.state = state_word(from.template as<int>(3), from.integer(4) != 0);
  row.drift = row.state == "drifted" ? text(5) : std::string_view();
  row.meeting_id = text(6);
  row.join_web_url = text(7);
  row.join_meeting_id = text(8);
  row.passcode = text(9);
  row.dial_in_number = text(10);
  row.conference_id = text(11);
  row.options_url = text(14);
  row.expires_at = from.null(15) ? std::nullopt : std::optional(from_stored(from.integer(15)));
  row.observed_at = from.null(12) ? std::nullopt : std::optional(from_stored(from.integer(12)));
  return {};
}

}  // namespace convoke::ledger
