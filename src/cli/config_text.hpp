#pragma once

// Reads the bytes of a configuration file that may be used.

#include <cstdint>
#include <string>

#include <convoke/error.hpp>

namespace convoke::cli {

// How the file was chosen.
enum class config_origin : std::uint8_t {
  named,  // by --config or CONVOKE_CONFIG: any file, a pipe too
  found,  // beside the input, in the current folder or in $XDG_CONFIG_HOME
};

// At most 1 MiB. A file that was found is used only if it is a regular file, and it and its folder (for a link, the link's folder and the
// file's) belong to this user or root and are writable by no one else: otherwise another user could put a file there that names a
// service of theirs, which would receive the secrets. errc::usage, naming the file and the remedy.
[[nodiscard]] result<std::string> read_config_text(const std::string& path, config_origin origin);

}  // namespace convoke::cli
