#include <boost/test/unit_test.hpp>

#include "diagnosis/assess.hpp"
#include "diagnosis/findings.hpp"

namespace convoke::test {
namespace {

using diagnosis::assess;
using diagnosis::file_seen;

file_seen secret_file() {
  return {.path = "/etc/convoke/secret", .what = "client secret", .secret = true, .problem = {}};
}

BOOST_AUTO_TEST_SUITE(diagnosis_of_files)

BOOST_AUTO_TEST_CASE(a_private_secret_is_ok) {
  const auto f = assess(secret_file(), "campus");
  BOOST_TEST(f.check == "file");
  BOOST_TEST(f.lane == "campus");
  BOOST_TEST(f.subject == "/etc/convoke/secret");
  BOOST_TEST(f.status == finding_status::ok);
  BOOST_TEST(f.seen == "client secret, mode 0600");
  BOOST_TEST(f.exit_code == 0);
}

BOOST_AUTO_TEST_CASE(a_secret_that_others_can_read_names_the_command) {
  for (const unsigned mode : {0640U, 0604U, 0660U, 0666U}) {
    auto seen = secret_file();
    seen.mode = mode;
    const auto f = assess(seen, {});
    BOOST_TEST(f.status == finding_status::failed);
    BOOST_TEST(f.exit_code == 4);
    BOOST_TEST(has_command(f, "chmod 600 '/etc/convoke/secret'"));
  }
}

BOOST_AUTO_TEST_CASE(the_group_may_read_in_a_credential_directory) {
  auto seen = secret_file();
  seen.credential_directory = true;
  seen.mode = 0440;
  BOOST_TEST(assess(seen, {}).status == finding_status::ok);
  seen.mode = 0444;
  BOOST_TEST(assess(seen, {}).status == finding_status::failed);
}

BOOST_AUTO_TEST_CASE(other_flaws_of_a_secret) {
  auto link = secret_file();
  link.link = true;
  BOOST_TEST(assess(link, {}).seen.contains("symbolic link"));
  BOOST_TEST(assess(link, {}).commands.empty());
  auto folder = secret_file();
  folder.regular = false;
  BOOST_TEST(assess(folder, {}).seen.contains("not a regular file"));
  auto foreign = secret_file();
  foreign.trusted_owner = false;
  BOOST_TEST(assess(foreign, {}).exit_code == 4);
  auto missing = secret_file();
  missing.problem = "No such file or directory";
  BOOST_TEST(assess(missing, {}).seen == "the client secret cannot be read: No such file or directory");
  BOOST_TEST(assess(missing, {}).exit_code == 4);
  auto replaceable = secret_file();
  replaceable.open_folder = true;
  BOOST_TEST(assess(replaceable, {}).status == finding_status::warning);
  BOOST_TEST(assess(replaceable, {}).exit_code == 0);
}

BOOST_AUTO_TEST_CASE(files_without_a_secret_may_be_read_but_not_written_by_others) {
  file_seen seen{.path = "/etc/convoke.toml", .what = "configuration", .problem = {}, .mode = 0644};
  BOOST_TEST(assess(seen, {}).status == finding_status::ok);
  seen.mode = 0664;
  BOOST_TEST(assess(seen, {}).status == finding_status::warning);
  BOOST_TEST(has_command(assess(seen, {}), "chmod go-w '/etc/convoke.toml'"));
  seen.problem = "Permission denied";
  BOOST_TEST(assess(seen, {}).exit_code == 2);
}

BOOST_AUTO_TEST_CASE(the_mode_of_a_provided_token_is_not_our_business) {
  const file_seen seen{.path = "/var/run/token", .what = "token", .provided = true, .problem = {}, .link = true, .mode = 0644};
  BOOST_TEST(assess(seen, {}).status == finding_status::ok);
}

BOOST_AUTO_TEST_CASE(wrong_rows_stop_a_run_unless_they_are_skipped) {
  diagnosis::input_seen seen{.name = "rows.csv", .problem = {}, .rows = 5, .organizers = 1};
  BOOST_TEST(assess(seen).status == finding_status::ok);
  BOOST_TEST(assess(seen).seen == "5 rows of 1 organizer");
  seen.wrong = 2;
  const auto f = assess(seen);
  BOOST_TEST(f.status == finding_status::failed);
  BOOST_TEST(f.exit_code == 8);
  BOOST_TEST(f.seen.contains("2 rows are wrong"));
  BOOST_TEST(f.advice.contains("--skip-invalid"));
  seen.skip_invalid = true;
  BOOST_TEST(assess(seen).status == finding_status::warning);
  BOOST_TEST(assess(seen).exit_code == 0);
  seen.problem = error{errc::usage, "there is no such file"};
  BOOST_TEST(assess(seen).exit_code == 2);
  seen.problem = error{errc::input, "the header is wrong"};
  BOOST_TEST(assess(seen).exit_code == 8);
}

BOOST_AUTO_TEST_CASE(names_are_quoted_for_the_shell_and_escaped_for_the_terminal) {
  auto seen = secret_file();
  seen.path = "/tmp/it's\x1b[2J";
  seen.mode = 0644;
  const auto f = assess(seen, {});
  BOOST_TEST(!f.subject.contains('\x1b'));
  BOOST_TEST(f.commands.at(0) == "chmod 600 '/tmp/it'\\''s\\x1b[2J'");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace convoke::test
