// The inventory of a SQLite ledger for `ledger copy`. A store holds the lock of the ledger meanwhile; this has a connection of its own
// beside the store's, which is idle.

#include "ledger/inventory.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/text.hpp"
#include "ledger/ledger.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/file_watch.hpp"
#include "ledger/sqlite/memory.hpp"
#include "ledger/sqlite/runs.hpp"
#include "ledger/sqlite/schema.hpp"

namespace convoke::ledger::sqlite {
namespace {

constexpr std::size_t page_keys = 1024;

const std::string select_keys = std::string("SELECT ") + inventory_key_columns +
                                " FROM inventory i JOIN record r ON r.id = i.source JOIN organizer p ON p.id = i.organizer "
                                "LEFT JOIN feed f ON f.id = i.feed LEFT JOIN observation b ON b.id = i.id ";
const std::string next_keys = select_keys + "WHERE i.id > ? ORDER BY i.id LIMIT ?";
const std::string key_with_hash = select_keys + "WHERE i.id = (SELECT id FROM inventory_key WHERE hash = ?)";

std::optional<bytes_view> bytes_of(const std::optional<std::string>& text) {
  return text ? std::optional(blob(*text)) : std::nullopt;
}

class sqlite_inventory final : public inventory_access {
 public:
  explicit sqlite_inventory(std::unique_ptr<store> held) : held_(std::move(held)) {}
  [[nodiscard]] result<void> open(const std::string& path) {
    if (auto opened = db_.open(path, connection::mode::read_write); !opened) return opened;
    return configure_writer(db_);
  }

  result<void> check_idle() override;
  result<std::uint64_t> count_keys() override;
  result<inventory_page> read_keys(key_id after) override;
  result<std::vector<std::optional<inventory_key>>> find_keys(std::span<const digest> hashes, std::vector<lane_name>& lanes) override;
  result<remembered> read_memory() override;
  result<void> add_keys(const inventory_page& page, std::span<const digest> hashes) override;
  result<void> add_memory(const remembered& what) override;

 private:
  [[nodiscard]] std::size_t place_of_lane(std::int64_t id, std::vector<lane_name>& lanes);
  [[nodiscard]] std::int64_t lane_number(const lane_name& lane);
  [[nodiscard]] organizer_id organizer_number(std::int64_t lane, const std::string& organizer);
  [[nodiscard]] std::int64_t feed_number(const std::string& name);
  [[nodiscard]] run_id copy_run();
  [[nodiscard]] std::int64_t lane_position(run_id run, std::int64_t lane);
  void add_key(const inventory_key& key, const digest& hash, std::int64_t lane, std::int64_t position, row_id id);
  [[nodiscard]] result<void> commit();

  std::unique_ptr<store> held_;
  connection db_;
  std::map<std::pair<std::int64_t, std::string>, organizer_id> organizers_;
  std::map<std::string, std::int64_t> feeds_;
  statement next_{db_, next_keys.c_str()}, by_hash_{db_, key_with_hash.c_str()};
  statement lane_{db_, "SELECT graph_root, tenant, app FROM lane WHERE id = ?"};
  statement add_record_{db_, "INSERT INTO record(id, lane, payload, update_rule) VALUES(?, ?, ?, ?)"};
  statement add_key_{db_, "INSERT INTO inventory(id, organizer, source, wanted_hash, feed, ends_at) VALUES(?, ?, ?, ?, ?, ?)"};
  statement add_hash_{db_, "INSERT INTO inventory_key(hash, id) VALUES(?, ?)"};
  statement add_observation_{
      db_,
      "INSERT INTO observation(id, state, pending, compared_hash, observed_at, drift, meeting_id, join_web_url, join_meeting_id, passcode, "
      "dial_in_number, conference_id, options_url, expires_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
};

result<void> sqlite_inventory::check_idle() {
  std::string open;
  statement runs(db_, "SELECT id FROM run WHERE state = 2 AND EXISTS(SELECT 1 FROM owed WHERE owed.run = run.id) ORDER BY id");
  for (runs.with(); runs.step();) open += (open.empty() ? "" : ", ") + std::to_string(runs.integer(0));
  if (!db_.ok()) return db_.status();
  if (open.empty()) return {};
  return runs_owe(open, core::escape_for_people(db_.path()));
}

result<std::uint64_t> sqlite_inventory::count_keys() {
  statement n(db_, "SELECT count(*) FROM inventory");
  const auto keys = n.with().step() ? n.as<std::uint64_t>(0) : 0;
  n.reset();
  if (!db_.ok()) return std::unexpected(db_.failure());
  return keys;
}

std::size_t sqlite_inventory::place_of_lane(std::int64_t id, std::vector<lane_name>& lanes) {
  lane_name name;
  if (lane_.with(id).step()) name = {std::string(lane_.text(0)), std::string(lane_.text(1)), std::string(lane_.text(2))};
  lane_.reset();
  return place_in(lanes, std::move(name));
}

result<inventory_page> sqlite_inventory::read_keys(key_id after) {
  inventory_page out;
  for (next_.with(after, page_keys); next_.step();) {
    auto& key = out.keys.emplace_back(read_inventory_key(next_));
    key.lane = place_of_lane(next_.integer(1), out.lanes);
  }
  if (!db_.ok()) return std::unexpected(db_.failure());
  return out;
}

result<std::vector<std::optional<inventory_key>>> sqlite_inventory::find_keys(std::span<const digest> hashes,
                                                                              std::vector<lane_name>& lanes) {
  std::vector<std::optional<inventory_key>> out(hashes.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const digest_bytes hash(hashes[i]);
    if (by_hash_.with(blob(hash.view())).step()) {
      out[i] = read_inventory_key(by_hash_);
      out[i]->lane = place_of_lane(by_hash_.integer(1), lanes);
    }
    by_hash_.reset();
  }
  if (!db_.ok()) return std::unexpected(db_.failure());
  return out;
}

result<remembered> sqlite_inventory::read_memory() {
  remembered out;
  std::vector<lane_name> lanes;
  const auto lane = [&](const statement& row) { return lanes[place_of_lane(row.integer(0), lanes)]; };
  const auto now = wall_now();
  statement cooldowns(db_,
                      "SELECT c.lane, coalesce(o.object_id, ''), c.until, c.saved_at FROM cooldown c "
                      "LEFT JOIN organizer o ON o.id = c.organizer WHERE c.until > ? ORDER BY c.lane, c.organizer");
  for (cooldowns.with(to_stored(now)); cooldowns.step();) {
    const auto saved_at = cooldowns.integer(3) == 0 ? now : std::min(from_stored(cooldowns.integer(3)), now);
    out.cooldowns.push_back({lane(cooldowns), std::string(cooldowns.text(1)), from_stored(cooldowns.integer(2)), saved_at});
  }
  statement paces(db_, "SELECT lane, rate, refused, credit, saved_at FROM learnt ORDER BY lane");
  for (paces.with(); paces.step();) {
    const lane_pace pace{.rate = paces.real(1), .refused = paces.real(2), .credit = paces.real(3)};
    out.paces.push_back({lane(paces), pace, from_stored(paces.integer(4))});
  }
  statement made(
      db_, "SELECT o.lane, o.object_id, m.month, m.n FROM made m JOIN organizer o ON o.id = m.organizer ORDER BY m.organizer, m.month");
  for (made.with(); made.step();) out.counts.push_back({lane(made), std::string(made.text(1)), made.integer(2), made.as<std::uint64_t>(3)});
  if (!db_.ok()) return std::unexpected(db_.failure());
  return out;
}

std::int64_t sqlite_inventory::lane_number(const lane_name& lane) {
  statement insert(db_, "INSERT OR IGNORE INTO lane(graph_root, tenant, app) VALUES(?, ?, ?)");
  insert.with(lane.graph_root, lane.tenant, lane.app).run();
  statement find(db_, "SELECT id FROM lane WHERE graph_root = ? AND tenant = ? AND app = ?");
  return find.with(lane.graph_root, lane.tenant, lane.app).step() ? find.integer(0) : 0;
}

organizer_id sqlite_inventory::organizer_number(std::int64_t lane, const std::string& organizer) {
  auto& known = organizers_[{lane, organizer}];
  if (known != 0) return known;
  statement insert(db_, "INSERT OR IGNORE INTO organizer(lane, object_id) VALUES(?, ?)");
  insert.with(lane, organizer).run();
  statement find(db_, "SELECT id FROM organizer WHERE lane = ? AND object_id = ?");
  if (find.with(lane, organizer).step()) known = find.as<organizer_id>(0);
  return known;
}

std::int64_t sqlite_inventory::feed_number(const std::string& name) {
  if (name.empty()) return 0;
  auto& known = feeds_[name];
  if (known != 0) return known;
  statement insert(db_, "INSERT OR IGNORE INTO feed(name) VALUES(?)");
  insert.with(name).run();
  statement find(db_, "SELECT id FROM feed WHERE name = ?");
  if (find.with(name).step()) known = find.integer(0);
  return known;
}

// The last run of this name, or a new one.
run_id sqlite_inventory::copy_run() {
  statement find(db_, "SELECT max(id) FROM run WHERE input_name = ? AND pruned <> 0");
  if (find.with(copy_run_name).step() && !find.null(0)) return find.as<run_id>(0);
  const auto now = to_stored(wall_now());
  statement insert(db_,
                   "INSERT INTO run(id, identity, state, input_name, input_sha256, settings, dialect, header, tzdata_version, "
                   "convoke_version, drift_fails, planned_at, opened_at, finished_at, pruned) SELECT coalesce(max(id), 0) + 1, ?1, 3, ?1, "
                   "'', '{}', '{}', '', '', '', 0, ?2, ?2, ?2, 1 FROM run");
  insert.with(copy_run_name, now).run();
  return find.with(copy_run_name).step() ? find.as<run_id>(0) : 0;
}

std::int64_t sqlite_inventory::lane_position(run_id run, std::int64_t lane) {
  statement insert(db_,
                   "INSERT INTO run_lane(run, position, lane) SELECT ?1, coalesce(max(position) + 1, 0), ?2 FROM run_lane WHERE run = ?1 "
                   "HAVING NOT EXISTS(SELECT 1 FROM run_lane WHERE run = ?1 AND lane = ?2)");
  insert.with(run, lane).run();
  statement find(db_, "SELECT position FROM run_lane WHERE run = ? AND lane = ?");
  return find.with(run, lane).step() ? find.integer(0) : 0;
}

result<void> sqlite_inventory::add_keys(const inventory_page& page, std::span<const digest> hashes) {
  db_.exec("BEGIN IMMEDIATE");
  const auto run = copy_run();
  std::vector<std::pair<std::int64_t, std::int64_t>> lanes;  // number, position in the run
  for (const auto& lane : page.lanes) {
    const auto number = lane_number(lane);
    lanes.emplace_back(number, lane_position(run, number));
  }
  statement last(db_, "SELECT max(id) FROM inventory WHERE id BETWEEN ? AND ?");
  auto id = last.with(first_row(run), last_row(run)).step() && !last.null(0) ? last.as<row_id>(0) : first_row(run);
  last.reset();
  if (number_of(id) + page.keys.size() >= first_call) db_.fail_with("a run can have 2,147,483,647 keys");
  for (std::size_t i = 0; i < page.keys.size(); ++i) {
    const auto& [number, position] = lanes[page.keys[i].lane];
    add_key(page.keys[i], hashes[i], number, position, ++id);
  }
  return commit();
}

void sqlite_inventory::add_key(const inventory_key& key, const digest& hash, std::int64_t lane, std::int64_t position, row_id id) {
  const digest_bytes key_hash(hash), wanted(key.wanted);
  add_record_.with(id, position, blob(key.payload), key.update_rule).run();
  add_key_.with(id, organizer_number(lane, key.organizer), id, blob(wanted.view()), feed_number(key.feed), key.ends_at).run();
  add_hash_.with(blob(key_hash.view()), id).run();
  if (!key.seen) return;
  const auto& seen = *key.seen;
  add_observation_
      .with(id, seen.state, seen.pending, bytes_of(seen.compared), seen.observed_at, seen.drift, seen.meeting_id, seen.join_web_url,
            seen.join_meeting_id, seen.passcode, seen.dial_in_number, seen.conference_id, seen.options_url, seen.expires_at)
      .run();
}

result<void> sqlite_inventory::add_memory(const remembered& what) {
  db_.exec("BEGIN IMMEDIATE");
  statement cooldown(db_,
                     "INSERT INTO cooldown(lane, organizer, until, saved_at) VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE "
                     "SET until = excluded.until, saved_at = excluded.saved_at WHERE excluded.until > until");
  for (const auto& one : what.cooldowns) {
    const auto lane = lane_number(one.lane);
    const auto organizer = one.organizer.empty() ? 0 : organizer_number(lane, one.organizer);
    cooldown.with(lane, organizer, to_stored(one.until), to_stored(one.saved_at)).run();
  }
  statement pace(db_,
                 "INSERT INTO learnt(lane, rate, refused, credit, saved_at) VALUES(?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                 "rate = excluded.rate, refused = excluded.refused, credit = excluded.credit, saved_at = excluded.saved_at "
                 "WHERE excluded.saved_at > saved_at");
  for (const auto& one : what.paces)
    pace.with(lane_number(one.lane), one.learnt.rate, one.learnt.refused, one.learnt.credit, to_stored(one.saved_at)).run();
  statement made(db_, "INSERT INTO made(organizer, month, n) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET n = max(n, excluded.n)");
  for (const auto& one : what.counts) made.with(organizer_number(lane_number(one.lane), one.organizer), one.month, one.meetings).run();
  return commit();
}

result<void> sqlite_inventory::commit() {
  db_.exec("COMMIT");
  return db_.status();
}

}  // namespace
}  // namespace convoke::ledger::sqlite

namespace convoke::ledger {

result<std::unique_ptr<inventory_access>> open_sqlite_inventory(const open_options& options) {
  auto held = open_sqlite(options);
  if (!held) return std::unexpected(std::move(held.error()));
  auto made = std::make_unique<sqlite::sqlite_inventory>(std::move(*held));
  if (auto opened = made->open(sqlite::true_name(options.path)); !opened) return std::unexpected(std::move(opened.error()));
  return std::unique_ptr<inventory_access>(std::move(made));
}

}  // namespace convoke::ledger
