#include <csignal>
#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "cli/commands.hpp"
#include "cli/simulator_flags.hpp"
#include "core/text.hpp"
#include "sim/server/simulator.hpp"
#include "sim/server/switches.hpp"

namespace convoke::cli {
namespace {

constexpr auto write_config_flag = "write-config";

void wait_for_signal() {
  boost::asio::io_context io(1);
  boost::asio::signal_set stop(io, SIGINT, SIGTERM);
  stop.async_wait([](const boost::system::error_code&, int) {});
  io.run();
}

}  // namespace

std::vector<simulator_flag> simulator_flags() {
  std::vector<simulator_flag> out{{write_config_flag, "Write a configuration with which `convoke apply` reaches this simulator", true}};
  for (const auto& f : sim::flags())
    if (f.name != write_config_flag) out.push_back({f.name, f.help, f.takes_value});
  return out;
}

int simulate(const invocation& what) {
  sim::options options;
  const auto known = sim::flags();
  std::string config;
  for (const auto& [name, value] : what.flags) {
    if (name == write_config_flag) config = value;
    for (const auto& f : known) {
      if (f.name != name) continue;
      if (const auto taken = f.set(options, value); !taken)
        return refuse({errc::usage, fmt::format("--{}: {}", name, taken.error().message)});
    }
  }
  auto running = sim::simulator::start(options);
  if (!running) return refuse(running.error());
  if (!config.empty())
    if (const auto written = (*running)->write_config(config); !written) return refuse(written.error());
  fmt::print("Graph is simulated at {}\nTokens come from {}\n", (*running)->graph_url(), (*running)->authority_url());
  if (!config.empty()) fmt::print("Try: convoke apply FILE --config {}\n", escape_for_people(config));
  fmt::print("Stop with Ctrl-C.\n");
  std::fflush(stdout);
  wait_for_signal();
  fmt::print("{}\n", (*running)->stats_json());
  (*running)->stop();
  return 0;
}

}  // namespace convoke::cli
