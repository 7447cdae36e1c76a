#include "files/output.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <utility>

#include "core/text.hpp"
#include "files/file.hpp"

namespace convoke::files {

namespace {

constexpr std::size_t buffer_size = 64 * 1024;

std::string directory_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// Temporary files are hidden and beside the target. There are so few names that left-overs are found without reading the directory.
constexpr int temporary_names = 16;

std::string temporary_name(const std::string& target, int number) {
  const std::filesystem::path p(target);
  return directory_of(target) + "/." + p.filename().string().substr(0, 200) + ".convoke-" + std::to_string(number) + ".tmp";
}

bool is_name_of(int descriptor, const std::string& name) {
  struct stat own{}, named{};
  return ::fstat(descriptor, &own) == 0 && ::lstat(name.c_str(), &named) == 0 && own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

// A temporary file that is in use is locked.
enum class lock_state : std::uint8_t { taken, of_another, not_offered };
lock_state lock(int descriptor) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock_state::taken;
  return errno == EWOULDBLOCK ? lock_state::of_another : lock_state::not_offered;
}

// Removes the files of killed processes: such a process leaves its file but not its lock. While this process holds the lock, no other
// removes the name.
void remove_left_overs(const std::string& target) {
  for (int i = 0; i < temporary_names; ++i) {
    const auto name = temporary_name(target, i);
    const file left(::open(name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat about{};
    if (!left.open() || ::fstat(left.get(), &about) != 0 || !S_ISREG(about.st_mode) || about.st_uid != ::geteuid()) continue;
    if (lock(left.get()) == lock_state::taken && is_name_of(left.get(), name)) ::unlink(name.c_str());
  }
}

// The target of a symbolic link, which is replaced in place of the link.
std::string resolve(const std::string& path) {
  std::error_code problem;
  const auto real = std::filesystem::weakly_canonical(path, problem);
  return problem || !std::filesystem::is_symlink(path, problem) ? path : real.string();
}

// Gives a nameless file one of the temporary names; nullopt, with errno, where that fails.
std::optional<std::string> link_somewhere(int descriptor, const std::string& target) {
  const std::string source = "/proc/self/fd/" + std::to_string(descriptor);
  for (int i = 0; i < temporary_names; ++i) {
    std::string name = temporary_name(target, i);
    if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return name;
    if (errno != EEXIST) return std::nullopt;
  }
  return std::nullopt;
}

// Makes a temporary file with a name, for file systems without nameless files. Not open, with errno, where no name is free.
file named_file(const std::string& target, std::string& name) {
  for (int i = 0; i < temporary_names; ++i) {
    name = temporary_name(target, i);
    file made(::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    // Between the creation and the lock another process may have taken the file for a left-over and removed it.
    if (made.open() && lock(made.get()) != lock_state::of_another && is_name_of(made.get(), name)) return made;
    if (!made.open() && errno != EEXIST) break;
  }
  name.clear();
  return {};
}

}  // namespace

struct output::impl {
  std::string name;       // as messages show it
  std::string target;     // empty: written in place
  std::string temporary;  // the temporary name, where there is one; it is removed unless commit() succeeds
  file sink;
  file lock_holder;     // a duplicate of sink: the lock lasts until the file has its final name
  int descriptor = -1;  // sink's, or standard output's
  std::string buffer;
  bool failed = false;

  ~impl() {
    if (!temporary.empty()) ::unlink(temporary.c_str());
  }

  std::unexpected<error> cannot(std::string_view what, int error_number) {
    failed = true;
    return fail(errc::output, "cannot " + std::string(what) + " " + name + ": " + system_message(error_number));
  }

  result<void> open_temporary();
  result<void> flush();
  result<void> put_in_place();
};

result<void> output::impl::open_temporary() {
  remove_left_overs(target);
  // A nameless file is gone when its process is, even a killed one.
  sink = nameless_file(directory_of(target));
  if (sink.open())
    static_cast<void>(lock(sink.get()));
  else
    sink = named_file(target, temporary);
  if (!sink.open()) return cannot("make", errno);
  return {};
}

result<void> output::impl::flush() {
  if (failed) return fail(errc::output, "cannot write " + name + ": an earlier write failed");
  if (!write_all(descriptor, buffer)) {
    if (errno == EPIPE) {
      failed = true;
      return fail(errc::output, name + " was closed by its reader");
    }
    return cannot("write", errno);
  }
  buffer.clear();
  return {};
}

result<void> output::impl::put_in_place() {
  if (::fsync(descriptor) != 0) return cannot("sync", errno);
  if (temporary.empty()) {
    auto linked = link_somewhere(descriptor, target);
    if (!linked) return cannot("name", errno);
    temporary = std::move(*linked);
  }
  lock_holder = file(::fcntl(sink.get(), F_DUPFD_CLOEXEC, 0));
  if (!lock_holder.open() || !sink.close()) return cannot("write", errno);
  if (::rename(temporary.c_str(), target.c_str()) != 0) return cannot("put in place", errno);
  temporary.clear();
  // The file has its name. Where the directory cannot be opened or synced, the name is as durable as this file system makes names.
  const file directory(::open(directory_of(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.open() && ::fsync(directory.get()) != 0 && errno != EINVAL && errno != ENOTSUP)
    return cannot("sync the directory of", errno);
  return {};
}

output::output(std::unique_ptr<impl> made) : impl_(std::move(made)) {}
output::output(output&&) noexcept = default;
output& output::operator=(output&&) noexcept = default;
output::~output() = default;

result<output> output::create(const std::string& path, naming by) {
  auto made = std::make_unique<impl>();
  if (path == "-") {
    made->name = "standard output";
    made->descriptor = STDOUT_FILENO;
    return output(std::move(made));
  }
  made->name = core::escape_for_people(path);
  struct stat about{};
  const bool exists = (by == naming::given ? ::stat(path.c_str(), &about) : ::lstat(path.c_str(), &about)) == 0;
  if (exists && S_ISDIR(about.st_mode)) return fail(errc::output, made->name + " is a directory; name a file");
  if (by == naming::derived) {
    if (exists && !S_ISREG(about.st_mode) && !S_ISLNK(about.st_mode))
      return fail(errc::output, made->name + " is no regular file and is not replaced; name another file");
    made->target = path;
    if (const auto r = made->open_temporary(); !r) return std::unexpected(r.error());
  } else if (exists && !S_ISREG(about.st_mode)) {
    // A device or a pipe is written to, not replaced.
    made->sink = file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!made->sink.open()) return made->cannot("open", errno);
  } else {
    made->target = resolve(path);
    if (const auto r = made->open_temporary(); !r) return std::unexpected(r.error());
  }
  made->descriptor = made->sink.get();
  return output(std::move(made));
}

bool output::terminal() const noexcept {
  return ::isatty(impl_->descriptor) == 1;
}

result<void> output::write(std::string_view bytes) {
  impl_->buffer += bytes;
  return impl_->buffer.size() < buffer_size ? result<void>{} : impl_->flush();
}

result<void> output::commit() {
  if (const auto r = impl_->flush(); !r) return r;
  if (!impl_->target.empty()) return impl_->put_in_place();
  if (!impl_->sink.close()) return impl_->cannot("write", errno);
  return {};
}

namespace {

std::unexpected<error> unusable(const std::string& path, std::string_view why) {
  return fail(errc::usage, core::escape_for_people(path) + " cannot be written: " + std::string(why) +
                               ". Nothing was done: give the output "
                               "another name.");
}

// Whether this user may replace `file` in a folder where each user may replace only their own files, as /tmp is.
bool may_replace(const struct stat& folder, const struct stat* file) {
  const auto me = ::geteuid();
  return (folder.st_mode & S_ISVTX) == 0 || file == nullptr || me == 0 || file->st_uid == me || folder.st_uid == me;
}

}  // namespace

result<void> check_output(const std::string& path) {
  if (path == "-") return {};
  struct stat about{};
  bool exists = ::stat(path.c_str(), &about) == 0;
  if (!exists && errno != ENOENT) return unusable(path, system_message(errno));
  if (exists && S_ISDIR(about.st_mode)) return unusable(path, "it is a directory");
  if (exists && !S_ISREG(about.st_mode))
    return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 ? result<void>{} : unusable(path, system_message(errno));
  const auto target = resolve(path);
  if (target.empty() || target.ends_with('/')) return unusable(path, "it names a folder");
  const auto folder = directory_of(target);
  struct stat around{};
  if (::stat(folder.c_str(), &around) != 0)
    return unusable(path, errno == ENOENT ? "the folder " + core::escape_for_people(folder) + " does not exist" : system_message(errno));
  if (!S_ISDIR(around.st_mode)) return unusable(path, core::escape_for_people(folder) + " is no folder");
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return unusable(path, "no file can be made in the folder " + core::escape_for_people(folder) + " (" + system_message(errno) + ")");
  if (!may_replace(around, exists ? &about : nullptr)) return unusable(path, "the file belongs to another user");
  return {};
}

result<bool> remove_file_that_begins(const std::string& path, std::string_view bytes) {
  const file found(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat about{};
  if (!found.open() || ::fstat(found.get(), &about) != 0 || !S_ISREG(about.st_mode)) return false;
  std::string content(bytes.size(), '\0');
  for (std::size_t have = 0; have < content.size();) {
    const auto got = read_at(found.get(), std::span(content).subspan(have), have);
    if (got <= 0) return false;
    have += static_cast<std::size_t>(got);
  }
  if (content != bytes || !is_name_of(found.get(), path)) return false;
  if (::unlink(path.c_str()) != 0)
    return fail(errc::output, "cannot remove " + core::escape_for_people(path) + ": " + system_message(errno));
  return true;
}

}  // namespace convoke::files
