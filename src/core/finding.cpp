#include <convoke/finding.hpp>

namespace convoke {

std::string_view to_string(finding_status s) noexcept {
  switch (s) {
    case finding_status::ok:
      return "ok";
    case finding_status::warning:
      return "warning";
    case finding_status::failed:
      return "failed";
    case finding_status::skipped:
      break;
  }
  return "skipped";
}

}  // namespace convoke
