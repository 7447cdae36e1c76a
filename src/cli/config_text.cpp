#include "cli/config_text.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.hpp"
#include "files/file.hpp"

namespace convoke::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest = std::size_t{1} << 20U;

std::unexpected<error> refuse(const std::string& path, const std::string& why) {
  return fail(errc::usage, fmt::format("{}: {}", core::escape_for_people(path), why));
}

std::unexpected<error> unreadable(const std::string& path, int error_number) {
  if (error_number == ENOENT) return refuse(path, "there is no such configuration file.");
  return refuse(path, fmt::format("the configuration file cannot be read: {}.", files::system_message(error_number)));
}

struct flaw {
  std::string what, remedy;
};

// `what`: how a message names the file. A sticky folder such as /tmp counts as writable by others: they may create files in it.
std::optional<flaw> flaw_of(const struct stat& about, const std::string& what, const std::string& path) {
  const auto shown = core::escape_for_people(path);
  if (about.st_uid != ::geteuid() && about.st_uid != 0)
    return flaw{fmt::format("{} belongs to another user (uid {})", what, about.st_uid), fmt::format("make {} yours with chown", shown)};
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return flaw{fmt::format("{} has mode {:04o}, so that others may write it", what, about.st_mode & 07777),
                fmt::format("run `chmod go-w {}`", shown)};
  return std::nullopt;
}

std::optional<flaw> flaw_of_folder(const fs::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path().string() : std::string(".");
  struct stat about{};
  const auto what = fmt::format("its folder {}", core::escape_for_people(folder));
  if (::stat(folder.c_str(), &about) != 0)
    return flaw{fmt::format("{} cannot be examined: {}", what, files::system_message(errno)), "move the file to another folder"};
  return flaw_of(about, what, folder);
}

// Examines the file that is open: its name may refer to another one by now.
std::optional<flaw> flaw_of_found(int descriptor, const struct stat& about, const std::string& path) {
  if (!S_ISREG(about.st_mode)) return flaw{"it is not a regular file", "remove it"};
  if (auto own = flaw_of(about, "it", path)) return own;
  if (auto folder = flaw_of_folder(path)) return folder;
  std::error_code failed;
  if (!fs::is_symlink(path, failed)) return std::nullopt;
  const auto real = fs::read_symlink("/proc/self/fd/" + std::to_string(descriptor), failed);
  if (failed) return flaw{"it is a symbolic link to a file that cannot be examined", "put the file itself there"};
  return flaw_of_folder(real);
}

}  // namespace

result<std::string> read_config_text(const std::string& path, config_origin origin) {
  // Opening a pipe would wait until another process writes to it.
  const int extra = origin == config_origin::found ? O_NONBLOCK : 0;
  const files::file opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | extra));
  struct stat about{};
  if (!opened.open() || ::fstat(opened.get(), &about) != 0) return unreadable(path, errno);
  if (S_ISDIR(about.st_mode)) return refuse(path, "this is a directory; --config needs a file.");
  if (origin == config_origin::found) {
    if (const auto bad = flaw_of_found(opened.get(), about, path))
      return refuse(path, fmt::format("this configuration file was found, not named, and is not used: {}. Give --config {} to use it all "
                                      "the same, or {}.",
                                      bad->what, core::escape_for_people(path), bad->remedy));
  }
  // A pipe or a device has no size, so the limit is checked while reading.
  std::string text;
  std::array<char, 16384> part{};
  for (;;) {
    const auto n = files::read_some(opened.get(), part);
    if (n < 0) return unreadable(path, errno);
    if (n == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(n));
    if (text.size() > largest) return refuse(path, "this is larger than 1 MiB, the most that a configuration file may be.");
  }
}

}  // namespace convoke::cli
