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
