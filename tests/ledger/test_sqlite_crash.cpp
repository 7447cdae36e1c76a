// A ledger that was not closed: killed processes and torn logs. What was acknowledged is there; what is there is consistent.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "ledger/fixture.hpp"

using namespace convoke;
using namespace convoke::ledger;
using namespace convoke::ledger::testing;

namespace fs = std::filesystem;

namespace {

constexpr unsigned rows_planned = 400;

std::vector<planned_row> some_rows() {
  std::vector<planned_row> rows;
  for (std::uint32_t line = 2; line < 2 + rows_planned; ++line)
    rows.push_back(row(line, line % 7, "e" + std::to_string(line / 2 * 2 + line % 2)));
  return rows;
}

std::unique_ptr<store> open(const std::string& path) {
  return must(open_sqlite({.path = path, .program_version = "test", .group_interval = {}}));
}

// Plans if nothing is planned yet, then works until it is killed. Writes every acknowledged line to `acknowledged`.
[[noreturn]] void work_until_killed(const std::string& path, int acknowledged) {
  auto s = open_sqlite({.path = path, .program_version = "child", .wait_lock = std::chrono::seconds(10), .group_interval = {}});
  if (!s) ::_exit(2);
  const auto r = (*s)->read();
  auto known = r->find("one");
  if (!known) ::_exit(3);
  const auto run = *known ? (*known)->id : plan(**s, header(), some_rows()).id;
  const auto opened = (*s)->resume(run);
  if (!opened) ::_exit(4);
  for (const auto& o : opened->organizers) {
    for (const bool stale : {false, true}) {
      for (bool more = true; more;) {
        const auto page = claim(**s, *opened, o.id, 5, stale);
        for (const auto& claimed : page.rows) {
          finish(**s, {ended(claimed)});
          const auto line = number_of(claimed.row);
          if (::write(acknowledged, &line, sizeof line) != sizeof line) ::_exit(5);
        }
        more = !page.exhausted;
      }
    }
  }
  if (!(*s)->finish_run(run)) ::_exit(6);
  s->reset();
  ::_exit(0);
}

// What must hold of any ledger that was found after a crash. Returns the lines that have an outcome.
std::vector<std::uint32_t> check_found(const std::string& path) {
  const auto s = open(path);
  const auto r = s->read();
  std::vector<std::uint32_t> lines;
  for (const auto& info : must(r->runs())) {
    check_counts(*r, info.id);
    BOOST_TEST(info.rows == rows_planned);
    std::uint64_t owed = 0;
    for (const auto& o : must(s->resume(info.id)).organizers) owed += o.fresh + o.stale;
    BOOST_TEST(owed == info.counts.owed);
    must(r->for_each_result(info.id, [&](const result_row& got) -> result<void> {
      if (got.result) {
        lines.push_back(got.line);
        BOOST_TEST(got.meeting_id.starts_with("m"));
      }
      return {};
    }));
  }
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crashes)

BOOST_AUTO_TEST_CASE(every_row_ends_once_although_the_process_is_killed_again_and_again) {
  const temp_folder folder;
  const auto path = folder.file("ledger.db");
  std::mt19937 random(7);
  std::vector<bool> acknowledged(rows_planned + 2);
  bool over = false;
  int kills = 0;
  for (; !over && kills < 200; ++kills) {
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      work_until_killed(path, ends[1]);
    }
    ::close(ends[1]);
    // Killed a little after so many rows were acknowledged; 0: a little after the start.
    const unsigned kill_after = random() % 40;
    std::uint32_t line = 0;
    unsigned acknowledged_lines = 0;
    const auto next_line = [&] {
      if (::read(ends[0], &line, sizeof line) != sizeof line) return false;
      BOOST_TEST(!acknowledged[line], "line " << line << " ended twice");
      acknowledged[line] = true;
      return true;
    };
    while (acknowledged_lines < kill_after && next_line()) ++acknowledged_lines;
    ::usleep(static_cast<useconds_t>(random() % 3000));
    ::kill(child, SIGKILL);
    while (next_line()) {
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    over = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    BOOST_REQUIRE((over || WIFSIGNALED(status)));
    if (!fs::exists(path)) continue;
    const auto found = check_found(path);
    std::vector<bool> there(rows_planned + 2);
    for (const auto l : found) there[l] = true;
    for (std::size_t l = 0; l < acknowledged.size(); ++l) {
      BOOST_TEST((!acknowledged[l] || there[l]), "line " << l << " was acknowledged and is lost");
      // A commit can be durable without its acknowledgement: it counts from now on.
      acknowledged[l] = acknowledged[l] || there[l];
    }
  }
  BOOST_TEST(over);
  BOOST_TEST(kills > 5);
  BOOST_TEST(check_found(path).size() == rows_planned);
}

BOOST_AUTO_TEST_CASE(a_torn_log_leaves_a_prefix_of_the_commits) {
  const temp_folder folder;
  const auto path = folder.file("ledger.db");
  auto s = open(path);
  const auto run = plan(*s, header(), some_rows()).id;
  s.reset();
  s = open(path);
  std::vector<std::uint32_t> order;
  std::vector<std::uintmax_t> log_sizes;
  const auto opened = must(s->resume(run));
  for (const auto& o : opened.organizers) {
    const auto page = claim(*s, opened, o.id, 12);
    for (const auto& claimed : page.rows) {
      finish(*s, {ended(claimed)});
      order.push_back(number_of(claimed.row));
      log_sizes.push_back(fs::file_size(path + "-wal"));
    }
  }
  // The machine failed when so much of the log had reached the disk.
  std::mt19937 random(11);
  const auto copy = folder.file("copy.db");
  const auto whole = fs::file_size(path + "-wal");
  for (int i = 0; i < 40; ++i) {
    fs::copy_file(path, copy, fs::copy_options::overwrite_existing);
    fs::copy_file(path + "-wal", copy + "-wal", fs::copy_options::overwrite_existing);
    const auto kept = random() % (whole + 1);
    fs::resize_file(copy + "-wal", kept);
    auto found = check_found(copy);
    BOOST_REQUIRE(found.size() <= order.size());
    for (std::size_t n = 0; n < order.size(); ++n) {
      const bool there = std::find(found.begin(), found.end(), order[n]) != found.end();
      BOOST_TEST(there == (n < found.size()), "not a prefix");
      if (log_sizes[n] <= kept && (n == 0 || log_sizes[n] > log_sizes[n - 1])) BOOST_TEST(there, "a synced commit is lost");
    }
    carry_out(*open(copy), run);
    BOOST_TEST(check_found(copy).size() == rows_planned);
  }
}

BOOST_AUTO_TEST_SUITE_END()
