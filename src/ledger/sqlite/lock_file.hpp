#pragma once

// One writing process per ledger: a lock file beside it, locked with flock, which the kernel releases when the process ends. Its text names
// the holder. A holder that closes the ledger in order empties the file: text in an unlocked file shows that its holder did not.

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include <convoke/error.hpp>

namespace convoke::ledger::sqlite {

class lock_file {
 public:
  // Of the ledger at `ledger`. Waits up to `wait` while another process holds it, then errc::busy with the name of that process;
  // errc::interrupted if `interrupted` returns true meanwhile. errc::storage if the lock file is not a regular file of this user, of root
  // or of the ledger's owner: a link is not followed, and nothing is written to it.
  [[nodiscard]] static result<lock_file> take(const std::string& ledger, std::chrono::milliseconds wait, const std::string& program_version,
                                              const std::function<bool()>& interrupted);
  // Keeps writers away and writes nothing. If there is no lock file, nothing is held.
  [[nodiscard]] static result<lock_file> share(const std::string& ledger, std::chrono::milliseconds wait,
                                               const std::function<bool()>& interrupted);
  lock_file(lock_file&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), found_(other.found_), keep_text_(other.keep_text_) {}
  lock_file& operator=(lock_file&&) = delete;
  ~lock_file();

  // The file as it was found: emptied by its last holder, or made now, or with the text of a holder that did not close the ledger.
  enum class before : std::uint8_t { emptied, made, not_emptied };
  [[nodiscard]] before found() const noexcept { return found_; }
  // The ledger was closed in order: the file is emptied when it is unlocked.
  void empty_when_unlocked() noexcept { keep_text_ = false; }

  // False if the file at the path is no longer the one that is held.
  [[nodiscard]] bool still_there() const noexcept;

 private:
  explicit lock_file(std::string path) noexcept : path_(std::move(path)) {}
  [[nodiscard]] result<void> hold(int how, std::chrono::milliseconds wait, const std::function<bool()>& interrupted);
  [[nodiscard]] result<bool> open(bool make);

  int fd_ = -1;
  std::string path_;
  before found_ = before::emptied;
  bool keep_text_ = true;
};

}  // namespace convoke::ledger::sqlite
