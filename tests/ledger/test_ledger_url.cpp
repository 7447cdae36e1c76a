// What a ledger's URL may be, and that every way to open one reads it alike.

#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

BOOST_AUTO_TEST_SUITE(ledger_urls)

BOOST_AUTO_TEST_CASE(the_path_of_a_sqlite_ledger_follows_the_scheme) {
  for (const std::string path : {"ledger.db", "/var/lib/ledger.db", "///var/ledger.db", ":memory:", "a b?c#d%20", "sqlite:x"}) {
    const auto url = must(parse_ledger_url("sqlite:" + path));
    BOOST_TEST((url.kind == store_kind::sqlite));
    BOOST_TEST(url.path == path);
  }
}

BOOST_AUTO_TEST_CASE(other_urls_are_refused_and_no_password_is_shown) {
  for (const std::string url : {"", "sqlite:", "ledger.db", "SQLITE:ledger.db", "mysql://user:hidden@host/db",
                                "postgresql://user:hidden@host/db", "postgres://user:hidden@host/db", "postgresql:"}) {
    const auto refused = parse_ledger_url(url);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == errc::usage));
    BOOST_TEST(refused.error().message.contains("sqlite:PATH"));
    BOOST_TEST(!refused.error().message.contains("hidden"));
    BOOST_TEST((open_ledger(url, {.program_version = "test"}).error().code == errc::usage));
    BOOST_TEST((read_ledger(url).error().code == errc::usage));
    BOOST_TEST(ledger_exposures(url).empty());
  }
  BOOST_TEST(parse_ledger_url("postgresql://host/db").error().message.contains("PostgreSQL"));
}

BOOST_AUTO_TEST_CASE(a_ledger_is_opened_and_read_by_its_url) {
  const temp_folder folder;
  const auto url = "sqlite:" + folder.file("state/ledger.db");
  BOOST_TEST(!read_ledger(url).has_value());
  auto s = must(open_ledger(url, {.program_version = "test"}));
  const auto run = plan(*s, header(), {row(2, 1, "a")}).id;
  BOOST_TEST(must(must(read_ledger(url))->last_run())->id == run);
  BOOST_TEST((open_ledger(url, {.program_version = "test"}).error().code == errc::busy));
  BOOST_TEST(ledger_exposures(url).empty());
}

BOOST_AUTO_TEST_SUITE_END()
