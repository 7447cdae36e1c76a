#pragma once

// Whether two names mean one file: what is about to be written must be neither what is read nor what else is written.

#include <span>
#include <string>
#include <string_view>

#include <convoke/error.hpp>

namespace convoke::files {

struct named_file {
  std::string_view what;  // as messages name it: a flag, or "the input"
  std::string path;       // empty: none; `-` as an input is what stands behind standard input, as an output it is nothing
};

// True where both are one file: by device and inode where both exist (links included), else by name. Devices and pipes are written to, not
// replaced, so they are nobody's.
[[nodiscard]] bool same_file(const std::string& a, const std::string& b);

// errc::usage where two of these are one file; the later one is the one to be renamed. `read`: what is only read, which comes first.
[[nodiscard]] result<void> keep_apart(const named_file& read, std::span<const named_file> written);

}  // namespace convoke::files
