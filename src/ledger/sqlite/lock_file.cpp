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

#include "ledger/sqlite/shortage.hpp"

namespace convoke::ledger::sqlite {
namespace {

std::string reason() {
  return std::generic_category().message(errno);
}

bool same_file(int fd, const std::string& path) noexcept {
  struct stat held{}, there{};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &there) == 0 && held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

// What the holder wrote about itself, in brackets, as one line without control characters.
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

void sign(int fd, const std::string& program_version) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const auto now = std::chrono::time_point_cast<ticks>(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  const std::string text =
      "pid " + std::to_string(::getpid()) + "\nhost " + host.data() + "\nsince " + format_utc(now) + "\nconvoke " + program_version + "\n";
  // Only words for people: a lock without them is as good.
  if (::ftruncate(fd, 0) == 0) (void)!::pwrite(fd, text.data(), text.size(), 0);
}

}  // namespace

result<lock_file> lock_file::take(const std::string& path, std::chrono::milliseconds wait, const std::string& program_version,
                                  const std::function<bool()>& interrupted) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  for (;;) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
      return fail(errc::storage, "cannot open the lock file " + path + ": " + explained(errno, "choose another place with --ledger"));
    lock_file candidate(fd, path);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
      if (!same_file(fd, path)) continue;  // its last holder's directory was cleaned between open and flock
      sign(fd, program_version);
      candidate.held_ = true;
      return candidate;
    }
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return fail(errc::storage, "cannot lock " + path + ": " + reason() + "; put the ledger on a local disk");
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) {
      return fail(errc::busy, "another process uses this ledger" + holder(fd) + "; wait for it to end, or use --wait-lock");
    }
    if (interrupted()) {
      return fail(errc::interrupted,
                  "Interrupted while another process used this ledger" + holder(fd) + ": nothing was sent. Run the same command again.");
    }
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(deadline - now, std::chrono::milliseconds(20)));
  }
}

lock_file::~lock_file() {
  if (fd_ < 0) return;
  // Not where it is another's: those words say who that is.
  if (held_) (void)!::ftruncate(fd_, 0);
  ::close(fd_);  // the file stays: removing it would let two processes lock two files of one name
}

bool lock_file::still_there() const noexcept {
  return same_file(fd_, path_);
}

}  // namespace convoke::ledger::sqlite
