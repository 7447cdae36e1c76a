#pragma once

// What to say where this process, or the system, may open no more files.

#include <cstdint>
#include <string>

namespace convoke::core {

// For errno: why, and what to do, as one clause without a full stop; empty where it is neither EMFILE nor ENFILE. `limit`: RLIMIT_NOFILE.
[[nodiscard]] std::string open_files_shortage(int error_number, std::uint64_t limit);

}  // namespace convoke::core
