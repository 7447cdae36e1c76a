#include "run/verified.hpp"

#include <algorithm>

#include "core/drift_fields.hpp"
#include "ledger/planning/kinds.hpp"

namespace convoke::run {
namespace {

// Whether the outcome says how the meeting is.
bool was_read(outcome result) noexcept {
  switch (result) {
    case outcome::created:
    case outcome::existing:
    case outcome::drifted:
    case outcome::updated:
    case outcome::unchanged:
    case outcome::lost:
      return true;
    case outcome::failed:
    case outcome::rejected:
    case outcome::superseded:
    case outcome::removed:
      return false;
  }
  return false;
}

}  // namespace

result<verified_meetings> count_verified(ledger::reader& from, const ledger::run_info& run) {
  verified_meetings out{.repairs = run.header.operations.repair};
  const auto read = from.for_each_result(run.id, [&out](const ledger::result_row& row) -> result<void> {
    if (!row.result) return {};
    // A row that another run has taken over was not read by this one.
    if (*row.result == outcome::failed || *row.result == outcome::superseded)
      ++(row.error_code == ledger::planning::unknown_meeting ? out.unknown : out.unread);
    if (!was_read(*row.result)) return {};
    ++out.rows;
    if (*row.result == outcome::drifted && core::names_field(row.drift, core::expiry_field)) ++out.expired;
    if (!row.finished_at || row.http_status == 0) return {};
    out.from = out.from ? std::min(*out.from, *row.finished_at) : *row.finished_at;
    out.to = out.to ? std::max(*out.to, *row.finished_at) : *row.finished_at;
    return {};
  });
  if (!read) return std::unexpected(read.error());
  return out;
}

}  // namespace convoke::run
