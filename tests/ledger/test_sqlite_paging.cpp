// Readers that stand still, and what they leave behind: the log stays small, and a log alone is no unclean stop.

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include <boost/test/data/test_case.hpp>

#include "ledger/raw_file.hpp"
#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t checkpoint_bytes = 4096u * 4096;  // wal_autocheckpoint pages

struct fixture : sqlite_ledger {
  std::vector<planned_row> rows(unsigned count, unsigned version = 0) const {
    std::vector<planned_row> out;
    // Subjects of some size, so that a commit writes several pages.
    for (unsigned i = 0; i < count; ++i) {
      auto wanted = testing::wanted(i % 5, "e" + std::to_string(i), version);
      wanted.subject = std::string(200, 'x') + std::to_string(i);
      out.push_back({.line = i + 2, .raw = std::string(300, 'r'), .payload = encode_spec(wanted)});
    }
    return out;
  }

  // A small ledger in a large file: a check of all pages finds pages that nothing uses; a check of a few tables does not read them.
  void make_with_unused_pages() const {
    plan(*open(), header(), {row(2, 1, "a")});
    constexpr std::uint32_t pages = 20'000;
    BOOST_REQUIRE(::truncate(path.c_str(), off_t{pages} * 4096) == 0);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(28);
    const unsigned char count[] = {pages >> 24, pages >> 16 & 255, pages >> 8 & 255, pages & 255};
    file.write(reinterpret_cast<const char*>(count), sizeof count);
  }
  // A process that writes and is killed.
  void write_and_die() const {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto s = try_open();
      if (!s) ::_exit(1);
      plan(**s, header("killed"), {row(2, 1, "k")});
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFSIGNALED(status));
  }
  void refused_as_damaged() const {
    const auto found = try_open();
    BOOST_REQUIRE(!found.has_value());
    BOOST_TEST(mentions(found.error(), "is damaged"), found.error().message);
  }
};

// A snapshot that somebody holds.
struct held_snapshot {
  sqlite3* db = nullptr;
  explicit held_snapshot(const std::string& path) {
    BOOST_REQUIRE(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
    BOOST_REQUIRE(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM run", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  ~held_snapshot() { sqlite3_close(db); }
  held_snapshot(const held_snapshot&) = delete;
  held_snapshot& operator=(const held_snapshot&) = delete;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(paging, fixture)

BOOST_DATA_TEST_CASE(a_reader_that_waits_does_not_grow_the_log,
                     boost::unit_test::data::make(std::vector<std::string>{"results", "failed", "inventory"}), what) {
  auto s = open();
  constexpr unsigned count = 3000;
  const auto run = plan(*s, header(), rows(count)).id;
  std::vector<claimed_row> claimed;
  const auto opened = must(s->resume(run));
  for (const auto& o : opened.organizers)
    for (auto& one : claim(*s, opened, o.id, count).rows) claimed.push_back(std::move(one));
  BOOST_REQUIRE(claimed.size() == count);
  finish(*s, {ended(claimed.back(), outcome::failed)});
  claimed.pop_back();

  std::uintmax_t largest = 0;
  const auto log = path + "-wal";
  std::size_t seen = 0;
  const auto stand_still = [&]() -> result<void> {
    if (seen++ > 0) return {};
    for (const auto& one : claimed) {
      auto end = ended(one);
      end.error_message = std::string(2000, 'm');
      end.stored->join_web_url = std::string(2000, 'j');
      finish(*s, {end});
      largest = std::max(largest, fs::file_size(log));
    }
    return {};
  };
  const auto r = s->read();
  if (what == "results") must(r->for_each_result(run, [&](const result_row&) { return stand_still(); }));
  if (what == "failed") must(r->for_each_failed(run, [&](const result_row&) { return stand_still(); }));
  if (what == "inventory") must(r->for_each_inventory([&](const inventory_row&) { return stand_still(); }));
  BOOST_TEST(seen == (what == "failed" ? 1u : count));
  BOOST_TEST(largest >= checkpoint_bytes);  // else the test has tested nothing
  BOOST_TEST(largest <= 4 * checkpoint_bytes);
  BOOST_TEST((must(s->finish_run(run)) == run_state::finished));
  check_counts(*r, run);
}

BOOST_AUTO_TEST_CASE(pages_of_any_size_follow_each_other_without_a_gap) {
  auto s = open();
  std::vector<planned_row> some = rows(2500);
  for (std::size_t i = 0; i < some.size(); i += 7) some[i].raw = std::string(i % 3 == 0 ? 200'000 : 20'000, 'r');
  some[1000].raw = std::string(3'000'000, 'r');
  std::size_t bytes = 0;
  for (const auto& one : some) bytes += one.raw.size();
  const auto run = plan(*s, header(), some).id;
  const auto r = s->read();
  std::uint32_t line = 1;
  std::size_t read = 0;
  must(r->for_each_result(run, [&](const result_row& got) -> result<void> {
    BOOST_TEST(got.line == ++line);
    read += got.raw.size();
    return {};
  }));
  BOOST_TEST(line == 2501u);
  BOOST_TEST(read == bytes);
  std::set<std::string, std::less<>> keys;
  must(r->for_each_inventory([&](const inventory_row& got) -> result<void> {
    BOOST_TEST(keys.emplace(got.external_id).second);
    BOOST_TEST(got.lane.tenant == "tenant-1");
    return {};
  }));
  BOOST_TEST(keys.size() == 2500u);
  const auto counts = must(r->inventory_counts());
  BOOST_REQUIRE(counts.size() == 1u);
  BOOST_TEST(counts[0].count == 2500u);
  std::uint64_t owed = 0;
  for (const auto& o : must(r->status(run)).organizers) owed += o.counts.owed;
  BOOST_TEST(owed == 2500u);
}

BOOST_AUTO_TEST_CASE(a_reader_refuses_the_rest_of_a_run_that_is_pruned_meanwhile) {
  auto s = open();
  const auto run = plan(*s, header(), rows(1500)).id;
  carry_out(*s, run);
  const auto r = s->read();
  std::size_t seen = 0;
  const auto read = r->for_each_result(run, [&](const result_row&) -> result<void> {
    if (seen++ == 0) must(s->prune(0));
    return {};
  });
  BOOST_REQUIRE(!read.has_value());
  BOOST_TEST(mentions(read.error(), "no longer kept"));
  BOOST_TEST(seen < 1500u);
}

BOOST_AUTO_TEST_CASE(a_log_that_a_reader_kept_does_not_count_as_an_unclean_stop) {
  make_with_unused_pages();
  {
    auto s = open();
    const held_snapshot reader(path);
    plan(*s, header("more"), {row(2, 1, "b")});
    s.reset();
    BOOST_REQUIRE(fs::file_size(path + "-wal") > 0);
  }
  BOOST_REQUIRE(fs::file_size(path + "-wal") > 0);
  BOOST_TEST(try_open().has_value());
}

BOOST_AUTO_TEST_CASE(the_kill_of_a_process_counts_as_an_unclean_stop) {
  make_with_unused_pages();
  BOOST_TEST(try_open().has_value());
  write_and_die();
  // After a refusal it still counts as unclean.
  refused_as_damaged();
  refused_as_damaged();
}

BOOST_AUTO_TEST_CASE(the_kill_of_a_process_is_detected_although_its_log_is_gone) {
  make_with_unused_pages();
  write_and_die();
  ask(path, "PRAGMA wal_checkpoint(TRUNCATE)");
  refused_as_damaged();
}

BOOST_AUTO_TEST_CASE(a_log_without_a_lock_file_counts_as_an_unclean_stop) {
  make_with_unused_pages();
  write_and_die();
  fs::remove(path + ".lock");
  refused_as_damaged();
  refused_as_damaged();
}

BOOST_AUTO_TEST_CASE(a_refused_ledger_does_not_count_as_an_unclean_stop) {
  make_with_unused_pages();
  ask(path, "PRAGMA user_version = 77");
  BOOST_TEST(!try_open().has_value());
  ask(path, "PRAGMA user_version = 8");
  BOOST_TEST(try_open().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
