#include "auth/private_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <span>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/file.hpp"

namespace convoke::auth {
namespace {

// systemd puts credentials into a directory that only the service can enter, with mode 0400 or 0440 (systemd.exec(5), LoadCredential).
bool from_credential_directory(const std::string& path) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (!directory || *directory != '/') return false;
  std::string begin = directory;
  if (!begin.ends_with('/')) begin += '/';
  return path.starts_with(begin) && path.size() > begin.size() && path.find('/', begin.size()) == std::string::npos;
}

class reader {
 public:
  reader(const std::string& path, std::string_view what) : path_(path), what_(what) {}

  result<secret> read(bool only_own) {
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    const files::file file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | (only_own ? O_NOFOLLOW : 0)));
    if (!file.open())
      return refuse(errno == ELOOP ? "is a symbolic link: name the file itself" : "cannot be opened: " + files::system_message(errno));
    struct stat about{};
    if (::fstat(file.get(), &about) != 0) return refuse("cannot be examined: " + files::system_message(errno));
    if (const auto ok = trusted(about, only_own); !ok) return std::unexpected(ok.error());
    return content(file.get());
  }

 private:
  std::unexpected<error> refuse(const std::string& why) const {
    return fail(errc::credentials, "the " + std::string(what_) + " " + path_ + " " + why);
  }
  std::unexpected<error> too_large() const {
    return refuse("is larger than 64 KiB: it should hold the " + std::string(what_.substr(0, what_.rfind(' '))) + " and nothing else");
  }

  result<> trusted(const struct stat& file, bool only_own) const {
    if (!S_ISREG(file.st_mode)) return refuse("is not a regular file");
    if (file.st_size > static_cast<off_t>(largest_private_file)) return too_large();
    if (!only_own) return {};
    if (file.st_uid != ::geteuid() && file.st_uid != 0) return refuse("belongs to another user: it must be yours or root's");
    const mode_t forbidden = from_credential_directory(path_) ? S_IRWXO | S_IWGRP : S_IRWXO | S_IRWXG;
    if ((file.st_mode & forbidden) != 0) return refuse("can be read or written by others: chmod 600 " + path_);
    return {};
  }

  result<secret> content(int descriptor) const {
    // Allocated once: a string that grows leaves its old bytes behind.
    std::string text(largest_private_file + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
      const auto n = files::read_some(descriptor, std::span(text).subspan(size));
      if (n < 0) return refuse("cannot be read: " + files::system_message(errno));
      if (n == 0) break;
      size += static_cast<std::size_t>(n);
    }
    text.resize(size);
    secret out(std::move(text));
    if (size > largest_private_file) return too_large();
    return out;
  }

  const std::string& path_;
  std::string_view what_;
};

}  // namespace

result<secret> read_private_file(const std::string& path, std::string_view what) {
  return reader(path, what).read(true);
}

result<secret> read_provided_file(const std::string& path, std::string_view what) {
  return reader(path, what).read(false);
}

}  // namespace convoke::auth
