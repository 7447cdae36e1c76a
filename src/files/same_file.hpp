#pragma once

// Detects names of one and the same file: an output must be neither the input nor another output.

#include <span>
#include <string>
#include <string_view>

#include <convoke/error.hpp>

namespace convoke::files {

struct named_file {
  std::string_view what;  // for messages: a flag, or "the input"
  std::string path;       // empty: none; `-` as an input is the file behind standard input, as an output it is not checked
};

// True where both paths are one file: by device and inode where both exist, with links followed, else by name. False for devices and pipes,
// which are written to but not replaced.
[[nodiscard]] bool same_file(const std::string& a, const std::string& b);

// errc::usage where two of these are one file. The message asks for another name of the later one; `read`, which is only read, is the
// first.
[[nodiscard]] result<void> keep_apart(const named_file& read, std::span<const named_file> written);

}  // namespace convoke::files
