#pragma once

// The process's descriptors: the standard ones, and how many more there may be.

#include <string_view>

#include <convoke/error.hpp>

namespace convoke::cli {

// Opens closed standard descriptors on /dev/null, the wrong way round: what is opened later must not be taken for one of them, and reading
// or writing one that was closed still fails. To be called before anything else is opened.
void open_standard_descriptors() noexcept;

// True for `-` and the names of the same thing under /dev and /proc.
[[nodiscard]] bool names_standard_input(std::string_view path) noexcept;
// errc::usage where standard input was closed, or is open for writing only.
[[nodiscard]] result<void> check_standard_input();

// Raises the limit of open files as far as this process may. errc::resources where fewer than `needed` more can be opened.
[[nodiscard]] result<void> reserve_open_files(unsigned needed);

// All of it, through interruptions and full pipes; false where the descriptor does not take it.
bool write_text(int descriptor, std::string_view text) noexcept;

}  // namespace convoke::cli
