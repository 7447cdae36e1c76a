#include "ledger/sqlite/file_access.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "ledger/sqlite/file_watch.hpp"
#include "ledger/sqlite/ledger_file.hpp"

namespace convoke::ledger::sqlite {
namespace {

namespace fs = std::filesystem;

struct user {
  uid_t id = 0;
  std::string name, home;
};

user find_user(uid_t id) {
  user out{.id = id, .name = "uid " + std::to_string(id), .home = {}};
  std::array<char, 4096> text;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(id, &entry, text.data(), text.size(), &found) != 0 || found == nullptr) return out;
  out.name = found->pw_name;
  out.home = found->pw_dir;
  return out;
}

// A path as an argument of a shell's command.
std::string argument(const std::string& path) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+@,";
  if (path.find_first_not_of(plain) == std::string::npos) return path;
  std::string out = "'";
  for (const char c : path) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return shown(out + "'");
}

bool denied(const std::string& path, int how) noexcept {
  return ::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) != 0 && errno == EACCES;
}

fs::path whole_path(const std::string& path) {
  std::error_code unknown;
  const auto whole = fs::absolute(path, unknown).lexically_normal();
  return unknown ? fs::path(path) : whole;
}

// The first folder on the way to the ledger that may not be entered.
std::optional<std::string> closed_folder(const std::string& path) {
  fs::path folder;
  for (const auto& part : whole_path(path).parent_path()) {
    folder /= part;
    if (denied(folder.string(), X_OK)) return folder.string();
  }
  return std::nullopt;
}

// A folder whose whole content may be given to `to`, as far as can be seen: that of the ledger, or one in a folder of that user. The home
// of a user and folders that users share are not.
bool may_be_given(const std::string& folder, const std::string& ledger, const user& owner, uid_t to) {
  const auto path = whole_path(folder);
  struct stat there{}, above{};
  if (::stat(path.c_str(), &there) != 0 || (there.st_mode & S_ISVTX) != 0) return false;
  if (there.st_uid != owner.id || there.st_uid == to || path == fs::path(owner.home)) return false;
  if (::stat(path.parent_path().c_str(), &above) == 0 && above.st_uid == to) return true;
  return path == whole_path(ledger).parent_path() && path.parent_path() != path.root_path();
}

class refusal {
 public:
  refusal(const std::string& ledger, file_use use) : ledger_(ledger), use_(use), me_(find_user(::geteuid())) {}

  // `what`: a file or folder that may not be used, `named` for the message; `in`: the folder that holds the ledger, or is on the way to it.
  [[nodiscard]] std::unexpected<error> of(const std::string& what, const std::string& named, const std::string& in) const {
    struct stat there{};
    const bool known = ::stat(what.c_str(), &there) == 0;
    if (known && there.st_uid == me_.id) return own_mode(what, named, S_ISDIR(there.st_mode));
    const auto owner = known ? find_user(there.st_uid) : user{.name = "another user"};
    auto text = "the ledger " + shown(ledger_) + " cannot be used: " + named + " belongs to " + owner.name + ", and this process runs as " +
                me_.name + ". Run the command as " + owner.name + " as before" + (known && owner.id == 0 ? " (with sudo)" : "");
    if (const auto give = chown_command(in, owner); !give.empty()) text += ", or make it yours: `" + give + "`";
    return fail(errc::storage, text + ". Another ledger would not know its meetings");
  }

 private:
  [[nodiscard]] std::unexpected<error> own_mode(const std::string& what, const std::string& named, bool folder) const {
    const std::string mode = folder ? "u+rwx" : use_ == file_use::write ? "u+rw" : "u+r";
    return fail(errc::storage, "the ledger " + shown(ledger_) + " cannot be used: " + named + " is yours, but its mode does not let you " +
                                   (use_ == file_use::write ? "write" : "read") + " it: run `chmod " + mode + " " + argument(what) + "`");
  }

  [[nodiscard]] std::string chown_command(const std::string& in, const user& owner) const {
    if (may_be_given(in, ledger_, owner, me_.id)) return "sudo chown -R " + me_.name + " " + argument(in);
    std::string files;
    struct stat there{};
    for (const auto* ending : {"", "-wal", "-shm", "-journal", ".lock"}) {
      const auto file = ledger_ + ending;
      if (::stat(file.c_str(), &there) == 0 && there.st_uid != me_.id) files += " " + argument(file);
    }
    return files.empty() ? files : "sudo chown " + me_.name + files;
  }

  const std::string& ledger_;
  file_use use_;
  user me_;
};

// A reader needs no lock file, and SQLite no folder that can be written if the files beside the ledger are there.
std::vector<std::string> companions_for(file_use use) {
  std::vector<std::string> out{"-wal", "-shm"};
  if (use == file_use::write) out.insert(out.end(), {"-journal", ".lock"});
  return out;
}

}  // namespace

result<void> check_access(const std::string& path, file_use use) {
  if (path.empty()) return {};
  const refusal refused(path, use);
  const auto folder = folder_of(path);
  if (const auto closed = closed_folder(path)) return refused.of(*closed, "the folder " + shown(*closed), *closed);
  // Nothing is there that could be used: whoever makes the ledger says why that fails.
  if (!exists(path)) return {};
  const int needed = use == file_use::write ? R_OK | W_OK : R_OK;
  if (denied(path, needed)) return refused.of(path, "the file", folder);
  for (const auto& ending : companions_for(use)) {
    const auto beside = path + ending;
    if (denied(beside, needed)) return refused.of(beside, "the file " + shown(beside) + " beside it", folder);
  }
  const bool complete = exists(path + "-wal") && exists(path + "-shm") && exists(path + ".lock");
  if (use == file_use::write && !complete && denied(folder, W_OK)) {
    return refused.of(folder, "its folder " + shown(folder) + ", in which SQLite makes files,", folder);
  }
  return {};
}

}  // namespace convoke::ledger::sqlite
