#pragma once

// The message where this process, or the system, cannot open another file.

#include <cstdint>
#include <string>

namespace convoke::core {

// The reason for an errno and what to do, as a clause without a full stop; empty where it is neither EMFILE nor ENFILE. `limit` is the
// process's RLIMIT_NOFILE.
[[nodiscard]] std::string open_files_shortage(int error_number, std::uint64_t limit);

}  // namespace convoke::core
