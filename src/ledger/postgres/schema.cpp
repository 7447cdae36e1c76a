#include "ledger/postgres/schema.hpp"

#include <charconv>
#include <string_view>
#include <utility>

#include <convoke/time.hpp>

#include "core/text.hpp"
#include "ledger/digest.hpp"
#include "ledger/postgres/locks.hpp"
#include "ledger/postgres/tables.hpp"
#include "os/clock.hpp"

namespace convoke::ledger::postgres {
namespace {

constexpr int oldest_server = 130000;  // earlier versions get no corrections any more
constexpr int damaged = -1;            // in place of a version that is not one

// What was found in the database.
struct found_schema {
  bool exists = false;  // a schema of this name
  bool empty = true;    // without any table
  bool marked = false;  // as a ledger of convoke
  int version = 0, hashes = 0;
  std::string encoding;
  int server = 0;
};

outcome_of<void> read_marks(connection& db, found_schema& into) {
  auto marks = db.run("SELECT name, value FROM convoke.meta WHERE name IN ('application', 'schema_version', 'hash_version')");
  if (!marks) return std::unexpected(std::move(marks.error()));
  for (int i = 0; i < marks->size(); ++i) {
    const auto name = marks->text(i, 0), value = marks->text(i, 1);
    if (name == "application") into.marked = value == "convoke";
    int number = 0;
    const auto [end, wrong] = std::from_chars(value.data(), value.data() + value.size(), number);
    // A ledger of convoke has whole numbers here.
    if (name != "application" && (wrong != std::errc() || end != value.data() + value.size() || number < 1)) number = damaged;
    if (name == "schema_version") into.version = number;
    if (name == "hash_version") into.hashes = number;
  }
  return {};
}

outcome_of<found_schema> look(connection& db) {
  auto about = db.run(
      "SELECT to_regnamespace('convoke') IS NOT NULL, EXISTS(SELECT FROM pg_class WHERE relnamespace = to_regnamespace('convoke')::oid), "
      "EXISTS(SELECT FROM pg_attribute WHERE attrelid = to_regclass('convoke.meta')::oid AND attname = 'value' AND atttypid = "
      "'text'::regtype), "
      "current_setting('server_encoding'), current_setting('server_version_num')::int");
  if (!about) return std::unexpected(std::move(about.error()));
  found_schema out{.exists = about->integer(0, 0) != 0,
                   .empty = about->integer(0, 1) == 0,
                   .encoding = std::string(about->text(0, 3)),
                   .server = about->as<int>(0, 4)};
  if (about->integer(0, 2) == 0) return out;
  if (auto read = read_marks(db, out); !read) return std::unexpected(std::move(read.error()));
  return out;
}

result<void> check_database(const found_schema& found, const std::string& shown) {
  if (found.server < oldest_server) {
    return fail(errc::storage, "ledger " + shown + ": PostgreSQL " + std::to_string(found.server / 10'000) + " is too old; use version " +
                                   std::to_string(oldest_server / 10'000) + " or later");
  }
  if (found.encoding != "UTF8") {
    return fail(errc::storage, "ledger " + shown + ": the encoding of the database is " + core::escape_for_people(found.encoding, 30) +
                                   "; make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0");
  }
  return {};
}

result<void> check_marks(const found_schema& found, const std::string& shown) {
  if (!found.marked) {
    return fail(errc::storage,
                "the database " + shown + " has a schema `convoke` that is not a ledger of convoke; choose another database with --ledger");
  }
  if (found.version <= 0 || found.hashes <= 0) {
    return fail(errc::storage,
                "the ledger " + shown +
                    " is damaged: convoke.meta holds no schema_version or hash_version that is a number. Restore the database "
                    "from a backup (an old backup costs repeated calls, never a second meeting)");
  }
  if (found.version > schema_version) {
    return fail(errc::storage, "ledger " + shown + " was written by a newer convoke (schema " + std::to_string(found.version) +
                                   ", this one knows up to " + std::to_string(schema_version) + "); use that version, or another ledger");
  }
  if (found.hashes != hash_version) {
    return fail(errc::storage, "ledger " + shown + ": its keys are hashed in way " + std::to_string(found.hashes) +
                                   ", which this convoke does not know; use the convoke that wrote it, or a newer one");
  }
  return {};
}

outcome_of<result<void>> check_tables(connection& db, const std::string& shown) {
  constexpr std::string_view expected[] = {"lane",          "organizer",    "run",       "run_lane",      "tally",        "record",
                                           "decision",      "duplicate",    "owed",      "outcome",       "last_failure", "feed",
                                           "inventory",     "observation",  "cooldown",  "learnt",        "made",         "session",
                                           "inventory_key", "session_lane", "lane_rate", "lane_throttle", "known_user",   "user_cooldown"};
  auto missing =
      db.run("SELECT string_agg(t, ', ') FROM unnest($1) t WHERE to_regclass('convoke.' || t) IS NULL", params().texts(expected));
  if (!missing) return std::unexpected(std::move(missing.error()));
  if (missing->null(0, 0)) return result<void>();
  return result<void>(
      fail(errc::storage, "the ledger " + shown + " is damaged: it lacks the tables " + std::string(missing->text(0, 0)) +
                              ". Restore the database from a backup (an old backup costs repeated calls, never a second meeting)"));
}

// From 2 to 3.
constexpr const char* users_step = R"sql(
CREATE TABLE convoke.known_user(graph_root text NOT NULL, tenant text NOT NULL, upn text NOT NULL, object_id text NOT NULL,
  looked_up_at bigint NOT NULL, PRIMARY KEY(graph_root, tenant, upn));
CREATE TABLE convoke.user_cooldown(graph_root text NOT NULL, tenant text NOT NULL, until timestamptz NOT NULL, PRIMARY KEY(graph_root, tenant));
)sql";

// From 3 to 4.
constexpr const char* expiry_step = R"sql(
ALTER TABLE convoke.observation ADD COLUMN options_url text, ADD COLUMN expires_at bigint;
ALTER TABLE convoke.run ADD COLUMN keep_alive bigint;
)sql";

// From 4 to 5.
constexpr const char* kinds_step =
    "ALTER TABLE convoke.run ADD COLUMN kind int NOT NULL DEFAULT 1, ADD COLUMN repair boolean NOT NULL DEFAULT false, "
    "ADD COLUMN remove_vanished boolean NOT NULL DEFAULT false";

// Each version has its step, from the one before. Schema 1 is the first one.
outcome_of<void> migrate(connection& db, int from) {
  if (from < 2) {
    if (auto added = db.run("ALTER TABLE convoke.owed ADD COLUMN struck_at timestamptz"); !added)
      return std::unexpected(std::move(added.error()));
  }
  if (from < 3) {
    if (auto added = db.script(users_step); !added) return added;
  }
  if (from < 4) {
    if (auto added = db.script(expiry_step); !added) return added;
  }
  if (from < 5) {
    if (auto added = db.script(kinds_step); !added) return added;
  }
  auto done = db.run("UPDATE convoke.meta SET value = $1 WHERE name = 'schema_version'", params().with(std::to_string(schema_version)));
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

outcome_of<void> create(connection& db, const found_schema& found, const std::string& program_version) {
  // A user without the right to create schemas may use one that the administrator made.
  if (!found.exists) {
    if (auto made = db.run("CREATE SCHEMA convoke"); !made) return std::unexpected(std::move(made.error()));
  }
  if (auto made = db.script(tables); !made) return made;
  const auto schema = std::to_string(schema_version), hashes = std::to_string(hash_version), now = format_utc(os::wall_now());
  const std::string_view names[] = {"application", "schema_version", "hash_version", "created_by", "created_at"};
  const std::string_view values[] = {"convoke", schema, hashes, program_version, now};
  auto marked = db.run("INSERT INTO convoke.meta(name, value) SELECT * FROM unnest($1, $2)", params().texts(names).texts(values));
  if (!marked) return std::unexpected(std::move(marked.error()));
  return {};
}

outcome_of<result<void>> check(connection& db, const found_schema& found, const std::string& shown) {
  if (auto usable = check_database(found, shown); !usable) return usable;
  if (found.empty) return result<void>();
  if (auto ours = check_marks(found, shown); !ours) return ours;
  if (found.version < schema_version) return result<void>();
  return check_tables(db, shown);
}

bool ready(const found_schema& found) {
  return !found.empty && found.version == schema_version;
}

result<void> no_ledger(const std::string& shown) {
  return fail(errc::storage,
              "there is no ledger in the database " + shown + "; check --ledger, or run `convoke plan` or `convoke apply` first");
}

outcome_of<result<void>> make_ready(connection& db, const schema_options& options) {
  if (auto begun = db.begin(); !begun) return std::unexpected(std::move(begun.error()));
  if (auto locked = lock(db, lock_migration); !locked) return std::unexpected(std::move(locked.error()));
  // Another process may have been faster.
  const auto found = look(db);
  if (!found) return std::unexpected(found.error());
  auto good = check(db, *found, options.shown);
  if (!good || !*good) return good;
  if (!ready(*found)) {
    auto made = found->empty ? create(db, *found, options.program_version) : migrate(db, found->version);
    if (!made) return std::unexpected(std::move(made.error()));
  }
  if (options.temporary) return good;
  if (auto committed = db.commit(); !committed) return std::unexpected(std::move(committed.error()));
  return good;
}

}  // namespace

outcome_of<result<void>> prepare_schema(connection& db, const schema_options& options) {
  const auto found = look(db);
  if (!found) return std::unexpected(found.error());
  auto good = check(db, *found, options.shown);
  if (!good || !*good || ready(*found)) return good;
  if (found->empty && !options.create) {
    return no_ledger(options.shown);
  }
  good = make_ready(db, options);
  if (!good || !*good) db.roll_back();
  return good;
}

outcome_of<result<void>> check_schema(connection& db, const std::string& shown) {
  const auto found = look(db);
  if (!found) return std::unexpected(found.error());
  auto good = check(db, *found, shown);
  if (!good || !*good || ready(*found)) return good;
  if (found->empty) return no_ledger(shown);
  return result<void>(fail(errc::storage, "ledger " + shown + " was written by an older convoke (schema " + std::to_string(found->version) +
                                              "): the next `convoke plan`, `apply` or `work` brings it up to date"));
}

}  // namespace convoke::ledger::postgres
