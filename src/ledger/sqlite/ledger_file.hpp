#pragma once

// Checks of a ledger in the file system before SQLite opens it: whether its files are regular ones, and who may use them.

#include <string>
#include <vector>

#include <sys/types.h>

#include <convoke/error.hpp>

namespace convoke::ledger::sqlite {

// A path as messages show it.
[[nodiscard]] std::string shown(const std::string& path);

// errc::storage if the ledger, or a file that SQLite keeps beside it, exists and is not a regular file: opening a FIFO would wait for ever,
// and a symbolic link beside the ledger leads to a file that is not the ledger's.
[[nodiscard]] result<void> check_regular(const std::string& path);
// The same for a writer, which also refuses a ledger with several hard links: beside each name it would find another lock and another log.
[[nodiscard]] result<void> check_writable_alone(const std::string& path);
// Removes from the modes of the log and its index what the mode of the ledger does not permit. SQLite copies that mode only when it makes
// these files.
void protect_companions(const std::string& path);
// One sentence for each way in which other users may read or change the ledger.
[[nodiscard]] std::vector<std::string> exposures(const std::string& path);

// The kind of a file that is not a regular one, with its article: `a FIFO`.
[[nodiscard]] std::string kind_of(mode_t mode);

}  // namespace convoke::ledger::sqlite
