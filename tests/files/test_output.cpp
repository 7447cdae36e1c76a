#include "files/output.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "temporary_directory.hpp"

namespace {

using convoke::files::output;
using files_test::content_of;
using files_test::temporary_directory;

void write(output& out, std::string_view text) {
  BOOST_REQUIRE(out.write(text).has_value());
}

mode_t mode_of(const std::string& path) {
  struct stat about{};
  BOOST_REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 0777;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(files_output)

BOOST_AUTO_TEST_CASE(a_file_appears_whole_at_commit) {
  const temporary_directory dir;
  const std::string path = dir.file("r.csv", "old");
  ::chmod(path.c_str(), 0644);
  auto out = output::create(path);
  BOOST_REQUIRE(out.has_value());
  const std::string big(200'000, 'x');
  write(*out, big);
  write(*out, "end");
  BOOST_TEST(content_of(path) == "old");
  BOOST_REQUIRE(out->commit().has_value());
  BOOST_TEST((content_of(path) == big + "end"));
  BOOST_TEST(mode_of(path) == 0600U);
  BOOST_TEST(dir.count() == 1);
}

BOOST_AUTO_TEST_CASE(without_commit_nothing_changes) {
  const temporary_directory dir;
  const std::string path = dir.file("r.csv", "old");
  {
    auto out = output::create(path);
    BOOST_REQUIRE(out.has_value());
    write(*out, std::string(200'000, 'x'));
  }
  BOOST_TEST(content_of(path) == "old");
  BOOST_TEST(dir.count() == 1);
}

BOOST_AUTO_TEST_CASE(an_empty_file_appears_too) {
  const temporary_directory dir;
  auto out = output::create(dir.path("r.csv"));
  BOOST_REQUIRE(out.has_value());
  BOOST_REQUIRE(out->commit().has_value());
  BOOST_TEST(content_of(dir.path("r.csv")).empty());
  BOOST_TEST(mode_of(dir.path("r.csv")) == 0600U);
}

BOOST_AUTO_TEST_CASE(a_link_stays_and_its_file_is_replaced) {
  const temporary_directory dir;
  const std::string real = dir.file("real.csv", "old");
  std::filesystem::create_symlink("real.csv", dir.path("link.csv"));
  auto out = output::create(dir.path("link.csv"));
  BOOST_REQUIRE(out.has_value());
  write(*out, "new");
  BOOST_REQUIRE(out->commit().has_value());
  BOOST_TEST(std::filesystem::is_symlink(dir.path("link.csv")));
  BOOST_TEST(content_of(real) == "new");
}

BOOST_AUTO_TEST_CASE(a_link_at_a_derived_name_is_replaced_and_its_file_stays) {
  const temporary_directory dir;
  const std::string real = dir.file("real.csv", "old");
  for (const auto* target : {"real.csv", "none", "/dev/null", "."}) {
    std::filesystem::remove(dir.path("link.csv"));
    std::filesystem::create_symlink(target, dir.path("link.csv"));
    auto out = output::create(dir.path("link.csv"), convoke::files::naming::derived);
    BOOST_REQUIRE(out.has_value());
    write(*out, "new");
    BOOST_REQUIRE(out->commit().has_value());
    BOOST_TEST(std::filesystem::is_regular_file(std::filesystem::symlink_status(dir.path("link.csv"))));
    BOOST_TEST(content_of(dir.path("link.csv")) == "new");
  }
  BOOST_TEST(content_of(real) == "old");
  BOOST_TEST(dir.count() == 2);
}

BOOST_AUTO_TEST_CASE(something_else_than_a_file_at_a_derived_name_is_refused) {
  const temporary_directory dir;
  BOOST_REQUIRE(::mkfifo(dir.path("pipe").c_str(), 0600) == 0);
  std::filesystem::create_directory(dir.path("folder"));
  for (const auto& path : {dir.path("pipe"), dir.path("folder"), std::string("/dev/null")}) {
    const auto out = output::create(path, convoke::files::naming::derived);
    BOOST_REQUIRE(!out.has_value());
    BOOST_TEST((out.error().code == convoke::errc::output));
    BOOST_TEST(out.error().message.contains(path));
  }
}

BOOST_AUTO_TEST_CASE(the_temporary_file_of_a_killed_process_is_removed_by_the_next) {
  const temporary_directory dir;
  const std::string left = dir.file(".r.csv.convoke-0.tmp", "half"), other = dir.file(".s.csv.convoke-0.tmp", "of another file"),
                    own = dir.file(".r.csv.AbCdEf", "of the user's");
  // The temporary file of a process that still writes.
  const std::string used = dir.file(".r.csv.convoke-1.tmp", "being written");
  const int descriptor = ::open(used.c_str(), O_RDWR | O_CLOEXEC);
  BOOST_REQUIRE(::flock(descriptor, LOCK_EX) == 0);
  // Links, to files and to nothing.
  std::filesystem::create_symlink("used", dir.path(".r.csv.convoke-2.tmp"));
  auto out = output::create(dir.path("r.csv"));
  BOOST_REQUIRE(out.has_value());
  BOOST_TEST(!std::filesystem::exists(left));
  write(*out, "whole");
  BOOST_REQUIRE(out->commit().has_value());
  ::close(descriptor);
  BOOST_TEST(content_of(dir.path("r.csv")) == "whole");
  BOOST_TEST(content_of(used) == "being written");
  BOOST_TEST(std::filesystem::exists(other));
  BOOST_TEST(std::filesystem::exists(own));
  BOOST_TEST(dir.count() == 5);
}

BOOST_AUTO_TEST_CASE(two_writers_of_one_file_do_not_remove_each_others_temporary_files) {
  const temporary_directory dir;
  auto first = output::create(dir.path("r.csv"));
  auto second = output::create(dir.path("r.csv"));
  BOOST_REQUIRE(first.has_value());
  BOOST_REQUIRE(second.has_value());
  write(*first, "first");
  write(*second, "second");
  BOOST_REQUIRE(first->commit().has_value());
  BOOST_REQUIRE(second->commit().has_value());
  BOOST_TEST(content_of(dir.path("r.csv")) == "second");
  BOOST_TEST(dir.count() == 1);
}

BOOST_AUTO_TEST_CASE(many_writers_of_one_file_at_once_all_succeed) {
  const temporary_directory dir;
  std::atomic<int> failed{0};
  const auto writing = [&] {
    for (int i = 0; i < 100; ++i) {
      auto out = output::create(dir.path("r.csv"));
      if (!out || !out->write("whole") || !out->commit()) ++failed;
    }
  };
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < 4; ++i) writers.emplace_back(writing);
  }
  BOOST_TEST(failed == 0);
  BOOST_TEST(content_of(dir.path("r.csv")) == "whole");
  BOOST_TEST(dir.count() == 1);
}

BOOST_AUTO_TEST_CASE(a_device_is_written_to_and_not_replaced) {
  auto out = output::create("/dev/null");
  BOOST_REQUIRE(out.has_value());
  write(*out, "gone");
  BOOST_TEST(out->commit().has_value());
  BOOST_TEST(std::filesystem::is_character_file("/dev/null"));
}

BOOST_AUTO_TEST_CASE(an_output_that_cannot_be_written_is_named) {
  const temporary_directory dir;
  const auto directory = output::create(dir.path());
  BOOST_REQUIRE(!directory.has_value());
  BOOST_TEST((directory.error().code == convoke::errc::output));
  const auto nowhere = output::create(dir.path("no/r.csv"));
  BOOST_REQUIRE(!nowhere.has_value());
  BOOST_TEST((nowhere.error().code == convoke::errc::output));
  BOOST_TEST(nowhere.error().message == "cannot make " + dir.path("no/r.csv") + ": No such file or directory");
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_reported_by_every_further_commit) {
  auto out = output::create("/dev/full");
  BOOST_REQUIRE(out.has_value());
  write(*out, "x");
  const auto r = out->commit();
  BOOST_REQUIRE(!r.has_value());
  BOOST_TEST((r.error().code == convoke::errc::output));
  BOOST_TEST(r.error().message == "cannot write /dev/full: No space left on device");
  BOOST_TEST(!out->commit().has_value());
}

BOOST_AUTO_TEST_CASE(a_closed_reader_of_standard_output_is_reported) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  const int saved = ::dup(STDOUT_FILENO);
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  ::fflush(stdout);
  ::dup2(ends[1], STDOUT_FILENO);
  ::close(ends[1]);
  auto out = output::create("-");
  const bool wrote = out && out->write("x").has_value();
  const auto r = out->commit();
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  ::signal(SIGPIPE, before);
  BOOST_TEST(wrote);
  BOOST_REQUIRE(!r.has_value());
  BOOST_TEST((r.error().code == convoke::errc::output));
  BOOST_TEST(r.error().message == "standard output was closed by its reader");
}

BOOST_AUTO_TEST_CASE(row_17_outputs_are_checked_before_anything_is_done) {
  using convoke::files::check_output;
  const temporary_directory dir;
  const auto old = dir.file("old.csv", "old");
  const auto refused = [&](const std::string& path, const std::string& why) {
    const auto r = check_output(path);
    BOOST_REQUIRE_MESSAGE(!r.has_value(), path);
    BOOST_CHECK(r.error().code == convoke::errc::usage);
    BOOST_TEST(r.error().message.contains(why), r.error().message);
  };
  const auto possible = [](const std::string& path) { BOOST_TEST(check_output(path).has_value(), path); };
  refused(dir.path("none/r.csv"), "none does not exist");
  refused(dir.path("none/deep/r.csv"), "none/deep does not exist");
  refused(dir.path(), "it is a directory");
  refused(dir.path("none/"), "it names a folder");
  refused(old + "/r.csv", "Not a directory");
  refused(dir.path(std::string(300, 'x')), "File name too long");
  BOOST_REQUIRE(::symlink(dir.path("none/real.csv").c_str(), dir.path("dangling").c_str()) == 0);
  possible(dir.path("dangling"));  // the link is replaced by a file
  BOOST_REQUIRE(::symlink(dir.path("new.csv").c_str(), dir.path("link").c_str()) == 0);
  BOOST_REQUIRE(::mkdir(dir.path("closed").c_str(), 0500) == 0);
  if (::geteuid() != 0) refused(dir.path("closed/r.csv"), "Permission denied");
  possible("-");
  possible("/dev/null");
  possible(old);
  possible(dir.path("new.csv"));
  possible(dir.path("link"));
  BOOST_TEST(content_of(old) == "old");
  BOOST_TEST(dir.count() == 4);
}

BOOST_AUTO_TEST_CASE(row_18_only_a_regular_file_with_that_beginning_is_removed) {
  using convoke::files::remove_file_that_begins;
  const temporary_directory dir;
  const std::string beginning("a,\0convoke_error\n", 17);
  const auto kept = [&](const std::string& path) {
    const auto r = remove_file_that_begins(path, beginning);
    BOOST_TEST((r.has_value() && !*r), path);
  };
  kept(dir.path("none"));
  kept(dir.path());
  kept("/dev/zero");
  kept(dir.file("other", "b" + beginning));
  kept(dir.file("short", beginning.substr(0, 16)));
  kept(dir.file("empty", ""));
  const auto ours = dir.file("ours", beginning + "rows\n");
  BOOST_REQUIRE(::symlink(ours.c_str(), dir.path("link").c_str()) == 0);
  kept(dir.path("link"));
  BOOST_REQUIRE(::mkfifo(dir.path("pipe").c_str(), 0600) == 0);
  kept(dir.path("pipe"));
  BOOST_TEST(dir.count() == 6);
  const auto r = remove_file_that_begins(ours, beginning);
  BOOST_TEST((r.has_value() && *r));
  BOOST_TEST(::access(ours.c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_SUITE_END()
