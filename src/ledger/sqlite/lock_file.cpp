#include "ledger/sqlite/lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <thread>

#include <convoke/time.hpp>

#include "ledger/shortage.hpp"
#include "ledger/sqlite/ledger_file.hpp"

namespace convoke::ledger::sqlite {
namespace {

std::string reason() {
  return std::generic_category().message(errno);
}

bool same_file(int fd, const std::string& path) noexcept {
  struct stat held{}, there{};
  return ::fstat(fd, &held) == 0 && ::lstat(path.c_str(), &there) == 0 && held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

// The text of the holder in brackets, as one line without control characters.
std::string holder(int fd) {
  std::array<char, 512> text;
  const auto got = ::pread(fd, text.data(), text.size(), 0);
  std::string line;
  for (const char c : std::string_view(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0)) {
    line += c == '\n' ? ' ' : (c >= ' ' && c <= '~') ? c : '?';
  }
  while (line.ends_with(' ')) line.pop_back();
  return line.empty() ? line : " (" + line + ")";
}

// A dry run leaves the text of the file, which can be that of a process that ended long ago.
bool held_by_dry_runs(int fd) {
  return ::flock(fd, LOCK_SH | LOCK_NB) == 0;
}

void sign(int fd, const std::string& program_version) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const auto now = std::chrono::time_point_cast<ticks>(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  const std::string text =
      "pid " + std::to_string(::getpid()) + "\nhost " + host.data() + "\nsince " + format_utc(now) + "\nconvoke " + program_version + "\n";
  // Written over the old text, so that on a full disk the text of a holder that did not close the ledger stays. Synced, so that after a
  // power failure this text is there. Without any text the lock works as well: errors are ignored.
  if (::pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) return;
  if (::ftruncate(fd, static_cast<off_t>(text.size())) == 0) (void)::fdatasync(fd);
}

std::unexpected<error> not_usable(const std::string& path, const std::string& why) {
  return fail(errc::storage, "the lock file " + shown(path) + " is " + why + ": it is not used and nothing is written to it. Remove it");
}

// Every user who may write to the folder can put a file or a link there. The owner of the ledger may own its lock file.
result<void> check_planted(const struct stat& lock, const std::string& path, const std::string& ledger) {
  if (!S_ISREG(lock.st_mode)) return not_usable(path, kind_of(lock.st_mode));
  if (lock.st_nlink > 1) return not_usable(path, "another name (a hard link) of some file");
  struct stat owned{};
  const bool known = ::stat(ledger.c_str(), &owned) == 0;
  const bool trusted = lock.st_uid == ::geteuid() || lock.st_uid == 0 || (known && lock.st_uid == owned.st_uid);
  if (!trusted) return not_usable(path, "a file of another user (uid " + std::to_string(lock.st_uid) + ")");
  return {};
}

// As SQLite does with its files: a lock file that root makes beside the ledger of another user must not keep that user away.
void give_to_owner(int fd, const std::string& ledger) {
  struct stat owned{};
  if (::geteuid() == 0 && ::stat(ledger.c_str(), &owned) == 0 && owned.st_uid != 0) (void)!::fchown(fd, owned.st_uid, owned.st_gid);
}

constexpr std::string_view ending = ".lock";

}  // namespace

// False: there is no lock file, and none is to be made.
result<bool> lock_file::open(bool make) {
  const auto ledger = path_.substr(0, path_.size() - ending.size());
  struct stat there{};
  // Checked before it is opened, since opening a device can have effects.
  if (::lstat(path_.c_str(), &there) == 0)
    if (auto usable = check_planted(there, path_, ledger); !usable) return std::unexpected(usable.error());
  const int flags = (make ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  found_ = before::emptied;
  fd_ = ::open(path_.c_str(), flags);
  if (fd_ < 0 && errno == ENOENT) {
    if (!make) return false;
    found_ = before::made;
    fd_ = ::open(path_.c_str(), flags | O_CREAT | O_EXCL, 0600);
    if (fd_ < 0 && errno == EEXIST) return open(make);  // another process has made it meanwhile
  }
  if (fd_ < 0)
    return fail(errc::storage,
                "cannot open the lock file " + shown(path_) + ": " + explained(errno, "check that the folder and the file can be written"));
  if (found_ == before::made) give_to_owner(fd_, ledger);
  if (::fstat(fd_, &there) != 0) return fail(errc::storage, "cannot look at the lock file " + shown(path_) + ": " + reason());
  if (auto usable = check_planted(there, path_, ledger); !usable && there.st_nlink > 0) return std::unexpected(usable.error());
  return true;
}

result<void> lock_file::hold(int how, std::chrono::milliseconds wait, const std::function<bool()>& interrupted) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  for (;;) {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    const auto opened = open(how == LOCK_EX);
    if (!opened) return std::unexpected(opened.error());
    if (!*opened) return {};
    if (::flock(fd_, how | LOCK_NB) == 0) {
      if (!same_file(fd_, path_)) continue;  // it was removed or replaced between open and flock
      struct stat held{};
      if (found_ == before::emptied && ::fstat(fd_, &held) == 0 && held.st_size > 0) found_ = before::not_emptied;
      return {};
    }
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK)
      return fail(errc::storage, "cannot lock " + shown(path_) + ": " + reason() + "; put the ledger on a local disk");
    const auto now = std::chrono::steady_clock::now();
    const bool late = now >= deadline;
    if (late || interrupted()) {
      const auto user = how == LOCK_EX && held_by_dry_runs(fd_) ? "a dry run" : "another process" + holder(fd_);
      if (late) return fail(errc::busy, user + " uses this ledger; wait for it to end, or use --wait-lock");
      return fail(errc::interrupted, "Interrupted while " + user + " used this ledger: nothing was sent. Run the same command again.");
    }
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(deadline - now, std::chrono::milliseconds(20)));
  }
}

result<lock_file> lock_file::take(const std::string& ledger, std::chrono::milliseconds wait, const std::string& program_version,
                                  const std::function<bool()>& interrupted) {
  lock_file out(ledger + std::string(ending));
  if (auto held = out.hold(LOCK_EX, wait, interrupted); !held) return std::unexpected(held.error());
  sign(out.fd_, program_version);
  return out;
}

result<lock_file> lock_file::share(const std::string& ledger, std::chrono::milliseconds wait, const std::function<bool()>& interrupted) {
  lock_file out(ledger + std::string(ending));
  if (auto held = out.hold(LOCK_SH, wait, interrupted); !held) return std::unexpected(held.error());
  return out;
}

lock_file::~lock_file() {
  if (fd_ < 0) return;
  if (!keep_text_) (void)!::ftruncate(fd_, 0);
  ::close(fd_);  // the file stays: if it were removed, two processes could lock two files of one name
}

bool lock_file::still_there() const noexcept {
  return same_file(fd_, path_);
}

}  // namespace convoke::ledger::sqlite
