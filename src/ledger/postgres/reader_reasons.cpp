// Why rows of a run have no meeting as wanted.

#include <algorithm>
#include <string>
#include <utility>

#include "ledger/postgres/reader_rows.hpp"
#include "ledger/read_rows.hpp"

namespace convoke::ledger::postgres {
namespace {

constexpr int page_rows = 4096;  // messages can be long

// The rows with a key. Their records, which are larger, are not read. A page without such a row has one of NULLs.
constexpr const char* next_keyed = R"sql(
WITH scanned AS MATERIALIZED (SELECT id, coalesce(outcome_id, id) AS outcome_id, key FROM convoke.decision
  WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3)
SELECT s.id, s.outcome, s.error_code, s.http_status, s.drift, s.outcome_id, s.error_message, n.pruned, (SELECT max(id) FROM scanned), s.lane
FROM convoke.run n LEFT JOIN (
  SELECT s.id, s.outcome_id, o.outcome, o.error_code, o.http_status, o.drift, o.error_message,
    (SELECT r.lane FROM convoke.record r WHERE r.id = s.id) AS lane FROM scanned s
  JOIN convoke.outcome o ON o.id = s.outcome_id WHERE s.key IS NOT NULL AND (o.outcome IN (6, 7, 9) OR ($5 AND o.outcome = 3))) s ON true
WHERE n.id = $4 ORDER BY s.id)sql";
// Rejected rows have no key. Their records have what is wrong.
constexpr const char* next_rejected = R"sql(
WITH scanned AS MATERIALIZED (SELECT o.id, o.outcome, o.error_code, o.http_status, o.drift, coalesce(o.error_message, r.error) AS message,
  r.lane
  FROM convoke.outcome o JOIN convoke.record r ON r.id = o.id WHERE o.id > $1 AND o.id <= $2 AND o.outcome = 7
  ORDER BY o.id LIMIT $3)
SELECT s.id, s.outcome, s.error_code, s.http_status, s.drift, s.id, s.message, n.pruned, (SELECT max(id) FROM scanned), s.lane
FROM convoke.run n LEFT JOIN scanned s ON true WHERE n.id = $4 ORDER BY s.id)sql";
const std::string first_of_reason =
    std::string("SELECT ") + first_of_reason_columns + " FROM convoke.record r JOIN convoke.outcome o ON o.id = $1 WHERE r.id = $2";

}  // namespace

page_outcome reason_counter::read(connection& c) {
  const auto found =
      c.run(decided_ ? next_keyed : next_rejected,
            params().with(after_).with(make_row(run_.id, first_call - 1)).with(page_rows).with(run_.id).with(run_.header.drift_fails));
  if (!found) return std::unexpected(found.error());
  if (found->empty() || found->integer(0, 7) != 0) return page_read{.pruned = true};
  for (int i = 0; i < found->size(); ++i) {
    const row_view row(*found, i);
    if (row.null(0)) continue;
    groups_.add({.id = row.as<row_id>(0),
                 .outcome_id = row.as<row_id>(5),
                 .result = static_cast<outcome>(row.integer(1)),
                 .code = row.text(2),
                 .drift = row.text(4),
                 .message = row.text(6),
                 .http_status = row.as<int>(3),
                 .lane = row.as<std::uint16_t>(9)});
  }
  if (!found->null(0, 8)) {
    after_ = found->as<row_id>(0, 8);
    return page_read{.more = true};
  }
  after_ = first_row(run_.id);
  return page_read{.more = std::exchange(decided_, false)};
}

outcome_of<std::vector<failure_reason>> reason_counter::finish(connection& c, std::size_t most) const {
  std::vector<failure_reason> out;
  for (auto& one : groups_.most_frequent(most)) {
    const auto first = c.run(first_of_reason.c_str(), params().with(one.outcome_id).with(one.first));
    if (!first) return std::unexpected(first.error());
    if (!first->empty()) read_first_of_reason(row_view(*first, 0), one.reason);
    out.push_back(std::move(one.reason));
  }
  return out;
}

}  // namespace convoke::ledger::postgres
