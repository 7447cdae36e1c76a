#include <cerrno>
#include <cstdlib>
#include <span>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/auth.hpp"
#include "files/file.hpp"

namespace convoke::auth {
namespace {

constexpr off_t largest = 64 * 1024;

// systemd puts credentials into a directory that only the service can enter, with mode 0400 or 0440 (systemd.exec(5), LoadCredential).
bool from_credential_directory(const std::string& path) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (!directory || *directory != '/') return false;
  std::string begin = directory;
  if (!begin.ends_with('/')) begin += '/';
  return path.starts_with(begin) && path.size() > begin.size() && path.find('/', begin.size()) == std::string::npos;
}

std::unexpected<error> refuse(const std::string& path, const std::string& why) {
  return fail(errc::credentials, "the secret file " + path + " " + why);
}

result<> trusted(const std::string& path, const struct stat& file) {
  if (!S_ISREG(file.st_mode)) return refuse(path, "is not a regular file");
  if (file.st_uid != ::geteuid() && file.st_uid != 0) return refuse(path, "belongs to another user: it must be yours or root's");
  const mode_t forbidden = from_credential_directory(path) ? S_IRWXO | S_IWGRP : S_IRWXO | S_IRWXG;
  if ((file.st_mode & forbidden) != 0) return refuse(path, "can be read or written by others: chmod 600 " + path);
  if (file.st_size > largest) return refuse(path, "is larger than 64 KiB: it should hold the secret and nothing else");
  return {};
}

// A file with several lines is probably another one than the user meant, such as a key.
result<> one_line(const std::string& path, std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (const auto flaw = flaw_of_secret(text)) return refuse(path, *flaw);
  return {};
}

}  // namespace

std::optional<std::string> flaw_of_secret(std::string_view text) {
  if (text.empty()) return "is empty";
  if (text.size() > static_cast<std::size_t>(largest)) return "is larger than 64 KiB: it should hold the secret and nothing else";
  for (const char c : text)
    if (c >= 0 && (c < 0x20 || c == 0x7f))
      return "holds more than one line, or control characters: it should hold the secret and nothing else";
  return std::nullopt;
}

result<secret> read_secret_file(const std::string& path) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const files::file file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.open())
    return refuse(path, errno == ELOOP ? "is a symbolic link: name the file itself" : "cannot be opened: " + files::system_message(errno));
  struct stat about{};
  if (::fstat(file.get(), &about) != 0) return refuse(path, "cannot be examined: " + files::system_message(errno));
  if (const auto ok = trusted(path, about); !ok) return std::unexpected(ok.error());

  // Allocated once: a string that grows leaves its old bytes behind.
  std::string text(static_cast<std::size_t>(largest) + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto n = files::read_some(file.get(), std::span(text).subspan(size));
    if (n < 0) return refuse(path, "cannot be read: " + files::system_message(errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  text.resize(size);
  if (size > static_cast<std::size_t>(largest)) return refuse(path, "is larger than 64 KiB: it should hold the secret and nothing else");
  const auto ok = one_line(path, text);
  secret out(std::move(text));
  if (!ok) return std::unexpected(ok.error());
  return out;
}

}  // namespace convoke::auth
