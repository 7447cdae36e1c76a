#include "files/same_file.hpp"

#include <filesystem>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "temporary_directory.hpp"

namespace {

namespace fs = std::filesystem;
using convoke::files::keep_apart;
using convoke::files::named_file;
using convoke::files::same_file;
using files_test::temporary_directory;

}  // namespace

BOOST_AUTO_TEST_SUITE(files_same_file)

BOOST_AUTO_TEST_CASE(links_and_detours_lead_to_the_same_file) {
  const temporary_directory dir;
  const auto input = dir.file("in.csv", "x"), other = dir.file("other.csv", "x");
  fs::create_symlink("in.csv", dir.path("link.csv"));
  fs::create_hard_link(input, dir.path("duplicate.csv"));
  fs::create_directory(dir.path("sub"));
  BOOST_TEST(same_file(input, input));
  BOOST_TEST(same_file(input, dir.path("link.csv")));
  BOOST_TEST(same_file(input, dir.path("duplicate.csv")));
  BOOST_TEST(same_file(input, dir.path("sub/../in.csv")));
  BOOST_TEST(!same_file(input, other));
  BOOST_TEST(!same_file(input, dir.path("none.csv")));
}

BOOST_AUTO_TEST_CASE(files_that_do_not_exist_are_compared_by_name) {
  const temporary_directory dir;
  fs::create_directory(dir.path("sub"));
  fs::create_directory_symlink("sub", dir.path("way"));
  BOOST_TEST(same_file(dir.path("a.csv"), dir.path("sub/../a.csv")));
  BOOST_TEST(same_file(dir.path("sub/a.csv"), dir.path("way/a.csv")));
  BOOST_TEST(!same_file(dir.path("a.csv"), dir.path("b.csv")));
  BOOST_TEST(same_file("surely-not-there.csv", (fs::current_path() / "surely-not-there.csv").string()));
}

BOOST_AUTO_TEST_CASE(devices_are_never_the_same_file) {
  BOOST_TEST(!same_file("/dev/null", "/dev/null"));
}

BOOST_AUTO_TEST_CASE(an_output_is_neither_the_input_nor_another_output) {
  const temporary_directory dir;
  const named_file input{"the input", dir.file("in.csv", "x")};
  const std::vector<named_file> fine{{"--ledger", dir.path("l.db")}, {"--results", dir.path("r.csv")}, {"--failed", ""}};
  BOOST_TEST(keep_apart(input, fine).has_value());
  const std::vector<named_file> over{{"--ledger", dir.path("l.db")}, {"--results", dir.path("./in.csv")}};
  const auto refused = keep_apart(input, over);
  BOOST_REQUIRE(!refused.has_value());
  BOOST_CHECK(refused.error().code == convoke::errc::usage);
  BOOST_TEST(refused.error().message.starts_with("--results and the input are the same file ("), refused.error().message);
  const std::vector<named_file> twice{{"--results", dir.path("r.csv")}, {"--failed", dir.path("r.csv")}};
  const auto both = keep_apart(input, twice);
  BOOST_REQUIRE(!both.has_value());
  BOOST_TEST(both.error().message.starts_with("--failed and --results are"), both.error().message);
  const std::vector<named_file> streams{{"--results", "-"}, {"--failed", "-"}};
  BOOST_TEST(keep_apart({"the input", "-"}, streams).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
