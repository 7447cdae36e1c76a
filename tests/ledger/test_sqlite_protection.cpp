// What stands where a ledger or its files should be, and who else may use them: refused or warned about before anything is written.

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "ledger/raw_file.hpp"
#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace fs = std::filesystem;

namespace {

struct fixture : sqlite_ledger {
  void make() const { plan(*open(), header(), {row(2, 1, "a")}); }

  // Refused by writer and reader, with this in the message.
  void refused(std::string_view why) const {
    const auto writer = try_open();
    BOOST_REQUIRE(!writer.has_value());
    BOOST_TEST((writer.error().code == errc::storage));
    BOOST_TEST(mentions(writer.error(), why), writer.error().message);
    BOOST_TEST(!try_open({.create = false}).has_value());
    BOOST_TEST(!try_open({.rehearsal = true}).has_value());
    const auto reader = read_sqlite(path);
    BOOST_REQUIRE(!reader.has_value());
    BOOST_TEST((reader.error().code == errc::storage));
    BOOST_TEST(mentions(reader.error(), why), reader.error().message);
  }
  void lock_refused(std::string_view why) const {
    const auto writer = try_open();
    BOOST_REQUIRE(!writer.has_value());
    BOOST_TEST((writer.error().code == errc::storage));
    BOOST_TEST(mentions(writer.error(), path + ".lock"), writer.error().message);
    BOOST_TEST(mentions(writer.error(), why), writer.error().message);
  }
};

void make_socket(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  BOOST_REQUIRE(path.size() < sizeof name.sun_path);
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  BOOST_REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  ::close(fd);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(protection, fixture)

// Before the fix the reader waited for ever for somebody to write into the FIFO: the alarm ends the test then.
BOOST_AUTO_TEST_CASE(a_ledger_that_is_not_a_regular_file_is_refused_at_once) {
  ::alarm(60);
  BOOST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  refused("a FIFO");
  fs::remove(path);
  make_socket(path);
  refused("a socket");
  fs::remove(path);
  fs::create_directory(path);
  refused("a directory");
  fs::remove(path);
  path = "/dev/null";
  refused("a device");
  ::alarm(0);
}

BOOST_AUTO_TEST_CASE(files_beside_a_ledger_that_are_not_regular_are_refused_at_once) {
  make();
  ::alarm(60);
  const auto other = folder.file("other");
  std::ofstream(other) << "untouched";
  for (const std::string ending : {"-wal", "-shm", "-journal"}) {
    fs::remove(path + ending);
    BOOST_REQUIRE(::mkfifo((path + ending).c_str(), 0600) == 0);
    refused(ending + " beside it is a FIFO");
    fs::remove(path + ending);
    fs::create_symlink(other, path + ending);
    refused("a symbolic link");
    fs::remove(path + ending);
  }
  BOOST_TEST(content(other) == "untouched");
  BOOST_TEST(try_open().has_value());
  ::alarm(0);
}

BOOST_AUTO_TEST_CASE(a_ledger_with_two_hard_links_is_refused_to_writers) {
  make();
  const auto second = folder.file("second.db");
  fs::create_hard_link(path, second);
  for (const auto& name : {path, second}) {
    const auto writer = open_sqlite({.path = name, .program_version = "test"});
    BOOST_REQUIRE(!writer.has_value());
    BOOST_TEST((writer.error().code == errc::storage));
    BOOST_TEST(mentions(writer.error(), "2 names (hard links)"), writer.error().message);
    BOOST_TEST(must(must(read_sqlite(name))->runs()).size() == 1u);  // readers do no harm
  }
  fs::remove(second);
  BOOST_TEST(try_open().has_value());
}

BOOST_AUTO_TEST_CASE(a_lock_file_that_another_user_put_there_is_refused) {
  make();
  const auto lock = path + ".lock", victim = folder.file("victim");
  std::ofstream(victim) << "precious";
  fs::remove(lock);
  fs::create_symlink(victim, lock);
  lock_refused("a symbolic link");
  fs::remove(lock);
  fs::create_symlink(folder.file("not-there"), lock);
  lock_refused("a symbolic link");
  BOOST_TEST(!fs::exists(folder.file("not-there")));
  fs::remove(lock);
  fs::create_hard_link(victim, lock);
  lock_refused("a hard link");
  fs::remove(lock);
  fs::create_directory(lock);
  lock_refused("a directory");
  fs::remove(lock);
  BOOST_REQUIRE(::mkfifo(lock.c_str(), 0600) == 0);
  lock_refused("a FIFO");
  fs::remove(lock);
  BOOST_TEST(content(victim) == "precious");
  if (::geteuid() == 0) {
    std::ofstream(lock) << "theirs";
    BOOST_REQUIRE(::chown(lock.c_str(), 65534, 65534) == 0);
    lock_refused("another user");
    BOOST_TEST(content(lock) == "theirs");
    // The owner of the ledger may own its lock file.
    BOOST_REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
    BOOST_TEST(try_open().has_value());
    fs::remove(lock);
  }
  BOOST_TEST(try_open().has_value());
}

BOOST_AUTO_TEST_CASE(a_ledger_that_other_users_may_use_causes_warnings) {
  make();
  BOOST_TEST(sqlite_exposures(path).empty());
  BOOST_TEST(sqlite_exposures(folder.file("not-there")).empty());
  BOOST_REQUIRE(::chmod(path.c_str(), 0640) == 0);
  BOOST_TEST(sqlite_exposures(path).empty());
  for (const mode_t mode : {0644u, 0604u, 0660u, 0602u, 0666u}) {
    BOOST_REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto warnings = sqlite_exposures(path);
    BOOST_REQUIRE(warnings.size() == 1u);
    BOOST_TEST(warnings[0].find(path) != std::string::npos);
    BOOST_TEST(warnings[0].find((mode & 0022) != 0 ? "changed" : "read") != std::string::npos, warnings[0]);
    BOOST_TEST(warnings[0].find("chmod 600") != std::string::npos);
  }
  BOOST_REQUIRE(::chmod(path.c_str(), 0600) == 0);
  BOOST_REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
  const auto warnings = sqlite_exposures(path);
  BOOST_REQUIRE(warnings.size() == 1u);
  BOOST_TEST(warnings[0].find(folder.path()) != std::string::npos);
  BOOST_REQUIRE(::chmod(folder.path().c_str(), 01777) == 0);
  BOOST_TEST(sqlite_exposures(path).empty());
  BOOST_REQUIRE(::chmod(folder.path().c_str(), 0700) == 0);
}

BOOST_AUTO_TEST_CASE(the_log_gets_the_mode_of_the_ledger) {
  auto s = open();
  plan(*s, header(), {row(2, 1, "a")});
  const auto copy = folder.file("copy.db");
  for (const std::string ending : {"", "-wal", "-shm"}) fs::copy_file(path + ending, copy + ending);
  s.reset();
  path = copy;
  BOOST_REQUIRE(::chmod(path.c_str(), 0600) == 0);
  BOOST_REQUIRE(::chmod((path + "-wal").c_str(), 0644) == 0);
  BOOST_REQUIRE(::chmod((path + "-shm").c_str(), 0666) == 0);
  s = open();
  BOOST_TEST(mode_of(path + "-wal") == 0600u);
  BOOST_TEST(mode_of(path + "-shm") == 0600u);
}

BOOST_AUTO_TEST_CASE(a_ledger_without_its_tables_is_refused) {
  make();
  ask(path, "DROP TABLE observation; DROP TABLE last_failure");
  refused("lacks the tables observation, last_failure");
  refused("earlier copy");
  // With the marks of a ledger and nothing else.
  const auto mark = ask(path, "PRAGMA application_id");
  for (const std::string version : {"3", "0"}) {
    fs::remove(path);
    ask(path, "PRAGMA application_id = " + mark + "; PRAGMA user_version = " + version);
    refused("lacks the tables meta");
  }
}

BOOST_AUTO_TEST_CASE(text_that_sqlite_quotes_from_a_damaged_file_is_escaped) {
  make();
  const auto clean = [](const error& e) {
    BOOST_TEST(e.message.find('\x1b') == std::string::npos, "a raw control character");
    BOOST_TEST(mentions(e, "\\x1b"), e.message);
  };
  const auto whole = folder.file("whole.db");
  fs::copy_file(path, whole);
  // A column that is declared NOT NULL and holds NULL: the check of the pages names it.
  ask(path,
      "CREATE TABLE t(\"c\x1b]0;title\x07\"); INSERT INTO t VALUES(NULL); PRAGMA writable_schema = ON;"
      "UPDATE sqlite_schema SET sql = 'CREATE TABLE t(\"c\x1b]0;title\x07\" NOT NULL)' WHERE name = 't'");
  const auto damaged = try_open();
  BOOST_REQUIRE(!damaged.has_value());
  clean(damaged.error());
  // A schema that cannot be parsed: every statement fails with a message that quotes it.
  fs::copy_file(whole, path, fs::copy_options::overwrite_existing);
  fs::remove(path + "-wal");
  ask(path, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name = 't\x1b[31m', sql = 'CREATE nonsense' WHERE name = 'cooldown'");
  const auto writer = try_open();
  BOOST_REQUIRE(!writer.has_value());
  clean(writer.error());
  const auto reader = read_sqlite(path);
  BOOST_REQUIRE(!reader.has_value());
  clean(reader.error());
}

BOOST_AUTO_TEST_CASE(a_path_with_control_characters_is_escaped) {
  path = folder.file("le\x1b[31mdger.db");
  const auto missing = read_sqlite(path);
  BOOST_REQUIRE(!missing.has_value());
  BOOST_TEST(missing.error().message.find('\x1b') == std::string::npos);
  std::ofstream(path) << std::string(200, 'x');
  BOOST_TEST(try_open().error().message.find('\x1b') == std::string::npos);
  BOOST_TEST(read_sqlite(path).error().message.find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
