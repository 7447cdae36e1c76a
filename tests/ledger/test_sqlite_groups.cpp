// When the SQLite ledger commits: what a group is made of. Asserts on counts, never on time.

#include <sqlite3.h>

#include <atomic>
#include <memory>

#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace {

std::atomic<unsigned> commits;

// Counts the commits of every connection that is opened while it lives.
class commit_count {
 public:
  commit_count() { sqlite3_auto_extension(entry()); }
  ~commit_count() { sqlite3_cancel_auto_extension(entry()); }
  commit_count(const commit_count&) = delete;
  commit_count& operator=(const commit_count&) = delete;

 private:
  using entry_point = void (*)();
  static int on_commit(void*) {
    ++commits;
    return 0;
  }
  static int hook(sqlite3* db, char**, const void*) {
    sqlite3_commit_hook(db, &on_commit, nullptr);
    return SQLITE_OK;
  }
  static entry_point entry() { return reinterpret_cast<entry_point>(&hook); }
};

struct groups : sqlite_ledger {
  commit_count counted;

  // How many commits these claims need if all are in the queue before the first is taken from it; and the rows they find.
  struct claim_cost {
    unsigned commits = 0;
    std::size_t rows = 0;
  };
  static claim_cost queued(store& s, const opened_run& run, const std::vector<std::vector<page_wanted>>& claims) {
    std::promise<void> go;
    std::vector<std::future<std::size_t>> answers;
    // The ledger's thread waits in this callback until all claims are queued.
    s.claim({.run = run.info.id, .lane = 0, .lease = run.lease},
            [wait = go.get_future().share()](const result<claim_answer>&) { wait.wait(); });
    for (const auto& claim : claims) {
      const auto answer = std::make_shared<std::promise<std::size_t>>();
      answers.push_back(answer->get_future());
      s.claim({.run = run.info.id, .lane = 0, .lease = run.lease, .pages = claim},
              [answer](result<claim_answer> found) { answer->set_value(must(std::move(found)).rows()); });
    }
    claim_cost out;
    const auto before = commits.load();
    go.set_value();
    for (auto& a : answers) out.rows += a.get();
    out.commits = commits.load() - before;
    return out;
  }
};

// `each` rows of each of so many organizers.
run_id plan_rows(store& s, std::uint32_t organizers, std::uint32_t each) {
  std::vector<planned_row> rows;
  for (std::uint32_t i = 0; i < organizers * each; ++i) rows.push_back(row(i + 2, 1 + i % organizers, "e" + std::to_string(i)));
  return plan(s, header(), std::move(rows)).id;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(group_commits, groups)

BOOST_AUTO_TEST_CASE(a_claim_weighs_the_rows_that_it_found_not_those_that_were_requested) {
  const auto s = open({.group_rows = 64});
  const auto run = must(s->resume(plan_rows(*s, 32, 4)));
  std::vector<std::vector<page_wanted>> claims;
  for (const auto& o : run.organizers) claims.push_back({{.organizer = o.id, .count = 512}});
  BOOST_TEST(claims.size() == 32u);
  const auto first = queued(*s, run, claims);
  BOOST_TEST(first.rows == 128u);
  BOOST_TEST(first.commits == 2u);  // 64 rows each
  // A claim that finds nothing weighs nothing.
  const auto second = queued(*s, run, claims);
  BOOST_TEST(second.rows == 0u);
  BOOST_TEST(second.commits <= 1u);
}

BOOST_AUTO_TEST_CASE(one_claim_of_many_organizers_is_one_commit) {
  const auto s = open({.group_rows = 64});
  const auto run = must(s->resume(plan_rows(*s, 500, 4)));
  std::vector<page_wanted> all;
  for (const auto& o : run.organizers) all.push_back({.organizer = o.id, .count = 4});
  const auto got = queued(*s, run, {all});
  BOOST_TEST(got.rows == 2000u);
  BOOST_TEST(got.commits == 1u);
}

BOOST_AUTO_TEST_CASE(a_group_ends_with_the_claim_that_fills_it) {
  const auto s = open({.group_rows = 10});
  const auto run = must(s->resume(plan_rows(*s, 12, 4)));
  std::vector<std::vector<page_wanted>> claims;
  for (const auto& o : run.organizers) claims.push_back({{.organizer = o.id, .count = 4}});
  const auto got = queued(*s, run, claims);
  BOOST_TEST(got.rows == 48u);
  BOOST_TEST(got.commits == 4u);  // three claims of four rows are the first that have ten
}

BOOST_AUTO_TEST_SUITE_END()
