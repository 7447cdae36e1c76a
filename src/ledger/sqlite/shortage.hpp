#pragma once

// System errors in the words of the ledger's messages.

#include <string>
#include <string_view>
#include <system_error>

#include "os/open_files.hpp"

namespace convoke::ledger::sqlite {

// Empty where `error_number` does not say that there are too many open files.
inline std::string shortage(int error_number) {
  return os::open_files_shortage(error_number);
}

// `Permission denied; choose another place`: `remedy` for people, or what to do about open files where these are the trouble.
inline std::string explained(int error_number, std::string_view remedy) {
  const auto too_many = shortage(error_number);
  return std::generic_category().message(error_number) + "; " + (too_many.empty() ? std::string(remedy) : too_many);
}

}  // namespace convoke::ledger::sqlite
