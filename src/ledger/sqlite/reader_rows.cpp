#include "ledger/sqlite/reader_rows.hpp"

#include <algorithm>
#include <utility>

#include <convoke/spec.hpp>

#include "ledger/sqlite/memory.hpp"
#include "ledger/sqlite/outcome_writer.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {
namespace {

// All tables are joined by integer keys that ascend with the numbers of the rows: SQLite merges cursors and does not sort.
constexpr const char* next_results =
    "SELECT r.id, r.lane, r.raw, CASE WHEN r.error IS NULL THEN r.payload END, o.outcome, o.attempts, o.http_status, o.error_code, "
    "coalesce(o.error_message, r.error), "
    "o.request_id, o.client_request_id, o.drift, o.finished_at, b.meeting_id, b.join_web_url, b.join_meeting_id, b.passcode, "
    "b.dial_in_number, b.conference_id, coalesce(d.outcome_id, r.id), d.organizer, r.line, r.first, r.occurrence "
    "FROM record r LEFT JOIN decision d ON d.id = r.id LEFT JOIN outcome o ON o.id = coalesce(d.outcome_id, r.id) "
    "LEFT JOIN observation b ON b.id = d.key WHERE r.id > ? AND r.id <= ? ORDER BY r.id";
enum column : std::uint8_t { number_column = 0, raw_column = 2, line_column = 21, first_column = 22, occurrence_column = 23 };

void fill(const statement& from, const run_info& run, result_row& row, page_bytes& bytes) {
  const auto text = [&](int column) { return bytes.keep(from.text(column)); };
  row.line = from.null(line_column) ? number_of(from.as<row_id>(number_column)) : from.as<std::uint32_t>(line_column);
  if (!from.null(occurrence_column)) row.occurrence = date_from_stored(from.integer(occurrence_column));
  row.lane = from.as<lane_id>(1);
  row.payload = text(3);
  row.attempts = from.as<std::uint32_t>(5);
  row.http_status = from.as<int>(6);
  row.error_code = text(7);
  row.error_message = text(8);
  row.request_id = text(9);
  row.client_request_id = text(10);
  row.drift = text(11);
  // The outcomes of a plan have the time at which it was opened.
  if (row.result) row.finished_at = from.null(12) ? run.opened_at : std::optional(from_stored(from.integer(12)));
  if (!row.result || !shows_meeting(*row.result)) return;
  row.meeting_id = text(13);
  row.join_web_url = text(14);
  row.join_meeting_id = text(15);
  row.passcode = text(16);
  row.dial_in_number = text(17);
  row.conference_id = text(18);
}

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
  row.attempts = find_.as<std::uint32_t>(0);
  row.http_status = find_.as<int>(1);
  row.error_code = bytes.keep(find_.text(2));
  row.error_message = bytes.keep(find_.text(3));
  row.request_id = bytes.keep(find_.text(4));
  row.client_request_id = bytes.keep(find_.text(5));
  find_.reset();
}

result_pages::result_pages(connection& db, run_info run, bool failed_only)
    : db_(db), run_(std::move(run)), failed_only_(failed_only), after_(first_row(run_.id)), next_(db, next_results) {
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
    after_ = next_.as<row_id>(0);
    const auto ended = next_.null(4) ? std::nullopt : std::optional(static_cast<outcome>(next_.integer(4)));
    if (!failed_only_ || belongs_in_failed(ended, run_.header.drift_fails)) take(ended);
    if (rows_.size() == limits_.rows || ++scanned == limits_.scanned || bytes_.size() >= limits_.bytes) break;
  }
  if (!db_.ok()) return std::unexpected(db_.failure());
  next_.reset();
  return more;
}

void result_pages::take(const std::optional<outcome>& ended) {
  auto& row = rows_.emplace_back();
  row.result = ended;
  fill(next_, run_, row, bytes_);
  take_record(row);
  if (!row.result) last_failures_.show(next_.as<row_id>(19), next_.as<organizer_id>(20), row, bytes_);
}

// What the rows of a record share is read once for all of them, and once more where they go on in the next page.
void result_pages::take_record(result_row& row) {
  if (!row.occurrence) {
    row.raw = bytes_.keep(next_.text(raw_column));
    return;
  }
  const auto id = next_.as<row_id>(number_column);
  const auto first = next_.null(first_column) ? id : make_row(run_.id, next_.as<std::uint32_t>(first_column));
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
    after_ = next_.as<key_id>(12);
    if (auto taken = take(); !taken) return std::unexpected(taken.error());
    if (count_ == limits_.rows || bytes_.size() >= limits_.bytes) break;
  }
  if (!db_.ok()) return std::unexpected(db_.failure());
  next_.reset();
  return more;
}

result<void> inventory_pages::take() {
  const auto text = [&](int column) { return bytes_.keep(next_.text(column)); };
  auto& row = rows_[count_++];
  row.payload = text(1);
  const auto wanted = decode_spec(row.payload);
  if (!wanted) return std::unexpected(wanted.error());
  const auto& [lane, organizer] = name_of(next_.as<organizer_id>(0));
  if (row.lane != lane) row.lane = lane;
  row.organizer = organizer;
  row.external_id = bytes_.keep(wanted->external_id);
  row.state = state_word(next_.as<int>(2), next_.integer(3) != 0);
  row.drift = row.state == "drifted" ? text(4) : std::string_view();
  row.meeting_id = text(5);
  row.join_web_url = text(6);
  row.join_meeting_id = text(7);
  row.passcode = text(8);
  row.dial_in_number = text(9);
  row.conference_id = text(10);
  row.feed = feed_name(next_.integer(13));
  row.observed_at = next_.null(11) ? std::nullopt : std::optional(from_stored(next_.integer(11)));
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
  statement name(db_, "SELECT object_id FROM organizer WHERE id = ?");
  for (const auto& [id, counts] : organizers_) {
    if (name.with(id).step()) out_.organizers.push_back({std::string(name.text(0)), counts});
  }
  // What a discarded run still has there are claims of a process that ended, not calls.
  if (out_.info.state != run_state::discarded) {
    statement left(db_, "SELECT count(*) FROM owed WHERE run = ?");
    if (left.with(out_.info.id).step()) out_.calls_left = left.as<std::uint64_t>(0);
  }
  for (const auto& lane : out_.info.header.lanes) out_.lanes.push_back(memory_of(db_, lane));
  if (!db_.ok()) return std::unexpected(db_.failure());
  return std::move(out_);
}

}  // namespace convoke::ledger::sqlite
