// How often a whole run commits claims. SQLite itself is asked: every connection that this process opens is traced.

#include <sqlite3.h>

#include <algorithm>
#include <string_view>

#include "fixture.hpp"

using namespace convoke;
using namespace convoke::testing;

namespace {

// One thread writes the ledger; the numbers are read after it has ended.
class claim_count {
 public:
  claim_count() {
    statements = commits = 0;
    sqlite3_auto_extension(entry());
  }
  ~claim_count() { sqlite3_cancel_auto_extension(entry()); }
  claim_count(const claim_count&) = delete;
  claim_count& operator=(const claim_count&) = delete;

  static inline unsigned statements = 0;  // that claim rows
  static inline unsigned commits = 0;     // that contain a claim

 private:
  static inline bool claiming = false;
  using entry_point = void (*)();
  static int on_statement(unsigned, void*, void*, void* text) {
    const auto* sql = static_cast<const char*>(text);
    if (sql == nullptr || !std::string_view(sql).starts_with("UPDATE owed SET token = ?")) return 0;
    ++statements;
    claiming = true;
    return 0;
  }
  static int on_commit(void*) {
    commits += claiming ? 1U : 0U;
    claiming = false;
    return 0;
  }
  static int hook(sqlite3* db, char**, const void*) {
    sqlite3_trace_v2(db, SQLITE_TRACE_STMT, &on_statement, nullptr);
    sqlite3_commit_hook(db, &on_commit, nullptr);
    return SQLITE_OK;
  }
  static entry_point entry() { return reinterpret_cast<entry_point>(&hook); }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(four_rows_each_of_many_organizers_need_few_commits_of_claims, fixture) {
  start();
  constexpr unsigned organizers = 500, each = 4;
  const auto path = (folder / "in.csv").string();
  std::ofstream to(path, std::ios::binary);
  to << "organizer,external_id,subject,start\n";
  for (unsigned i = 0; i < organizers * each; ++i)
    to << fmt::format("00000000-0000-0000-0000-{:012},K-{},Class,2026-10-19T08:00:00Z\n", i % organizers, i);
  to.close();
  const claim_count count_claims;
  const auto done = must(apply(make_job(path), watch));
  BOOST_TEST(done.exit_code() == 0);
  BOOST_TEST(count("created") == organizers * each);
  BOOST_TEST(claim_count::statements >= 1U);  // otherwise this test does not see them
  BOOST_TEST(claim_count::statements <= organizers);
  BOOST_TEST(claim_count::commits >= 1U);
  BOOST_TEST(claim_count::commits <= 4U);
}
