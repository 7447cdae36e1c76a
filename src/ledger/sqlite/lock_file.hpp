#pragma once

// One writing process per ledger: a lock file beside it, held with flock, which the kernel lets go of with the process. What stands in it
// names the holder. A holder that leaves in order empties it: text that is left shows a holder that did not.

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include <convoke/error.hpp>

namespace convoke::ledger::sqlite {

class lock_file {
 public:
  // Of the ledger at `ledger`. errc::busy where another process holds it, naming that process; waits up to `wait` for it first, unless
  // `interrupted` says so (errc::interrupted). errc::storage where the lock file is not a plain file of this user, of root or of the
  // ledger's owner: a link is not followed, and nothing is written to it.
  [[nodiscard]] static result<lock_file> take(const std::string& ledger, std::chrono::milliseconds wait, const std::string& program_version,
                                              const std::function<bool()>& interrupted);
  // Keeps writers away and writes nothing. Where there is no lock file there is nothing to hold.
  [[nodiscard]] static result<lock_file> share(const std::string& ledger, std::chrono::milliseconds wait,
                                               const std::function<bool()>& interrupted);
  lock_file(lock_file&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), found_(other.found_), leave_mark_(other.leave_mark_) {}
  lock_file& operator=(lock_file&&) = delete;
  ~lock_file();

  // The state of the file when it was taken. `made`: there was none.
  enum class before : std::uint8_t { left, made, not_left };
  [[nodiscard]] before found() const noexcept { return found_; }
  // The ledger was closed in order: the file is emptied when it is let go of.
  void leave_in_order() noexcept { leave_mark_ = false; }

  // False where the file at the path is no longer the one that is held.
  [[nodiscard]] bool still_there() const noexcept;

 private:
  explicit lock_file(std::string path) noexcept : path_(std::move(path)) {}
  [[nodiscard]] result<void> hold(int how, std::chrono::milliseconds wait, const std::function<bool()>& interrupted);
  [[nodiscard]] result<bool> open(bool make);

  int fd_ = -1;
  std::string path_;
  before found_ = before::left;
  bool leave_mark_ = true;
};

}  // namespace convoke::ledger::sqlite
