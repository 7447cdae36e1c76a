#include "ledger/planning/sorter.hpp"

#include <fcntl.h>
#include <rapidcheck.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "ledger/digest.hpp"
#include "ledger/fixture.hpp"
#include "ledger/key_set.hpp"
#include "ledger/sqlite/connection.hpp"
#include "ledger/sqlite/forward_cursor.hpp"
#include "ledger/sqlite/worker.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::sqlite;
using convoke::ledger::planning::external_sorter;

namespace {

struct item {
  std::uint32_t key, tag;
  friend bool operator==(const item&, const item&) = default;
  friend auto operator<=>(const item&, const item&) = default;
};

template <class T, class Less>
std::vector<T> drain(external_sorter<T, Less>& sorter) {
  sorter.finish();
  std::vector<T> out;
  for (T one; sorter.next(one);) out.push_back(one);
  BOOST_TEST(sorter.status().has_value());
  return out;
}

// Runs the jobs of a group as they come and counts commits.
class counting_job final : public grouped_job {
 public:
  counting_job(int& applied, std::vector<int>& settled, int name) : applied_(applied), settled_(settled), name_(name) {}
  void apply() override { ++applied_; }
  void settle(const error* failed) override { settled_.push_back(failed ? -name_ : name_); }
  std::size_t weight() const noexcept override { return 1; }

 private:
  int& applied_;
  std::vector<int>& settled_;
  int name_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sorting)

BOOST_AUTO_TEST_CASE(any_input_and_any_budget) {
  const auto folder = std::filesystem::temp_directory_path().string();
  BOOST_TEST(rc::check("sorts as std::sort does, within and beyond the budget",
                       [&](const std::vector<std::pair<std::uint32_t, std::uint32_t>>& input) {
                         std::vector<item> items;
                         for (const auto& [key, tag] : input) items.push_back({key % 50, tag});
                         const auto budget = *rc::gen::inRange<std::size_t>(1, 40 * sizeof(item));
                         external_sorter<item> sorter(folder, budget);
                         for (const auto& i : items) sorter.push(i);
                         std::sort(items.begin(), items.end());
                         RC_ASSERT(drain(sorter) == items);
                       }));
}

BOOST_AUTO_TEST_CASE(many_runs_are_merged) {
  external_sorter<std::uint64_t> sorter(std::filesystem::temp_directory_path().string(), 64 * 1024);
  constexpr std::uint64_t count = 300'000;
  for (std::uint64_t i = 0; i < count; ++i) sorter.push(i * 7919 % count);
  const auto sorted = drain(sorter);
  BOOST_TEST(sorter.spilled_runs() > 30u);
  BOOST_REQUIRE(sorted.size() == count);
  for (std::uint64_t i = 0; i < count; ++i) BOOST_REQUIRE(sorted[i] == i);
}

BOOST_AUTO_TEST_CASE(nowhere_to_spill_is_an_error) {
  const ledger::testing::temp_folder folder;
  external_sorter<std::uint64_t> sorter(folder.path() + "/none", 32);
  for (std::uint64_t i = 0; i < 100; ++i) sorter.push(i);
  sorter.finish();
  std::uint64_t out = 0;
  while (sorter.next(out)) {
  }
  BOOST_REQUIRE(!sorter.status().has_value());
  BOOST_TEST((sorter.status().error().code == errc::storage));
}

BOOST_AUTO_TEST_CASE(the_temporary_file_has_no_name) {
  const ledger::testing::temp_folder folder;
  external_sorter<std::uint64_t> sorter(folder.path(), 32);
  for (std::uint64_t i = 0; i < 100; ++i) sorter.push(100 - i);
  BOOST_TEST(std::filesystem::is_empty(folder.path()));
  BOOST_TEST(drain(sorter).size() == 100u);
}

BOOST_AUTO_TEST_CASE(key_sets) {
  BOOST_TEST(rc::check("a key set is a set", [](const std::vector<std::uint32_t>& keys, std::uint8_t run) {
    key_set set;
    std::set<std::uint64_t> model;
    for (const auto key : keys) {
      const auto id = std::uint64_t{run} << 32 | key;
      RC_ASSERT(set.insert(id) == model.insert(id).second);
      RC_ASSERT(set.contains(id));
      RC_ASSERT(set.contains(id + 1) == model.contains(id + 1));
    }
    RC_ASSERT(set.size() == model.size());
  }));
}

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

BOOST_AUTO_TEST_CASE(digests) {
  hasher hash;
  // SHA-256 of "abc" begins ba7816bf 8f01cfea 414140de 5dae2223 (FIPS 180-2, appendix B.1).
  const auto abc = hash({"a", "bc"});
  BOOST_TEST(abc.high == 0xba7816bf8f01cfeaU);
  BOOST_TEST(abc.low == 0x414140de5dae2223U);
  BOOST_TEST((read_digest(digest_bytes(abc).view()) == abc));
  BOOST_TEST((hash({"abd"}) != abc));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(working)

BOOST_AUTO_TEST_CASE(what_waits_together_is_one_group) {
  int begun = 0, applied = 0;
  std::vector<int> settled;
  std::promise<void> go;
  {
    worker w({.begin = [&]() -> result<void> {
                ++begun;
                return {};
              },
              .commit = []() -> result<void> { return {}; }},
             {.rows = 4, .interval = {}});
    w.post([held = go.get_future()]() mutable { held.wait(); });
    for (int name = 1; name <= 10; ++name) w.post(std::make_unique<counting_job>(applied, settled, name));
    go.set_value();
  }
  BOOST_TEST(begun == 3);
  BOOST_TEST(applied == 10);
  BOOST_TEST(settled == (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(work_of_its_own_kind_ends_a_group) {
  int begun = 0, applied = 0, seen = 0;
  std::vector<int> settled;
  std::promise<void> go;
  worker w({.begin = [&]() -> result<void> {
              ++begun;
              return {};
            },
            .commit = []() -> result<void> { return {}; }},
           {.rows = 100, .interval = std::chrono::hours(1)});
  w.post([held = go.get_future()]() mutable { held.wait(); });
  w.post(std::make_unique<counting_job>(applied, settled, 1));
  w.post([&] { seen = static_cast<int>(settled.size()); });
  w.post(std::make_unique<counting_job>(applied, settled, 2));
  go.set_value();
  w.call([] {});
  BOOST_TEST(seen == 1);
  BOOST_TEST(begun == 2);
}

BOOST_AUTO_TEST_CASE(a_failed_commit_fails_the_whole_group) {
  int applied = 0;
  std::vector<int> settled;
  {
    worker w({.begin = []() -> result<void> { return {}; }, .commit = []() -> result<void> { return fail(errc::storage, "full"); }},
             {.rows = 8, .interval = {}});
    for (int name = 1; name <= 3; ++name) w.post(std::make_unique<counting_job>(applied, settled, name));
  }
  BOOST_TEST(applied == 3);
  BOOST_TEST(settled == (std::vector<int>{-1, -2, -3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
