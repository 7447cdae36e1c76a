#pragma once

// The tables [options] and [tenants.NAME.options] of a configuration file: defaults of meeting options.

#include <string>
#include <vector>

#include <toml++/toml.h>

#include <convoke/error.hpp>

#include "cli/options.hpp"

namespace convoke::cli {

using option_settings = std::vector<option_setting>;

// `node` is the table, `table` its name and `source` the file, both as messages name them. A dot in a name may also be a table of TOML:
// `lobbyBypassSettings.scope = "organizer"`. errc::usage, with the line, for a node that is no table, names and values that do not exist,
// options that are refused, wrong types, and two spellings of one name.
[[nodiscard]] result<option_settings> read_options(const toml::node& node, const std::string& source, const std::string& table);

}  // namespace convoke::cli
