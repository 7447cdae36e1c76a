#pragma once

// Files that hold a secret, and the folders that they are in.

#include <string>
#include <string_view>

#include <convoke/error.hpp>
#include <convoke/secret.hpp>

namespace convoke::auth {

inline constexpr std::size_t largest_private_file = 64 * 1024;

// Reads a regular file, not a symbolic link, that belongs to this user or to root and that only its owner can read, of at most 64 KiB. A
// file in $CREDENTIALS_DIRECTORY may be readable by its group, as systemd makes it so. `what`: `secret file`, for the message.
// errc::credentials, with the name of the file and never its content.
[[nodiscard]] result<secret> read_private_file(const std::string& path, std::string_view what);

// Reads a file of at most 64 KiB that another program keeps up to date, such as a projected token of Kubernetes: symbolic links are
// followed, and its mode is that program's business.
[[nodiscard]] result<secret> read_provided_file(const std::string& path, std::string_view what);

// Writes a file that only its owner can read, so that it appears as a whole and durably: temporary file beside it, fsync, rename, fsync of
// the folder. A symbolic link of this name is replaced.
[[nodiscard]] result<void> write_private_file(const std::string& path, const secret& content, std::string_view what);

// Makes a folder that only its owner can enter, where there is none. errc::credentials where it belongs to another user, or others may
// write to it: they could put files of theirs in place of those in it.
[[nodiscard]] result<void> make_private_folder(const std::string& path, std::string_view what);

}  // namespace convoke::auth
