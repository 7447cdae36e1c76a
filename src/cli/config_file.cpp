#include "cli/config_file.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include <convoke/key.hpp>

#include "cli/lists.hpp"
#include "cli/secret_files.hpp"
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
    "rate", "start-rate", "fixed-rate", "organizer-rate", "organizer-concurrency", "connections", "batch-size"};

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
  source_kind kind = source_kind::file;
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

// TOML reads the key option.NAME as a table of its own, and a name with a dot as a table in it.
result<void> add_option_columns(const toml::table& options, const std::string& prefix, const config_table& from, list_values& into) {
  for (const auto& [name, node] : options) {
    const auto role = prefix + "." + std::string(name.str());
    const auto* parts = node.as_table();
    const auto added = parts != nullptr ? add_option_columns(*parts, role, from, into) : add_column(role, node, from, into);
    if (!added) return added;
  }
  return {};
}

// The table [columns].
result<void> read_columns(const config_table& from, list_values& into) {
  for (const auto& [name, node] : from.table) {
    const std::string role(name.str());
    const auto* options = role == "option" ? node.as_table() : nullptr;
    const auto added = options != nullptr ? add_option_columns(*options, role, from, into) : add_column(role, node, from, into);
    if (!added) return added;
  }
  return {};
}

// The tables at the top of a file that are no settings.
constexpr std::string_view tables_of_a_file[] = {"tenants", "columns", "options"};

// A table that does not exist is mostly meant for a tenant.
std::string why_no_table(const std::string& key) {
  const auto shown = core::escape_for_people(key, 60);
  const auto near = core::nearest(key, tables_of_a_file);
  const auto remedy = near == "tenants" ? " Did you mean [tenants.NAME]?"
                      : near            ? fmt::format(" Did you mean [{}]?", *near)
                                        : fmt::format(" The table of a tenant is [tenants.NAME], here [tenants.{}].", shown);
  return fmt::format("there is no table [{}].{}", shown, remedy);
}

std::string why_no_key(const std::string& key, const option* known, std::span<const std::string_view> allowed) {
  const auto shown = core::escape_for_people(key);
  if (known != nullptr && known->name == "config")
    return fmt::format("'{}' cannot be set in a configuration file: give --config FILE, or set CONVOKE_CONFIG.", shown);
  if (!allowed.empty() && known != nullptr)
    return fmt::format("'{}' cannot be set for one tenant. Write it at the top of the file, above the tables.", shown);
  std::string near;
  if (allowed.empty())
    near = nearest_option(key);
  else if (const auto found = core::nearest(key, allowed))
    near = *found;
  return fmt::format("there is no key '{}'{}.{}", shown, allowed.empty() ? "" : " in a table of tenants",
                     near.empty() ? "" : fmt::format(" Did you mean '{}'?{}", key_name(near), secret_file_note(near)));
}

// The keys of one table by the option that they set. `client-id` and `client_id` are the same one.
class keys_of_a_table {
 public:
  // errc::usage where an earlier key has set the option.
  result<void> add(const option& sets, const std::string& key, std::uint32_t line, const std::string& file) {
    const auto [before, first] = seen_.try_emplace(sets.name, key, line);
    if (first) return {};
    auto one = before->second, other = std::pair(key, line);
    if (other.second < one.second) std::swap(one, other);
    return fail(errc::usage, fmt::format("{}, lines {} and {}: '{}' and '{}' are the same key. Remove one of them.", file, one.second,
                                         other.second, core::escape_for_people(one.first), core::escape_for_people(other.first)));
  }

 private:
  std::map<std::string_view, std::pair<std::string, std::uint32_t>> seen_;
};

result<setting> read_value(const option& o, const toml::node& node, const config_table& from, const std::string& key) {
  const auto shown = core::escape_for_people(from.path);
  auto text = value_text(node, shown, key);
  if (!text) return std::unexpected(text.error());
  return setting{.text = in_file_terms(o, *text, from.path),
                 .source = from.source,
                 .place = fmt::format(", line {}: {}", node.source().begin.line, key),
                 .kind = from.kind,
                 .written = o.form == shape::path ? *text : std::string()};
}

// Reads the keys of one table. A key that `into` has already keeps its value. `allowed`: empty for all keys.
result<void> read_table(const config_table& from, std::span<const std::string_view> allowed, config_values& into) {
  const auto shown = core::escape_for_people(from.path);
  keys_of_a_table keys;
  for (const auto& [name, node] : from.table) {
    const std::string key(name.str());
    const auto line = node.source().begin.line;
    const bool is_table = allowed.empty() ? std::ranges::find(tables_of_a_file, key) != std::end(tables_of_a_file) : key == "options";
    if (is_table) continue;
    const auto* known = find_option(key);
    if (allowed.empty() && node.is_table() && (known == nullptr || known->name == "tenant"))
      return fail(errc::usage, fmt::format("{}, line {}: {}", shown, line, why_no_table(key)));
    const bool taken =
        known != nullptr && known->name != "config" && (allowed.empty() || std::ranges::find(allowed, known->name) != allowed.end());
    if (!taken) return fail(errc::usage, fmt::format("{}, line {}: {}", shown, line, why_no_key(key, known, allowed)));
    if (const auto built = refuse_later(*known, fmt::format("{}, line {}: {}", shown, line, key)); !built) return built;
    if (const auto first = keys.add(*known, key, name.source().begin.line, shown); !first) return first;
    if (known->form == shape::list) {
      auto values = value_list(node, shown, key);
      if (!values) return std::unexpected(values.error());
      for (auto& value : *values)
        values_for(into.lists, known->name)
            .push_back({.text = std::move(value), .source = from.source, .place = fmt::format(", line {}: {}", line, key)});
      continue;
    }
    auto value = read_value(*known, node, from, key);
    if (!value) return std::unexpected(value.error());
    into.values.try_emplace(std::string(known->name), std::move(*value));
  }
  return {};
}

bool is_wanted(const tenant_table& table, const std::string& wanted) {
  return core::equal_ignoring_case(table.name, wanted) || core::equal_ignoring_case(table.values.at("tenant").text, wanted);
}

std::string names_of(std::span<const tenant_table> tables) {
  std::string out;
  for (const auto& one : tables) out += (out.empty() ? "" : ", ") + core::escape_for_people(one.name, 60);
  return out;
}

std::string refused_id(const std::string& setting, std::span<const tenant_table> tables) {
  return fmt::format(
      "{} stands beside {} tables [tenants.NAME], each of which has an id of its own. Remove it; or write the name of a "
      "table there ({}), which limits every run to that tenant.",
      setting, tables.size(), names_of(tables));
}

std::string unknown_tenant(const std::string& setting, const std::string& wanted, const std::string& file,
                           std::span<const tenant_table> tables) {
  std::vector<std::string_view> names;
  for (const auto& one : tables) names.emplace_back(one.name);
  const auto near = core::nearest(wanted, names);
  return fmt::format("{} is neither the name of a table [tenants.NAME] of {} nor a tenant id (a GUID).{} The tables are: {}.", setting,
                     file, near ? fmt::format(" Did you mean '{}'?", core::escape_for_people(*near)) : "", names_of(tables));
}

// Moves the tables that are not used to the others. `wanted`: null for all.
result<void> choose_tenant(const setting* wanted, const std::string& file, config_values& into) {
  const bool only = into.tenants.size() == 1;
  const auto fits = [&](const tenant_table& one) { return wanted == nullptr || is_wanted(one, wanted->text); };
  const auto matches = wanted == nullptr && !only ? 0 : std::ranges::count_if(into.tenants, fits);
  const auto shown = wanted == nullptr ? std::string() : fmt::format("{}: '{}'", wanted->named(), core::escape_for_people(wanted->text));
  if (matches > 1)
    return fail(errc::usage, fmt::format("{} is the tenant of several tables. Give the name of one: {}.", shown, names_of(into.tenants)));
  if (matches == 1) {
    const auto chosen = std::ranges::find_if(into.tenants, fits);
    // An id at the top of the file says "the tenant", which is not so where there are several.
    if (!only && wanted->kind == source_kind::file && !core::equal_ignoring_case(chosen->name, wanted->text))
      return fail(errc::usage, refused_id(shown, into.tenants));
    into.tenant_name = chosen->name;
    into.tenant_options = std::move(chosen->options);
    into.values = std::move(chosen->values);
    into.tenants.erase(chosen);
  } else if (wanted != nullptr && !parse_guid(wanted->text)) {
    return fail(errc::usage, unknown_tenant(shown, wanted->text, file, into.tenants));
  } else if (wanted != nullptr && !only && wanted->kind == source_kind::file) {
    return fail(errc::usage, refused_id(shown, into.tenants));
  }
  if (only || wanted != nullptr) into.other_tenants = std::exchange(into.tenants, {});
  return {};
}

// The tables [tenants.NAME], one for each lane.
result<void> read_tenants(const toml::node& node, const std::string& path, const setting* wanted, config_values& into) {
  const auto shown = core::escape_for_people(path);
  const auto* tables = node.as_table();
  if (tables == nullptr || !tables->is_homogeneous(toml::node_type::table))
    return fail(errc::usage, fmt::format("{}: 'tenants' holds one table for each tenant: [tenants.NAME].", shown));
  const auto kind = tables->size() > 1 ? source_kind::table : source_kind::only_table;
  for (const auto& [name, one] : *tables) {
    const auto source = fmt::format("{} [tenants.{}]", shown, core::escape_for_people(name.str()));
    config_values table;
    const auto read = read_table({.table = *one.as_table(), .path = path, .source = source, .kind = kind}, of_a_tenant, table);
    if (!read) return read;
    if (const auto id = table.values.find("tenant"); id == table.values.end() || id->second.text.empty())
      return fail(errc::usage,
                  fmt::format("{}, line {}: the table has no key 'tenant': write tenant = \"GUID\", the id of the Entra tenant.", source,
                              one.source().begin.line));
    const auto same = std::ranges::find_if(into.tenants, [&](const auto& t) { return core::equal_ignoring_case(t.name, name.str()); });
    if (same != into.tenants.end())
      return fail(errc::usage, fmt::format("{}, line {}: there is a table [tenants.{}] already, and names are compared without case.",
                                           source, one.source().begin.line, core::escape_for_people(same->name)));
    auto& added = into.tenants.emplace_back(tenant_table{.name = std::string(name.str()), .values = std::move(table.values)});
    if (const auto* options = one.as_table()->get("options")) {
      auto defaults = read_options(*options, shown, fmt::format("[tenants.{}.options]", core::escape_for_people(name.str())));
      if (!defaults) return std::unexpected(std::move(defaults.error()));
      added.options = std::move(*defaults);
    }
  }
  return choose_tenant(wanted, shown, into);
}

// The key `tenant` at the top of the file.
std::optional<setting> tenant_at_the_top(const config_table& whole) {
  const auto* node = whole.table.get("tenant");
  const auto text = node == nullptr ? std::string() : node->value_or(std::string());
  if (text.empty()) return std::nullopt;
  return setting{.text = text, .source = whole.source, .place = fmt::format(", line {}: tenant", node->source().begin.line)};
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

result<config_values> read_config_file(const std::string& path, config_origin origin, const setting* wanted_tenant) {
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
  const auto at_top = tenant_at_the_top(whole);
  if (const auto* tenants = table.get("tenants")) {
    const bool several = tenants->is_table() && tenants->as_table()->size() > 1;
    const bool chooses =
        wanted_tenant != nullptr && !wanted_tenant->text.empty() && !(several && wanted_tenant->kind == source_kind::azure);
    const auto* wanted = chooses ? wanted_tenant : at_top ? &*at_top : nullptr;
    if (const auto read = read_tenants(*tenants, path, wanted, out); !read) return std::unexpected(read.error());
  }
  if (const auto* columns = table.get("columns")) {
    if (!columns->is_table())
      return fail(errc::usage,
                  fmt::format("{}, line {}: 'columns' is a table: [columns] with a line such as start = \"Beginn\" for each column.", shown,
                              columns->source().begin.line));
    if (const auto read = read_columns({.table = *columns->as_table(), .path = path, .source = shown}, out.lists); !read)
      return std::unexpected(read.error());
  }
  if (const auto* options = table.get("options")) {
    auto read = read_options(*options, shown, "[options]");
    if (!read) return std::unexpected(std::move(read.error()));
    out.options = std::move(*read);
  }
  if (const auto read = read_table(whole, {}, out); !read) return std::unexpected(read.error());
  for (auto& one : out.other_tenants) {
    config_values with_top;
    with_top.values = std::move(one.values);
    if (const auto read = read_table(whole, {}, with_top); !read) return std::unexpected(read.error());
    one.values = std::move(with_top.values);
  }
  return out;
}

}  // namespace convoke::cli
