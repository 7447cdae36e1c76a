#pragma once

// The ledger's files in the file system: made private, and watched so that a deleted or replaced ledger is noticed.

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include <convoke/error.hpp>

namespace convoke::ledger::sqlite {

// The folder that `path` lies in.
[[nodiscard]] std::string folder_of(const std::string& path);
// Makes missing folders, with mode 0700, and the file, empty and with mode 0600. Existing ones stay as they are.
[[nodiscard]] result<void> make_private_file(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);
// The canonical name of a file that exists, else `path`. The lock and the log lie beside it, so they must not depend on the link by which
// it was reached.
[[nodiscard]] std::string true_name(const std::string& path);
// 0 for a file that does not exist.
[[nodiscard]] std::uint64_t file_size(const std::string& path);

class file_watch {
 public:
  void watch(const std::string& path);
  // errc::storage if the database or its log is no longer the file that was opened.
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
