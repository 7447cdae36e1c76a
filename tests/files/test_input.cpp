#include "files/input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <future>

#include "temporary_directory.hpp"

namespace {

using convoke::files::input;
using files_test::temporary_directory;

std::string text_of(input& in) {
  std::string out;
  const auto done = in.decode({}, [&out](std::string_view utf8) -> convoke::result<void> {
    out += utf8;
    return {};
  });
  BOOST_REQUIRE(done.has_value());
  return out;
}

// Replaces standard input by the reading end of a pipe until it is destroyed.
class piped_stdin {
 public:
  explicit piped_stdin(std::string_view content) : saved_(::dup(STDIN_FILENO)) {
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    BOOST_REQUIRE(::write(ends[1], content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    ::close(ends[1]);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
  }
  ~piped_stdin() {
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
  }

 private:
  int saved_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(files_input)

BOOST_AUTO_TEST_CASE(a_file_is_read_hashed_and_read_again) {
  const temporary_directory dir;
  auto in = input::open(dir.file("a.csv", "abc"));
  BOOST_REQUIRE(in.has_value());
  // The digest of `abc` in FIPS 180-4's examples.
  const std::string digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  BOOST_TEST(in->sha256().value_or("") == digest);
  BOOST_TEST(text_of(*in) == "abc");
  const auto again = in->decode({}, [](std::string_view) { return convoke::result<void>{}; });
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(again->sha256 == digest);
}

BOOST_AUTO_TEST_CASE(large_files_come_in_chunks) {
  const temporary_directory dir;
  std::string content;
  while (content.size() < 500'000) content += "Größe,数学,🎓," + std::to_string(content.size()) + "\n";
  auto in = input::open(dir.file("a.csv", content));
  BOOST_REQUIRE(in.has_value());
  BOOST_TEST((text_of(*in) == content));
}

BOOST_AUTO_TEST_CASE(row_7_a_cell_in_another_encoding_is_called_the_exception) {
  const temporary_directory dir;
  auto in = input::open(dir.file("a.csv",
                                 "h\nÜbung 1\nÜbung 2\n\xDC"
                                 "bung 3\nÜbung 4\n\xDC"
                                 "bung 5\n"));
  BOOST_REQUIRE(in.has_value());
  const auto r = in->decode({}, [](std::string_view) { return convoke::result<void>{}; });
  BOOST_REQUIRE(!r.has_value());
  BOOST_TEST(r.error().message ==
             dir.path("a.csv") +
                 ": line 4, column 1: byte DC is not UTF-8; this cell is the exception: 3 lines of the file have such "
                 "characters in UTF-8, and --encoding windows-1252 would spoil them. Correct this cell and 1 place more "
                 "like it; the next one is in line 6");
}

BOOST_AUTO_TEST_CASE(row_7_only_a_file_without_utf8_is_said_to_be_in_another_encoding) {
  const temporary_directory dir;
  auto in = input::open(dir.file("a.csv",
                                 "h\n\xDC"
                                 "bung 1\n\xDC"
                                 "bung \xE4\xF6\n"));
  BOOST_REQUIRE(in.has_value());
  const auto r = in->decode({}, [](std::string_view) { return convoke::result<void>{}; });
  BOOST_REQUIRE(!r.has_value());
  BOOST_TEST(
      r.error().message.ends_with("line 2, column 1: byte DC is not UTF-8; save the file as \"CSV UTF-8\", or, if its letters are those of "
                                  "Western Europe, name its encoding, such "
                                  "as --encoding windows-1252 (3 places in 2 lines are not UTF-8)"));
}

BOOST_AUTO_TEST_CASE(row_7_windows_1252_that_is_utf8_is_reported) {
  const temporary_directory dir;
  auto in = input::open(dir.file("a.csv", "h\n\xDC\nÜ\n"));
  BOOST_REQUIRE(in.has_value());
  const auto r = in->decode(convoke::files::encoding::windows_1252, [](std::string_view) { return convoke::result<void>{}; });
  BOOST_REQUIRE(r.has_value());
  BOOST_TEST(r->utf8.lines == 1U);
  BOOST_TEST(r->utf8.first_line == 3U);
  BOOST_TEST(r->utf8.example == "Ãœ for Ü");
}

BOOST_AUTO_TEST_CASE(utf16_without_a_mark_is_suggested_where_it_looks_so) {
  const temporary_directory dir;
  const auto why = [&](std::string_view content) {
    auto in = input::open(dir.file("a.csv", content));
    BOOST_REQUIRE(in.has_value());
    const auto r = in->decode({}, [](std::string_view) { return convoke::result<void>{}; });
    BOOST_REQUIRE(!r.has_value());
    return r.error().message;
  };
  BOOST_TEST(why(std::string_view("h\0,\0i\0\n\0", 8)).ends_with("name it with --encoding utf-16le"));
  BOOST_TEST(why(std::string_view("\0h\0,\0i\0\n", 8)).ends_with("name it with --encoding utf-16be"));
  BOOST_TEST(why(std::string_view("h,i\n1,\0\n", 8)).ends_with("line 2, column 3: a NUL byte; the file is damaged"));
}

BOOST_AUTO_TEST_CASE(row_15_a_workbook_is_named_in_files_and_pipes) {
  const temporary_directory dir;
  const std::string zip("PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0\xff\xff\xff", 17);
  const std::string says =
      "is an Excel or OpenDocument workbook (or another ZIP archive), not CSV: open it in the program and save it as CSV UTF-8, or unpack "
      "it";
  const auto path = dir.file("a.csv", zip);
  const auto opened = input::open(path);
  const auto looked = input::look(path);
  BOOST_REQUIRE(!opened.has_value());
  BOOST_REQUIRE(!looked.has_value());
  BOOST_TEST((opened.error().code == convoke::errc::input));
  BOOST_TEST(opened.error().message == path + " " + says);
  BOOST_TEST(looked.error().message == opened.error().message);
  const piped_stdin redirected(zip);
  const auto piped = input::open("-", [] { return false; }, {{}, [](std::string_view) { return convoke::result<void>{}; }});
  BOOST_REQUIRE(!piped.has_value());
  BOOST_TEST(piped.error().message == "standard input " + says);
}

BOOST_AUTO_TEST_CASE(row_15_a_page_in_a_pipe_is_named_although_its_first_line_is_refused) {
  const piped_stdin redirected("\n<!DOCTYPE html>\n<html><head><title>Sign in</title>\n");
  const auto refuse = [](std::string_view) -> convoke::result<void> { return convoke::fail(convoke::errc::input, "no column"); };
  const auto piped = input::open("-", [] { return false; }, {{}, refuse});
  BOOST_REQUIRE(!piped.has_value());
  BOOST_TEST(piped.error().message.starts_with("standard input is an HTML page, not CSV"));
}

BOOST_AUTO_TEST_CASE(errors_name_the_file_line_and_column) {
  const temporary_directory dir;
  auto in = input::open(dir.file("a.csv", "ok\n\xff"));
  BOOST_REQUIRE(in.has_value());
  const auto r = in->decode({}, [](std::string_view) { return convoke::result<void>{}; });
  BOOST_REQUIRE(!r.has_value());
  BOOST_TEST((r.error().code == convoke::errc::input));
  BOOST_TEST(r.error().message.starts_with(dir.path("a.csv") + ": line 2, column 1: byte FF"));
}

BOOST_AUTO_TEST_CASE(a_failure_of_the_sink_stays_as_it_is) {
  const temporary_directory dir;
  auto in = input::open(dir.file("a.csv", "ok"));
  BOOST_REQUIRE(in.has_value());
  const auto r =
      in->decode({}, [](std::string_view) -> convoke::result<void> { return convoke::fail(convoke::errc::input, "line 1: mine"); });
  BOOST_REQUIRE(!r.has_value());
  BOOST_TEST(r.error().message == "line 1: mine");
}

BOOST_AUTO_TEST_CASE(a_missing_file_a_directory_and_an_empty_file_are_refused) {
  const temporary_directory dir;
  const auto missing = input::open(dir.path("no\x1bne.csv"));
  BOOST_REQUIRE(!missing.has_value());
  BOOST_TEST((missing.error().code == convoke::errc::usage));
  BOOST_TEST(missing.error().message == "cannot open " + dir.path("no\\x1bne.csv") + ": No such file or directory");
  const auto directory = input::open(dir.path());
  BOOST_REQUIRE(!directory.has_value());
  BOOST_TEST((directory.error().code == convoke::errc::usage));
  BOOST_TEST(directory.error().message.find("is a directory") != std::string::npos);
  const auto empty = input::open(dir.file("empty.csv", ""));
  BOOST_REQUIRE(!empty.has_value());
  BOOST_TEST((empty.error().code == convoke::errc::input));
}

BOOST_AUTO_TEST_CASE(a_stream_is_examined_while_it_is_copied) {
  const auto look = [](std::string_view content, convoke::result<void> sink = {}) {
    const piped_stdin redirected(content);
    return input::open("-", [] { return false; }, {{}, [&](std::string_view) { return sink; }});
  };
  const auto bad = look("ok\n\xff");
  BOOST_REQUIRE(!bad.has_value());
  BOOST_TEST((bad.error().code == convoke::errc::input));
  BOOST_TEST(bad.error().message.starts_with("standard input: line 2, column 1: byte FF"));
  const auto refused = look("ok\n", convoke::fail(convoke::errc::input, "mine"));
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().message == "mine");
  // A cut character is reported by decode(), as for a file.
  auto cut = look("ok\n\xc3");
  BOOST_REQUIRE(cut.has_value());
  BOOST_TEST(!cut->decode({}, [](std::string_view) { return convoke::result<void>{}; }).has_value());
}

BOOST_AUTO_TEST_CASE(standard_input_can_be_read_twice) {
  const piped_stdin redirected("h\n1\n");
  auto in = input::open("-");
  BOOST_REQUIRE(in.has_value());
  BOOST_TEST(in->name() == "standard input");
  BOOST_TEST(text_of(*in) == "h\n1\n");
  BOOST_TEST(text_of(*in) == "h\n1\n");
}

BOOST_AUTO_TEST_CASE(empty_standard_input_is_refused) {
  const piped_stdin redirected("");
  const auto in = input::open("-");
  BOOST_REQUIRE(!in.has_value());
  BOOST_TEST(in.error().message.starts_with("standard input is empty"));
}

BOOST_AUTO_TEST_CASE(the_wait_for_a_pipe_can_be_interrupted) {
  const temporary_directory dir;
  const std::string path = dir.path("fifo");
  BOOST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  int calls = 0;
  const auto unwritten = input::open(path, [&] { return ++calls == 2; });
  BOOST_REQUIRE(!unwritten.has_value());
  BOOST_TEST((unwritten.error().code == convoke::errc::interrupted));
  BOOST_TEST(unwritten.error().message.find(path) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(look_refuses_as_open_does_and_reads_nothing_from_a_pipe) {
  const temporary_directory dir;
  for (const auto& path : {dir.path("none.csv"), dir.path(), dir.file("empty.csv", "")}) {
    const auto looked = input::look(path);
    const auto opened = input::open(path);
    BOOST_REQUIRE(!looked.has_value());
    BOOST_TEST((looked.error().code == opened.error().code));
    BOOST_TEST(looked.error().message == opened.error().message);
  }
  BOOST_TEST(input::look(dir.file("some.csv", "h\n")).has_value());
  const std::string path = dir.path("fifo");
  BOOST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  BOOST_TEST(input::look(path).has_value());
  auto writer = std::async(std::launch::async, [&] { std::ofstream(path) << "h\n1\n"; });
  BOOST_TEST(input::look(path).has_value());
  auto in = input::open(path);
  writer.get();
  BOOST_REQUIRE(in.has_value());
  BOOST_TEST(text_of(*in) == "h\n1\n");
}

BOOST_AUTO_TEST_CASE(a_named_pipe_can_be_read_twice) {
  const temporary_directory dir;
  const std::string path = dir.path("fifo");
  BOOST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  auto writer = std::async(std::launch::async, [&] { std::ofstream(path) << "h\n1\n"; });
  auto in = input::open(path);
  writer.get();
  BOOST_REQUIRE(in.has_value());
  BOOST_TEST(text_of(*in) == "h\n1\n");
  BOOST_TEST(text_of(*in) == "h\n1\n");
}

BOOST_AUTO_TEST_SUITE_END()
