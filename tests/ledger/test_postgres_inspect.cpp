// A look at a PostgreSQL ledger that changes nothing.

#include "ledger/inspect.hpp"
#include "ledger/postgres/tables.hpp"
#include "ledger/postgres_database.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

const auto never = [] { return false; };

result<inspection> look(const std::string& url) {
  return inspect_ledger(url, never);
}

// The URL of this database for a user without any rights.
std::string for_reader(const postgres_database& at) {
  const auto name = "reader_" + at.ask("SELECT substr(md5(current_database()), 1, 12)");
  at.ask("DROP ROLE IF EXISTS " + name);
  at.ask("CREATE ROLE " + name + " LOGIN");
  at.ask("GRANT USAGE ON SCHEMA convoke TO " + name);
  at.ask("GRANT SELECT ON ALL TABLES IN SCHEMA convoke TO " + name);
  const auto url = at.url();
  return url + (url.contains('?') ? "&" : "?") + "options=-c%20role%3D" + name;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(inspecting_postgres)

BOOST_AUTO_TEST_CASE(a_database_without_a_ledger_stays_so) {
  const postgres_database at;
  const auto seen = must(look(at.url()));
  BOOST_TEST(seen.several_processes);
  BOOST_TEST(!seen.exists);
  BOOST_TEST(seen.not_writable.empty());
  BOOST_TEST(seen.server.starts_with("PostgreSQL "));
  BOOST_TEST(seen.encrypted.has_value());
  BOOST_TEST(at.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'convoke'") == "0");
}

BOOST_AUTO_TEST_CASE(a_sound_one) {
  const postgres_database at;
  at.open().reset();
  const auto seen = must(look(at.url()));
  BOOST_TEST(seen.exists);
  BOOST_TEST(seen.version == postgres::schema_version);
  BOOST_TEST(seen.not_writable.empty());
}

BOOST_AUTO_TEST_CASE(an_older_and_a_newer_one) {
  const postgres_database at;
  at.open().reset();
  at.ask("UPDATE convoke.meta SET value = '1' WHERE name = 'schema_version'");
  BOOST_TEST(must(look(at.url())).version == 1);
  at.ask("UPDATE convoke.meta SET value = '99' WHERE name = 'schema_version'");
  BOOST_TEST(look(at.url()).error().message.contains("newer convoke (schema 99"));
  at.ask("UPDATE convoke.meta SET value = 'x' WHERE name = 'schema_version'");
  BOOST_TEST(look(at.url()).error().message.contains("damaged"));
}

BOOST_AUTO_TEST_CASE(a_user_who_may_not_write) {
  const postgres_database at;
  at.open().reset();
  const auto seen = must(look(for_reader(at)));
  BOOST_TEST(seen.not_writable.contains("may not write its tables"));
  BOOST_TEST(seen.not_writable.contains("inventory"));
}

BOOST_AUTO_TEST_CASE(a_server_that_takes_no_writes) {
  const postgres_database at;
  at.open().reset();
  at.ask("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$");
  const auto url = at.url();
  const auto seen = look(url + (url.contains('?') ? "&" : "?") + "target_session_attrs=any");
  BOOST_TEST(must(seen).not_writable.contains("takes no writes"));
}

BOOST_AUTO_TEST_CASE(no_server) {
  const auto seen = look("postgresql://127.0.0.1:1/none");
  BOOST_TEST_REQUIRE(!seen.has_value());
  BOOST_TEST((seen.error().code == errc::storage));
}

BOOST_AUTO_TEST_SUITE_END()
