#include "ledger/temp_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "ledger/shortage.hpp"

namespace convoke::ledger {
namespace {

std::unexpected<error> failed(const std::string& doing) {
  return fail(errc::storage, doing + ": " + explained(errno, "make room there and run the same command again"));
}

}  // namespace

result<temp_file> temp_file::create(const std::string& directory) {
  const int anonymous = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (anonymous >= 0) return temp_file(anonymous);
  // Not every file system has O_TMPFILE.
  std::string name = directory + "/.convoke-sort-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named < 0) return failed("cannot make a temporary file in " + directory);
  ::unlink(name.c_str());
  return temp_file(named);
}

temp_file::~temp_file() {
  if (fd_ >= 0) ::close(fd_);
}

result<void> temp_file::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("cannot write a temporary file");
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

result<void> temp_file::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const auto got = ::pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return failed("cannot read a temporary file back");
    offset += static_cast<std::uint64_t>(got);
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

result<std::string> scratch_folder() {
  std::error_code failed;
  auto folder = std::filesystem::temp_directory_path(failed).string();
  if (failed) return fail(errc::storage, "there is no folder for temporary files: set TMPDIR to a folder that can be written");
  if (const auto possible = temp_file::create(folder); !possible) return std::unexpected(possible.error());
  return folder;
}

}  // namespace convoke::ledger
