#include "ledger/sqlite/ledger_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.hpp"
#include "ledger/sqlite/file_watch.hpp"

namespace convoke::ledger::sqlite {
namespace {

constexpr std::size_t longest_path = 4096;
constexpr const char* companions[] = {"-wal", "-shm", "-journal"};
// The group may read: an administrator can have arranged that, as for a monitoring account.
constexpr mode_t open_to_others = S_IWGRP | S_IROTH | S_IWOTH;

}  // namespace

std::string shown(const std::string& path) {
  return core::escape_for_people(path, longest_path);
}

std::string kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISLNK(mode)) return "a symbolic link";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "a special file";
}

result<void> check_regular(const std::string& path) {
  struct stat there{};
  if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    return fail(errc::storage,
                "the ledger " + shown(path) + " is " + kind_of(there.st_mode) + ", not a regular file; choose another path with --ledger");
  }
  for (const auto* ending : companions) {
    const auto beside = path + ending;
    if (::lstat(beside.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
      return fail(errc::storage, "the ledger " + shown(path) + " cannot be used: " + shown(beside) + " beside it is " +
                                     kind_of(there.st_mode) + ", not a file that SQLite made; remove it");
    }
  }
  return {};
}

result<void> check_writable_alone(const std::string& path) {
  if (auto regular = check_regular(path); !regular) return regular;
  struct stat there{};
  if (::stat(path.c_str(), &there) != 0 || there.st_nlink <= 1) return {};
  return fail(errc::storage,
              "the ledger " + shown(path) + " has " + std::to_string(there.st_nlink) +
                  " names (hard links): processes that use it by different names do not see each other's lock and damage it. "
                  "Remove the other names (`find -samefile` lists them), or copy the file and use the copy");
}

void protect_companions(const std::string& path) {
  struct stat ledger{}, there{};
  if (::stat(path.c_str(), &ledger) != 0) return;
  for (const auto* ending : companions) {
    const auto beside = path + ending;
    if (::lstat(beside.c_str(), &there) != 0 || !S_ISREG(there.st_mode)) continue;
    const mode_t permitted = there.st_mode & ledger.st_mode & 0777;
    // A link that was put there meanwhile is not followed.
    if (permitted != (there.st_mode & 0777)) (void)::fchmodat(AT_FDCWD, beside.c_str(), permitted, AT_SYMLINK_NOFOLLOW);
  }
}

std::vector<std::string> exposures(const std::string& path) {
  std::vector<std::string> out;
  struct stat there{};
  const auto name = true_name(path);
  if (::stat(name.c_str(), &there) == 0 && S_ISREG(there.st_mode) && (there.st_mode & open_to_others) != 0) {
    const bool writable = (there.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    out.push_back("The ledger " + shown(name) + " can be " + (writable ? "changed" : "read") +
                  " by other users of this machine. It holds names and join links: run `chmod 600` on it.");
  }
  const auto folder = folder_of(name);
  if (::stat(folder.c_str(), &there) == 0 && (there.st_mode & S_IWOTH) != 0 && (there.st_mode & S_ISVTX) == 0) {
    out.push_back("Every user of this machine can replace the files in " + shown(folder) +
                  ", the ledger among them: run `chmod o-w` on that folder, or choose another path with --ledger.");
  }
  return out;
}

}  // namespace convoke::ledger::sqlite
