#include <rapidcheck.h>

#include <fstream>
#include <set>

#include "ledger/fixture.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/forward_cursor.hpp"

using namespace convoke;
using namespace convoke::ledger::sqlite;

BOOST_AUTO_TEST_SUITE(cursors)

BOOST_AUTO_TEST_CASE(cursors_find_what_is_there) {
  connection db;
  const ledger::testing::temp_folder folder;
  std::ofstream(folder.file("some.db")).flush();
  BOOST_REQUIRE(db.open(folder.file("some.db"), connection::mode::read_write).has_value());
  db.exec("CREATE TABLE t(id INTEGER PRIMARY KEY)");
  BOOST_TEST(rc::check("a cursor finds the keys that exist, in any order of asking",
                       [&](const std::set<std::uint8_t>& keys, const std::vector<std::uint8_t>& asked) {
                         db.exec("DELETE FROM t");
                         statement insert(db, "INSERT INTO t VALUES(?)");
                         for (const auto key : keys) insert.with(key).run();
                         forward_cursor<std::uint64_t> cursor(db, "SELECT id FROM t WHERE id >= ? ORDER BY id");
                         for (const auto key : asked) {
                           RC_ASSERT(cursor.find(key) == keys.contains(key));
                           RC_ASSERT(cursor.find(key) == keys.contains(key));
                         }
                         RC_ASSERT(db.ok());
                       }));
}

BOOST_AUTO_TEST_SUITE_END()
