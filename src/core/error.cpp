#include <convoke/error.hpp>

namespace convoke {

int exit_code(errc code) noexcept {
  switch (code) {
    case errc::internal:
      return 1;
    case errc::usage:
      return 2;
    case errc::credentials:
      return 4;
    case errc::network:
    case errc::protocol:
    case errc::resources:
      return 5;
    case errc::storage:
      return 6;
    case errc::busy:
      return 7;
    case errc::input:
      return 8;
    case errc::output:
      return 9;
    case errc::interrupted:
      return 130;
  }
  return 1;
}

}  // namespace convoke
