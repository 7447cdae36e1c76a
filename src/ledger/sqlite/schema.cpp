#include "ledger/sqlite/schema.hpp"

#include <sqlite3.h>

#include <algorithm>

#include <convoke/time.hpp>

#include "core/text.hpp"
#include "ledger/digest.hpp"
#include "ledger/sqlite/housekeeping.hpp"
#include "ledger/sqlite/ledger_file.hpp"
#include "ledger/sqlite/old_schemas.hpp"
#include "ledger/sqlite/runs.hpp"

namespace convoke::ledger::sqlite {
namespace {

// Row ids are run << 32 | the number of the row, which is the number of its line unless a record before it repeats. The calls of a run are
// numbered in (organizer, number) order, the order in which they are made. Outcomes of calls, and keys that a run is the first to have, get
// ids made of that number. So a run writes its rows at a few places in integer keys that move forward, whatever the order of the input, and
// never at random places in the tables.
constexpr const char* tables = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
CREATE TABLE lane(id INTEGER PRIMARY KEY, graph_root TEXT NOT NULL, tenant TEXT NOT NULL, app TEXT NOT NULL,
  UNIQUE(graph_root, tenant, app)) STRICT;
CREATE TABLE organizer(id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, object_id TEXT NOT NULL, UNIQUE(lane, object_id)) STRICT;

-- state: 1 planned, 2 open, 3 finished, 4 discarded. pruned: 1 its records, outcomes and decisions are gone. keep_alive: in seconds.
-- kind: 1 provision, 2 verify, 3 remove
CREATE TABLE run(id INTEGER PRIMARY KEY, identity TEXT NOT NULL, state INTEGER NOT NULL, input_name TEXT NOT NULL,
  input_sha256 TEXT NOT NULL, settings TEXT NOT NULL, dialect TEXT NOT NULL, header TEXT NOT NULL, tzdata_version TEXT NOT NULL,
  convoke_version TEXT NOT NULL, drift_fails INTEGER NOT NULL, rows INTEGER NOT NULL DEFAULT 0, planned_at INTEGER NOT NULL,
  opened_at INTEGER, finished_at INTEGER, pruned INTEGER NOT NULL DEFAULT 0, update_drifted INTEGER NOT NULL DEFAULT 0,
  enforce_roles INTEGER NOT NULL DEFAULT 0, feed TEXT NOT NULL DEFAULT '', keep_alive INTEGER,
  kind INTEGER NOT NULL DEFAULT 1, repair INTEGER NOT NULL DEFAULT 0, remove_vanished INTEGER NOT NULL DEFAULT 0) STRICT;
-- the lanes of a run in the order of its header; `lane` is the id of table lane, `position` what the interface calls lane_id
CREATE TABLE run_lane(run INTEGER NOT NULL, position INTEGER NOT NULL, lane INTEGER NOT NULL, PRIMARY KEY(run, position))
  STRICT, WITHOUT ROWID;
-- how many rows of a run have each outcome
CREATE TABLE tally(run INTEGER NOT NULL, outcome INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(run, outcome)) STRICT, WITHOUT ROWID;
-- the rows of a run: the records of its input, and the occurrences of those that repeat. raw is NULL where only the inventory still needs the
-- payload, and in all but the first occurrence of a record. lane: a position in run_lane. line: of the record in the file; NULL where it is
-- the number of the row; 0 where the row is no record of the input, but a meeting of the inventory. payload: of a row with an error the hashes of its keys, where they could be read. first: the number of the record's
-- first row, NULL where it is this one. occurrence: its date as YYYYMMDD
CREATE TABLE record(id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, raw BLOB, payload BLOB, error TEXT,
  update_rule INTEGER NOT NULL DEFAULT 0, line INTEGER, first INTEGER, occurrence INTEGER) STRICT;
-- what was decided about them. key is NULL for rejected rows; outcome_id is NULL where it is the id of the row
CREATE TABLE decision(id INTEGER PRIMARY KEY, key INTEGER, organizer INTEGER, outcome_id INTEGER) STRICT;
-- rows that share the key and payload of an earlier row, `first`, and end as it does
CREATE TABLE duplicate(first INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY(first, id)) STRICT, WITHOUT ROWID;
-- rows that owe an operation (1 create_or_get, 2 update, 3 get, 4 remove, 5 an update that only extends, 6 a removal that waits for all other
-- rows of its run, 7 a get that repairs). number: of the row. token: 0 unclaimed. call: the number of the call in the run. hash: of the
-- wanted payload
CREATE TABLE owed(run INTEGER NOT NULL, organizer INTEGER NOT NULL, number INTEGER NOT NULL, key INTEGER NOT NULL, token INTEGER NOT NULL,
  strikes INTEGER NOT NULL, duplicates INTEGER NOT NULL, call INTEGER NOT NULL, hash BLOB NOT NULL, operation INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY(run, organizer, number)) STRICT, WITHOUT ROWID;
CREATE TABLE outcome(id INTEGER PRIMARY KEY, outcome INTEGER NOT NULL, attempts INTEGER, http_status INTEGER, error_code TEXT,
  error_message TEXT, request_id TEXT, client_request_id TEXT, drift TEXT, finished_at INTEGER) STRICT;
-- why the last call of a row failed that is still owed. id: of the outcome that it will have; number: of the row that is owed, which for a
-- duplicate is another one
CREATE TABLE last_failure(id INTEGER PRIMARY KEY, number INTEGER NOT NULL, attempts INTEGER NOT NULL, http_status INTEGER NOT NULL,
  error_code TEXT, error_message TEXT, request_id TEXT, client_request_id TEXT) STRICT;

-- the series of files that keys belong to
CREATE TABLE feed(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
-- the inventory, for ever. What is wanted of a key: source is the record with the payload. feed: 0 for none. ends_at: when the wanted meeting
-- ends; NULL where that is not known
CREATE TABLE inventory(id INTEGER PRIMARY KEY, organizer INTEGER NOT NULL, source INTEGER NOT NULL, wanted_hash BLOB NOT NULL,
  feed INTEGER NOT NULL DEFAULT 0, ends_at INTEGER) STRICT;
CREATE TABLE inventory_key(hash BLOB PRIMARY KEY, id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- what was observed of a key. state: 1 satisfied, 2 drifted, 3 failed, 4 lost, 5 removed, 6 incomplete (a further operation is owed).
-- compared_hash: the payload that the meeting was compared with. pending: 1 once the inventory wants something else. expires_at: as the service
-- said; NULL where it said nothing
CREATE TABLE observation(id INTEGER PRIMARY KEY, state INTEGER NOT NULL, pending INTEGER NOT NULL, compared_hash BLOB, observed_at INTEGER,
  drift TEXT, meeting_id TEXT, join_web_url TEXT, join_meeting_id TEXT, passcode TEXT, dial_in_number TEXT, conference_id TEXT,
  options_url TEXT, expires_at INTEGER) STRICT;

-- what is remembered of lanes. cooldown.organizer is 0 for the lane itself
CREATE TABLE cooldown(lane INTEGER NOT NULL, organizer INTEGER NOT NULL, until INTEGER NOT NULL, saved_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(lane, organizer)) STRICT, WITHOUT ROWID;
CREATE TABLE learnt(lane INTEGER PRIMARY KEY, rate REAL NOT NULL, refused REAL NOT NULL, credit REAL NOT NULL, saved_at INTEGER NOT NULL)
  STRICT;
-- how many meetings were made for an organizer in a month. Months are counted from the year 0
CREATE TABLE made(organizer INTEGER NOT NULL, month INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(organizer, month))
  STRICT, WITHOUT ROWID;
-- the users of tenants whom rows name by UPN: their object ids, and when they were looked up
CREATE TABLE known_user(graph_root TEXT NOT NULL, tenant TEXT NOT NULL, upn TEXT NOT NULL, object_id TEXT NOT NULL,
  looked_up_at INTEGER NOT NULL, PRIMARY KEY(graph_root, tenant, upn)) STRICT, WITHOUT ROWID;
-- until when the service takes no look-ups of a tenant
CREATE TABLE user_cooldown(graph_root TEXT NOT NULL, tenant TEXT NOT NULL, until INTEGER NOT NULL, saved_at INTEGER NOT NULL,
  PRIMARY KEY(graph_root, tenant)) STRICT, WITHOUT ROWID;

CREATE TRIGGER outcome_is_final BEFORE UPDATE ON outcome BEGIN SELECT RAISE(ABORT, 'an outcome is final'); END;
CREATE TRIGGER outcome_stays BEFORE DELETE ON outcome WHEN (SELECT pruned FROM run WHERE id = OLD.id >> 32) = 0
  BEGIN SELECT RAISE(ABORT, 'an outcome is final'); END;
CREATE TRIGGER run_goes_forward BEFORE UPDATE OF state ON run WHEN NEW.state < OLD.state BEGIN SELECT RAISE(ABORT, 'a run cannot go back'); END;
)sql";

result<void> check(connection& db, const char* pragma, std::string_view wanted, const char* otherwise) {
  const std::string found = db.ask(pragma);
  if (!db.ok()) return db.status();
  if (found == wanted) return {};
  return fail(errc::storage, "ledger " + shown(db.path()) + ": " + otherwise + " (wanted " + std::string(wanted) + ", found " +
                                 core::escape_for_people(found) + ")");
}

std::int64_t number(const std::string& text) {
  return text.empty() ? 0 : std::strtoll(text.c_str(), nullptr, 10);
}

void create_tables(connection& db, const std::string& program_version) {
  db.exec(tables);
  statement remember(db, "INSERT INTO meta(name, value) VALUES(?, ?)");
  remember.with("hash_version", hash_version).run();
  remember.with("created_by", program_version).run();
  remember.with("created_at", format_utc(wall_now())).run();
  remember.with(no_orphans, 1).run();
  db.exec(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
}

// A damaged file can have the marks of a ledger and lack some of its tables.
result<void> check_tables(connection& db, int version) {
  struct table {
    const char* name;
    int since, until = schema_version;  // the first and the last version that has it under this name
  };
  constexpr table expected[] = {{"meta", 1},         {"lane", 1},     {"organizer", 1},  {"run", 1},           {"run_lane", 1},
                                {"tally", 1},        {"record", 1},   {"decision", 1},   {"twin", 1, 3},       {"duplicate", 4},
                                {"owed", 1},         {"outcome", 1},  {"inventory", 1},  {"inventory_key", 1}, {"observation", 1},
                                {"fence", 1, 3},     {"cooldown", 4}, {"learnt", 2},     {"made", 2},          {"lapse", 3, 3},
                                {"last_failure", 4}, {"feed", 5},     {"known_user", 6}, {"user_cooldown", 6}};
  statement find(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  std::string missing;
  for (const auto& [name, since, until] : expected) {
    if (version < since || version > until) continue;
    if (!find.with(name).step()) missing += (missing.empty() ? "" : ", ") + std::string(name);
    find.reset();
  }
  if (!db.ok()) return db.status();
  if (missing.empty()) return {};
  return fail(errc::storage, "the ledger " + shown(db.path()) + " is damaged: it lacks the tables " + missing + ". " + put_a_copy_back);
}

result<void> check_hash_version(connection& db) {
  const auto found = number(db.ask("SELECT value FROM meta WHERE name = 'hash_version'"));
  if (!db.ok()) return db.status();
  if (found == hash_version) return {};
  return fail(errc::storage, "ledger " + shown(db.path()) + ": its keys are hashed in way " + std::to_string(found) +
                                 ", which this convoke does not know; use the convoke that wrote it, or a newer one");
}

}  // namespace

result<identified> identify(connection& db) {
  const auto app = number(db.ask("PRAGMA application_id"));
  const auto version = static_cast<int>(number(db.ask("PRAGMA user_version")));
  const auto things = number(db.ask("SELECT count(*) FROM sqlite_schema"));
  if (!db.ok()) return std::unexpected(db.failure());
  if (app == 0 && things == 0) return identified{.empty = true};
  if (app != application_id) {
    return fail(errc::storage, shown(db.path()) + " is a SQLite database, but not a ledger of convoke; choose another path with --ledger");
  }
  if (version > schema_version) {
    return fail(errc::storage, "ledger " + shown(db.path()) + " was written by a newer convoke (schema " + std::to_string(version) +
                                   ", this one knows up to " + std::to_string(schema_version) + "); use that version, or another ledger");
  }
  // Version 1 is the oldest: a file with a lower number has lost it.
  if (auto whole = check_tables(db, std::max(version, 1)); !whole) return std::unexpected(whole.error());
  return identified{.version = version};
}

result<void> prepare_schema(connection& db, const identified& found, const std::string& program_version) {
  if (!found.empty) {
    if (auto known = check_hash_version(db); !known || found.version == schema_version) return known;
  }
  db.exec("BEGIN IMMEDIATE");
  if (found.empty) {
    create_tables(db, program_version);
  } else {
    upgrade_tables(db, found.version);
  }
  db.exec(("PRAGMA user_version = " + std::to_string(schema_version)).c_str());
  db.exec("COMMIT");
  return db.status();
}

result<void> configure_writer(connection& db) {
  // A log of 16 MiB between checkpoints: pages that change often are copied back once, not at every group.
  db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA mmap_size = 0; PRAGMA wal_autocheckpoint = "
      "4096;"
      "PRAGMA journal_size_limit = 67108864; PRAGMA recursive_triggers = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
  if (!db.ok()) return db.status();
  sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  const auto no_wal = "write-ahead logging is refused; network and some virtual file systems cannot do it: put the ledger on a local disk";
  if (auto good = check(db, "PRAGMA journal_mode", "wal", no_wal); !good) return good;
  if (auto good = check(db, "PRAGMA synchronous", "2", "SQLite does not take synchronous=FULL"); !good) return good;
  if (auto good = check(db, "PRAGMA mmap_size", "0", "SQLite does not take mmap_size=0"); !good) return good;
  return check(db, "PRAGMA recursive_triggers", "1", "SQLite does not take recursive_triggers=ON");
}

}  // namespace convoke::ledger::sqlite
