#include "ledger/postgres/reader_rows.hpp"

#include <algorithm>
#include <utility>

#include "ledger/read_rows.hpp"

namespace convoke::ledger::postgres {
namespace {

// A page is chosen first, by the ids and sizes of its rows, so that nothing large is read which the page has no room for. `begins`: the
// first row in the page of a record that repeats; only that one carries the bytes of the record.
// $1, $2: rows after the first and up to the second. $3: rows to look at. $4: only those of the failed file, $5: to which drifted ones
// belong. $6, $7: limits of the page in rows and bytes. $8: the run. $9: what stands before the number in the ids of its rows.
const std::string next_results = std::string(R"sql(
WITH scanned AS MATERIALIZED (
  SELECT id, CASE WHEN first IS NULL THEN id ELSE $9 + first END AS head,
    coalesce(octet_length(raw), 0) + coalesce(octet_length(payload), 0) AS size, line IS DISTINCT FROM 0 AS is_record
  FROM convoke.record WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3),
chosen AS MATERIALIZED (
  SELECT s.id, s.head, d.key, d.organizer, coalesce(d.outcome_id, s.id) AS outcome_id, row_number() OVER page AS place,
    sum(s.size) OVER page - s.size AS before, lag(s.head) OVER page IS DISTINCT FROM s.head AS begins
  FROM scanned s LEFT JOIN convoke.decision d ON d.id = s.id LEFT JOIN convoke.outcome o ON o.id = coalesce(d.outcome_id, s.id)
  WHERE NOT $4 OR (s.is_record AND (o.outcome IN (6, 7, 9) OR ($5 AND o.outcome = 3)))
  WINDOW page AS (ORDER BY s.id)),
d AS (SELECT * FROM chosen WHERE place <= $6 AND before < $7)
SELECT )sql") + result_columns + R"sql(,
  l.attempts, l.http_status, l.error_code, l.error_message, l.request_id, l.client_request_id,
  CASE WHEN r.first IS NULL THEN r.raw WHEN d.begins THEN (SELECT f.raw FROM convoke.record f WHERE f.id = d.head) END,
  CASE WHEN $4 AND d.begins AND r.occurrence IS NOT NULL THEN 1 + (
    SELECT count(*) FROM convoke.record f WHERE f.id > d.head AND f.id < coalesce((
      SELECT min(g.id) FROM convoke.record g WHERE g.id > d.head AND g.id <= $2 AND g.first IS DISTINCT FROM d.head - $9), $2 + 1)) END,
  n.pruned, (SELECT max(id) FROM scanned), (SELECT count(*) FROM chosen)
FROM convoke.run n LEFT JOIN (d JOIN convoke.record r ON r.id = d.id LEFT JOIN convoke.outcome o ON o.id = d.outcome_id
  LEFT JOIN convoke.observation b ON b.id = d.key
  LEFT JOIN convoke.last_failure l ON o.id IS NULL AND l.id = d.outcome_id AND NOT EXISTS(
    SELECT FROM convoke.owed w WHERE w.run = $8 AND w.organizer = d.organizer AND w.number = l.number AND w.token <> 0)) ON true
WHERE n.id = $8 ORDER BY d.id)sql";
enum : std::uint8_t { failure_column = result_further, raw_column = 31, occurrences_column, pruned_column, scanned_column, chosen_column };
static_assert(static_cast<int>(outcome::drifted) == 3 && static_cast<int>(outcome::failed) == 6 &&
              static_cast<int>(outcome::rejected) == 7 && static_cast<int>(outcome::lost) == 9);

const std::string next_of_inventory = std::string(R"sql(
WITH scanned AS MATERIALIZED (
  SELECT i.id, i.organizer, i.source, i.feed, octet_length(r.payload) AS size FROM convoke.inventory i
  JOIN convoke.record r ON r.id = i.source WHERE i.id > $1 ORDER BY i.id LIMIT $2),
i AS MATERIALIZED (SELECT *, sum(size) OVER (ORDER BY id) - size AS before FROM scanned)
SELECT )sql") + inventory_columns + R"sql(, n.graph_root, n.tenant, n.app, p.object_id, f.name
FROM i JOIN convoke.record r ON r.id = i.source JOIN convoke.organizer p ON p.id = i.organizer JOIN convoke.lane n ON n.id = p.lane
LEFT JOIN convoke.observation b ON b.id = i.id LEFT JOIN convoke.feed f ON f.id = i.feed WHERE i.before < $3 ORDER BY i.id)sql";
enum : std::uint8_t { lane_columns = 16, organizer_column = 19, feed_column = 20 };

constexpr const char* next_states =
    "SELECT b.state, b.pending, count(*), max(i.id) FROM (SELECT id FROM convoke.inventory WHERE id > $1 ORDER BY id LIMIT $2) i "
    "LEFT JOIN convoke.observation b ON b.id = i.id GROUP BY b.state, b.pending";
constexpr const char* next_expired =
    "SELECT count(*), coalesce(max(id), 0), count(*) FILTER (WHERE state IN (1, 2) AND expires_at <= $3) FROM "
    "(SELECT id, state, expires_at FROM convoke.observation WHERE id > $1 ORDER BY id LIMIT $2) o";
constexpr const char* next_feeds =
    "SELECT coalesce(f.name, ''), false, count(*), max(i.id) FROM (SELECT id, feed FROM convoke.inventory WHERE id > $1 ORDER BY id "
    "LIMIT $2) i LEFT JOIN convoke.feed f ON f.id = i.feed GROUP BY f.name";

constexpr const char* next_counts =
    "SELECT d.organizer, o.outcome, o.error_code, count(*), max(r.id) FROM (SELECT id FROM convoke.record WHERE id > $1 AND id <= $2 "
    "ORDER BY id LIMIT $3) r LEFT JOIN convoke.decision d ON d.id = r.id LEFT JOIN convoke.outcome o ON o.id = coalesce(d.outcome_id, "
    "r.id) "
    "GROUP BY d.organizer, o.outcome, o.error_code";

}  // namespace

page_outcome result_pages::read(connection& c) {
  const page_limits limits;
  const auto scanned = failed_only_ ? limits.scanned : limits.rows;
  auto found = c.run(next_results.c_str(), params()
                                               .with(after_)
                                               .with(last_row(run_.id))
                                               .with(scanned)
                                               .with(failed_only_)
                                               .with(run_.header.drift_fails)
                                               .with(limits.rows)
                                               .with(limits.bytes)
                                               .with(run_.id)
                                               .with(first_row(run_.id)));
  if (!found) return std::unexpected(std::move(found.error()));
  found_ = std::move(*found);
  page_.clear();
  raw_ = {};
  occurrences_ = 0;
  if (found_.empty()) return page_read{.pruned = true};
  const row_view first(found_, 0);
  if (first.integer(pruned_column) != 0) return page_read{.pruned = true};
  const auto chosen = first.as<std::size_t>(chosen_column);
  const bool none = first.null(result_id);
  for (int i = 0; i < found_.size() && !none; ++i) take({found_, i});
  const bool cut = page_.size() < chosen;
  if (cut) {
    after_ = row_view(found_, found_.size() - 1).as<row_id>(result_id);
  } else if (!first.null(scanned_column)) {
    after_ = first.as<row_id>(scanned_column);
  }
  return page_read{.more = cut || !first.null(scanned_column)};
}

void result_pages::take(const row_view& from) {
  auto& row = page_.emplace_back();
  bytes_in_place bytes;
  read_result(from, run_, row, bytes);
  if (!row.result && !from.null(failure_column)) read_last_failure(from, failure_column, row, bytes);
  if (!row.occurrence) {
    row.raw = from.text(raw_column);
    return;
  }
  if (!from.null(raw_column)) raw_ = from.text(raw_column);
  if (!from.null(occurrences_column)) occurrences_ = from.as<std::uint32_t>(occurrences_column);
  row.raw = raw_;
  if (failed_only_) row.occurrences = occurrences_;
}

outcome_of<page_read> inventory_pages::read(connection& c) {
  const page_limits limits;
  auto found = c.run(next_of_inventory.c_str(), params().with(after_).with(limits.rows).with(limits.bytes));
  if (!found) return std::unexpected(std::move(found.error()));
  found_ = std::move(*found);
  bytes_.clear();
  page_.clear();
  for (int i = 0; i < found_.size() && decoded_; ++i) {
    const row_view from(found_, i);
    auto& row = page_.emplace_back();
    decoded_ = read_inventory(from, row, bytes_);
    row.lane = {std::string(from.text(lane_columns)), std::string(from.text(lane_columns + 1)), std::string(from.text(lane_columns + 2))};
    row.organizer = from.text(organizer_column);
    row.feed = from.text(feed_column);
    after_ = from.as<key_id>(inventory_id);
  }
  if (!decoded_) page_.pop_back();
  return page_read{.more = decoded_ && !found_.empty()};
}

page_outcome key_counter::read(connection& c) {
  const auto page = page_limits{}.scanned;
  const auto found = c.run(by_ == by::state ? next_states : next_feeds, params().with(after_).with(page));
  if (!found) return std::unexpected(found.error());
  std::uint64_t n = 0;
  for (int i = 0; i < found->size(); ++i) {
    const row_view from(*found, i);
    const auto what = by_ == by::state ? state_word(from.as<int>(0), from.integer(1) != 0) : from.text(0);
    counts_[std::string(what)] += from.as<std::uint64_t>(2);
    n += from.as<std::uint64_t>(2);
    after_ = std::max(after_, from.as<key_id>(3));
  }
  return page_read{.more = n == page};
}

std::vector<count_by> key_counter::counts() const {
  std::vector<count_by> out;
  for (const auto& [what, n] : counts_) out.push_back({what, n});
  return out;
}

page_outcome expired_counter::read(connection& c) {
  const auto page = page_limits{}.scanned;
  const auto found = c.run(next_expired, params().with(after_).with(page).with(to_stored(now_)));
  if (!found) return std::unexpected(found.error());
  const row_view from(*found, 0);
  after_ = std::max(after_, from.as<key_id>(1));
  count_ += from.as<std::uint64_t>(2);
  return page_read{.more = from.as<std::uint64_t>(0) == page};
}

page_outcome status_counter::read(connection& c) {
  const auto page = page_limits{}.scanned;
  const auto found = c.run(next_counts, params().with(after_).with(last_row(run_.id)).with(page));
  if (!found) return std::unexpected(found.error());
  std::uint64_t n = 0;
  for (int i = 0; i < found->size(); ++i) {
    const row_view from(*found, i);
    const auto rows = from.as<std::uint64_t>(3);
    n += rows;
    after_ = std::max(after_, from.as<row_id>(4));
    if (!from.null(2)) errors_[std::string(from.text(2))] += rows;
    if (from.null(0)) continue;
    auto& counts = organizers_[from.as<organizer_id>(0)];
    if (!from.null(1)) {
      count(counts, static_cast<outcome>(from.integer(1)), rows);
    } else if (run_.state == run_state::open) {
      counts.owed += rows;
    }
  }
  return page_read{.more = n == page};
}

outcome_of<run_status> status_counter::finish(connection& c) const {
  run_status out;
  for (const auto& [code, n] : errors_) out.errors.push_back({code, n});
  std::vector<std::int64_t> ids;
  for (const auto& [id, counts] : organizers_) ids.push_back(id);
  const auto names = c.run(
      "SELECT o.id, o.object_id, r.position FROM convoke.organizer o JOIN convoke.run_lane r ON r.lane = o.lane AND r.run = $2 "
      "WHERE o.id = ANY($1) ORDER BY o.id",
      params().integers(ids).with(run_.id));
  if (!names) return std::unexpected(names.error());
  for (int i = 0; i < names->size(); ++i)
    out.organizers.push_back({std::string(names->text(i, 1)), names->as<lane_id>(i, 2), organizers_.at(names->as<organizer_id>(i, 0))});
  out.calls_left_of_lanes.resize(run_.header.lanes.size());
  // What a discarded run still has there are claims of a process that ended, not calls.
  if (run_.state == run_state::discarded) return out;
  const auto left = c.run(
      "SELECT r.position, sum(o.n)::bigint FROM (SELECT organizer, count(*) AS n FROM convoke.owed WHERE run = $1 GROUP BY organizer) o "
      "JOIN convoke.organizer p ON p.id = o.organizer JOIN convoke.run_lane r ON r.run = $1 AND r.lane = p.lane GROUP BY r.position",
      params().with(run_.id));
  if (!left) return std::unexpected(left.error());
  for (int i = 0; i < left->size(); ++i) {
    out.calls_left_of_lanes.at(left->as<lane_id>(i, 0)) = left->as<std::uint64_t>(i, 1);
    out.calls_left += left->as<std::uint64_t>(i, 1);
  }
  return out;
}

}  // namespace convoke::ledger::postgres
