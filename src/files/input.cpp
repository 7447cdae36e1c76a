#include "files/input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "files/decoder.hpp"
#include "files/digest.hpp"
#include "files/file.hpp"

namespace convoke::files {

namespace {

constexpr std::size_t chunk_size = 128 * 1024;

std::unexpected<error> cannot(errc code, std::string_view what, const std::string& name, int error_number) {
  return fail(code, "cannot " + std::string(what) + " " + name + ": " + system_message(error_number));
}

// Decodes for a sink, and adds the name of the file to the decoder's errors. The sink's errors stay as they are.
class named_text {
 public:
  using sink = decoder::sink;

  named_text(const std::string& name, std::optional<encoding> forced, const sink& to)
      : name_(name), text_(forced), to_([this, &to](std::string_view utf8) {
          result<void> r = to(utf8);
          from_sink_ = !r;
          return r;
        }) {}
  named_text(const named_text&) = delete;
  named_text& operator=(const named_text&) = delete;

  result<void> feed(std::string_view bytes) { return named(text_.feed(bytes, to_)); }
  result<text_format> finish() { return named(text_.finish(to_)); }

 private:
  template <class T>
  result<T> named(result<T> r) const {
    if (!r && !from_sink_ && r.error().code == errc::input) r.error().message.insert(0, name_ + ": ");
    return r;
  }

  const std::string& name_;
  decoder text_;
  sink to_;
  bool from_sink_ = false;
};

// Copies a pipe into a temporary file, which vanishes with the process.
result<file> spool(int from, const std::string& name, const std::function<bool()>& interrupted, const input::first_look& look) {
  const char* const wanted = std::getenv("TMPDIR");
  const std::string directory = wanted != nullptr && *wanted != '\0' ? wanted : "/tmp";
  file to = temporary_file(directory);
  if (!to.open()) return cannot(errc::usage, "make a temporary file in", directory, errno);
  named_text text(name, look.forced, look.sink);
  std::vector<char> buffer(chunk_size);
  for (;;) {
    if (!wait_to_read(from, interrupted))
      return fail(errc::interrupted, "Interrupted while " + name + " was read: nothing was sent. Run the same command again.");
    const auto n = read_some(from, buffer);
    if (n == 0) return to;
    if (n < 0) return cannot(errc::usage, "read", name, errno);
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
    if (look.sink)
      if (const auto good = text.feed(bytes); !good) return std::unexpected(good.error());
    if (!write_all(to.get(), bytes)) {
      return fail(errc::storage, "cannot keep a copy of " + name + " in " + core::escape_for_people(directory) + ": " +
                                     system_message(errno) +
                                     ". Set TMPDIR to a folder with more room, or give a file instead. Nothing was sent.");
    }
  }
}

std::string shown(const std::string& path) {
  return path == "-" ? "standard input" : core::escape_for_people(path);
}

result<void> no_directory(const struct stat& about, const std::string& name) {
  if (S_ISDIR(about.st_mode)) return fail(errc::usage, name + " is a directory; name a CSV file");
  return {};
}

std::unexpected<error> empty(const std::string& name) {
  return fail(errc::input, name + " is empty; it needs a header line and rows");
}

}  // namespace

struct input::impl {
  std::string name;  // as messages show it
  file content;

  // Passes the bytes on in chunks. A failure of the sink ends the reading.
  template <class Sink>
  result<void> read(const Sink& to) const;
};

template <class Sink>
result<void> input::impl::read(const Sink& to) const {
  std::vector<char> buffer(chunk_size);
  for (std::size_t offset = 0;;) {
    const auto n = read_at(content.get(), buffer, offset);
    if (n < 0) return cannot(errc::usage, "read", name, errno);
    if (n == 0) return {};
    offset += static_cast<std::size_t>(n);
    const result<void> r = to(std::string_view(buffer.data(), static_cast<std::size_t>(n)));
    if (!r) return r;
  }
}

input::input(std::unique_ptr<impl> made) : impl_(std::move(made)) {}
input::input(input&&) noexcept = default;
input& input::operator=(input&&) noexcept = default;
input::~input() = default;

const std::string& input::name() const noexcept {
  return impl_->name;
}

result<input> input::open(const std::string& path, const std::function<bool()>& interrupted, const first_look& look) {
  const bool standard = path == "-";
  auto made = std::make_unique<impl>();
  made->name = shown(path);
  if (!standard) {
    // Without O_NONBLOCK, opening a pipe would wait for a writer, and a signal could not end that wait.
    made->content = file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!made->content.open()) return cannot(errc::usage, "open", made->name, errno);
  }
  struct stat about{};
  const int descriptor = standard ? STDIN_FILENO : made->content.get();
  if (::fstat(descriptor, &about) != 0) return cannot(errc::usage, "read", made->name, errno);
  if (const auto good = no_directory(about, made->name); !good) return std::unexpected(good.error());
  if (standard || !S_ISREG(about.st_mode)) {
    auto copy = spool(descriptor, made->name, interrupted, look);
    if (!copy) return std::unexpected(copy.error());
    made->content = std::move(*copy);
    if (::fstat(made->content.get(), &about) != 0) return cannot(errc::usage, "read", made->name, errno);
  }
  if (about.st_size == 0) return empty(made->name);
  ::posix_fadvise(made->content.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return input(std::move(made));
}

result<void> input::look(const std::string& path) {
  if (path == "-") return {};
  const auto name = shown(path);
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return cannot(errc::usage, "open", name, errno);
  if (const auto good = no_directory(about, name); !good) return good;
  // Opening a pipe would let its writer start, and closing it again would end that writer.
  if (!S_ISREG(about.st_mode)) return {};
  if (const file readable(::open(path.c_str(), O_RDONLY | O_CLOEXEC)); !readable.open()) return cannot(errc::usage, "open", name, errno);
  return about.st_size == 0 ? empty(name) : result<void>{};
}

result<std::string> input::sha256() {
  sha256_stream hash;
  const auto read = impl_->read([&](std::string_view bytes) -> result<void> {
    hash.add(bytes);
    return {};
  });
  if (!read) return std::unexpected(read.error());
  return hash.hex();
}

result<input::decoded> input::decode(std::optional<encoding> forced, const std::function<result<void>(std::string_view)>& sink) {
  sha256_stream hash;
  named_text text(impl_->name, forced, sink);
  const auto read = impl_->read([&](std::string_view bytes) -> result<void> {
    hash.add(bytes);
    return text.feed(bytes);
  });
  if (!read) return std::unexpected(read.error());
  const auto format = text.finish();
  if (!format) return std::unexpected(format.error());
  return decoded{*format, hash.hex()};
}

}  // namespace convoke::files
