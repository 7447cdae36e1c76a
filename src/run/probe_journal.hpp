#pragma once

// The journal of a probe: a file of mode 0600 that is replaced before each call.

#include <optional>
#include <string>
#include <string_view>

#include <convoke/error.hpp>
#include <convoke/time.hpp>

#include "experiments/session.hpp"

namespace convoke::run {

struct probe_journal {
  // Whose probe it is.
  std::string graph_root, tenant, organizer, attendee;
  utc_time start{};                      // of the meetings
  std::optional<utc_time> closed_until;  // no call before: the service said so
  experiments::record record;
};

[[nodiscard]] std::string journal_text(const probe_journal& j);
// errc::storage with the reason where the text is no journal.
[[nodiscard]] result<probe_journal> parse_journal(std::string_view text);

// Nothing where there is no file. errc::storage names the file.
[[nodiscard]] result<std::optional<probe_journal>> read_journal(const std::string& path);
[[nodiscard]] result<void> write_journal(const std::string& path, const probe_journal& j);

}  // namespace convoke::run
