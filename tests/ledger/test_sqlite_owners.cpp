// A ledger that belongs to another user: the message says whose it is and what to do, and leads to no other ledger.

#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "ledger/raw_file.hpp"
#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace fs = std::filesystem;

namespace {

constexpr uid_t other_user = 65534;

boost::test_tools::assertion_result by_root(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result out(::geteuid() == 0);
  out.message() << "only root can act as another user";
  return out;
}

std::string name_of(uid_t id) {
  const auto* const found = ::getpwuid(id);
  return found != nullptr ? found->pw_name : "uid " + std::to_string(id);
}

// What a process of another user is answered; empty where it has no error.
std::string as_other(const std::function<result<void>()>& f) {
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  const auto child = ::fork();
  if (child == 0) {
    const bool dropped = ::setresgid(other_user, other_user, other_user) == 0 && ::setresuid(other_user, other_user, other_user) == 0;
    const auto answer = dropped ? f() : result<void>(fail(errc::internal, "cannot act as another user"));
    const auto text = answer ? std::string() : answer.error().message;
    ::_exit(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string out;
  char bytes[512];
  for (ssize_t got; (got = ::read(ends[0], bytes, sizeof bytes)) > 0;) out.append(bytes, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  BOOST_TEST(status == 0);
  return out;
}

struct fixture : sqlite_ledger {
  std::string own = folder.file("own");
  std::string me = name_of(other_user);

  fixture() {
    fs::permissions(folder.path(), fs::perms(0755));
    fs::create_directory(own);
    path = own + "/ledger.db";
    plan(*open(), header(), {row(2, 1, "a")});
  }
  [[nodiscard]] std::string writer() const {
    return as_other([&] { return answer_of(try_open()); });
  }
  [[nodiscard]] std::string dry_run() const {
    return as_other([&] { return answer_of(try_open({.rehearsal = true})); });
  }
  [[nodiscard]] std::string reader() const {
    return as_other([&] { return answer_of(read_sqlite(path)); });
  }
  template <class T>
  static result<void> answer_of(const result<T>& from) {
    return from ? result<void>{} : result<void>(std::unexpected(from.error()));
  }
  void give(const std::string& what) const { BOOST_REQUIRE(::chown(what.c_str(), other_user, other_user) == 0); }
  static void check(const std::string& message, std::initializer_list<std::string> parts) {
    for (const auto& part : parts) BOOST_TEST(message.contains(part), message << "\nlacks: " << part);
    BOOST_TEST(!message.contains("--ledger"), message);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(owners, *boost::unit_test::precondition(by_root))

BOOST_FIXTURE_TEST_CASE(row_24_a_ledger_of_root_says_whose_it_is, fixture) {
  fs::permissions(own, fs::perms(0700));
  for (const auto& message : {writer(), dry_run(), reader()}) {
    check(message, {path, "the folder " + own + " belongs to root", "runs as " + me, "as root as before (with sudo)",
                    "`sudo chown -R " + me + " " + own + "`", "Another ledger would not know its meetings"});
  }
  fs::permissions(own, fs::perms(0755));
  for (const auto& message : {writer(), dry_run(), reader()})
    check(message, {"the file belongs to root", "`sudo chown -R " + me + " " + own + "`"});
}

BOOST_FIXTURE_TEST_CASE(row_24_files_of_root_in_a_folder_of_ones_own, fixture) {
  give(own);
  check(writer(), {"the file belongs to root", "`sudo chown " + me + " " + path + " " + path + ".lock`"});
  give(path);
  check(writer(), {"the file " + path + ".lock beside it belongs to root", "`sudo chown " + me + " " + path + ".lock`"});
  BOOST_TEST(reader() == "");  // a reader needs no lock
  give(path + ".lock");
  BOOST_TEST(writer() == "");
  for (const std::string ending : {"-wal", "-shm"}) {
    std::ofstream(path + ending).close();
    fs::permissions(path + ending, fs::perms(0600));
    check(writer(), {"the file " + path + ending + " beside it belongs to root", "`sudo chown " + me + " " + path + ending + "`"});
    check(reader(), {"the file " + path + ending + " beside it belongs to root"});
    fs::remove(path + ending);
  }
  BOOST_TEST(writer() == "");
  BOOST_TEST(reader() == "");
}

BOOST_FIXTURE_TEST_CASE(row_24_a_folder_that_may_not_be_written, fixture) {
  give(path);
  give(path + ".lock");
  fs::permissions(own, fs::perms(0755));
  check(writer(), {"its folder " + own, "belongs to root", "`sudo chown -R " + me + " " + own + "`"});
  give(own);
  fs::permissions(own, fs::perms(0555));
  check(writer(), {"its folder " + own, "is yours", "`chmod u+rwx " + own + "`"});
  fs::permissions(own, fs::perms(0755));
  fs::permissions(path, fs::perms(0400));
  check(writer(), {"the file is yours", "does not let you write it", "`chmod u+rw " + path + "`"});
  fs::permissions(path, fs::perms(0000));
  check(reader(), {"the file is yours", "does not let you read it", "`chmod u+r " + path + "`"});
}

BOOST_FIXTURE_TEST_CASE(folders_that_are_not_the_ledgers_are_not_given_away, fixture) {
  // Users share this folder, as they share /tmp.
  fs::permissions(own, fs::perms(01777));
  check(writer(), {"`sudo chown " + me + " " + path + " " + path + ".lock`"});
}

BOOST_FIXTURE_TEST_CASE(a_folder_far_above_the_ledger_is_not_given_away, fixture) {
  const auto deep = own + "/a/b";
  fs::create_directories(deep);
  path = deep + "/ledger.db";
  open().reset();
  fs::permissions(own, fs::perms(0700));
  const auto message = writer();
  check(message, {"the folder " + own + " belongs to root", "as root as before"});
  BOOST_TEST(!message.contains("chown"), message);
  // In a folder of the user it may be.
  give(folder.path());
  check(writer(), {"`sudo chown -R " + me + " " + own + "`"});
}

BOOST_FIXTURE_TEST_CASE(where_there_is_no_ledger_another_place_may_be_chosen, fixture) {
  path = own + "/new.db";
  const auto message = writer();
  BOOST_TEST(message.contains("cannot make the ledger " + path), message);
  BOOST_TEST(message.contains("choose another place with --ledger"), message);
}

BOOST_FIXTURE_TEST_CASE(a_path_with_blanks_is_one_argument, fixture) {
  const auto spaced = folder.file("it's own");
  fs::rename(own, spaced);
  path = spaced + "/ledger.db";
  fs::permissions(spaced, fs::perms(0700));
  check(reader(), {"`sudo chown -R " + me + " '" + folder.file("it'\\''s own") + "'`"});
}

BOOST_FIXTURE_TEST_CASE(a_lock_file_that_root_makes_belongs_to_the_owner_of_the_ledger, fixture) {
  give(own);
  give(path);
  fs::remove(path + ".lock");
  open().reset();
  struct stat there{};
  BOOST_REQUIRE(::stat((path + ".lock").c_str(), &there) == 0);
  BOOST_TEST(there.st_uid == other_user);
  BOOST_TEST(writer() == "");
}

BOOST_AUTO_TEST_SUITE_END()
