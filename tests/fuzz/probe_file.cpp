// A probe file of any content becomes findings that the simulator can be set to, or one error that names the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cli/probe_file.hpp"
#include "sim/service/settings.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const std::string path = "probe.toml";
  const auto found = convoke::cli::parse_probe_file(text, path);
  if (!found) {
    if (!found.error().message.contains(path)) std::abort();
    return 0;
  }
  convoke::sim::behaviour how;
  for (const auto& [name, value] : convoke::cli::settings_of(*found).set)
    if (!convoke::sim::apply_setting(how, name, value)) std::abort();
  if (const auto most = convoke::cli::longest_external_id(*found); most && (*most == 0 || *most >= 128)) std::abort();
  return 0;
}
