#include "ledger/sqlite/reader_rows.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "ledger/read_rows.hpp"
#include "ledger/sqlite/memory.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {
namespace {

// All tables are joined by integer keys that ascend with the numbers of the rows: SQLite merges cursors and does not sort.
const std::string next_results = std::string("SELECT ") + result_columns +
                                 ", r.raw FROM record r LEFT JOIN decision d ON d.id = r.id "
                                 "LEFT JOIN outcome o ON o.id = coalesce(d.outcome_id, r.id) "
                                 "LEFT JOIN observation b ON b.id = d.key WHERE r.id > ? AND r.id <= ? ORDER BY r.id";
constexpr int raw_column = result_further;

const std::string next_of_inventory = std::string("SELECT ") + inventory_columns +
                                      " FROM inventory i JOIN record r ON r.id = i.source LEFT JOIN observation b ON b.id = i.id "
                                      "WHERE i.id > ? ORDER BY i.id";

}  // namespace

result<void> kept_records::check(run_id run) {
  const bool there = pruned_.with(run).step() && pruned_.integer(0) == 0;
  pruned_.reset();
  if (!db_.ok()) return db_.status();
  if (there) return {};
  return records_not_kept(run);
}

void last_failures::show(row_id outcome_id, organizer_id organizer, result_row& row, page_bytes& bytes) {
  if (!find_.with(organizer, outcome_id).step()) return;
  read_last_failure(find_, 0, row, bytes);
  find_.reset();
}

result_pages::result_pages(connection& db, run_info run, bool failed_only)
    : db_(db), run_(std::move(run)), failed_only_(failed_only), after_(first_row(run_.id)), next_(db, next_results.c_str()) {
  rows_.reserve(limits_.rows);
}

result<bool> result_pages::read() {
  rows_.clear();
  bytes_.clear();
  record_.raw.reset();
  if (auto kept = kept_.check(run_.id); !kept) return std::unexpected(kept.error());
  std::size_t scanned = 0;
  bool more = false;
  for (next_.with(after_, last_row(run_.id)); (more = next_.step());) {
    after_ = next_.as<row_id>(result_id);
    const auto ended = next_.null(result_outcome) ? std::nullopt : std::optional(static_cast<outcome>(next_.integer(result_outcome)));
    if (!failed_only_ || (belongs_in_failed(ended, run_.header.drift_fails) && is_record(next_))) take();
    if (rows_.size() == limits_.rows || ++scanned == limits_.scanned || bytes_.size() >= limits_.bytes) break;
  }
  if (!db_.ok()) return std::unexpected(db_.failure());
  next_.reset();
  return more;
}

void result_pages::take() {
  auto& row = rows_.emplace_back();
  read_result(next_, run_, row, bytes_);
  take_record(row);
  if (!row.result) last_failures_.show(next_.as<row_id>(result_outcome_id), next_.as<organizer_id>(result_organizer), row, bytes_);
}

// What the rows of a record share is read once for all of them, and once more where they go on in the next page.
void result_pages::take_record(result_row& row) {
  if (!row.occurrence) {
    row.raw = bytes_.keep(next_.text(raw_column));
    return;
  }
  const auto id = next_.as<row_id>(result_id);
  const auto first = next_.null(result_first) ? id : make_row(run_.id, next_.as<std::uint32_t>(result_first));
  if (first != record_.first) record_ = {.first = first};
  if (!record_.raw) {
    const bool own = first == id;
    if (own || raw_.with(first).step()) record_.raw = bytes_.keep(own ? next_.text(raw_column) : raw_.text(0));
    if (!own) raw_.reset();
  }
  row.raw = record_.raw.value_or(std::string_view());
  if (!failed_only_) return;
  if (record_.occurrences == 0) record_.occurrences = count_occurrences(first);
  row.occurrences = record_.occurrences;
}

std::uint32_t result_pages::count_occurrences(row_id first) {
  std::uint32_t n = 1;
  for (further_.with(first, last_row(run_.id)); further_.step() && !further_.null(0) && further_.as<std::uint32_t>(0) == number_of(first);)
    ++n;
  further_.reset();
  return n;
}

inventory_pages::inventory_pages(connection& db) : db_(db), next_(db, next_of_inventory.c_str()) {
  rows_.resize(limits_.rows);
}

const std::string& inventory_pages::feed_name(std::int64_t id) {
  const auto [found, added] = feeds_.try_emplace(id);
  if (added && id != 0) {
    if (feed_.with(id).step()) found->second = feed_.text(0);
    feed_.reset();
  }
  return found->second;
}

const inventory_pages::organizer_name& inventory_pages::name_of(organizer_id id) {
  const auto [found, added] = names_.try_emplace(id);
  if (added && name_.with(id).step()) {
    found->second = {{std::string(name_.text(0)), std::string(name_.text(1)), std::string(name_.text(2))}, std::string(name_.text(3))};
    name_.reset();
  }
  return found->second;
}

result<bool> inventory_pages::read() {
  count_ = 0;
  bytes_.clear();
  bool more = false;
  for (next_.with(after_); (more = next_.step());) {
    after_ = next_.as<key_id>(inventory_id);
    if (auto taken = take(); !taken) return std::unexpected(taken.error());
    if (count_ == limits_.rows || bytes_.size() >= limits_.bytes) break;
  }
  if (!db_.ok()) return std::unexpected(db_.failure());
  next_.reset();
  return more;
}

result<void> inventory_pages::take() {
  auto& row = rows_[count_++];
  if (auto read = read_inventory(next_, row, bytes_); !read) return read;
  const auto& [lane, organizer] = name_of(next_.as<organizer_id>(inventory_organizer));
  if (row.lane != lane) row.lane = lane;
  row.organizer = organizer;
  row.feed = feed_name(next_.integer(inventory_feed));
  return {};
}

result<bool> feed_counter::read() {
  const auto page = page_limits{}.scanned;
  std::uint64_t found = 0;
  key_id last = after_;
  for (next_.with(after_, page); next_.step();) {
    counts_[next_.integer(0)] += next_.as<std::uint64_t>(1);
    found += next_.as<std::uint64_t>(1);
    last = std::max(last, next_.as<key_id>(2));
  }
  after_ = last;
  if (!db_.ok()) return std::unexpected(db_.failure());
  return found == page;
}

result<std::vector<count_by>> feed_counter::finish() {
  statement name(db_, "SELECT name FROM feed WHERE id = ?");
  std::map<std::string, std::uint64_t, std::less<>> named;
  for (const auto& [feed, n] : counts_) {
    const bool known = feed != 0 && name.with(feed).step();
    named[known ? std::string(name.text(0)) : std::string()] += n;
    name.reset();
  }
  if (!db_.ok()) return std::unexpected(db_.failure());
  std::vector<count_by> out;
  for (const auto& [feed, n] : named) out.push_back({feed, n});
  return out;
}

result<bool> inventory_counter::read() {
  const auto page = page_limits{}.scanned;
  std::uint64_t found = 0;
  key_id last = after_;
  for (next_.with(after_, page); next_.step();) {
    counts_[std::string(state_word(next_.as<int>(0), next_.integer(1) != 0))] += next_.as<std::uint64_t>(2);
    found += next_.as<std::uint64_t>(2);
    last = std::max(last, next_.as<key_id>(3));
  }
  after_ = last;
  if (!db_.ok()) return std::unexpected(db_.failure());
  return found == page;
}

std::vector<count_by> inventory_counter::counts() const {
  std::vector<count_by> out;
  for (const auto& [state, n] : counts_) out.push_back({state, n});
  return out;
}

result<bool> expired_counter::read() {
  const auto page = page_limits{}.scanned;
  std::uint64_t found = 0;
  if (next_.with(after_, page, to_stored(now_)).step()) {
    found = next_.as<std::uint64_t>(0);
    after_ = std::max(after_, next_.as<key_id>(1));
    count_ += next_.as<std::uint64_t>(2);
  }
  next_.reset();
  if (!db_.ok()) return std::unexpected(db_.failure());
  return found == page;
}

status_counter::status_counter(connection& db, run_info info) : db_(db), after_(first_row(info.id)) {
  out_.info = std::move(info);
}

result<bool> status_counter::read() {
  std::size_t scanned = 0;
  bool more = false;
  for (next_.with(after_, last_row(out_.info.id)); (more = next_.step());) {
    after_ = next_.as<row_id>(0);
    if (!next_.null(3)) {
      const auto code = next_.text(3);
      const auto found = errors_.find(code);
      ++(found != errors_.end() ? found->second : errors_[std::string(code)]);
    }
    if (!next_.null(1)) {
      auto& counts = organizers_[next_.as<organizer_id>(1)];
      if (!next_.null(2)) {
        count(counts, static_cast<outcome>(next_.integer(2)), 1);
      } else if (out_.info.state == run_state::open) {
        ++counts.owed;
      }
    }
    if (++scanned == page_limits{}.scanned) break;
  }
  if (!db_.ok()) return std::unexpected(db_.failure());
  next_.reset();
  return more;
}

result<run_status> status_counter::finish() {
  for (const auto& [code, n] : errors_) out_.errors.push_back({code, n});
  statement name(db_, "SELECT o.object_id, r.position FROM organizer o JOIN run_lane r ON r.lane = o.lane AND r.run = ? WHERE o.id = ?");
  for (const auto& [id, counts] : organizers_) {
    if (name.with(out_.info.id, id).step()) out_.organizers.push_back({std::string(name.text(0)), name.as<lane_id>(1), counts});
  }
  out_.calls_left_of_lanes.resize(out_.info.header.lanes.size());
  // What a discarded run still has there are claims of a process that ended, not calls.
  if (out_.info.state != run_state::discarded) {
    statement left(db_,
                   "SELECT r.position, sum(o.n) FROM (SELECT organizer, count(*) AS n FROM owed WHERE run = ?1 GROUP BY organizer) o "
                   "JOIN organizer p ON p.id = o.organizer JOIN run_lane r ON r.run = ?1 AND r.lane = p.lane GROUP BY r.position");
    for (left.with(out_.info.id); left.step();) {
      out_.calls_left_of_lanes.at(left.as<lane_id>(0)) = left.as<std::uint64_t>(1);
      out_.calls_left += left.as<std::uint64_t>(1);
    }
  }
  for (const auto& lane : out_.info.header.lanes) out_.lanes.push_back(memory_of(db_, lane));
  if (!db_.ok()) return std::unexpected(db_.failure());
  return std::move(out_);
}

}  // namespace convoke::ledger::sqlite
