#include <charconv>

#include "core/text.hpp"
#include "ledger/inspect.hpp"
#include "ledger/open.hpp"
#include "ledger/postgres/connection.hpp"
#include "ledger/postgres/schema.hpp"
#include "ledger/postgres/tables.hpp"

namespace convoke::ledger::postgres {
namespace {

constexpr const char* about_server = R"sql(
SELECT current_setting('server_version'), pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
  coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
  to_regclass('convoke.meta') IS NOT NULL, has_database_privilege(current_database(), 'CREATE'), current_user::text)sql";

constexpr const char* tables_without_rights = R"sql(
SELECT string_agg(c.relname::text, ', ' ORDER BY c.relname) FROM pg_class c
WHERE c.relnamespace = to_regnamespace('convoke') AND c.relkind IN ('r', 'p')
  AND NOT has_table_privilege(c.oid, 'INSERT, UPDATE'))sql";

int number_of(std::string_view text) {
  int out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

outcome_of<result<void>> look(connection& db, const std::string& shown, inspection& into) {
  const auto server = db.run(about_server);
  if (!server) return std::unexpected(server.error());
  into.server = "PostgreSQL " + std::string(server->text(0, 0));
  into.encrypted = server->integer(0, 2) != 0;
  into.exists = server->integer(0, 3) != 0;
  if (server->integer(0, 1) != 0) into.not_writable = "the server takes no writes: it is a standby, or read-only";
  if (!into.exists) {
    if (server->integer(0, 4) == 0 && into.not_writable.empty())
      into.not_writable = "there is none yet, and the user " + std::string(server->text(0, 5)) + " may not make a schema in the database";
    return result<void>();
  }
  const auto version = db.run("SELECT value FROM convoke.meta WHERE name = 'schema_version'");
  if (!version) return std::unexpected(version.error());
  into.version = version->empty() ? 0 : number_of(version->text(0, 0));
  if (into.version <= 0 || into.version >= schema_version) {
    auto good = check_schema(db, shown);
    if (!good || !*good) return good;
  }
  const auto lacking = db.run(tables_without_rights);
  if (!lacking) return std::unexpected(lacking.error());
  if (!lacking->null(0, 0) && into.not_writable.empty())
    into.not_writable = "the user " + std::string(server->text(0, 5)) + " may not write its tables " + std::string(lacking->text(0, 0));
  return result<void>();
}

}  // namespace
}  // namespace convoke::ledger::postgres

namespace convoke::ledger {

result<inspection> inspect_postgres(const std::string& url, const std::function<bool()>& interrupted) {
  using namespace postgres;
  inspection out{.several_processes = true, .own_version = schema_version};
  // A standby is a finding, not a reason to look for another host.
  auto db = connection::open({.url = url, .application_name = "convoke doctor", .interrupted = interrupted});
  if (!db) return std::unexpected(db.error().to_error());
  const auto looked = look(*db, shown_ledger(url), out);
  if (!looked) return std::unexpected(looked.error().to_error());
  if (!*looked) return std::unexpected(looked->error());
  return out;
}

}  // namespace convoke::ledger
