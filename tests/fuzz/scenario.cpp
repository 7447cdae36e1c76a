// A scenario file of any content becomes steps that a service can do, or one error that names the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cli/scenario_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const std::string path = "scenario.toml";
  const auto steps = convoke::cli::parse_scenario(text, path, {});
  if (!steps) {
    if (!steps.error().message.contains(path)) std::abort();
    return 0;
  }
  if (steps->empty()) std::abort();
  for (const auto& one : *steps)
    if (one.at < 0 || one.every < 0 || one.until < 0) std::abort();
  return 0;
}
