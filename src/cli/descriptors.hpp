#pragma once

// The process's standard descriptors, and the limit of open files.

#include <string_view>

#include <convoke/error.hpp>

namespace convoke::cli {

// Opens closed standard descriptors on /dev/null, so that a file which is opened later does not get their number. They are opened for the
// opposite direction: reading or writing one that was closed still fails. Call it before anything else is opened.
void open_standard_descriptors() noexcept;

// True for `-` and the names of standard input under /dev and /proc.
[[nodiscard]] bool names_standard_input(std::string_view path) noexcept;
// errc::usage where standard input was closed, or is open for writing only.
[[nodiscard]] result<void> check_standard_input();

// Raises the limit of open files as far as this process may. errc::resources where fewer than `needed` more can be opened.
[[nodiscard]] result<void> reserve_open_files(unsigned needed);

// Writes all of it, through interruptions and full pipes; false where a write fails.
bool write_text(int descriptor, std::string_view text) noexcept;

}  // namespace convoke::cli
