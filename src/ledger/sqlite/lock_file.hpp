#pragma once

// One writing process per ledger: a lock file beside it, held with flock, which the kernel lets go of with the process.

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include <convoke/error.hpp>

namespace convoke::ledger::sqlite {

class lock_file {
 public:
  // errc::busy where another process holds it, naming that process; waits up to `wait` for it first, unless `interrupted` says so
  // (errc::interrupted).
  [[nodiscard]] static result<lock_file> take(const std::string& path, std::chrono::milliseconds wait, const std::string& program_version,
                                              const std::function<bool()>& interrupted);
  lock_file(lock_file&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), held_(std::exchange(other.held_, false)), path_(std::move(other.path_)) {}
  lock_file& operator=(lock_file&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(held_, other.held_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~lock_file();

  // False where the file at the path is no longer the one that is held.
  [[nodiscard]] bool still_there() const noexcept;

 private:
  lock_file(int fd, std::string path) noexcept : fd_(fd), path_(std::move(path)) {}
  int fd_ = -1;
  bool held_ = false;
  std::string path_;
};

}  // namespace convoke::ledger::sqlite
