#include "sim/server/private_files.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace convoke::sim {
namespace {

constexpr std::uintmax_t largest_file = 16 * 1024 * 1024;

std::unexpected<error> trouble(const char* verb, const std::filesystem::path& file, int number) {
  return fail(errc::usage, fmt::format("cannot {} {}: {}", verb, file.string(), std::strerror(number)));
}

int write_and_sync(int fd, std::string_view content) {
  while (!content.empty()) {
    const auto n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(fd) == 0 ? 0 : errno;
}

}  // namespace

result<void> check_replaceable(const std::filesystem::path& file) {
  std::error_code ec;
  const auto there = std::filesystem::status(file, ec);
  if (!std::filesystem::exists(there) || std::filesystem::is_regular_file(there)) return {};
  return fail(errc::usage, fmt::format("{} is not a regular file and is not replaced: name another one", file.string()));
}

result<void> write_private_file(const std::filesystem::path& file, std::string_view content) {
  if (const auto may = check_replaceable(file); !may) return may;
  const auto temporary = file.string() + fmt::format(".{}.tmp", ::getpid());
  ::unlink(temporary.c_str());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return trouble("write", file, errno);
  int problem = write_and_sync(fd, content);
  if (::close(fd) != 0 && problem == 0) problem = errno;
  if (problem == 0 && ::rename(temporary.c_str(), file.c_str()) != 0) problem = errno;
  if (problem == 0) return {};
  ::unlink(temporary.c_str());
  return trouble("write", file, problem);
}

result<std::string> read_small_file(const std::filesystem::path& file) {
  std::error_code ec;
  const auto size = std::filesystem::file_size(file, ec);
  if (ec) return fail(errc::usage, fmt::format("cannot read {}: {}", file.string(), ec.message()));
  if (size > largest_file) return fail(errc::usage, fmt::format("cannot read {}: it is larger than 16 MiB", file.string()));
  std::ifstream in(file, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad() || !in.is_open()) return trouble("read", file, errno);
  return content;
}

result<secret> read_secret(const std::filesystem::path& file) {
  auto content = read_small_file(file);
  if (!content) return std::unexpected(std::move(content.error()));
  if (content->ends_with('\n')) content->pop_back();
  if (content->ends_with('\r')) content->pop_back();
  if (content->empty()) return fail(errc::usage, fmt::format("{} is empty: a client secret is expected", file.string()));
  return secret(std::move(*content));
}

}  // namespace convoke::sim
