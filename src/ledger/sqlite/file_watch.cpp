#include "ledger/sqlite/file_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "ledger/shortage.hpp"
#include "ledger/sqlite/ledger_file.hpp"

namespace convoke::ledger::sqlite {
namespace {

namespace fs = std::filesystem;

std::unexpected<error> failed(const char* doing, const std::string& what) {
  return fail(errc::storage, std::string(doing) + " " + shown(what) + ": " + explained(errno, "choose another place with --ledger"));
}

result<void> make_folders(const fs::path& folder) {
  if (folder.empty() || exists(folder.string())) return {};
  if (auto above = make_folders(folder.parent_path()); !above) return above;
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed("cannot make the directory", folder.string());
  return {};
}

}  // namespace

std::string folder_of(const std::string& path) {
  const auto folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

bool exists(const std::string& path) {
  struct stat there{};
  return ::stat(path.c_str(), &there) == 0;
}

std::string true_name(const std::string& path) {
  std::error_code unknown;
  const auto name = fs::canonical(path, unknown);
  return unknown ? path : name.string();
}

std::uint64_t file_size(const std::string& path) {
  struct stat there{};
  return ::stat(path.c_str(), &there) == 0 ? static_cast<std::uint64_t>(there.st_size) : 0;
}

result<void> make_private_file(const std::string& path) {
  if (path.empty()) return fail(errc::usage, "the ledger has no path; use --ledger sqlite:PATH");
  if (auto folders = make_folders(fs::path(path).parent_path()); !folders) return folders;
  struct stat there{};
  if (::stat(path.c_str(), &there) == 0) return check_regular(path);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return failed("cannot make the ledger", path);
  ::close(fd);
  return {};
}

void file_watch::watch(const std::string& path) {
  path_ = path;
  log_ = path + "-wal";
  database_ = identify(path_);
}

std::optional<file_watch::identity> file_watch::identify(const std::string& path) {
  struct stat there{};
  if (::stat(path.c_str(), &there) != 0) return std::nullopt;
  return identity{there.st_dev, there.st_ino};
}

result<void> file_watch::check() {
  // SQLite makes the log at the first write.
  if (!wal_) wal_ = identify(log_);
  if (database_ && identify(path_) == database_ && identify(log_) == wal_) return {};
  return fail(errc::storage, "the ledger " + shown(path_) +
                                 " was deleted or replaced while it was in use; nothing more is written. "
                                 "Put it back, or any earlier copy of it, and run the same command again");
}

}  // namespace convoke::ledger::sqlite
