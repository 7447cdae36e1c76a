#pragma once

// The values of many rows as arrays, one for each column.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/outcome_statements.hpp"
#include "ledger/stored.hpp"

namespace convoke::ledger::postgres {

using optional_text = std::optional<std::string_view>;

inline optional_text text_or_null(std::string_view text) {
  return text.empty() ? std::nullopt : optional_text(text);
}

// run, organizer, number, token.
class write_arrays {
 public:
  void add(row_id row, organizer_id organizer, lease_token token) {
    runs_.push_back(run_of(row));
    organizers_.push_back(organizer);
    numbers_.push_back(number_of(row));
    tokens_.push_back(static_cast<std::int64_t>(token));
  }
  void bind(params& to) const { to.integers(runs_).integers(organizers_).integers(numbers_).integers(tokens_); }

 private:
  std::vector<std::int64_t> runs_, organizers_, numbers_, tokens_;
};

// attempts, http_status, error_code, error_message, request_id, client_request_id.
class answer_arrays {
 public:
  void add(const auto& row) {
    attempts_.push_back(row.attempts);
    statuses_.push_back(row.http_status);
    codes_.push_back(text_or_null(row.error_code));
    messages_.push_back(text_or_null(row.error_message));
    requests_.push_back(text_or_null(row.request_id));
    client_requests_.push_back(text_or_null(row.client_request_id));
  }
  void bind(params& to) const {
    to.integers(attempts_).integers(statuses_).texts(codes_).texts(messages_).texts(requests_).texts(client_requests_);
  }

 private:
  std::vector<std::int64_t> attempts_, statuses_;
  std::vector<optional_text> codes_, messages_, requests_, client_requests_;
};

// How the observation that follows from an outcome is written, and as what.
struct observed_as {
  observed state;
  ending::observing mode;
};
[[nodiscard]] observed_as observation_after(outcome o, bool shows_meeting) noexcept;

struct meeting_arrays {
  std::vector<std::int64_t> times, modes, states;
  std::vector<optional_text> drifts, ids, urls, join_ids, passcodes, numbers, conferences, options;
  std::vector<std::optional<std::int64_t>> expiries;

  void add(const finished_row& row) {
    const auto [state, mode] = observation_after(row.result, row.stored.has_value());
    add(row, state, mode);
  }
  void add(const advanced_row& row) { add(row, observed::incomplete, row.stored ? ending::observing::meeting : ending::observing::state); }
  // meeting_id, join_web_url, join_meeting_id, passcode, dial_in_number, conference_id, options_url, expires_at.
  void bind(params& to) const {
    to.texts(ids).texts(urls).texts(join_ids).texts(passcodes).texts(numbers).texts(conferences).texts(options).integers(expiries);
  }

 private:
  void add(const auto& row, observed state, ending::observing mode) {
    times.push_back(to_stored(row.finished_at));
    states.push_back(static_cast<std::int64_t>(state));
    modes.push_back(static_cast<std::int64_t>(mode));
    drifts.push_back(text_or_null(row.drift));
    const auto* const seen = row.stored ? &*row.stored : nullptr;
    const auto part = [&](auto member) { return seen != nullptr ? optional_text(seen->*member) : std::nullopt; };
    ids.push_back(part(&meeting::id));
    urls.push_back(part(&meeting::join_web_url));
    join_ids.push_back(part(&meeting::join_meeting_id));
    passcodes.push_back(part(&meeting::passcode));
    numbers.push_back(part(&meeting::dial_in_number));
    conferences.push_back(part(&meeting::conference_id));
    options.push_back(part(&meeting::options_url));
    expiries.push_back(seen != nullptr ? to_stored(seen->expires_at) : std::nullopt);
  }
};

}  // namespace convoke::ledger::postgres
