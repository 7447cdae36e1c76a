#pragma once

// Reads what `convoke probe` wrote.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <convoke/error.hpp>

namespace convoke::cli {

struct probed_service {
  std::map<std::string, std::string, std::less<>> values;  // of the findings that are settled, by name
  std::vector<std::string> unsettled;                      // names of the others
  // Of which service; absent where the file does not say it, which one of convoke probe does.
  std::optional<bool> simulated;
  std::optional<std::string> graph_root, tenant_sha256;
};

// errc::usage, naming the file and where it is wrong: it is no probe file, of another format, or has a finding or a value that no probe
// writes.
[[nodiscard]] result<probed_service> parse_probe_file(std::string_view text, const std::string& path);
[[nodiscard]] result<probed_service> read_probe_file(const std::string& path);

// The most bytes that an external id may have; nullopt where that was not found out, or is more than convoke ever sends.
[[nodiscard]] std::optional<std::size_t> longest_external_id(const probed_service& from);

// What the simulator is set to: names and values of its settings. `without`: findings that it has no setting for.
struct simulator_settings {
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> without;
};
[[nodiscard]] simulator_settings settings_of(const probed_service& from);

}  // namespace convoke::cli
