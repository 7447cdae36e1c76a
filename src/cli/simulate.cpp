#include <csignal>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "cli/commands.hpp"
#include "cli/descriptors.hpp"
#include "cli/probe_file.hpp"
#include "cli/scenario_file.hpp"
#include "cli/simulator_flags.hpp"
#include "core/text.hpp"
#include "sim/server/simulator.hpp"
#include "sim/server/switches.hpp"
#include "sim/service/settings.hpp"

namespace convoke::cli {
namespace {

// Behaves as the service that the file describes.
result<void> take_over(sim::behaviour& to, const std::string& path) {
  const auto probed = read_probe_file(path);
  if (!probed) return std::unexpected(probed.error());
  const auto chosen = settings_of(*probed);
  for (const auto& [name, value] : chosen.set)
    if (const auto set = sim::apply_setting(to, name, value); !set)
      return fail(errc::usage, fmt::format("{}: {}", core::escape_for_people(path), set.error().message));
  for (const auto& one : chosen.without)
    write_text(STDERR_FILENO,
               fmt::format("{}: the simulator cannot behave so: {}\n", core::escape_for_people(path), core::escape_for_people(one)));
  return {};
}

void wait_for_signal() {
  boost::asio::io_context io(1);
  boost::asio::signal_set stop(io, SIGINT, SIGTERM);
  stop.async_wait([](const boost::system::error_code&, int) {});
  io.run();
}

}  // namespace

std::vector<simulator_flag> simulator_flags() {
  std::vector<simulator_flag> out;
  for (const auto& f : sim::flags()) out.push_back({f.name, f.value, f.help, f.takes_value});
  return out;
}

int simulate(const invocation& what) {
  sim::options options;
  for (const auto& [name, value] : what.in_order) {
    auto set = sim::apply_flag(options, name, value);
    if (set && name == "--as") set = take_over(options.service, options.probe_file);
    if (!set) return refuse(set.error());
  }
  if (!options.scenario_file.empty()) {
    // A step changes every tenant.
    for (const auto& tenant : options.tenants()) {
      auto steps = read_scenario_file(options.scenario_file, tenant.service);
      if (!steps) return refuse(steps.error());
      options.scenario = std::move(*steps);
    }
  }
  auto running = sim::simulator::start(options);
  if (!running) return refuse(running.error());
  write_text(STDOUT_FILENO, fmt::format("Graph is simulated at {}\n", (*running)->graph_url()));
  if (const auto metadata = (*running)->metadata_url(); !metadata.empty())
    write_text(STDOUT_FILENO, fmt::format("Its managed identity is at {0} (AZURE_POD_IDENTITY_AUTHORITY_HOST={0}{1})\n", metadata,
                                          options.identity_header_file.empty() ? "" : ", or IDENTITY_ENDPOINT=" + metadata + "/msi/token"));
  if (!options.config_file.empty())
    write_text(STDOUT_FILENO, fmt::format("Try: convoke apply FILE --config {}\n", core::escape_for_people(options.config_file)));
  write_text(STDOUT_FILENO, "Stop with Ctrl-C.\n");
  wait_for_signal();
  write_text(STDOUT_FILENO, fmt::format("{}\n", (*running)->stats_json()));
  (*running)->stop();
  return 0;
}

}  // namespace convoke::cli
