#pragma once

// One writing process per ledger: a lock file beside it, held with flock, which the kernel lets go of with the process.

#include <chrono>
#include <string>
#include <utility>

#include <convoke/error.hpp>

namespace convoke::ledger::sqlite {

class lock_file {
 public:
  // errc::busy where another process holds it, naming that process; waits up to `wait` for it first.
  [[nodiscard]] static result<lock_file> take(const std::string& path, std::chrono::milliseconds wait, const std::string& program_version);
  lock_file(lock_file&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
  lock_file& operator=(lock_file&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~lock_file();

  // False where the file at the path is no longer the one that is held.
  [[nodiscard]] bool still_there() const noexcept;

 private:
  lock_file(int fd, std::string path) noexcept : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  std::string path_;
};

}  // namespace convoke::ledger::sqlite
