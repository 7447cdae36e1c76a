#include "ledger/sqlite/reader_reasons.hpp"

#include <string>
#include <utility>

#include "ledger/read_rows.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

namespace {

const std::string first_of_reason =
    std::string("SELECT ") + first_of_reason_columns + " FROM record r JOIN outcome o ON o.id = ? WHERE r.id = ?";

}  // namespace

reason_counter::reason_counter(connection& db, run_info run)
    : db_(db), run_(std::move(run)), after_(first_row(run_.id)), first_(db, first_of_reason.c_str()) {}

result<bool> reason_counter::read() {
  if (auto kept = kept_.check(run_.id); !kept) return std::unexpected(kept.error());
  const auto last = make_row(run_.id, first_call - 1);
  bool more = read_from(decided_ ? keyed_ : rejected_, last);
  if (!db_.ok()) return std::unexpected(db_.failure());
  if (!more && std::exchange(decided_, false)) {
    after_ = first_row(run_.id);
    more = true;
  }
  return more;
}

bool reason_counter::read_from(statement& rows, row_id last) {
  std::size_t scanned = 0;
  for (rows.with(after_, last); rows.step();) {
    after_ = rows.as<row_id>(0);
    if (belongs_in_failed(static_cast<outcome>(rows.integer(1)), run_.header.drift_fails)) add(rows);
    if (++scanned < page_limits{}.scanned) continue;
    rows.reset();
    return true;
  }
  return false;
}

void reason_counter::add(statement& row) {
  groups_.add({.id = row.as<row_id>(0),
               .outcome_id = row.as<row_id>(5),
               .result = static_cast<outcome>(row.integer(1)),
               .code = row.text(2),
               .drift = row.text(4),
               .message = row.text(6),
               .http_status = row.as<int>(3),
               .lane = lane_of(row.as<row_id>(0))});
}

std::uint16_t reason_counter::lane_of(row_id row) {
  if (run_.header.lanes.size() < 2) return 0;
  const auto lane = lane_.with(row).step() ? lane_.as<std::uint16_t>(0) : std::uint16_t{0};
  lane_.reset();
  return lane;
}

result<std::vector<failure_reason>> reason_counter::finish(std::size_t most) {
  if (auto kept = kept_.check(run_.id); !kept) return std::unexpected(kept.error());
  std::vector<failure_reason> out;
  for (auto& one : groups_.most_frequent(most)) out.push_back(describe(std::move(one)));
  if (!db_.ok()) return std::unexpected(db_.failure());
  return out;
}

failure_reason reason_counter::describe(planning::reason_groups::counted of) {
  if (first_.with(of.outcome_id, of.first).step()) read_first_of_reason(first_, of.reason);
  first_.reset();
  return std::move(of.reason);
}

}  // namespace convoke::ledger::sqlite
