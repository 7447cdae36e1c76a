#include "ledger/sqlite/reader_reasons.hpp"

#include <algorithm>
#include <utility>

#include <convoke/spec.hpp>

#include "ledger/planning/reasons.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {

reason_counter::reason_counter(connection& db, run_info run) : db_(db), run_(std::move(run)), after_(first_row(run_.id)) {}

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
  const auto what = static_cast<outcome>(row.integer(1));
  const auto code = row.text(what == outcome::drifted ? 4 : 2);
  group key{what, std::string(code), row.as<int>(3), planning::shape_of_reason(what, code, row.as<int>(3), row.text(6))};
  auto found = groups_.find(key);
  if (found == groups_.end() && groups_.size() >= most_groups) {
    // Messages that are all different are one reason again.
    std::get<3>(key).clear();
    found = groups_.find(key);
  }
  if (found == groups_.end()) {
    if (groups_.size() >= 2 * most_groups) return;
    const counted_rows none{.rows = 0, .first = row.as<row_id>(0), .outcome_id = row.as<row_id>(5)};
    found = groups_.emplace(std::move(key), none).first;
  }
  ++found->second.rows;
}

result<std::vector<failure_reason>> reason_counter::finish(std::size_t most) {
  if (auto kept = kept_.check(run_.id); !kept) return std::unexpected(kept.error());
  std::vector<std::pair<const group*, const counted_rows*>> order;
  for (const auto& [what, of] : groups_) order.emplace_back(&what, &of);
  std::ranges::sort(order, [](const auto& a, const auto& b) {
    return a.second->rows != b.second->rows ? a.second->rows > b.second->rows : a.second->first < b.second->first;
  });
  if (order.size() > most) order.resize(most);
  std::vector<failure_reason> out;
  for (const auto& [what, of] : order) out.push_back(describe(*what, *of));
  if (!db_.ok()) return std::unexpected(db_.failure());
  return out;
}

failure_reason reason_counter::describe(const group& what, const counted_rows& of) {
  const auto& [ended, code, status, shape] = what;
  failure_reason out{.result = ended, .code = code, .http_status = status, .rows = of.rows, .line = number_of(of.first)};
  if (first_.with(of.outcome_id, of.first).step()) {
    if (!first_.null(0)) out.line = first_.as<std::uint32_t>(0);
    if (auto wanted = decode_spec(first_.text(1))) {
      out.organizer = std::move(wanted->organizer);
      out.external_id = std::move(wanted->external_id);
    }
    out.message = first_.text(2);
  }
  first_.reset();
  return out;
}

}  // namespace convoke::ledger::sqlite
