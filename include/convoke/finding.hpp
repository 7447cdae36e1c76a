#pragma once

/// \file
/// What a check of a set-up found: the results of `convoke doctor`.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace convoke {

enum class finding_status : std::uint8_t {
  ok,       ///< it is as it should be
  warning,  ///< a run works, but something should be changed
  failed,   ///< a run does not work, or not for this organizer
  skipped,  ///< it could not be looked at: `seen` says why
};
/// `ok`, `warning`, `failed`, `skipped`.
[[nodiscard]] std::string_view to_string(finding_status s) noexcept;

/// One check. All texts are for people: they hold no secret, and no control characters from outside.
struct finding {
  /// The name of the check: `configuration`, `file`, `ledger`, `input`, `proxy`, `dns`, `address`, `tls`, `clock`, `token`, `permission`,
  /// `organizer`, `access-policy`, `licence`. docs/doctor.md explains each.
  std::string check;
  std::string lane;     ///< the name of the tenant, or its id where it has no name; empty: the check is of no single lane
  std::string subject;  ///< what was looked at: a file, a host, an address, an organizer; may be empty
  finding_status status = finding_status::ok;
  std::string seen;                     ///< what was found
  std::string advice;                   ///< what to do, one or more sentences; empty where nothing is to be done
  std::vector<std::string> commands{};  ///< that do it, in their order, with the ids filled in; a comment behind `#` says when
  /// What this finding makes of the exit code: 2 configuration, 4 credentials or permission, 5 network or throttled (retry later), 6
  /// ledger, 8 the input or an organizer that the tenant does not have; 0: nothing, as of everything that is ok or a warning. A check that
  /// was skipped because the service throttled it has 5.
  int exit_code = 0;
};

}  // namespace convoke
