#include "ledger/strikes.hpp"

namespace convoke::ledger {

finished_row third_strike(const released_row& row) {
  finished_row out;
  out.row = row.row;
  out.key = row.key;
  out.organizer = row.organizer;
  out.token = row.token;
  out.result = outcome::failed;
  out.attempts = row.attempts;
  out.http_status = row.http_status;
  out.error_code = "retries";
  out.error_message =
      "attempts were used up in three runs in a row; the last fault was " + (row.error_code.empty() ? "unnamed" : row.error_code);
  if (!row.error_message.empty()) out.error_message += ": " + row.error_message;
  out.request_id = row.request_id;
  out.client_request_id = row.client_request_id;
  out.finished_at = row.finished_at;
  return out;
}

}  // namespace convoke::ledger
