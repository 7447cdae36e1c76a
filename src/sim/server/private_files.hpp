#pragma once

// Small files that hold secrets or name them.

#include <filesystem>
#include <string>
#include <string_view>

#include <convoke/error.hpp>
#include <convoke/secret.hpp>

namespace convoke::sim {

// errc::usage where the file exists and is not a regular one: a device must not be replaced by a rename.
[[nodiscard]] result<void> check_replaceable(const std::filesystem::path& file);
// Whole or not at all, mode 0600: a temporary file beside it, fsync, rename. errc::usage with the file and the reason.
[[nodiscard]] result<void> write_private_file(const std::filesystem::path& file, std::string_view content);
[[nodiscard]] result<std::string> read_small_file(const std::filesystem::path& file);
// A trailing newline is removed.
[[nodiscard]] result<secret> read_secret(const std::filesystem::path& file);

}  // namespace convoke::sim
