#pragma once

// The text of system errors in the ledger's messages.

#include <string>
#include <string_view>
#include <system_error>

#include "os/open_files.hpp"

namespace convoke::ledger {

// What to do about too many open files; empty for any other error.
inline std::string shortage(int error_number) {
  return os::open_files_shortage(error_number);
}

// The system's message and a remedy, as in `Permission denied; choose another place`. Too many open files have a remedy of their own.
inline std::string explained(int error_number, std::string_view remedy) {
  const auto too_many = shortage(error_number);
  return std::generic_category().message(error_number) + "; " + (too_many.empty() ? std::string(remedy) : too_many);
}

}  // namespace convoke::ledger
