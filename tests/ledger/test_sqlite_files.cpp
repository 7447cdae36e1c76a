// The SQLite ledger as a file: who may open it, what is refused, and what happens when the file system fails.

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "ledger/raw_file.hpp"
#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace fs = std::filesystem;

namespace {

// Runs a statement as another program would. Returns its error, empty if it succeeded.
std::string run_sql(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  BOOST_REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  char* message = nullptr;
  sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message);
  std::string error = message != nullptr ? message : "";
  sqlite3_free(message);
  sqlite3_close(db);
  return error;
}

result<std::vector<row_id>> try_finish(store& s, std::vector<finished_row> rows) {
  const auto done = std::make_shared<std::promise<result<std::vector<row_id>>>>();
  s.write({.finished = std::move(rows), .advanced = {}, .released = {}}, [done](result<committed_rows> ended) {
    done->set_value(ended ? result<std::vector<row_id>>(std::move(ended->calls)) : std::unexpected(ended.error()));
  });
  return done->get_future().get();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(files, sqlite_ledger)

BOOST_AUTO_TEST_CASE(the_files_of_a_ledger_are_private) {
  const auto before = ::umask(0);
  path = folder.file("state/convoke/ledger.db");
  const auto s = open();
  plan(*s, header(), {row(2, 1, "a")});
  ::umask(before);
  BOOST_TEST(mode_of(path) == 0600u);
  BOOST_TEST(mode_of(path + "-wal") == 0600u);
  BOOST_TEST(mode_of(path + ".lock") == 0600u);
  BOOST_TEST(mode_of(folder.file("state")) == 0700u);
  BOOST_TEST(mode_of(folder.file("state/convoke")) == 0700u);
}

BOOST_AUTO_TEST_CASE(a_second_writer_is_refused_with_the_name_of_the_first) {
  const auto s = open();
  const auto second = try_open();
  BOOST_REQUIRE(!second.has_value());
  BOOST_TEST((second.error().code == errc::busy));
  BOOST_TEST(mentions(second.error(), "pid " + std::to_string(::getpid())));
  BOOST_TEST(mentions(second.error(), "--wait-lock"));
}

BOOST_AUTO_TEST_CASE(a_writer_waits_for_the_lock_as_long_as_it_may) {
  auto s = open();
  auto other = std::async(std::launch::async, [&] { return try_open({.wait_lock = std::chrono::minutes(1)}); });
  BOOST_TEST((other.wait_for(std::chrono::milliseconds(30)) == std::future_status::timeout));
  s.reset();
  BOOST_TEST(other.get().has_value());
}

BOOST_AUTO_TEST_CASE(an_interruption_ends_the_wait_for_the_lock) {
  const auto s = open();
  int calls = 0;
  const auto second = open_sqlite(
      {.path = path, .program_version = "test", .wait_lock = std::chrono::hours(1), .interrupted = [&] { return ++calls == 2; }});
  BOOST_REQUIRE(!second.has_value());
  BOOST_TEST((second.error().code == errc::interrupted));
  BOOST_TEST(mentions(second.error(), "pid " + std::to_string(::getpid())));
}

BOOST_AUTO_TEST_CASE(a_ledger_that_is_closed_in_order_has_no_log) {
  auto s = open();
  plan(*s, header(), {row(2, 1, "a")});
  s.reset();
  BOOST_TEST(!fs::exists(path + "-wal"));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_a_ledger_is_refused) {
  std::ofstream(path)
      << "organizer,external_id\nthis is a CSV file, long enough to have a header of a hundred bytes and more, as SQLite has.\n";
  const auto text = try_open();
  BOOST_REQUIRE(!text.has_value());
  BOOST_TEST((text.error().code == errc::storage));
  BOOST_TEST(mentions(text.error(), path));
  BOOST_TEST(!read_sqlite(path).has_value());
  fs::remove(path);
  BOOST_TEST(run_sql(path, "CREATE TABLE phone_book(name TEXT)") == "");
  const auto other = try_open();
  BOOST_REQUIRE(!other.has_value());
  BOOST_TEST(mentions(other.error(), "not a ledger of convoke"));
  BOOST_TEST(mentions(read_sqlite(path).error(), "not a ledger of convoke"));
  fs::remove(path);
  fs::create_directory(path);
  BOOST_TEST(!try_open().has_value());
  path.clear();
  BOOST_TEST(!try_open().has_value());
}

BOOST_AUTO_TEST_CASE(a_newer_ledger_is_refused) {
  open().reset();
  BOOST_TEST(run_sql(path, "PRAGMA user_version = 77") == "");
  const auto newer = try_open();
  BOOST_REQUIRE(!newer.has_value());
  BOOST_TEST(mentions(newer.error(), "newer convoke"));
  BOOST_TEST(mentions(read_sqlite(path).error(), "newer convoke"));
  BOOST_TEST(run_sql(path, "PRAGMA user_version = 2; UPDATE meta SET value = 9 WHERE name = 'hash_version'") == "");
  BOOST_TEST(!try_open().has_value());
}

BOOST_AUTO_TEST_CASE(a_ledger_whose_creation_was_cut_short_is_created_again) {
  std::ofstream(path).flush();  // an empty file
  BOOST_TEST(!read_sqlite(path).has_value());
  BOOST_TEST(try_open().has_value());
  fs::remove(path);
  BOOST_TEST(run_sql(path, "PRAGMA journal_mode = WAL") == "");  // a header without tables
  BOOST_TEST(try_open().has_value());
}

BOOST_AUTO_TEST_CASE(a_missing_ledger_is_an_error_for_a_reader_and_where_none_is_to_be_made) {
  const auto missing = try_open({.create = false});
  BOOST_REQUIRE(!missing.has_value());
  BOOST_TEST(mentions(missing.error(), "no ledger at"));
  BOOST_TEST(mentions(read_sqlite(path).error(), "no ledger at"));
  BOOST_TEST(!fs::exists(path));
  BOOST_TEST(!fs::exists(path + ".lock"));
}

BOOST_AUTO_TEST_CASE(a_path_that_sqlite_has_a_special_meaning_for_is_a_path) {
  const auto here = fs::current_path();
  fs::current_path(folder.path());
  for (const std::string name : {":memory:", "file:x?mode=memory", "with space %20?#.db"}) {
    path = name;
    plan(*open(), header(), {row(2, 1, "a")});
    BOOST_TEST(fs::exists(folder.file(name)));
    BOOST_TEST(must(must(read_sqlite(name))->runs()).size() == 1u);
  }
  fs::current_path(here);
}

BOOST_AUTO_TEST_CASE(no_program_can_change_an_outcome) {
  auto s = open();
  const auto run = plan(*s, header(), {row(2, 1, "a")}).id;
  carry_out(*s, run);
  s.reset();
  BOOST_TEST(run_sql(path, "UPDATE outcome SET outcome = 6").find("final") != std::string::npos);
  BOOST_TEST(run_sql(path, "DELETE FROM outcome").find("final") != std::string::npos);
  BOOST_TEST(run_sql(path, "INSERT INTO outcome(id, outcome) SELECT id, 6 FROM outcome").find("UNIQUE") != std::string::npos);
  BOOST_TEST(run_sql(path, "UPDATE run SET state = 2").find("go back") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_damaged_ledger_is_refused) {
  auto s = open();
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 1002; ++line) rows.push_back(row(line, 1, "e" + std::to_string(line)));
  plan(*s, header(), std::move(rows));
  s.reset();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (int page = 3; page < 60; page += 4) {
    file.seekp(page * 4096);
    file << std::string(64, '\xff');
  }
  file.close();
  const auto damaged = try_open();
  BOOST_REQUIRE(!damaged.has_value());
  BOOST_TEST((damaged.error().code == errc::storage));
  BOOST_TEST(mentions(damaged.error(), "earlier copy"));
}

BOOST_AUTO_TEST_CASE(a_ledger_that_is_deleted_or_replaced_is_noticed) {
  for (const bool replace : {false, true}) {
    path = folder.file(replace ? "replaced.db" : "deleted.db");
    auto s = open();
    const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b")}).id;
    const auto page = claim_first(*s, run);
    if (replace) {
      fs::copy_file(path, path + ".copy");
      fs::rename(path + ".copy", path);
    } else {
      fs::remove(path);
    }
    const auto failed = try_finish(*s, {ended(page.rows[0])});
    BOOST_REQUIRE(!failed.has_value());
    BOOST_TEST((failed.error().code == errc::storage));
    BOOST_TEST(mentions(failed.error(), "deleted or replaced"));
    // No call on this handle succeeds any more.
    BOOST_TEST(!try_finish(*s, {ended(page.rows[1])}).has_value());
    BOOST_TEST(!s->finish_run(run).has_value());
    BOOST_TEST(!s->begin_plan(header("two")).has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_lock_that_is_removed_is_noticed) {
  auto s = open();
  const auto run = plan(*s, header(), {row(2, 1, "a")}).id;
  fs::remove(path + ".lock");
  const auto failed = s->finish_run(run);
  BOOST_REQUIRE(!failed.has_value());
  BOOST_TEST(mentions(failed.error(), "lock file"));
}

BOOST_AUTO_TEST_CASE(a_full_disk_stops_the_handle_and_loses_nothing) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 302; ++line) rows.push_back(row(line, 1, "e" + std::to_string(line)));
  auto s = open();
  const auto run = plan(*s, header(), rows).id;
  s.reset();
  s = open();
  const auto page = claim_first(*s, run, 300);
  BOOST_REQUIRE(page.rows.size() == 300u);
  const auto log = fs::file_size(path + "-wal");
  const rlimit tight{.rlim_cur = log + 20'000, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &tight);
  std::size_t acknowledged = 0;
  error why;
  for (const auto& claimed : page.rows) {
    const auto done = try_finish(*s, {ended(claimed)});
    if (!done) {
      why = done.error();
      break;
    }
    ++acknowledged;
  }
  BOOST_TEST(acknowledged < 300u);
  BOOST_TEST((why.code == errc::storage));
  BOOST_TEST(mentions(why, "free space"));
  ::setrlimit(RLIMIT_FSIZE, &before);
  // The disk has space again, but a handle that failed once stays unusable.
  BOOST_TEST(!try_finish(*s, {ended(page.rows[acknowledged])}).has_value());
  s.reset();
  s = open();
  const auto r = s->read();
  BOOST_TEST(must(r->run(run))->counts.created == acknowledged);
  carry_out(*s, run);
  BOOST_TEST(must(r->run(run))->counts.created == 300u);
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(a_full_disk_during_a_plan_leaves_nothing_of_it) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto s = open();
  {
    auto planning = must(s->begin_plan(header()));
    const rlimit tight{.rlim_cur = 2u << 20, .rlim_max = before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
    result<void> added;
    std::uint32_t line = 2;
    while (added && line < 400'000) {
      std::vector<planned_row> rows;
      for (int i = 0; i < 1000; ++i, ++line) rows.push_back(row(line, 1, "e" + std::to_string(line)));
      added = planning->add_rows(std::move(rows));
    }
    ::setrlimit(RLIMIT_FSIZE, &before);
    BOOST_TEST(!added.has_value());
    BOOST_TEST(!planning->classify().has_value());
    BOOST_TEST(!planning->commit(true).has_value());
  }
  s.reset();
  s = open();
  BOOST_TEST(must(s->read()->runs()).empty());
  carry_out(*s, plan(*s, header(), {row(2, 1, "a")}).id);
}

BOOST_AUTO_TEST_CASE(a_ledger_in_a_read_only_folder_can_be_read) {
  auto s = open();
  carry_out(*s, plan(*s, header(), {row(2, 1, "a")}).id);
  s.reset();
  fs::permissions(path, fs::perms::owner_read);
  fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
  // Root may write to any folder: another user tries.
  const pid_t child = ::fork();
  if (child == 0) {
    bool good = true;
    if (::getuid() == 0) {
      good = ::chown(path.c_str(), 65534, 65534) == 0 && ::chown(folder.path().c_str(), 65534, 65534) == 0 && ::setuid(65534) == 0;
    }
    const auto r = read_sqlite(path);
    good = good && r.has_value() && (*r)->runs().has_value() && (*r)->runs()->size() == 1;
    good = good && !try_open().has_value();
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(WEXITSTATUS(status) == 0);
  fs::permissions(folder.path(), fs::perms::owner_all);
}

BOOST_AUTO_TEST_CASE(an_older_copy_of_the_ledger_is_harmless) {
  auto s = open();
  const auto first = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b")}).id;
  carry_out(*s, first);
  s.reset();
  fs::copy_file(path, folder.file("yesterday.db"));
  s = open();
  carry_out(*s, plan(*s, header("two"), {row(2, 1, "a"), row(3, 1, "b", 1), row(4, 1, "c")}).id);
  s.reset();
  fs::rename(folder.file("yesterday.db"), path);
  s = open();
  const auto again = plan(*s, header("two"), {row(2, 1, "a"), row(3, 1, "b", 1), row(4, 1, "c")});
  BOOST_TEST(again.summary.unchanged == 1u);
  BOOST_TEST(again.summary.calls == 2u);
  carry_out(*s, again.id, outcome::existing);
  check_counts(*s->read(), again.id);
}

BOOST_AUTO_TEST_SUITE_END()
