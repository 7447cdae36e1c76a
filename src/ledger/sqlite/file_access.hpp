#pragma once

// Whether the user of this process may use a ledger's files. A ledger that was made with sudo belongs to root: the message says whose it is
// and what to do, and does not lead to another ledger, which would not know its meetings.

#include <cstdint>
#include <string>

#include <convoke/error.hpp>

namespace convoke::ledger::sqlite {

enum class file_use : std::uint8_t { read, write };

// errc::storage if the ledger, a file beside it or its folder exists and may not be used. What does not exist is no error here.
[[nodiscard]] result<void> check_access(const std::string& path, file_use use);

}  // namespace convoke::ledger::sqlite
