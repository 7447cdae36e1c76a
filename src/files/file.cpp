#include "files/file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace convoke::files {

namespace {

// True where a call that failed may be repeated. Waits for a descriptor that another process made non-blocking.
bool again(int descriptor, short events) noexcept {
  if (errno == EINTR) return true;
  if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
  pollfd p{descriptor, events, 0};
  return ::poll(&p, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

file& file::operator=(file&& other) noexcept {
  if (this != &other) {
    static_cast<void>(close());
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

file::~file() {
  static_cast<void>(close());
}

bool file::close() noexcept {
  const int d = std::exchange(descriptor_, -1);
  return d < 0 || ::close(d) == 0;
}

bool write_all(int descriptor, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (!again(descriptor, POLLOUT)) {
      return false;
    }
  }
  return true;
}

bool wait_to_read(int descriptor, const std::function<bool()>& interrupted) {
  for (;;) {
    if (interrupted()) return false;
    pollfd p{descriptor, POLLIN, 0};
    // An error of poll() itself is left to the read that follows, which reports it.
    const int n = ::poll(&p, 1, 100);
    if (n > 0 || (n < 0 && errno != EINTR)) return true;
  }
}

std::ptrdiff_t read_some(int descriptor, std::span<char> buffer) noexcept {
  for (;;) {
    const ssize_t n = ::read(descriptor, buffer.data(), buffer.size());
    if (n >= 0 || !again(descriptor, POLLIN)) return n;
  }
}

std::ptrdiff_t read_at(int descriptor, std::span<char> buffer, std::size_t offset) noexcept {
  for (;;) {
    const ssize_t n = ::pread(descriptor, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (n >= 0 || errno != EINTR) return n;
  }
}

file nameless_file(const std::string& directory) {
  return file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

file temporary_file(const std::string& directory) {
  file made = nameless_file(directory);
  if (made.open()) return made;
  std::string path = directory + "/.convoke-XXXXXX";
  made = file(::mkostemp(path.data(), O_CLOEXEC));
  if (made.open()) ::unlink(path.c_str());
  return made;
}

std::string system_message(int error_number) {
  return std::generic_category().message(error_number);
}

}  // namespace convoke::files
