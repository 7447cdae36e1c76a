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
#include "files/known_formats.hpp"
#include "files/utf8_survey.hpp"

namespace convoke::files {

namespace {

constexpr std::size_t chunk_size = 128 * 1024;

std::unexpected<error> cannot(errc code, std::string_view what, const std::string& name, int error_number) {
  return fail(code, "cannot " + std::string(what) + " " + name + ": " + system_message(error_number));
}

// The first bytes of a file, as many as say what it is.
std::string beginning(const file& from) {
  std::string out(first_bytes, '\0');
  const auto n = read_at(from.get(), out, 0);
  out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return out;
}

result<void> no_other_format(std::string_view bytes, const std::string& name) {
  if (const auto other = foreign_format(bytes)) return fail(errc::input, name + " " + *other);
  return {};
}

// What the bytes of a file say about a fault that the decoder found in it. `whole`: they are all of the file.
std::string remedy(decoder::fault found, const file& content, bool whole) {
  if (found == decoder::fault::nul) {
    const auto order = looks_like_utf16(beginning(content));
    if (!order) return {};
    return ", or it is UTF-16 without a byte-order mark, as it seems: save it as \"CSV UTF-8\", or name it with --encoding " +
           std::string(to_string(*order));
  }
  if (found == decoder::fault::none) return {};
  utf8_survey survey;
  std::vector<char> buffer(chunk_size);
  for (std::size_t offset = 0;;) {
    const auto n = read_at(content.get(), buffer, offset);
    if (n <= 0) break;
    offset += static_cast<std::size_t>(n);
    survey.add({buffer.data(), static_cast<std::size_t>(n)});
  }
  survey.finish();
  return remedy_of(survey, whole);
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
  // The failure, with what the bytes that came say about it.
  [[nodiscard]] error explained(error e, const file& content, bool whole) const {
    if (!from_sink_ && e.code == errc::input) e.message += remedy(text_.found(), content, whole);
    return e;
  }
  [[nodiscard]] const utf8_lines& utf8_seen() const noexcept { return text_.utf8_seen(); }

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

// Examines a pipe while it is copied.
class stream_look {
 public:
  stream_look(const std::string& name, const input::first_look& look, const file& copy)
      : name_(name), wanted_(look.sink != nullptr), text_(name, look.forced, look.sink), copy_(copy) {}

  // The bytes have been copied. `last`: nothing more comes.
  result<void> take(std::string_view bytes, bool last) {
    if (!wanted_) return {};
    std::string first;
    if (!begun_) {
      held_ += bytes;
      if (held_.size() < enough_bytes && !last) return {};
      begun_ = true;
      first = std::exchange(held_, {});
      bytes = first;
      if (const auto good = no_other_format(bytes.substr(0, first_bytes), name_); !good) return good;
    }
    const auto good = text_.feed(bytes);
    if (good || good.error().code != errc::input) return good;
    // The header of an HTML page, for example, is refused before the page was recognised.
    if (const auto known = no_other_format(beginning(copy_), name_); !known) return known;
    return std::unexpected(text_.explained(good.error(), copy_, false));
  }

 private:
  const std::string& name_;
  bool wanted_;
  bool begun_ = false;
  std::string held_;  // the first bytes, while they are too few to know a format by
  named_text text_;
  const file& copy_;
};

// Copies a pipe into a temporary file, which vanishes with the process.
result<file> spool(int from, const std::string& name, const std::function<bool()>& interrupted, const input::first_look& look) {
  const char* const wanted = std::getenv("TMPDIR");
  const std::string directory = wanted != nullptr && *wanted != '\0' ? wanted : "/tmp";
  file to = temporary_file(directory);
  if (!to.open()) return cannot(errc::usage, "make a temporary file in", directory, errno);
  stream_look examined(name, look, to);
  std::vector<char> buffer(chunk_size);
  for (;;) {
    if (!wait_to_read(from, interrupted))
      return fail(errc::interrupted, "Interrupted while " + name + " was read: nothing was sent. Run the same command again.");
    const auto n = read_some(from, buffer);
    if (n < 0) return cannot(errc::usage, "read", name, errno);
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
    if (!write_all(to.get(), bytes)) {
      return fail(errc::storage, "cannot keep a copy of " + name + " in " + core::escape_for_people(directory) + ": " +
                                     system_message(errno) +
                                     ". Set TMPDIR to a folder with more room, or give a file instead. Nothing was sent.");
    }
    if (const auto good = examined.take(bytes, n == 0); !good) return std::unexpected(good.error());
    if (n == 0) return to;
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
  if (const auto good = no_other_format(beginning(made->content), made->name); !good) return std::unexpected(good.error());
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
  const file readable(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!readable.open()) return cannot(errc::usage, "open", name, errno);
  return about.st_size == 0 ? empty(name) : no_other_format(beginning(readable), name);
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
  if (!read) return std::unexpected(text.explained(read.error(), impl_->content, true));
  const auto format = text.finish();
  if (!format) return std::unexpected(text.explained(format.error(), impl_->content, true));
  return decoded{*format, hash.hex(), text.utf8_seen()};
}

}  // namespace convoke::files
