#include "os/open_files.hpp"

#include <sys/resource.h>

#include "core/open_files.hpp"

namespace convoke::os {

std::string open_files_shortage(int error_number) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return core::open_files_shortage(error_number, limit.rlim_cur);
}

}  // namespace convoke::os
