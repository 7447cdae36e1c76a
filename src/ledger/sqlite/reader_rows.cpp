#include "ledger/sqlite/reader_rows.hpp"

#include <map>
#include <optional>
#include <unordered_map>

#include <convoke/spec.hpp>

#include "ledger/sqlite/endings.hpp"
#include "ledger/sqlite/memory.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {
namespace {

// All tables are joined by integer keys that rise with the lines, so this is a merge of cursors, without a sort.
constexpr const char* result_rows =
    "SELECT r.id, r.lane, r.raw, r.payload, o.outcome, o.attempts, o.http_status, o.error_code, coalesce(o.error_message, r.error), "
    "o.request_id, "
    "o.client_request_id, o.drift, o.finished_at, b.meeting_id, b.join_web_url, b.join_meeting_id, b.passcode, b.dial_in_number, "
    "b.conference_id, coalesce(d.slot, r.id), d.organizer "
    "FROM record r LEFT JOIN decision d ON d.id = r.id LEFT JOIN outcome o ON o.id = coalesce(d.slot, r.id) LEFT JOIN observation b ON "
    "b.id = d.key "
    "WHERE r.id BETWEEN ? AND ? ORDER BY r.id";

bool shows_meeting(outcome o) noexcept {
  return o != outcome::failed && o != outcome::rejected && o != outcome::superseded;
}

bool wanted_in_failed(const std::optional<outcome>& o, bool drift_fails) noexcept {
  return o && (*o == outcome::failed || *o == outcome::rejected || (drift_fails && *o == outcome::drifted));
}

void fill(const statement& from, const run_info& run, result_row& row) {
  row.line = line_of(from.as<row_id>(0));
  row.lane = from.as<lane_id>(1);
  row.raw = from.text(2);
  row.payload = row.result == outcome::rejected ? std::string_view() : from.text(3);
  row.attempts = from.as<std::uint32_t>(5);
  row.http_status = from.as<int>(6);
  row.error_code = from.text(7);
  row.error_message = from.text(8);
  row.request_id = from.text(9);
  row.client_request_id = from.text(10);
  row.drift = from.text(11);
  row.finished_at = std::nullopt;
  // What the plan decided ended with the plan.
  if (row.result) row.finished_at = from.null(12) ? run.opened_at : std::optional(from_stored(from.integer(12)));
  const bool meeting = row.result && shows_meeting(*row.result);
  const auto value = [&](int column) { return meeting ? from.text(column) : std::string_view(); };
  row.meeting_id = value(13);
  row.join_web_url = value(14);
  row.join_meeting_id = value(15);
  row.passcode = value(16);
  row.dial_in_number = value(17);
  row.conference_id = value(18);
}

// A row that is owed still and was called: what was the matter with it. Where it is claimed nobody knows what its last call met. Ledgers
// that no newer convoke has written do not tell.
class lapses {
 public:
  explicit lapses(connection& db) {
    if (!db.ask("SELECT 1 FROM sqlite_schema WHERE name = 'lapse'").empty())
      find_.emplace(db,
                    "SELECT l.attempts, l.http_status, l.error_code, l.error_message, l.request_id, l.client_request_id FROM lapse l "
                    "LEFT JOIN owed o ON o.run = l.id >> 32 AND o.organizer = ? AND o.line = l.line "
                    "WHERE l.id = ? AND coalesce(o.owner, 0) = 0");
  }
  // What it shows lives until the next call.
  void show(row_id slot, organizer_id organizer, result_row& row) {
    if (!find_ || !find_->with(organizer, slot).step()) return;
    row.attempts = find_->as<std::uint32_t>(0);
    row.http_status = find_->as<int>(1);
    row.error_code = find_->text(2);
    row.error_message = find_->text(3);
    row.request_id = find_->text(4);
    row.client_request_id = find_->text(5);
  }

 private:
  std::optional<statement> find_;
};

// The word for what is known of a key: no observation, or one of something else than is wanted now, is `wanted`.
std::string_view state_word(int state, bool pending) noexcept {
  if (pending) return "wanted";
  switch (static_cast<observed>(state)) {
    case observed::satisfied:
      return "satisfied";
    case observed::drifted:
      return "drifted";
    case observed::failed:
      return "failed";
  }
  return "wanted";
}

}  // namespace

result<void> read_results(connection& db, const run_info& run, bool failed_only, const std::function<result<void>(const result_row&)>& f) {
  statement rows(db, result_rows);
  lapses open(db);
  result_row row;
  for (rows.with(first_row(run.id), last_row(run.id)); rows.step();) {
    row.result = rows.null(4) ? std::nullopt : std::optional(static_cast<outcome>(rows.integer(4)));
    if (failed_only && !wanted_in_failed(row.result, run.header.drift_fails)) continue;
    fill(rows, run, row);
    if (!row.result) open.show(rows.as<row_id>(19), rows.as<organizer_id>(20), row);
    if (auto done = f(row); !done) return done;
  }
  return db.status();
}

result<void> read_inventory(connection& db, const std::function<result<void>(const inventory_row&)>& f) {
  std::unordered_map<std::int64_t, std::pair<lane_name, std::string>> organizers;
  statement named(db, "SELECT o.id, l.graph_root, l.tenant, l.app, o.object_id FROM organizer o JOIN lane l ON l.id = o.lane");
  for (named.with(); named.step();) {
    organizers[named.integer(0)] = {{std::string(named.text(1)), std::string(named.text(2)), std::string(named.text(3))},
                                    std::string(named.text(4))};
  }
  statement rows(db,
                 "SELECT i.organizer, r.payload, b.state, b.pending, b.drift, b.meeting_id, b.join_web_url, b.join_meeting_id, b.passcode, "
                 "b.dial_in_number, b.conference_id, b.observed_at FROM inventory i JOIN record r ON r.id = i.source "
                 "LEFT JOIN observation b ON b.id = i.id ORDER BY i.id");
  inventory_row row;
  for (rows.with(); rows.step();) {
    const auto wanted = decode_spec(rows.text(1));
    if (!wanted) return std::unexpected(wanted.error());
    const auto& [lane, organizer] = organizers[rows.integer(0)];
    if (row.lane != lane) row.lane = lane;
    row.organizer = organizer;
    row.external_id = wanted->external_id;
    row.payload = rows.text(1);
    row.state = state_word(rows.as<int>(2), rows.integer(3) != 0);
    row.drift = row.state == "drifted" ? rows.text(4) : std::string_view();
    row.meeting_id = rows.text(5);
    row.join_web_url = rows.text(6);
    row.join_meeting_id = rows.text(7);
    row.passcode = rows.text(8);
    row.dial_in_number = rows.text(9);
    row.conference_id = rows.text(10);
    row.observed_at = rows.null(11) ? std::nullopt : std::optional(from_stored(rows.integer(11)));
    if (auto done = f(row); !done) return done;
  }
  return db.status();
}

result<std::vector<count_by>> count_inventory(connection& db) {
  std::map<std::string, std::uint64_t, std::less<>> counts;
  statement keys(db, "SELECT count(*) FROM inventory");
  std::uint64_t unseen = keys.with().step() ? keys.as<std::uint64_t>(0) : 0;
  keys.reset();
  statement seen(db, "SELECT state, pending, count(*) FROM observation GROUP BY state, pending");
  for (seen.with(); seen.step();) {
    counts[std::string(state_word(seen.as<int>(0), seen.integer(1) != 0))] += seen.as<std::uint64_t>(2);
    unseen -= seen.as<std::uint64_t>(2);
  }
  if (unseen > 0) counts["wanted"] += unseen;
  std::vector<count_by> out;
  for (const auto& [state, n] : counts) out.push_back({state, n});
  if (!db.ok()) return std::unexpected(db.failure());
  return out;
}

result<run_status> count_status(connection& db, run_info info) {
  run_status out;
  out.info = std::move(info);
  const auto first = first_row(out.info.id), last = last_row(out.info.id);
  std::map<std::string, std::uint64_t, std::less<>> errors;
  std::map<organizer_id, outcome_counts> organizers;
  statement rows(db,
                 "SELECT d.organizer, o.outcome, o.error_code FROM record r LEFT JOIN decision d ON d.id = r.id LEFT JOIN outcome o ON "
                 "o.id = coalesce(d.slot, r.id) "
                 "WHERE r.id BETWEEN ? AND ?");
  for (rows.with(first, last); rows.step();) {
    if (!rows.null(2)) {
      const auto code = rows.text(2);
      const auto found = errors.find(code);
      ++(found != errors.end() ? found->second : errors[std::string(code)]);
    }
    if (rows.null(0)) continue;
    auto& counts = organizers[rows.as<organizer_id>(0)];
    if (!rows.null(1)) {
      count(counts, static_cast<outcome>(rows.integer(1)), 1);
    } else if (out.info.state == run_state::open) {
      ++counts.owed;
    }
  }
  for (const auto& [code, n] : errors) out.errors.push_back({code, n});
  statement name(db, "SELECT object_id FROM organizer WHERE id = ?");
  for (const auto& [id, counts] : organizers) {
    if (name.with(id).step()) out.organizers.push_back({std::string(name.text(0)), counts});
  }
  // What a discarded run still has there are claims of a dead process, not calls.
  if (out.info.state != run_state::discarded) {
    statement left(db, "SELECT count(*) FROM owed WHERE run = ?");
    if (left.with(out.info.id).step()) out.calls_left = left.as<std::uint64_t>(0);
  }
  for (const auto& lane : out.info.header.lanes) out.lanes.push_back(memory_of(db, lane));
  if (!db.ok()) return std::unexpected(db.failure());
  return out;
}

}  // namespace convoke::ledger::sqlite
