#include "cli/config_file.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "cli/lists.hpp"
#include "core/text.hpp"

namespace convoke::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view of_a_tenant[] = {
    // how to sign in
    "tenant", "client-id", "credential", "client-secret-file", "client-certificate-file", "client-certificate-passphrase-file",
    "assertion-algorithm", "federated-token-file", "managed-identity",
    // where
    "cloud", "graph-url", "authority-url", "ca-file", "allow-http", "proxy", "proxy-credentials-file",
    // how fast
    "rate", "start-rate", "fixed-rate", "organizer-rate", "organizer-concurrency", "connections"};

result<std::string> value_text(const toml::node& node, const std::string& file, const std::string& key) {
  if (const auto* s = node.as_string()) return s->get();
  if (const auto* i = node.as_integer()) return std::to_string(i->get());
  if (const auto* f = node.as_floating_point()) return fmt::format("{}", f->get());
  if (const auto* b = node.as_boolean()) return std::string(b->get() ? "true" : "false");
  return fail(errc::usage, fmt::format("{}, line {}: '{}' needs a text, a number or true/false.", file, node.source().begin.line, key));
}

// The values of a list: an array of texts, or a single text.
result<std::vector<std::string>> value_list(const toml::node& node, const std::string& file, const std::string& key) {
  std::vector<std::string> out;
  const auto* array = node.as_array();
  if (array == nullptr) {
    if (const auto* s = node.as_string()) return std::vector{s->get()};
  } else if (array->empty() || array->is_homogeneous(toml::node_type::string)) {
    for (const auto& one : *array) out.push_back(one.ref<std::string>());
    return out;
  }
  return fail(errc::usage, fmt::format("{}, line {}: '{}' needs a list of texts, such as [\"{}\"].", file, node.source().begin.line, key,
                                       key == "column" ? "start=Beginn" : "Room"));
}

// A pipe has no folder: file names in it are relative to the current folder.
std::string resolved_path(const std::string& value, const std::string& file) {
  std::error_code unknown;
  if (value.empty() || value == "-" || value.starts_with("~/") || fs::path(value).is_absolute()) return value;
  return fs::is_regular_file(file, unknown) ? (fs::path(file).parent_path() / value).string() : value;
}

// A value of a configuration file: file names are relative to it.
std::string in_file_terms(const option& o, std::string value, const std::string& file) {
  if (o.form == shape::path) return resolved_path(value, file);
  if (o.name == "ledger" && value.starts_with(sqlite_scheme))
    return std::string(sqlite_scheme) + resolved_path(value.substr(sqlite_scheme.size()), file);
  return value;
}

struct config_table {
  const toml::table& table;
  const std::string& path;
  const std::string& source;  // as messages name it
};

result<void> add_column(const std::string& role, const toml::node& node, const config_table& from, list_values& into) {
  const auto line = node.source().begin.line;
  const auto* header = node.as_string();
  const auto shown = core::escape_for_people(role, 60);
  if (header == nullptr)
    return fail(errc::usage, fmt::format("{}, line {}: '{}' in [columns] needs the name of a column: {} = \"HEADER\".", from.source, line,
                                         shown, shown));
  setting made{.text = role + "=" + header->get(), .source = from.source, .place = fmt::format(", line {}: columns.{}", line, shown)};
  if (const auto valid = parse_column(made); !valid) return std::unexpected(valid.error());
  into.column.push_back(std::move(made));
  return {};
}

// The table [columns]. TOML reads the key option.NAME as a table of its own.
result<void> read_columns(const config_table& from, list_values& into) {
  for (const auto& [name, node] : from.table) {
    const std::string role(name.str());
    const auto* options = role == "option" ? node.as_table() : nullptr;
    if (options == nullptr) {
      if (const auto added = add_column(role, node, from, into); !added) return added;
      continue;
    }
    for (const auto& [option_name, value] : *options)
      if (const auto added = add_column("option." + std::string(option_name.str()), value, from, into); !added) return added;
  }
  return {};
}

// The tables at the top of a file that are no settings.
constexpr std::string_view tables_of_a_file[] = {"tenants", "columns"};

// Reads the keys of one table. A key that `into` has already keeps its value. `allowed`: empty for all keys.
result<void> read_table(const config_table& from, std::span<const std::string_view> allowed, config_values& into) {
  const auto shown = core::escape_for_people(from.path);
  for (const auto& [name, node] : from.table) {
    const std::string key(name.str());
    if (allowed.empty() && std::ranges::find(tables_of_a_file, key) != std::end(tables_of_a_file)) continue;
    const auto* known = find_option(key);
    const bool taken =
        known != nullptr && known->name != "config" && (allowed.empty() || std::ranges::find(allowed, known->name) != allowed.end());
    if (!taken) {
      const auto near = nearest_option(key);
      return fail(errc::usage, fmt::format("{}, line {}: there is no key '{}'{}.{}", shown, node.source().begin.line,
                                           core::escape_for_people(key), allowed.empty() ? "" : " in a table of tenants",
                                           near.empty() ? "" : fmt::format(" Did you mean '{}'?", key_name(near))));
    }
    if (const auto built = refuse_later(*known, fmt::format("{}, line {}: {}", shown, node.source().begin.line, key)); !built) return built;
    const auto place = fmt::format(", line {}: {}", node.source().begin.line, key);
    if (known->form == shape::list) {
      auto values = value_list(node, shown, key);
      if (!values) return std::unexpected(values.error());
      for (auto& value : *values)
        values_for(into.lists, known->name).push_back({.text = std::move(value), .source = from.source, .place = place});
      continue;
    }
    auto text = value_text(node, shown, key);
    if (!text) return std::unexpected(text.error());
    into.values.try_emplace(std::string(known->name),
                            setting{.text = in_file_terms(*known, std::move(*text), from.path), .source = from.source, .place = place});
  }
  return {};
}

bool is_wanted(const tenant_table& table, const std::string& wanted) {
  const auto id = table.values.find("tenant");
  return table.name == wanted || (id != table.values.end() && core::equal_ignoring_case(id->second.text, wanted));
}

// The tables [tenants.NAME], one for each lane.
result<void> read_tenants(const toml::node& node, const std::string& path, const std::string& wanted, config_values& into) {
  const auto shown = core::escape_for_people(path);
  const auto* tables = node.as_table();
  if (tables == nullptr || !tables->is_homogeneous(toml::node_type::table))
    return fail(errc::usage, fmt::format("{}: 'tenants' holds one table for each tenant: [tenants.NAME].", shown));
  for (const auto& [name, one] : *tables) {
    const auto source = fmt::format("{} [tenants.{}]", shown, core::escape_for_people(name.str()));
    config_values table;
    if (const auto read = read_table({.table = *one.as_table(), .path = path, .source = source}, of_a_tenant, table); !read) return read;
    into.tenants.push_back({.name = std::string(name.str()), .values = std::move(table.values)});
  }
  const bool only = into.tenants.size() == 1 && wanted.empty();
  const auto chosen = std::ranges::find_if(into.tenants, [&](const tenant_table& one) { return only || is_wanted(one, wanted); });
  if (chosen != into.tenants.end()) {
    into.tenant_name = chosen->name;
    into.values = std::move(chosen->values);
    into.tenants.erase(chosen);
  }
  if (!wanted.empty() || only) into.other_tenants = std::exchange(into.tenants, {});
  return {};
}

}  // namespace

std::string key_name(std::string_view option) {
  std::string out(option);
  std::ranges::replace(out, '-', '_');
  return out;
}

result<void> refuse_later(const option& o, const std::string& source) {
  if (o.form != shape::later) return {};
  return fail(errc::usage, fmt::format("{}: this part of convoke is not built yet. Leave it out.", source));
}

result<config_values> read_config_file(const std::string& path, config_origin origin, const std::string& wanted_tenant) {
  const auto shown = core::escape_for_people(path);
  const auto text = read_config_text(path, origin);
  if (!text) return std::unexpected(text.error());
  toml::table table;
  try {
    table = toml::parse(*text, path);
  } catch (const toml::parse_error& bad) {
    return fail(errc::usage,
                fmt::format("{}, line {}, column {}: {}.", shown, bad.source().begin.line, bad.source().begin.column, bad.description()));
  }
  config_values out;
  const config_table whole{.table = table, .path = path, .source = shown};
  const auto wanted = wanted_tenant.empty() ? table["tenant"].value_or(std::string()) : wanted_tenant;
  if (const auto* tenants = table.get("tenants"))
    if (const auto read = read_tenants(*tenants, path, wanted, out); !read) return std::unexpected(read.error());
  if (const auto* columns = table.get("columns")) {
    if (!columns->is_table())
      return fail(errc::usage,
                  fmt::format("{}, line {}: 'columns' is a table: [columns] with a line such as start = \"Beginn\" for each column.", shown,
                              columns->source().begin.line));
    if (const auto read = read_columns({.table = *columns->as_table(), .path = path, .source = shown}, out.lists); !read)
      return std::unexpected(read.error());
  }
  if (const auto read = read_table(whole, {}, out); !read) return std::unexpected(read.error());
  return out;
}

}  // namespace convoke::cli
