#include "auth/private_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
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

std::unexpected<error> cannot(std::string_view doing, std::string_view what, const std::string& path, int error_number) {
  return fail(errc::credentials,
              "the " + std::string(what) + " " + path + " cannot be " + std::string(doing) + ": " + files::system_message(error_number));
}

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace

result<void> write_private_file(const std::string& path, const secret& content, std::string_view what) {
  const auto folder = folder_of(path);
  const auto temporary = path + ".new";
  // Of a process that was killed. The caller has locked the folder.
  ::unlink(temporary.c_str());
  files::file out(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!out.open()) return cannot("made", what, path, errno);
  const bool written = ::fchmod(out.get(), S_IRUSR | S_IWUSR) == 0 && files::write_all(out.get(), content.reveal()) &&
                       ::fsync(out.get()) == 0 && out.close() && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    const int why = errno;
    ::unlink(temporary.c_str());
    return cannot("written", what, path, why);
  }
  const files::file directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.open()) static_cast<void>(::fsync(directory.get()));
  return {};
}

result<void> make_private_folder(const std::string& path, std::string_view what) {
  std::error_code failed;
  if (const auto above = std::filesystem::path(path).parent_path(); !above.empty()) std::filesystem::create_directories(above, failed);
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) return cannot("made, as its folder cannot be made", what, path, errno);
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return cannot("used", what, path, errno);
  const auto refuse = [&](const std::string& why) {
    return fail(errc::credentials, "the folder " + path + " of the " + std::string(what) + " " + why);
  };
  if (!S_ISDIR(about.st_mode)) return refuse("is no folder");
  if (about.st_uid != ::geteuid() && about.st_uid != 0) return refuse("belongs to another user: it must be yours or root's");
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0) return refuse("can be written to by others: chmod 700 " + path);
  return {};
}

result<secret> read_private_file(const std::string& path, std::string_view what) {
  return reader(path, what).read(true);
}

result<secret> read_provided_file(const std::string& path, std::string_view what) {
  return reader(path, what).read(false);
}

}  // namespace convoke::auth
