#include "cli/probed.hpp"

#include "cli/probe_file.hpp"

namespace convoke::cli {

// Of letter case nothing is taken over: convoke never sends two ids that differ only in it, whatever the service does.
result<void> read_probed(const settings& from, plan_options& into) {
  const auto path = from.text("probed");
  if (path.empty()) return {};
  const auto found = read_probe_file(path);
  if (!found) return std::unexpected(found.error());
  if (const auto most = longest_external_id(*found)) into.longest_external_id = static_cast<std::uint32_t>(*most);
  return {};
}

}  // namespace convoke::cli
