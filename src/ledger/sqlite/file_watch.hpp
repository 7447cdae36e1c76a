#pragma once

// The ledger's files, as the file system sees them: made private, and watched so that a deleted or replaced ledger is noticed.

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include <convoke/error.hpp>

namespace convoke::ledger::sqlite {

// The folder that `path` lies in.
[[nodiscard]] std::string folder_of(const std::string& path);
// Makes missing folders, mode 0700, and the file itself, empty and mode 0600. Leaves what exists as it is.
[[nodiscard]] result<void> make_private_file(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);
// The one name of a file that is there: what lies beside it, its lock and its log, must not depend on which link it was reached by.
[[nodiscard]] std::string true_name(const std::string& path);
// 0 where there is none.
[[nodiscard]] std::uint64_t file_size(const std::string& path);

class file_watch {
 public:
  void watch(const std::string& path);
  // errc::storage where the database or its log is no longer the file that was opened.
  [[nodiscard]] result<void> check();

 private:
  struct identity {
    dev_t device;
    ino_t inode;
    friend bool operator==(const identity&, const identity&) = default;
  };
  [[nodiscard]] static std::optional<identity> identify(const std::string& path);

  std::string path_, log_;
  std::optional<identity> database_, wal_;
};

}  // namespace convoke::ledger::sqlite
