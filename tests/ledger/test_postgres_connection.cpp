// A connection to a PostgreSQL server: values, pipelines, and what each failure is taken for.

#include <sys/stat.h>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>

#include <fstream>
#include <limits>
#include <thread>

#include "ledger/postgres/failure.hpp"
#include "ledger/postgres/url.hpp"
#include "ledger/postgres_database.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::postgres;
using namespace convoke::ledger::testing;
using namespace std::chrono_literals;

namespace {

template <class T>
failure must_fail(outcome_of<T> r) {
  BOOST_REQUIRE(!r.has_value());
  return std::move(r.error());
}

// The URL of the test cluster with another user and password.
std::string url_as(const std::string& user) {
  const auto url = test_cluster_url("postgres");
  return "postgresql://" + user + url.substr(url.find('@'));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(postgres_connections)

BOOST_AUTO_TEST_CASE(values_come_back_as_they_were_sent) {
  auto db = must(connection::open({.url = test_cluster_url("postgres")}));
  const std::string bytes("a\0\xff\\b", 5);
  const auto row = must(db.run("SELECT $1, $2, $3, $4, $5, $6, $7::text, $8, (-7)::smallint, (-70000)::int",
                               params()
                                   .with(std::numeric_limits<std::int64_t>::min())
                                   .with(std::numeric_limits<std::int64_t>::max())
                                   .with(true)
                                   .with(-0.125)
                                   .with("Käse \xf0\x9f\xa7\x80")
                                   .bytes(bytes)
                                   .null()
                                   .with(std::optional<std::string>("there"))));
  BOOST_TEST(row.size() == 1);
  BOOST_TEST(row.integer(0, 0) == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(row.integer(0, 1) == std::numeric_limits<std::int64_t>::max());
  BOOST_TEST(row.integer(0, 2) == 1);
  BOOST_TEST(row.real(0, 3) == -0.125);
  BOOST_TEST(row.text(0, 4) == "Käse \xf0\x9f\xa7\x80");
  BOOST_TEST(row.text(0, 5) == bytes);
  BOOST_TEST(row.null(0, 6));
  BOOST_TEST(row.integer(0, 6) == 0);
  BOOST_TEST(row.text(0, 7) == "there");
  BOOST_TEST(row.integer(0, 8) == -7);
  BOOST_TEST(row.integer(0, 9) == -70000);
}

BOOST_AUTO_TEST_CASE(arrays_arrive_in_order_with_their_nulls) {
  auto db = must(connection::open({.url = test_cluster_url("postgres")}));
  const std::optional<std::int64_t> numbers[] = {5, std::nullopt, -9};
  const std::optional<std::string_view> texts[] = {"a,\"{b}", "", std::nullopt};
  const std::optional<std::string_view> blobs[] = {std::string_view("\0x", 2), std::nullopt, ""};
  const double reals[] = {1.5, -2, 1e300};
  const auto found = must(db.run("SELECT * FROM unnest($1, $2, $3, $4) WITH ORDINALITY ORDER BY ordinality",
                                 params().integers(numbers).texts(texts).many_bytes(blobs).reals(reals)));
  BOOST_REQUIRE(found.size() == 3);
  for (int i = 0; i < 3; ++i) {
    const auto at = static_cast<std::size_t>(i);
    BOOST_TEST(found.null(i, 0) == !numbers[at].has_value());
    BOOST_TEST(found.integer(i, 0) == numbers[at].value_or(0));
    BOOST_TEST(found.null(i, 1) == !texts[at].has_value());
    BOOST_TEST(found.text(i, 1) == texts[at].value_or(""));
    BOOST_TEST(found.null(i, 2) == !blobs[at].has_value());
    BOOST_TEST(found.text(i, 2) == blobs[at].value_or(""));
    BOOST_TEST(found.real(i, 3) == reals[at]);
  }
  const auto none = params().integers(std::span<const std::int64_t>()).texts(std::span<const std::string_view>());
  BOOST_TEST(must(db.run("SELECT * FROM unnest($1, $2)", none)).empty());
}

BOOST_AUTO_TEST_CASE(text_that_the_server_cannot_hold_does_not_make_a_statement_fail) {
  auto db = must(connection::open({.url = test_cluster_url("postgres")}));
  const std::string_view odd("a\0b\xff\xc3", 5);
  const std::string_view list[] = {odd};
  const auto row = must(db.run("SELECT $1, ($2)[1]", params().with(odd).texts(list)));
  BOOST_TEST(row.text(0, 0) ==
             "a\xef\xbf\xbd"
             "b\xef\xbf\xbd\xef\xbf\xbd");
  BOOST_TEST(row.text(0, 1) == row.text(0, 0));
}

BOOST_AUTO_TEST_CASE(a_pipeline_answers_every_statement) {
  const postgres_database at;
  auto db = at.connect();
  const auto two = params().with(2);
  const connection::step steps[] = {{"CREATE TABLE t(n int)", nullptr},
                                    {"INSERT INTO t SELECT generate_series(1, 5)", nullptr},
                                    {"UPDATE t SET n = n * $1", &two},
                                    {"SELECT sum(n) FROM t", nullptr}};
  const auto answers = must(db.run_all(steps));
  BOOST_REQUIRE(answers.size() == 4U);
  BOOST_TEST(answers[1].changed() == 5U);
  BOOST_TEST(answers[2].changed() == 5U);
  BOOST_TEST(answers[3].integer(0, 0) == 30);
  BOOST_TEST(!db.in_transaction());
}

BOOST_AUTO_TEST_CASE(a_pipeline_larger_than_the_buffers_of_both_sides_does_not_stall) {
  auto db = must(connection::open({.url = test_cluster_url("postgres")}));
  const std::string large(2u << 20, 'x');
  const auto value = params().with(large);
  const std::vector<connection::step> steps(8, connection::step{"SELECT $1", &value});
  const auto answers = must(db.run_all(steps));
  for (const auto& answer : answers) BOOST_TEST((answer.text(0, 0) == large));
}

BOOST_AUTO_TEST_CASE(the_first_failure_of_a_pipeline_ends_the_rest) {
  const postgres_database at;
  auto db = at.connect();
  const connection::step steps[] = {
      {"BEGIN", nullptr}, {"CREATE TABLE t(n int)", nullptr}, {"SELECT 1 / 0", nullptr}, {"SELECT nothing", nullptr}, {"COMMIT", nullptr}};
  const auto why = must_fail(db.run_all(steps));
  BOOST_TEST((why.kind == fault::wrong));
  BOOST_TEST(why.state == "22012");
  BOOST_TEST(db.in_transaction());
  BOOST_TEST((must_fail(db.commit()).kind == fault::wrong));
  db.roll_back();
  BOOST_TEST(!db.in_transaction());
  BOOST_TEST(at.ask("SELECT to_regclass('t') IS NULL") == "true");
  BOOST_TEST(must(db.run("SELECT 7")).integer(0, 0) == 7);
}

BOOST_AUTO_TEST_CASE(a_failure_is_taken_for_what_can_be_done_about_it) {
  const std::pair<const char*, fault> cases[] = {
      {"40001", fault::again},     {"40P01", fault::again},   {"53300", fault::again},   {"53100", fault::again},   {"55P03", fault::again},
      {"25006", fault::read_only}, {"42501", fault::refused}, {"3D000", fault::refused}, {"28P01", fault::refused}, {"22012", fault::wrong},
      {"23505", fault::wrong},     {"57P01", fault::lost},    {"08006", fault::lost},    {"57P03", fault::lost}};
  for (const auto& [state, kind] : cases) {
    BOOST_TEST_CONTEXT(state) {
      auto db = must(connection::open({.url = test_cluster_url("postgres")}));
      const auto sql = std::string("DO $$ BEGIN RAISE EXCEPTION E'first\\nsecond' USING ERRCODE = '") + state + "'; END $$";
      const auto why = must_fail(db.run(sql.c_str()));
      BOOST_TEST((why.kind == kind));
      BOOST_TEST(why.state == state);
      BOOST_TEST(why.message.contains("first second"));
      BOOST_TEST(db.usable() == (kind != fault::lost));
      BOOST_TEST((why.to_error().code == (std::string_view(state).starts_with("28") ? errc::credentials : errc::storage)));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_lost_connection_is_replaced) {
  const postgres_database at;
  auto admin = at.connect();
  connector work({.url = at.url()});
  auto* db = must(work.get(std::chrono::steady_clock::now()));
  const auto first = must(db->run("SELECT pg_backend_pid()")).integer(0, 0);
  must(db->begin());
  must(admin.run("SELECT pg_terminate_backend($1::int)", params().with(first)));
  BOOST_TEST((must_fail(db->run("SELECT 1")).kind == fault::lost));
  BOOST_TEST(!db->usable());
  BOOST_TEST(!db->in_transaction());
  BOOST_TEST((must_fail(db->commit()).kind == fault::lost));
  db = must(work.get(std::chrono::steady_clock::now() + 10s));
  BOOST_TEST(must(db->run("SELECT pg_backend_pid()")).integer(0, 0) != first);
}

BOOST_AUTO_TEST_CASE(a_statement_is_interrupted) {
  std::atomic<int> asked{0};
  auto db = must(connection::open({.url = test_cluster_url("postgres"), .interrupted = [&] { return ++asked > 4; }}));
  const auto begin = std::chrono::steady_clock::now();
  const auto why = must_fail(db.run("SELECT pg_sleep(60)"));
  BOOST_TEST((why.kind == fault::interrupted));
  BOOST_TEST((why.to_error().code == errc::interrupted));
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 20s));
  BOOST_TEST((must_fail(db.run("SELECT 1")).kind == fault::interrupted));
  asked = -1000;
  BOOST_TEST(must(db.run("SELECT 1")).integer(0, 0) == 1);
}

BOOST_AUTO_TEST_CASE(an_interruption_does_not_end_a_commit) {
  bool stop = false;
  auto db = must(connection::open({.url = test_cluster_url("postgres"), .interrupted = [&] { return stop; }}));
  must(db.begin());
  stop = true;
  BOOST_TEST(db.commit().has_value());
}

BOOST_AUTO_TEST_CASE(a_statement_that_takes_too_long_is_ended_on_the_server_too) {
  const postgres_database at;
  auto db = must(connection::open({.url = at.url(), .statement_timeout = 300ms}));
  BOOST_TEST((must_fail(db.run("SELECT pg_sleep(600)")).kind == fault::lost));
  BOOST_TEST(!db.usable());
  auto admin = at.connect();
  const auto running = [&] {
    return must(admin.run("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")).integer(0, 0);
  };
  for (int i = 0; i < 200 && running() > 0; ++i) std::this_thread::sleep_for(50ms);
  BOOST_TEST(running() == 0);
}

BOOST_AUTO_TEST_CASE(a_password_is_taken_from_a_file_and_shown_nowhere) {
  const auto wrong = must_fail(connection::open({.url = url_as("convoke:hidden-word")}));
  BOOST_TEST((wrong.kind == fault::refused));
  BOOST_TEST((wrong.to_error().code == errc::credentials));
  BOOST_TEST(!wrong.message.contains("hidden-word"));
  const auto none = must_fail(connection::open({.url = url_as("convoke")}));
  BOOST_TEST((none.to_error().code == errc::credentials));
  BOOST_TEST(none.to_error().message.contains("PGPASSFILE"));

  const auto url = test_cluster_url("postgres");
  const auto begin = url.find("://") + 3, colon = url.find(':', begin), at = url.find('@', begin);
  BOOST_REQUIRE(colon < at);
  const temp_folder folder;
  const auto file = folder.file("pgpass");
  std::ofstream(file) << "*:*:*:*:" << url.substr(colon + 1, at - colon - 1) << '\n';
  ::chmod(file.c_str(), 0600);
  ::setenv("PGPASSFILE", file.c_str(), 1);
  const auto opened = connection::open({.url = url.substr(0, colon) + url.substr(at)});
  ::unsetenv("PGPASSFILE");
  BOOST_TEST(opened.has_value());
}

BOOST_AUTO_TEST_CASE(a_database_that_is_not_there_is_no_reason_to_try_again) {
  const auto begin = std::chrono::steady_clock::now();
  connector work({.url = test_cluster_url("no_such_database")});
  const auto why = must_fail(work.get(begin + 60s));
  BOOST_TEST((why.kind == fault::refused));
  BOOST_TEST(why.state == "3D000");
  BOOST_TEST((std::chrono::steady_clock::now() - begin < 30s));
}

BOOST_AUTO_TEST_CASE(a_host_that_does_not_answer_is_passed_over) {
  const auto url = test_cluster_url("postgres");
  const auto host = url.find('@') + 1;
  // Nothing listens on port 1.
  const auto two = url.substr(0, host) + "127.0.0.1:1," + url.substr(host);
  BOOST_TEST(connection::open({.url = two}).has_value());
  connector alone({.url = "postgresql://127.0.0.1:1/none"});
  BOOST_TEST((must_fail(alone.get(std::chrono::steady_clock::now() + 200ms)).kind == fault::lost));
}

BOOST_AUTO_TEST_CASE(a_server_that_takes_no_writes_is_recognized) {
  const postgres_database at;
  const auto name = at.ask("SELECT current_database()");
  at.ask("ALTER DATABASE " + name + " SET default_transaction_read_only = on");
  BOOST_TEST((must_fail(connection::open({.url = at.url()})).kind == fault::read_only));
  BOOST_TEST(connection::open({.url = at.url() + "?target_session_attrs=any"}).has_value());
}

BOOST_AUTO_TEST_CASE(an_ambiguous_url_is_refused_without_its_parts) {
  for (const std::string url :
       {"postgresql://me:a@hidden@host/db", "postgresql://me:a/hidden@host/db", "postgresql://me:hidden/db", "postgresql://host/db?hidden",
        "postgresql://host/db?hidden=1", "postgresql://me:%hidden@host/db", "postgresql://[::1hidden/db",
        "postgresql://one,two:1,2:2/db?port=1,2,3,hidden", "postgresql://host/db?sslmode=hidden"}) {
    BOOST_TEST_CONTEXT(url) {
      const auto refused = parse_url(url);
      BOOST_REQUIRE(!refused.has_value());
      BOOST_TEST((refused.error().code == errc::usage));
      BOOST_TEST(!refused.error().message.contains("hidden"));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_libpq_says_is_shown_without_secrets) {
  BOOST_TEST(without_secrets("FATAL: \"swordfish\"\n is wrong: swordfish", {"swordfish"}) == "FATAL: \"…\"  is wrong: …");
  BOOST_TEST(without_secrets("bell \a here", {}).contains("\\"));
}

BOOST_AUTO_TEST_CASE(a_connection_over_the_network_that_is_not_verified_is_an_exposure) {
  BOOST_TEST(network_exposures("postgresql://db.example/ledger").size() == 1U);
  BOOST_TEST(network_exposures("postgresql://me:hidden@db.example/ledger?sslmode=require").front().contains("sslmode=require"));
  BOOST_TEST(!network_exposures("postgresql://me:hidden@db.example/ledger?sslmode=require").front().contains("hidden"));
  BOOST_TEST(network_exposures("postgresql://localhost,db.example/ledger").size() == 1U);
  for (const std::string url : {"postgresql://db.example/ledger?sslmode=verify-full", "postgresql://127.0.0.1:5433/ledger",
                                "postgresql:///ledger?host=/run/postgresql", "postgresql://[::1]/ledger", "postgresql:///ledger"}) {
    BOOST_TEST_CONTEXT(url) {
      BOOST_TEST(network_exposures(url).empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
