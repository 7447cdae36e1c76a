// Which configuration files are used, and how much of them is read.

#include <string>

#include <sys/stat.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include "cli/options.hpp"
#include "folder.hpp"

namespace {

using namespace cli_test;
using convoke::errc;
using convoke::cli::settings;

// What resolving reports of the file beside `input`, which names another authority.
std::string found(const std::string& input, const names& environment = {}) {
  const auto from = settings::resolve({}, environment, input);
  if (from) return from->text("authority-url") == "https://evil.example" ? "used" : "not looked for";
  BOOST_CHECK(from.error().code == errc::usage);
  return from.error().message;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_file_that_others_may_write_is_used_only_where_it_is_named, folder) {
  const auto file = write("convoke.toml", "authority_url = \"https://evil.example\"\n");
  const auto input = write("in.csv", "x\n");
  BOOST_TEST(found(input) == "used");
  for (const auto mode : {0620, 0602, 0666, 0777}) {
    fs::permissions(file, fs::perms(mode));
    const auto why = found(input);
    BOOST_TEST(why.starts_with(file + ": "), why);
    BOOST_TEST(why.contains("it has mode 0" + (mode == 0620   ? std::string("620")
                                               : mode == 0602 ? "602"
                                               : mode == 0666 ? "666"
                                                              : "777")),
               why);
    BOOST_TEST(why.contains("--config " + file), why);
    BOOST_TEST(why.ends_with("run `chmod go-w " + file + "`."), why);
  }
  const auto named = settings::resolve({{"config", file}}, {}, input);
  BOOST_REQUIRE(named.has_value());
  BOOST_TEST(named->text("authority-url") == "https://evil.example");
  BOOST_TEST(settings::resolve({}, {{"CONVOKE_CONFIG", file}}, input)->find("config")->source == "CONVOKE_CONFIG");
  fs::permissions(file, fs::perms(0644));
  BOOST_TEST(found(input) == "used");
}

BOOST_FIXTURE_TEST_CASE(a_file_in_a_folder_that_others_may_write_is_used_only_where_it_is_named, folder) {
  write("convoke.toml", "authority_url = \"https://evil.example\"\n");
  const auto input = write("in.csv", "x\n");
  for (const auto mode : {0720, 0702, 01777, 0777}) {
    fs::permissions(path, fs::perms(mode));
    const auto why = found(input);
    BOOST_TEST(why.contains("its folder " + path.string() + " has mode"), why);
    BOOST_TEST(why.ends_with("run `chmod go-w " + path.string() + "`."), why);
  }
  fs::permissions(path, fs::perms(0755));
  BOOST_TEST(found(input) == "used");
}

BOOST_FIXTURE_TEST_CASE(the_file_of_the_user_is_checked_as_well, folder) {
  fs::create_directories(path / "convoke");
  fs::permissions(path / "convoke", fs::perms(0755));
  const auto file = write("convoke/convoke.toml", "authority_url = \"https://evil.example\"\n");
  const names environment{{"XDG_CONFIG_HOME", path.string()}};
  BOOST_TEST(found((path / "none/in.csv").string(), environment) == "used");
  fs::permissions(path / "convoke", fs::perms(0777));
  BOOST_TEST(found((path / "none/in.csv").string(), environment).contains("its folder " + (path / "convoke").string()));
}

BOOST_FIXTURE_TEST_CASE(a_link_is_checked_with_its_own_folder_and_its_file_and_that_folder, folder) {
  fs::create_directory(path / "a");
  fs::create_directory(path / "b");
  const auto file = write("b/real.toml", "authority_url = \"https://evil.example\"\n");
  fs::create_symlink(file, path / "a/convoke.toml");
  const auto input = write("a/in.csv", "x\n");
  const auto modes = [&](int a, int b, int real) {
    fs::permissions(path / "a", fs::perms(a));
    fs::permissions(path / "b", fs::perms(b));
    fs::permissions(file, fs::perms(real));
    return found(input);
  };
  BOOST_TEST(modes(0755, 0755, 0644) == "used");
  BOOST_TEST(modes(0777, 0755, 0644).contains("its folder " + (path / "a").string()));
  BOOST_TEST(modes(0755, 0777, 0644).contains("its folder " + (path / "b").string()));
  BOOST_TEST(modes(0755, 0755, 0666).contains("it has mode 0666"));
}

BOOST_FIXTURE_TEST_CASE(a_file_or_folder_of_another_user_is_used_only_where_it_is_named, folder) {
  if (::geteuid() != 0) return;  // only root can give a file away
  const auto file = write("convoke.toml", "authority_url = \"https://evil.example\"\n");
  const auto input = write("in.csv", "x\n");
  BOOST_REQUIRE(::chown(file.c_str(), 65534, 65534) == 0);
  BOOST_TEST(found(input).contains("it belongs to another user (uid 65534)"));
  BOOST_REQUIRE(::chown(file.c_str(), 0, 0) == 0);
  BOOST_REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
  BOOST_TEST(found(input).contains("its folder " + path.string() + " belongs to another user (uid 65534)"));
}

BOOST_FIXTURE_TEST_CASE(a_pipe_that_was_found_is_not_waited_for, folder) {
  BOOST_REQUIRE(::mkfifo((path / "convoke.toml").c_str(), 0600) == 0);
  BOOST_TEST(found(write("in.csv", "x\n")).contains("it is not a regular file"));
}

BOOST_FIXTURE_TEST_CASE(a_file_without_end_is_not_read_whole, folder) {
  for (const auto& file : {std::string("/dev/zero"), write("big.toml", std::string((1 << 20) + 1, '#'))}) {
    const auto from = settings::resolve({{"config", file}}, {}, "");
    BOOST_REQUIRE(!from.has_value());
    BOOST_CHECK(from.error().code == errc::usage);
    BOOST_TEST(from.error().message == file + ": this is larger than 1 MiB, the most that a configuration file may be.");
  }
  BOOST_TEST(settings::resolve({{"config", write("large.toml", std::string(1 << 20, '#'))}}, {}, "").has_value());
}
