// A rehearsal: what a plan would decide, without a byte written.

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <random>

#include <boost/test/data/test_case.hpp>

#include "ledger/raw_file.hpp"
#include "ledger/sqlite/overlay_file.hpp"
#include "ledger/sqlite_ledger.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace fs = std::filesystem;

namespace {

struct fixture : sqlite_ledger {
  fixture() : sqlite_ledger("state/ledger.db") {}

  // Every file with its bytes and the times of its last changes.
  std::map<std::string, std::string> everything() const {
    std::map<std::string, std::string> out;
    for (const auto& one : fs::recursive_directory_iterator(folder.path())) {
      struct stat there{};
      BOOST_REQUIRE(::stat(one.path().c_str(), &there) == 0);
      const auto time = [](const timespec& t) { return std::to_string(t.tv_sec) + "." + std::to_string(t.tv_nsec) + " "; };
      out[one.path().string()] = time(there.st_mtim) + time(there.st_ctim) + (one.is_regular_file() ? content(one.path().string()) : "");
    }
    return out;
  }
};

plan_summary rehearse(store& s, std::vector<planned_row> rows) {
  auto planning = must(s.begin_plan(header("rehearsal")));
  must(planning->add_rows(std::move(rows)));
  return must(planning->classify());
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rehearsals, fixture)

BOOST_AUTO_TEST_CASE(a_rehearsal_writes_nothing) {
  auto s = open();
  const auto run = plan(*s, header(), {row(2, 1, "a"), row(3, 1, "b")}).id;
  carry_out(*s, run);
  s->save_pace(run, 0, {.rate = 48}, utc_time(std::chrono::seconds(1'790'000'000)));
  s.reset();
  const auto before = everything();
  {
    const auto rehearsal = open({.rehearsal = true});
    const auto summary = rehearse(*rehearsal, {row(2, 1, "a"), row(3, 1, "b", 1), row(4, 1, "c")});
    BOOST_TEST(summary.unchanged == 1u);
    BOOST_TEST(summary.changed_keys == 1u);
    BOOST_TEST(summary.new_keys == 1u);
    BOOST_TEST(must(rehearsal->read()->memory(header().lanes[0])).learnt->pace.rate == 48.0);
    BOOST_TEST((everything() == before));
  }
  BOOST_TEST((everything() == before));
}

BOOST_AUTO_TEST_CASE(a_rehearsal_sees_the_log_of_a_process_that_was_killed) {
  auto s = open();
  plan(*s, header(), {row(2, 1, "a")});
  fs::create_directory(folder.file("copy"));
  for (const std::string ending : {"", "-wal"}) fs::copy_file(path + ending, folder.file("copy/ledger.db") + ending);
  s.reset();
  path = folder.file("copy/ledger.db");
  const auto before = everything();
  BOOST_TEST(rehearse(*open({.rehearsal = true}), {row(2, 1, "a"), row(3, 1, "b")}).superseded == 1u);
  BOOST_TEST((everything() == before));
}

BOOST_DATA_TEST_CASE(a_rehearsal_does_not_upgrade_an_old_ledger, boost::unit_test::data::make({1, 2, 3, 4}), version) {
  fs::create_directory(folder.file("state"));
  BOOST_REQUIRE(ask(path, content(CONVOKE_LEDGER_TESTS "/schema_" + std::to_string(version) + ".sql")) == "");
  const auto before = everything();
  BOOST_TEST(rehearse(*open({.rehearsal = true}), {row(2, 1, "a")}).new_keys == 1u);
  BOOST_TEST((everything() == before));
  BOOST_TEST(ask(path, "PRAGMA user_version") == std::to_string(version));
}

BOOST_AUTO_TEST_CASE(a_rehearsal_creates_no_ledger) {
  BOOST_TEST(rehearse(*open({.rehearsal = true}), {row(2, 1, "a")}).new_keys == 1u);
  BOOST_TEST(everything().empty());
  fs::create_directory(folder.file("state"));
  std::ofstream(path).flush();
  const auto before = everything();
  const auto rehearsal = open({.rehearsal = true});
  BOOST_TEST(rehearse(*rehearsal, {row(2, 1, "a")}).new_keys == 1u);
  BOOST_TEST(!must(rehearsal->read()->memory(header().lanes[0])).learnt.has_value());
  BOOST_TEST((everything() == before));
}

BOOST_AUTO_TEST_CASE(a_rehearsal_that_is_larger_than_the_cache_writes_nothing) {
  plan(*open(), header(), {row(2, 1, "a")});
  const auto before = everything();
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 60'000; ++line) rows.push_back(row(line, line % 50, "e" + std::to_string(line)));
  BOOST_TEST(rehearse(*open({.rehearsal = true}), std::move(rows)).new_keys == 59'998u);
  BOOST_TEST((everything() == before));
}

BOOST_AUTO_TEST_CASE(a_rehearsal_waits_for_a_writer_and_keeps_writers_away) {
  auto s = open();
  const auto second = try_open({.rehearsal = true});
  BOOST_REQUIRE(!second.has_value());
  BOOST_TEST((second.error().code == errc::busy));
  s.reset();
  const auto rehearsal = open({.rehearsal = true}), another = open({.rehearsal = true});
  BOOST_TEST((try_open().error().code == errc::busy));
}

BOOST_AUTO_TEST_CASE(an_overlay_reads_like_a_file) {
  const auto below = folder.file("below");
  std::mt19937 random(3);
  std::string model(10'000, '\0');
  for (auto& c : model) c = static_cast<char>(random());
  std::ofstream(below, std::ios::binary) << model;
  const auto before = content(below);
  auto file = must(sqlite::overlay_file::open(below, folder.path()));
  for (int i = 0; i < 3000; ++i) {
    const auto offset = random() % 30'000;
    const auto length = 1 + random() % (i % 3 == 0 ? 12'000 : 600);
    if (i % 50 == 49) {
      must(file.truncate(offset));
      model.resize(offset);
    } else if (i % 2 == 0) {
      std::string bytes(length, static_cast<char>(random()));
      must(file.write(offset, std::as_bytes(std::span(bytes))));
      if (model.size() < offset + length) model.resize(offset + length);
      model.replace(offset, length, bytes);
    }
    BOOST_REQUIRE(file.size() == model.size());
    std::string got(length, '?');
    const auto read = must(file.read(offset, std::as_writable_bytes(std::span(got))));
    auto expected = offset < model.size() ? model.substr(offset, length) : std::string();
    BOOST_REQUIRE(read == expected.size());
    expected.resize(length);
    BOOST_REQUIRE(got == expected);
  }
  BOOST_TEST(content(below) == before);
}

BOOST_AUTO_TEST_CASE(a_writer_that_a_rehearsal_keeps_away_names_no_process_that_ended) {
  open().reset();
  std::ofstream(path + ".lock") << "pid 4711\n";
  const auto rehearsal = open({.rehearsal = true});
  const auto writer = try_open();
  BOOST_REQUIRE(!writer.has_value());
  BOOST_TEST((writer.error().code == errc::busy));
  BOOST_TEST(mentions(writer.error(), "a dry run uses this ledger"), writer.error().message);
  BOOST_TEST(!mentions(writer.error(), "4711"), writer.error().message);
}

BOOST_AUTO_TEST_SUITE_END()
