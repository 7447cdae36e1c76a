#pragma once

// What is checked of a ledger in the file system before SQLite opens it: whether its files are what they should be, and who may use them.

#include <string>
#include <vector>

#include <sys/types.h>

#include <convoke/error.hpp>

namespace convoke::ledger::sqlite {

// A path as messages show it.
[[nodiscard]] std::string shown(const std::string& path);

// errc::storage where the ledger, or a file that SQLite keeps beside it, is there and is not a regular file: opening a FIFO waits for
// ever, and a symbolic link beside the ledger leads to a file that is not the ledger's.
[[nodiscard]] result<void> check_regular(const std::string& path);
// The same for a writer, which also refuses a ledger with several names: by each it would find another lock and another log.
[[nodiscard]] result<void> check_writable_alone(const std::string& path);
// Takes from the log and its index what the ledger's own mode does not permit: SQLite gives them that mode only when it makes them.
void protect_companions(const std::string& path);
// One sentence for each way in which other users may read or change the ledger.
[[nodiscard]] std::vector<std::string> exposures(const std::string& path);

// What a file is that is not a regular one: `a FIFO`.
[[nodiscard]] std::string kind_of(mode_t mode);

}  // namespace convoke::ledger::sqlite
