// A look at a ledger of SQLite that changes nothing.

#include <filesystem>
#include <fstream>

#include "ledger/inspect.hpp"
#include "ledger/raw_file.hpp"
#include "ledger/sqlite/schema.hpp"
#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace fs = std::filesystem;

namespace {

const auto never = [] { return false; };

result<inspection> look(const sqlite_ledger& at) {
  return inspect_ledger("sqlite:" + at.path, never);
}

std::vector<std::string> files_beside(const std::string& path) {
  std::vector<std::string> out;
  for (const auto& one : fs::directory_iterator(fs::path(path).parent_path())) out.push_back(one.path().filename().string());
  std::ranges::sort(out);
  return out;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(inspecting_sqlite, sqlite_ledger)

BOOST_AUTO_TEST_CASE(one_that_is_not_there_is_not_made) {
  const auto seen = must(look(*this));
  BOOST_TEST(!seen.exists);
  BOOST_TEST(seen.not_writable.empty());
  BOOST_TEST(files_beside(path).empty());
  const auto deep = must(inspect_ledger("sqlite:" + folder.file("a") + "/b/ledger.db", never));
  BOOST_TEST(deep.not_writable.empty());
  BOOST_TEST(files_beside(path).empty());
}

BOOST_AUTO_TEST_CASE(a_sound_one_stays_as_it_is) {
  open().reset();
  const auto before = files_beside(path);
  const auto bytes = content(path);
  const auto seen = must(look(*this));
  BOOST_TEST(seen.exists);
  BOOST_TEST(!seen.several_processes);
  BOOST_TEST(seen.version == sqlite::schema_version);
  BOOST_TEST(seen.own_version == sqlite::schema_version);
  BOOST_TEST(seen.pages == "all pages");
  BOOST_TEST(seen.holder.empty());
  BOOST_TEST(seen.not_writable.empty());
  BOOST_TEST(files_beside(path) == before, boost::test_tools::per_element());
  BOOST_TEST(content(path) == bytes);
}

BOOST_AUTO_TEST_CASE(the_holder_is_named_and_not_disturbed) {
  const auto held = open();
  const auto seen = must(look(*this));
  BOOST_TEST(seen.holder.contains("pid " + std::to_string(::getpid())));
  BOOST_TEST(held->read()->runs().has_value());
  // It can be locked anew: the look has left no lock behind.
}

BOOST_AUTO_TEST_CASE(damage_is_found) {
  open().reset();
  const auto size = fs::file_size(path);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(size - 4096, '\xA5');
  }
  const auto seen = look(*this);
  BOOST_TEST_REQUIRE(!seen.has_value());
  BOOST_TEST((seen.error().code == errc::storage));
}

BOOST_AUTO_TEST_CASE(what_is_no_ledger_or_newer_is_refused) {
  open().reset();
  ask(path, "PRAGMA user_version = 99");
  BOOST_TEST(mentions(look(*this).error(), "newer convoke (schema 99"));
  const sqlite_ledger other("other.db");
  ask(other.path, "CREATE TABLE t(a)");
  BOOST_TEST(mentions(look(other).error(), "not a ledger of convoke"));
  BOOST_TEST((inspect_ledger("mysql:x", never).error().code == errc::usage));
}

BOOST_AUTO_TEST_CASE(a_folder_is_no_ledger) {
  fs::create_directory(path);
  BOOST_TEST(mentions(look(*this).error(), "is a directory"));
}

BOOST_AUTO_TEST_SUITE_END()
