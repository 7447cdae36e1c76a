#include "ledger/sqlite/old_schemas.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <convoke/spec.hpp>

#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {
namespace {

// From 1 to 2: what was learnt of a lane, when a cooldown was saved, and how many meetings were made for an organizer in a month. For the
// time before, the outcomes that are still kept give these counts.
constexpr const char* step_2 = R"sql(
CREATE TABLE learnt(lane INTEGER PRIMARY KEY, rate REAL NOT NULL, refused REAL NOT NULL, credit REAL NOT NULL, saved_at INTEGER NOT NULL) STRICT;
ALTER TABLE fence ADD COLUMN saved_at INTEGER NOT NULL DEFAULT 0;
CREATE TABLE made(organizer INTEGER NOT NULL, month INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(organizer, month)) STRICT, WITHOUT ROWID;
INSERT INTO made(organizer, month, n) SELECT d.organizer, strftime('%Y', o.finished_at / 10000000, 'unixepoch') * 12 +
  strftime('%m', o.finished_at / 10000000, 'unixepoch') - 1 AS month, count(*) FROM decision d JOIN outcome o ON o.id = d.slot
  WHERE o.outcome = 1 AND o.finished_at IS NOT NULL AND d.organizer IS NOT NULL GROUP BY d.organizer, month;
)sql";

// From 2 to 3: why the last call of a row failed that is still owed.
constexpr const char* step_3 = R"sql(
CREATE TABLE lapse(id INTEGER PRIMARY KEY, line INTEGER NOT NULL, attempts INTEGER NOT NULL, http_status INTEGER NOT NULL, error_code TEXT, error_message TEXT,
  request_id TEXT, client_request_id TEXT) STRICT;
)sql";

// From 3 to 4: tables and columns are named after what they hold. A claim is held under a token: the number of the session that made it
// becomes the token, so that old claims are stale. A row owes an operation, and a record has a rule for updates.
constexpr const char* step_4 = R"sql(
ALTER TABLE fence RENAME TO cooldown;
ALTER TABLE twin RENAME TO duplicate;
ALTER TABLE lapse RENAME TO last_failure;
ALTER TABLE owed RENAME COLUMN twins TO duplicates;
ALTER TABLE owed RENAME COLUMN owner TO token;
ALTER TABLE owed RENAME COLUMN slot TO call;
ALTER TABLE owed DROP COLUMN epoch;
ALTER TABLE owed ADD COLUMN operation INTEGER NOT NULL DEFAULT 1;
ALTER TABLE decision RENAME COLUMN slot TO outcome_id;
ALTER TABLE record ADD COLUMN update_rule INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN update_drifted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN enforce_roles INTEGER NOT NULL DEFAULT 0;
)sql";

// From 4 to 5: a record may have several rows, its occurrences, so that a row has a number besides its line; keys belong to feeds.
constexpr const char* step_5 = R"sql(
ALTER TABLE owed RENAME COLUMN line TO number;
ALTER TABLE last_failure RENAME COLUMN line TO number;
ALTER TABLE run ADD COLUMN feed TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN line INTEGER;
ALTER TABLE record ADD COLUMN first INTEGER;
ALTER TABLE record ADD COLUMN occurrence INTEGER;
CREATE TABLE feed(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
ALTER TABLE inventory ADD COLUMN feed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inventory ADD COLUMN ends_at INTEGER;
)sql";

// From 5 to 6: the users whom rows name by UPN.
constexpr const char* step_6 = R"sql(
CREATE TABLE known_user(graph_root TEXT NOT NULL, tenant TEXT NOT NULL, upn TEXT NOT NULL, object_id TEXT NOT NULL,
  looked_up_at INTEGER NOT NULL, PRIMARY KEY(graph_root, tenant, upn)) STRICT, WITHOUT ROWID;
CREATE TABLE user_cooldown(graph_root TEXT NOT NULL, tenant TEXT NOT NULL, until INTEGER NOT NULL, saved_at INTEGER NOT NULL,
  PRIMARY KEY(graph_root, tenant)) STRICT, WITHOUT ROWID;
)sql";

// From 6 to 7: where a meeting's options are, and when it expires.
constexpr const char* step_7 = R"sql(
ALTER TABLE observation ADD COLUMN options_url TEXT;
ALTER TABLE observation ADD COLUMN expires_at INTEGER;
ALTER TABLE run ADD COLUMN keep_alive INTEGER;
)sql";

// From 7 to 8: kinds of runs.
constexpr const char* step_8 = R"sql(
ALTER TABLE run ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;
ALTER TABLE run ADD COLUMN repair INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN remove_vanished INTEGER NOT NULL DEFAULT 0;
)sql";

// As version 5 began to name feeds: a pipe has no name of its own, `<(...)` is called /dev/fd/63.
std::string_view feed_of_input(std::string_view input) {
  if (input == "-" || input == "/dev/stdin" || input.starts_with("/dev/fd/") || input.starts_with("/proc/")) return {};
  return input.substr(input.rfind('/') + 1);
}

// The feed of an older run is the name of its input. Returns the feeds of the runs that have one.
std::unordered_map<run_id, std::int64_t> name_feeds(connection& db) {
  std::vector<std::pair<run_id, std::string>> runs;
  statement inputs(db, "SELECT id, input_name FROM run ORDER BY id");
  for (inputs.with(); inputs.step();) {
    if (const auto feed = feed_of_input(inputs.text(1)); !feed.empty()) runs.emplace_back(inputs.as<run_id>(0), feed);
  }
  statement set(db, "UPDATE run SET feed = ? WHERE id = ?");
  statement add(db, "INSERT OR IGNORE INTO feed(name) VALUES(?)");
  statement find(db, "SELECT id FROM feed WHERE name = ?");
  std::unordered_map<run_id, std::int64_t> out;
  for (const auto& [run, feed] : runs) {
    set.with(feed, run).run();
    add.with(feed).run();
    if (find.with(feed).step()) out.emplace(run, find.integer(0));
    find.reset();
  }
  return out;
}

// Keys belong to the feed of the run that wants them, until their meeting has ended.
void complete_inventory(connection& db, const std::unordered_map<run_id, std::int64_t>& feeds) {
  constexpr int page_rows = 1000;
  struct key_row {
    key_id key;
    std::int64_t feed;
    std::optional<std::int64_t> ends_at;
  };
  statement next(
      db, "SELECT i.id, i.source, r.payload FROM inventory i LEFT JOIN record r ON r.id = i.source WHERE i.id > ? ORDER BY i.id LIMIT ?");
  statement set(db, "UPDATE inventory SET feed = ?, ends_at = ? WHERE id = ?");
  std::vector<key_row> page;
  key_id after = 0;
  do {
    page.clear();
    for (next.with(after, page_rows); next.step();) {
      const auto feed = feeds.find(run_of(next.as<row_id>(1)));
      const auto wanted = decode_spec(next.text(2));
      page.push_back({.key = next.as<key_id>(0),
                      .feed = feed == feeds.end() ? 0 : feed->second,
                      .ends_at = wanted ? std::optional(to_stored(wanted->end)) : std::nullopt});
    }
    for (const auto& row : page) set.with(row.feed, row.ends_at, row.key).run();
    if (!page.empty()) after = page.back().key;
  } while (!page.empty() && db.ok());
}

constexpr const char* views[] = {"run",      "record", "decision", "duplicate", "owed",       "last_failure",
                                 "cooldown", "learnt", "feed",     "inventory", "observation"};

constexpr const char* views_over_4 = R"sql(
CREATE TEMP VIEW run AS SELECT *, '' AS feed, NULL AS keep_alive, 1 AS kind, 0 AS repair, 0 AS remove_vanished FROM main.run;
CREATE TEMP VIEW record AS SELECT *, NULL AS line, NULL AS first, NULL AS occurrence FROM main.record;
CREATE TEMP VIEW owed AS SELECT run, organizer, line AS number, key, token, strikes, duplicates, call, hash, operation FROM main.owed;
CREATE TEMP VIEW last_failure AS SELECT id, line AS number, attempts, http_status, error_code, error_message, request_id, client_request_id
  FROM main.last_failure;
)sql";
constexpr const char* no_expiry = "CREATE TEMP VIEW observation AS SELECT *, NULL AS options_url, NULL AS expires_at FROM main.observation";
constexpr const char* runs_of_5 =
    "CREATE TEMP VIEW run AS SELECT *, NULL AS keep_alive, 1 AS kind, 0 AS repair, 0 AS remove_vanished FROM main.run";
constexpr const char* runs_of_7 = "CREATE TEMP VIEW run AS SELECT *, 1 AS kind, 0 AS repair, 0 AS remove_vanished FROM main.run";
constexpr const char* no_feeds = R"sql(
CREATE TEMP VIEW feed AS SELECT NULL AS id, NULL AS name WHERE 0;
CREATE TEMP VIEW inventory AS SELECT *, 0 AS feed, NULL AS ends_at FROM main.inventory;
)sql";

constexpr const char* views_over_3 = R"sql(
CREATE TEMP VIEW run AS SELECT *, 0 AS update_drifted, 0 AS enforce_roles, '' AS feed, NULL AS keep_alive, 1 AS kind, 0 AS repair, 0 AS remove_vanished
  FROM main.run;
CREATE TEMP VIEW record AS SELECT *, 0 AS update_rule, NULL AS line, NULL AS first, NULL AS occurrence FROM main.record;
CREATE TEMP VIEW decision AS SELECT id, key, organizer, slot AS outcome_id FROM main.decision;
CREATE TEMP VIEW duplicate AS SELECT first, id FROM main.twin;
CREATE TEMP VIEW owed AS SELECT run, organizer, line AS number, key, owner AS token, strikes, twins AS duplicates, slot AS call, hash, 1 AS operation FROM main.owed;
)sql";

constexpr const char* last_failures_of_3 =
    "CREATE TEMP VIEW last_failure AS SELECT id, line AS number, attempts, http_status, error_code, error_message, request_id, "
    "client_request_id FROM main.lapse";
constexpr const char* no_last_failures =
    "CREATE TEMP VIEW last_failure AS SELECT NULL AS id, NULL AS number, NULL AS attempts, NULL AS http_status, NULL AS error_code, "
    "NULL AS error_message, NULL AS request_id, NULL AS client_request_id WHERE 0";

constexpr const char* memory_of_2 = "CREATE TEMP VIEW cooldown AS SELECT * FROM main.fence";
constexpr const char* memory_of_1 =
    "CREATE TEMP VIEW cooldown AS SELECT *, 0 AS saved_at FROM main.fence;"
    "CREATE TEMP VIEW learnt AS SELECT NULL AS lane, NULL AS rate, NULL AS refused, NULL AS credit, NULL AS saved_at WHERE 0";

}  // namespace

void upgrade_tables(connection& db, int version) {
  // A later version adds its step here: each leaves the ledger at the next version.
  if (version < 2) db.exec(step_2);
  if (version < 3) db.exec(step_3);
  if (version < 4) db.exec(step_4);
  if (version < 5) {
    db.exec(step_5);
    complete_inventory(db, name_feeds(db));
  }
  if (version < 6) db.exec(step_6);
  if (version < 7) db.exec(step_7);
  if (version < 8) db.exec(step_8);
}

void show_present_tables(connection& db, int version) {
  if (version > 7) return;
  if (version == 7) return db.exec(runs_of_7);
  db.exec(no_expiry);
  if (version > 4) return db.exec(runs_of_5);
  db.exec(no_feeds);
  if (version == 4) return db.exec(views_over_4);
  db.exec(views_over_3);
  db.exec(version < 3 ? no_last_failures : last_failures_of_3);
  db.exec(version < 2 ? memory_of_1 : memory_of_2);
}

void hide_present_tables(connection& db) {
  for (const auto* view : views) db.exec((std::string("DROP VIEW IF EXISTS temp.") + view).c_str());
}

}  // namespace convoke::ledger::sqlite
