#pragma once

#include <string>

namespace convoke::os {

// Why no file can be opened and what to do, as one clause without a full stop, where errno is EMFILE or ENFILE; empty for any other errno.
// Names the limit of this process (RLIMIT_NOFILE).
[[nodiscard]] std::string open_files_shortage(int error_number);

}  // namespace convoke::os
