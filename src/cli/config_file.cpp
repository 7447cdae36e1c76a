#include "cli/config_file.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "core/text.hpp"

namespace convoke::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view of_a_tenant[] = {
    "tenant", "client-id", "client-secret-file", "client-certificate-file", "cloud", "graph-url", "authority-url", "ca-file", "allow-http"};

result<std::string> value_text(const toml::node& node, const std::string& file, const std::string& key) {
  if (const auto* s = node.as_string()) return s->get();
  if (const auto* i = node.as_integer()) return std::to_string(i->get());
  if (const auto* f = node.as_floating_point()) return fmt::format("{}", f->get());
  if (const auto* b = node.as_boolean()) return std::string(b->get() ? "true" : "false");
  return fail(errc::usage, fmt::format("{}, line {}: '{}' needs a text, a number or true/false.", file, node.source().begin.line, key));
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

// Reads the keys of one table. A key that `into` has already keeps its value. `allowed`: empty for all keys.
result<void> read_table(const toml::table& table, const std::string& path, const std::string& source,
                        std::span<const std::string_view> allowed, setting_map& into) {
  const auto shown = core::escape_for_people(path);
  for (const auto& [name, node] : table) {
    const std::string key(name.str());
    if (key == "tenants" && allowed.empty()) continue;
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
    auto text = value_text(node, shown, key);
    if (!text) return std::unexpected(text.error());
    into.try_emplace(std::string(known->name), setting{.text = in_file_terms(*known, std::move(*text), path),
                                                       .source = source,
                                                       .place = fmt::format(", line {}: {}", node.source().begin.line, key)});
  }
  return {};
}

bool is_wanted(const toml::key& name, const toml::table& table, const std::string& wanted) {
  const auto id = table["tenant"].value<std::string>();
  return name.str() == wanted || (id && core::equal_ignoring_case(*id, wanted));
}

// The tables [tenants.NAME], one for each lane.
result<void> read_tenants(const toml::node& node, const std::string& path, const std::string& wanted, setting_map& into) {
  const auto shown = core::escape_for_people(path);
  const auto* tables = node.as_table();
  if (tables == nullptr || !tables->is_homogeneous(toml::node_type::table))
    return fail(errc::usage, fmt::format("{}: 'tenants' holds one table for each tenant: [tenants.NAME].", shown));
  if (wanted.empty() && tables->size() > 1)
    return fail(errc::usage,
                fmt::format("{}: it names {} tenants, and several in one run are not built yet. Choose one with --tenant NAME.", shown,
                            tables->size()));
  for (const auto& [name, one] : *tables) {
    const auto& table = *one.as_table();
    if (!wanted.empty() && !is_wanted(name, table, wanted)) continue;
    return read_table(table, path, fmt::format("{} [tenants.{}]", shown, core::escape_for_people(name.str())), of_a_tenant, into);
  }
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

result<setting_map> read_config_file(const std::string& path, config_origin origin, const std::string& wanted_tenant) {
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
  setting_map out;
  const auto wanted = wanted_tenant.empty() ? table["tenant"].value_or(std::string()) : wanted_tenant;
  if (const auto* tenants = table.get("tenants"))
    if (const auto read = read_tenants(*tenants, path, wanted, out); !read) return std::unexpected(read.error());
  if (const auto read = read_table(table, path, shown, {}, out); !read) return std::unexpected(read.error());
  return out;
}

}  // namespace convoke::cli
