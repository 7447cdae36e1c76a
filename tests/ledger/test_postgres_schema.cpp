// The tables of a PostgreSQL ledger: made once, kept apart from what is no ledger, and never taken for another version's.

#include <thread>

#include "ledger/postgres/tables.hpp"
#include "ledger/postgres_database.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

void check_refused(const postgres_database& at, std::string_view reason, open_options how = {}) {
  const auto refused = at.try_open(std::move(how));
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == errc::storage));
  BOOST_TEST_CONTEXT(refused.error().message) {
    BOOST_TEST(refused.error().message.contains(reason));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postgres_schema)

BOOST_AUTO_TEST_CASE(processes_that_open_an_empty_database_at_once_all_succeed) {
  for (int round = 0; round < 3; ++round) {
    const postgres_database at;
    std::vector<result<std::unique_ptr<store>>> opened(6);
    {
      std::vector<std::jthread> all;
      for (auto& one : opened) all.emplace_back([&] { one = at.try_open(); });
    }
    for (const auto& one : opened) BOOST_TEST(one.has_value(), (one ? "" : one.error().message));
    BOOST_TEST(at.ask("SELECT count(*) FROM convoke.meta WHERE name = 'schema_version'") == "1");
  }
}

BOOST_AUTO_TEST_CASE(a_ledger_of_a_newer_convoke_is_refused) {
  const postgres_database at;
  at.open().reset();
  at.ask("UPDATE convoke.meta SET value = '" + std::to_string(postgres::schema_version + 1) + "' WHERE name = 'schema_version'");
  check_refused(at, "newer convoke (schema 6, this one knows up to 5)");
}

BOOST_AUTO_TEST_CASE(a_ledger_of_schema_1_is_brought_up_to_date) {
  const postgres_database at;
  at.open().reset();
  at.ask("ALTER TABLE convoke.owed DROP COLUMN struck_at");
  at.ask("DROP TABLE convoke.known_user, convoke.user_cooldown");
  at.ask("ALTER TABLE convoke.observation DROP COLUMN options_url, DROP COLUMN expires_at");
  at.ask("ALTER TABLE convoke.run DROP COLUMN keep_alive, DROP COLUMN kind, DROP COLUMN repair, DROP COLUMN remove_vanished");
  at.ask("UPDATE convoke.meta SET value = '1' WHERE name = 'schema_version'");
  const auto older = read_postgres(at.url());
  BOOST_TEST((!older.has_value() || !(*older)->runs().has_value()), "a reader changes nothing");
  std::vector<result<std::unique_ptr<store>>> opened(3);
  {
    std::vector<std::jthread> all;
    for (auto& one : opened) all.emplace_back([&] { one = at.try_open(); });
  }
  for (const auto& one : opened) BOOST_TEST(one.has_value(), (one ? "" : one.error().message));
  BOOST_TEST(at.ask("SELECT value FROM convoke.meta WHERE name = 'schema_version'") == "5");
  BOOST_TEST(at.ask("SELECT count(*) FROM convoke.known_user, convoke.user_cooldown") == "0");
  BOOST_TEST(at.ask("SELECT count(*) FROM convoke.owed WHERE struck_at IS NULL") == "0");
  BOOST_TEST(at.ask("SELECT count(*) FROM convoke.observation, convoke.run WHERE expires_at + keep_alive > 0 OR options_url <> ''") == "0");
}

BOOST_AUTO_TEST_CASE(a_ledger_of_schema_3_keeps_its_meetings_when_it_is_brought_up_to_date) {
  const postgres_database at;
  {
    const auto writer = at.open();
    carry_out(*writer, plan(*writer, header(), {row(2, 1, "a"), row(3, 1, "b")}).id);
  }
  at.ask("ALTER TABLE convoke.observation DROP COLUMN options_url, DROP COLUMN expires_at");
  at.ask("ALTER TABLE convoke.run DROP COLUMN keep_alive, DROP COLUMN kind, DROP COLUMN repair, DROP COLUMN remove_vanished");
  at.ask("UPDATE convoke.meta SET value = '3' WHERE name = 'schema_version'");
  const auto writer = at.open();
  const auto again = plan(*writer, header("two"), {row(2, 1, "a"), row(3, 1, "b")});
  BOOST_TEST(again.summary.unchanged == 2u);
  const auto reader = writer->read();
  must(reader->for_each_inventory([](const inventory_row& got) -> result<void> {
    BOOST_TEST(got.state == "satisfied");
    BOOST_TEST(got.meeting_id != "");
    BOOST_TEST(!got.expires_at.has_value());
    return {};
  }));
}

BOOST_AUTO_TEST_CASE(the_runs_of_a_ledger_of_schema_4_provision) {
  const postgres_database at;
  run_id before = 0;
  {
    const auto writer = at.open();
    before = plan(*writer, header(), {row(2, 1, "a"), row(3, 1, "b")}).id;
    carry_out(*writer, before);
  }
  at.ask("ALTER TABLE convoke.run DROP COLUMN kind, DROP COLUMN repair, DROP COLUMN remove_vanished");
  at.ask("UPDATE convoke.meta SET value = '4' WHERE name = 'schema_version'");
  const auto writer = at.open();
  BOOST_TEST(at.ask("SELECT value FROM convoke.meta WHERE name = 'schema_version'") == "5");
  const auto found = must(writer->read()->run(before)).value();
  BOOST_TEST((found.header.kind == run_kind::provision));
  BOOST_TEST(!found.header.operations.repair);
  auto of_all = header("verify");
  of_all.kind = run_kind::verify;
  auto planning = must(writer->begin_plan(of_all));
  BOOST_TEST(must(planning->add_inventory(before_any_meeting)) == 2u);
}

BOOST_AUTO_TEST_CASE(keys_that_are_hashed_in_another_way_are_refused) {
  const postgres_database at;
  at.open().reset();
  at.ask("UPDATE convoke.meta SET value = '7' WHERE name = 'hash_version'");
  check_refused(at, "hashed in way 7");
}

BOOST_AUTO_TEST_CASE(a_version_that_is_no_number_is_damage) {
  const postgres_database at;
  at.open().reset();
  for (const std::string name : {"schema_version", "hash_version"}) {
    const auto before = at.ask("SELECT value FROM convoke.meta WHERE name = '" + name + "'");
    for (const std::string value : {"", "one", "1x", "0", "-1"}) {
      at.ask("UPDATE convoke.meta SET value = '" + value + "' WHERE name = '" + name + "'");
      check_refused(at, "damaged");
    }
    at.ask("UPDATE convoke.meta SET value = '" + before + "' WHERE name = '" + name + "'");
  }
  BOOST_TEST(at.try_open().has_value());
  at.ask("DELETE FROM convoke.meta WHERE name = 'schema_version'");
  check_refused(at, "damaged");
}

BOOST_AUTO_TEST_CASE(a_schema_that_is_no_ledger_is_refused) {
  const postgres_database other;
  other.ask("CREATE SCHEMA convoke");
  other.ask("CREATE TABLE convoke.something(n int)");
  check_refused(other, "not a ledger of convoke");

  const postgres_database similar;
  similar.ask("CREATE SCHEMA convoke");
  similar.ask("CREATE TABLE convoke.meta(name text, value text)");
  check_refused(similar, "not a ledger of convoke");

  const postgres_database strange;
  strange.ask("CREATE SCHEMA convoke");
  strange.ask("CREATE TABLE convoke.meta(n int)");
  check_refused(strange, "not a ledger of convoke");
}

BOOST_AUTO_TEST_CASE(a_ledger_that_lacks_a_table_is_damaged) {
  const postgres_database at;
  at.open().reset();
  at.ask("DROP TABLE convoke.inventory");
  check_refused(at, "lacks the tables inventory");
}

BOOST_AUTO_TEST_CASE(a_missing_ledger_is_made_only_where_that_is_wanted) {
  const postgres_database at;
  check_refused(at, "there is no ledger", {.program_version = "test", .create = false});
  BOOST_TEST(at.ask("SELECT to_regnamespace('convoke') IS NULL") == "true");
  at.open().reset();
  BOOST_TEST(at.try_open({.program_version = "test", .create = false}).has_value());
}

BOOST_AUTO_TEST_CASE(a_database_that_cannot_hold_every_text_is_refused) {
  const postgres_database at("ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
  check_refused(at, "encoding of the database is LATIN1");
  BOOST_TEST(at.ask("SELECT to_regnamespace('convoke') IS NULL") == "true");
}

BOOST_AUTO_TEST_CASE(a_role_may_use_a_schema_that_its_administrator_made) {
  const postgres_database at;
  auto db = at.connect();
  const auto role = "role_" + at.ask("SELECT current_database()");
  at.ask("CREATE ROLE " + role + " LOGIN PASSWORD 'hidden'");
  {
    auto url = at.url();
    url = "postgresql://" + role + ":hidden" + url.substr(url.find('@'));
    const auto refused = open_postgres({.path = url, .program_version = "test"});
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == errc::storage));
    BOOST_TEST(refused.error().message.contains("permission denied"));
    BOOST_TEST(refused.error().message.contains("docs/fleet.md"));
    at.ask("CREATE SCHEMA convoke AUTHORIZATION " + role);
    BOOST_TEST(open_postgres({.path = url, .program_version = "test"}).has_value());
  }
  at.ask("DROP OWNED BY " + role);
  at.ask("DROP ROLE " + role);
}

BOOST_AUTO_TEST_SUITE_END()
