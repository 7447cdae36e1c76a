#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "auth/auth.hpp"
#include "temporary_folder.hpp"

namespace fs = std::filesystem;
using namespace convoke;

namespace {

struct folder : convoke_test::temporary_folder {
  ~folder() { ::unsetenv("CREDENTIALS_DIRECTORY"); }
  std::string file(const std::string& content, mode_t mode = 0600, const std::string& name = "secret") const {
    const auto full = path / name;
    std::ofstream(full, std::ios::binary) << content;
    ::chmod(full.c_str(), mode);
    return full;
  }
};

// The message of a refusal, which must name the file and must not show its content.
std::string refusal(const std::string& path) {
  const auto read = auth::read_secret_file(path);
  if (read) return "it was taken";
  BOOST_TEST((read.error().code == errc::credentials));
  BOOST_TEST(read.error().message.contains(path), read.error().message);
  BOOST_TEST(!read.error().message.contains("hunter2"), read.error().message);
  return read.error().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secret_files)

BOOST_FIXTURE_TEST_CASE(row_19_marks_blanks_and_line_ends_are_stripped, folder) {
  for (const std::string content : {"hunter2", "hunter2\n", "hunter2\r\n", "\xEF\xBB\xBFhunter2\r\n", " hunter2 ", "\thunter2\n\n",
                                    "hunter2\xC2\xA0\n", "\n\nhunter2"}) {
    const auto read = auth::read_secret_file(file(content));
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->reveal() == "hunter2");
  }
  BOOST_TEST(auth::read_secret_file(file("hunter2 = 2", 0400)).value().reveal() == "hunter2 = 2");
  BOOST_TEST(auth::read_secret_file(file("aHVudGVyMg==")).value().reveal() == "aHVudGVyMg==");
  BOOST_TEST(auth::read_secret_file(file("a8Q~x_Y-z.=q")).value().reveal() == "a8Q~x_Y-z.=q");
  BOOST_TEST(auth::read_secret_file(file("p\xc3\xa4ss")).value().reveal() == "p\xc3\xa4ss");
}

BOOST_FIXTURE_TEST_CASE(a_file_that_others_can_read_is_refused, folder) {
  for (const mode_t mode : {0640U, 0604U, 0644U, 0660U, 0622U, 0601U, 0777U})
    BOOST_TEST(refusal(file("hunter2", mode)).contains("chmod 600"));
}

BOOST_FIXTURE_TEST_CASE(only_a_regular_file_is_read, folder) {
  const auto target = file("hunter2");
  fs::create_symlink(target, path / "link");
  BOOST_TEST(refusal(path / "link").contains("symbolic link"));
  BOOST_TEST(refusal(path).contains("not a regular file"));
  const auto pipe = path / "pipe";
  ::mkfifo(pipe.c_str(), 0600);
  BOOST_TEST(refusal(pipe).contains("not a regular file"));
  BOOST_TEST(refusal(path / "missing").contains("No such file"));
}

BOOST_FIXTURE_TEST_CASE(the_content_must_be_one_secret, folder) {
  BOOST_TEST(refusal(file("")).contains("is empty"));
  BOOST_TEST(refusal(file("\n")).contains("is empty"));
  BOOST_TEST(refusal(file("hunter2\nmore\n")).contains("more than one line"));
  BOOST_TEST(refusal(file(" \n")).contains("is empty"));
  BOOST_TEST(refusal(file(std::string("hunter2\0x", 9))).contains("control characters"));
  BOOST_TEST(refusal(file(std::string(65537, 'x'))).contains("64 KiB"));
  BOOST_TEST(auth::read_secret_file(file(std::string(65536, 'x'))).has_value());
}

BOOST_FIXTURE_TEST_CASE(row_19_quotes_names_and_utf16_are_named, folder) {
  BOOST_TEST(refusal(file("\"hunter2\"\n")).ends_with("begins and ends with a quotation mark: remove them"));
  BOOST_TEST(refusal(file("'hunter2'")).ends_with("begins and ends with a quotation mark: remove them"));
  BOOST_TEST(refusal(file("\"hunter2")).contains("begins with a quotation mark"));
  for (const std::string name : {"AZURE_CLIENT_SECRET=", "export CLIENT_SECRET=", "client_secret = ", "secret=", "Password="})
    BOOST_TEST(refusal(file(name + "hunter2")).ends_with("looks like NAME=value: it should hold the value and nothing else"));
  BOOST_TEST(refusal(file("\u201Chunter2\u201D")).ends_with("begins with a quotation mark, which no client secret has: remove it"));
  BOOST_TEST(
      refusal(file("client_secret: hunter2")).ends_with("begins with a name and a colon: it should hold the value and nothing else"));
  BOOST_TEST(refusal(file("{\"secret\": \"hunter2\"}")).ends_with("is JSON: it should hold the secret's value and nothing else"));
  BOOST_TEST(refusal(file(std::string("\xFF\xFEh\0u\0", 6))).ends_with("is UTF-16: save it as UTF-8 or plain ASCII"));
  BOOST_TEST(refusal(file(std::string("h\0u\0n\0", 6))).contains("is UTF-16"));
  BOOST_TEST(refusal(file(std::string("\0h\0u\0n", 6))).contains("is UTF-16"));
}

BOOST_FIXTURE_TEST_CASE(credentials_of_a_service_may_be_group_readable, folder) {
  const auto credential = file("hunter2", 0440, "convoke-secret");
  BOOST_TEST(refusal(credential).contains("chmod 600"));
  ::setenv("CREDENTIALS_DIRECTORY", path.c_str(), 1);
  BOOST_TEST(auth::read_secret_file(credential).value().reveal() == "hunter2");
  BOOST_TEST(refusal(file("hunter2", 0444, "public")).contains("chmod 600"));
  BOOST_TEST(refusal(file("hunter2", 0460, "writable")).contains("chmod 600"));
  fs::create_directory(path / "deeper");
  BOOST_TEST(refusal(file("hunter2", 0440, "deeper/secret")).contains("chmod 600"));
  ::setenv("CREDENTIALS_DIRECTORY", (path.string() + "x").c_str(), 1);
  BOOST_TEST(refusal(credential).contains("chmod 600"));
}

// A passphrase or the login of a proxy has rules of its own.
BOOST_FIXTURE_TEST_CASE(of_a_line_only_its_end_is_left_out, folder) {
  const auto line = [&](const std::string& content) { return auth::read_line_file(file(content), "passphrase file"); };
  for (const std::string kept : {"hunter2", "hunter2 ", " hunter2", "\"hunter2\"", "u_s_secret=x:hunter2", ""})
    for (const std::string end : {"", "\n", "\r\n"}) BOOST_TEST(line(kept + end).value().reveal() == kept);
  for (const std::string wrong : {"hunter2\nmore", "hunter2\n\n"}) {
    const auto refused = line(wrong);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().message.contains("more than one line"), refused.error().message);
    BOOST_TEST(!refused.error().message.contains("hunter2"));
  }
}

BOOST_FIXTURE_TEST_CASE(a_file_of_another_user_is_refused, folder) {
  const auto foreign = file("hunter2");
  if (::geteuid() != 0 || ::chown(foreign.c_str(), 65534, 65534) != 0) return;  // only root can change the owner of a file
  BOOST_TEST(refusal(foreign).contains("another user"));
}

BOOST_AUTO_TEST_SUITE_END()
