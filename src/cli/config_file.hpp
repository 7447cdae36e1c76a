#pragma once

// Reads a configuration file (TOML) into settings by option name.

#include <map>
#include <string>

#include <convoke/error.hpp>

#include "cli/config_options.hpp"
#include "cli/config_text.hpp"
#include "cli/options.hpp"

namespace convoke::cli {

using setting_map = std::map<std::string, setting, std::less<>>;

// One table [tenants.NAME].
struct tenant_table {
  std::string name;
  setting_map values;
  option_settings options{};  // [tenants.NAME.options]
};

struct config_values {
  setting_map values;
  list_values lists;
  option_settings options;         // [options]
  std::string tenant_name;         // NAME of the only table [tenants.NAME], or of the one that was wanted; `values` has its keys
  option_settings tenant_options;  // its [tenants.NAME.options]
  // Where several may be used, all of them; where one was wanted, the others, which have the keys at the top of the file too.
  std::vector<tenant_table> tenants, other_tenants;
};

// `wanted_tenant`: --tenant from a source that takes precedence, else null. Of the tables [tenants.NAME] the one that it names (by name or
// GUID) is used, else all; the keys of a table take precedence over those at the top of the file. AZURE_TENANT_ID chooses none of several
// tables. `column` and `carry` are arrays; a table [columns] has a line `ROLE = "HEADER"` for each column, a table
// [options] a line `NAME = "VALUE"` for each default of an option (config_options.hpp). File names are relative to the
// file. errc::usage, with the line, for a file that cannot be read or may not be used (config_text.hpp), unknown keys (with the nearest
// name), two spellings of one key in a table, tables and roles that do not exist, wrong types, options that are not built yet, a table
// without a tenant, an id beside several tables, and a tenant that is neither an id nor the name of a table.
[[nodiscard]] result<config_values> read_config_file(const std::string& path, config_origin origin, const setting* wanted_tenant);

// errc::usage for an option that is not built yet; the message names where it was set.
[[nodiscard]] result<void> refuse_later(const option& o, const std::string& source);

// `max_attempts` for `max-attempts`.
[[nodiscard]] std::string key_name(std::string_view option);

}  // namespace convoke::cli
