#include "core/open_files.hpp"

#include <cerrno>

namespace convoke::core {

std::string open_files_shortage(int error_number, std::uint64_t limit) {
  if (error_number == ENFILE) return "the system has too many files open: try again when it has fewer";
  if (error_number != EMFILE) return {};
  return "this process may have only " + std::to_string(limit) + " files open: raise that limit (ulimit -n)";
}

}  // namespace convoke::core
