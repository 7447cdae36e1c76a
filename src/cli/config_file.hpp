#pragma once

// The configuration file: TOML in, settings by option name out.

#include <map>
#include <string>

#include <convoke/error.hpp>

#include "cli/config_text.hpp"
#include "cli/options.hpp"

namespace convoke::cli {

using setting_map = std::map<std::string, setting, std::less<>>;

// `wanted_tenant`: what a nearer source says of --tenant, empty: nothing. Of [tenants.NAME] tables one is used: the one it names (by its
// name or its GUID), else the only one; its keys win over those at the top of the file. File names are relative to the file. errc::usage,
// with line, for what cannot be read or may not be used (config_text.hpp), unknown keys (with the core::nearest name), wrong types, and
// what is not built yet.
[[nodiscard]] result<setting_map> read_config_file(const std::string& path, config_origin origin, const std::string& wanted_tenant);

// An option whose part is not built yet is refused with a sentence that names where it was set.
[[nodiscard]] result<void> refuse_later(const option& o, const std::string& source);

// `max_attempts` for `max-attempts`.
[[nodiscard]] std::string key_name(std::string_view option);

}  // namespace convoke::cli
