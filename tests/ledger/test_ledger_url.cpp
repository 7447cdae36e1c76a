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

namespace {

void check_refused(const std::string& url) {
  BOOST_TEST_CONTEXT(url) {
    const auto refused = parse_ledger_url(url);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == errc::usage));
    BOOST_TEST(refused.error().message.contains("sqlite:PATH"));
    BOOST_TEST(!refused.error().message.contains("hidden"));
    BOOST_TEST((open_ledger(url, {.program_version = "test"}).error().code == errc::usage));
    BOOST_TEST((read_ledger(url).error().code == errc::usage));
    BOOST_TEST(ledger_exposures(url).empty());
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(other_urls_are_refused_and_no_password_is_shown) {
  for (const std::string url :
       {"", "sqlite:", "ledger.db", "SQLITE:ledger.db", "mysql://user:hidden@host/db", "postgresql:", "postgresql:user:hidden@host",
        "postgres:/host", "host=db dbname=convoke password=hidden", "host=db PASSWORD = 'hidden'", "user:hidden@host/db"}) {
    check_refused(url);
  }
}

#ifdef CONVOKE_POSTGRES
BOOST_AUTO_TEST_CASE(a_postgresql_url_that_libpq_does_not_understand_is_wrong_use) {
  for (const std::string url :
       {"postgresql://me:hidden@host/db?no_such_parameter=1", "postgresql://me:a@hidden@host/db", "postgresql://me:hidden@host:port/db"}) {
    BOOST_TEST_CONTEXT(url) {
      const auto refused = parse_ledger_url(url);
      BOOST_REQUIRE(!refused.has_value());
      BOOST_TEST((refused.error().code == errc::usage));
      BOOST_TEST(!refused.error().message.contains("hidden"));
      BOOST_TEST((open_ledger(url, {.program_version = "test"}).error().code == errc::usage));
      BOOST_TEST((read_ledger(url).error().code == errc::usage));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_postgresql_url_is_kept_whole) {
  for (const std::string url : {"postgresql://user:secret@host:5432/db?sslmode=verify-full", "postgres://host/db", "postgresql://"}) {
    const auto parsed = must(parse_ledger_url(url));
    BOOST_TEST((parsed.kind == store_kind::postgres));
    BOOST_TEST(parsed.path == url);
  }
}
#else
BOOST_AUTO_TEST_CASE(a_postgresql_url_is_refused_in_a_build_without_libpq) {
  for (const std::string url : {"postgresql://user:hidden@host/db", "postgres://user:hidden@host/db"}) {
    check_refused(url);
    BOOST_TEST(parse_ledger_url(url).error().message.contains("without libpq"));
  }
}
#endif

BOOST_AUTO_TEST_CASE(a_shown_ledger_says_where_it_is) {
  BOOST_TEST(shown_ledger("sqlite:/var/a@b?c.db") == "sqlite:/var/a@b?c.db");
  BOOST_TEST(shown_ledger("sqlite:a\nb") == "sqlite:a\\nb");
  BOOST_TEST(shown_ledger("postgresql://db.example:5432/convoke?sslmode=verify-full") == "postgresql://db.example:5432/convoke");
  BOOST_TEST(shown_ledger("postgres://me:hidden@one,two:5433/convoke") == "postgres://one,two:5433/convoke");
  BOOST_TEST(shown_ledger("postgresql://me@[::1]:5432/convoke") == "postgresql://[::1]:5432/convoke");
  BOOST_TEST(shown_ledger("postgresql:///convoke?host=/run/postgresql&password=hidden") == "postgresql:///convoke");
}

BOOST_AUTO_TEST_CASE(no_form_of_a_password_is_shown) {
  for (const std::string url :
       {"postgresql://me:hidden@host/db", "postgresql://me:a@hidden@host/db", "postgresql://me:a/hidden@host/db",
        "postgresql://me:a?hidden@host/db", "postgresql://me:a/b?hidden@host/db", "postgresql://me:a/b?c=hidden@host/db",
        "postgresql://me:hidden/db", "postgresql://me:hidden", "postgresql://host/db?password=hidden",
        "postgresql://host/db?sslpassword=hidden", "postgresql://host/db?user=a@b&password=x@hidden",
        "postgresql://host/db?PASSWORD=hidden", "postgresql://me:h%40hidden@host/db", "postgresql://me:a#hidden@host/db",
        "postgresql://me:x%2540hidden@host/db", "postgresql://me:a%40b/hidden%40host/db", "mysql://me:hidden@host/db"}) {
    BOOST_TEST_CONTEXT(url) {
      BOOST_TEST(!shown_ledger(url).contains("hidden"));
    }
  }
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
