#include "run/commits.hpp"

#include <utility>

#include "run/claimed_row.hpp"

namespace convoke::run {

void commits::flush() {
  if (under_way_ < 2) flush_all();
}

void commits::flush_all() {
  if (rows_.empty()) return;
  ++under_way_;
  const auto size = rows_.finished.size();
  store_.write(std::exchange(rows_, {}), [back = mail_.here()](result<ledger::committed_rows> done) {
    back.post([moved = std::move(done)](commits& self) mutable { self.on_written(std::move(moved)); });
  });
  rows_.finished.reserve(size);
}

void commits::on_written(result<ledger::committed_rows> done) {
  --under_way_;
  done_(std::move(done));
  flush();
}

namespace {

std::string joined(const std::vector<std::string>& fields) {
  std::string out;
  for (const auto& field : fields) {
    if (!out.empty()) out += ';';
    out += field;
  }
  return out;
}

}  // namespace

ledger::finished_row like_answer(engine::answer&& from) {
  ledger::finished_row out;
  out.result = outcome::failed;
  out.http_status = from.status;
  out.error_code = std::move(from.error_code);
  out.error_message = std::move(from.error_message);
  out.request_id = std::move(from.request_id);
  out.client_request_id = std::move(from.client_request_id);
  out.drift = joined(from.drift);
  out.stored = std::move(from.stored);
  out.finished_at = from.finished_at;
  return out;
}

ledger::finished_row finished_row(engine::record_outcome&& from, engine::organizer_id organizer) {
  auto out = like_answer(std::move(from.last));
  out.row = from.row;
  out.key = from.key;
  out.organizer = organizer;
  out.token = from.token;
  out.result = from.result;
  out.attempts = from.attempts;
  return out;
}

ledger::advanced_row advanced_row(engine::advance_row&& from, engine::organizer_id organizer) {
  return ledger::advanced_row{.row = from.row,
                              .key = from.key,
                              .organizer = organizer,
                              .token = from.token,
                              .next = from.next,
                              .attempts = from.attempts,
                              .drift = joined(fields_to_send(from.last)),
                              .stored = std::move(from.last.stored),
                              .finished_at = from.last.finished_at,
                              .created = from.last.status == 201};
}

ledger::released_row released_row(engine::release_row&& from, engine::key_id key, engine::organizer_id organizer) {
  return ledger::released_row{.row = from.row,
                              .key = key,
                              .organizer = organizer,
                              .token = from.token,
                              .strike = from.strike,
                              .attempts = from.attempts,
                              .http_status = from.last.status,
                              .error_code = std::move(from.last.error_code),
                              .error_message = std::move(from.last.error_message),
                              .request_id = std::move(from.last.request_id),
                              .client_request_id = std::move(from.last.client_request_id),
                              .finished_at = from.last.finished_at};
}

}  // namespace convoke::run
