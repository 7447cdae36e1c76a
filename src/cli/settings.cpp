#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/config_file.hpp"
#include "cli/lists.hpp"
#include "cli/options.hpp"
#include "cli/proxies.hpp"
#include "cli/secret_files.hpp"
#include "core/text.hpp"

namespace convoke::cli {
namespace {

namespace fs = std::filesystem;
using names = std::map<std::string, std::string, std::less<>>;

std::string environment_name(std::string_view option) {
  std::string out = "CONVOKE_";
  for (const char c : option) out += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 0x20 : c);
  return out;
}

bool truthy(std::string_view text) {
  return text == "1" || text == "true" || text == "yes" || text == "on";
}
bool falsy(std::string_view text) {
  return text.empty() || text == "0" || text == "false" || text == "no" || text == "off";
}

// Variables of convoke that are not options; job_builder reads them.
bool known_environment(std::string_view name) {
  return name == "CONVOKE_TOKEN";
}

// Expands `~/` where no shell does it: in a file, after `sqlite:`, after `=`.
std::string with_home(std::string path, std::string_view home) {
  const std::size_t begin = path.starts_with(sqlite_scheme) ? sqlite_scheme.size() : 0;
  if (!home.empty() && std::string_view(path).substr(begin).starts_with("~/")) path.replace(begin, 1, home);
  return path;
}

// `path` is empty where there is no configuration file.
struct config_place {
  std::string path, source;
  config_origin origin = config_origin::found;
};

config_place find_file(const names& flags, const names& environment, const std::string& input) {
  const auto user = environment.find("HOME");
  const auto home_of_user = user != environment.end() ? std::string_view(user->second) : std::string_view();
  if (const auto given = flags.find("config"); given != flags.end())
    return {with_home(given->second, home_of_user), "--config", config_origin::named};
  if (const auto given = environment.find("CONVOKE_CONFIG"); given != environment.end())
    return {with_home(given->second, home_of_user), "CONVOKE_CONFIG", config_origin::named};
  std::error_code ignored;
  // Commands without an input use the file in the current folder. Standard input has no folder, so no file belongs to it.
  if (input != "-") {
    const auto beside = fs::path(input).parent_path() / "convoke.toml";
    if (fs::exists(beside, ignored)) return {beside.string(), "found"};
  }
  fs::path home;
  if (const auto xdg = environment.find("XDG_CONFIG_HOME"); xdg != environment.end() && !xdg->second.empty())
    home = xdg->second;
  else if (user != environment.end())
    home = fs::path(user->second) / ".config";
  if (home.empty()) return {};
  const auto own = home / "convoke" / "convoke.toml";
  return fs::exists(own, ignored) ? config_place{own.string(), "found"} : config_place{};
}

// Keeps the nearer one of two values.
void take_nearer(std::map<std::string, setting, std::less<>>& into, const std::string& name, const setting& value) {
  const auto [now, added] = into.try_emplace(name, value);
  if (!added && value.kind < now->second.kind) now->second = value;
}

bool is_of_a_table(const setting& value) {
  return value.kind == source_kind::table || value.kind == source_kind::only_table;
}

// Expands `~/`, and checks the values of flags.
result<void> complete(std::map<std::string, setting, std::less<>>& values, std::string_view home) {
  for (auto& [name, value] : values) {
    const auto* known = find_option(name);
    if (known != nullptr && (known->form == shape::path || known->name == "ledger")) value.text = with_home(std::move(value.text), home);
    if (known != nullptr && known->form == shape::flag && !truthy(value.text) && !falsy(value.text))
      return fail(errc::usage, fmt::format("{}: '{}' is neither true nor false.", value.named(), core::escape_for_people(value.text)));
  }
  return {};
}

}  // namespace

std::map<std::string, std::string, std::less<>> process_environment() {
  names out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

result<settings> settings::resolve(const names& flags, const names& environment, const std::string& input) {
  settings out;
  out.environment_ = environment;
  if (const auto read = out.add_flags(flags); !read) return std::unexpected(read.error());
  if (const auto read = out.add_environment(); !read) return std::unexpected(read.error());
  if (const auto file = find_file(flags, environment, input); !file.path.empty()) {
    auto read = read_config_file(file.path, file.origin, out.find("tenant"));
    if (!read) return std::unexpected(read.error());
    const std::string nearer_credential = out.text("credential");
    // Where --tenant names a table of the file, the tenant's id is the one in that table.
    if (const auto tenant = read->values.find("tenant"); tenant != read->values.end() && is_of_a_table(tenant->second))
      out.values_.insert_or_assign("tenant", tenant->second);
    for (const auto& [name, value] : read->values) take_nearer(out.values_, name, value);
    if (!read->tenants.empty()) out.keep_all_tenants(read->tenants.size());
    add_farther(out.lists_, read->lists);
    out.options_ = std::move(read->options);
    if (!read->tenant_options.empty()) out.tenant_options_[read->tenant_name] = std::move(read->tenant_options);
    out.tenant_name_ = std::move(read->tenant_name);
    for (auto& one : read->tenants)
      if (!one.options.empty()) out.tenant_options_[one.name] = std::move(one.options);
    for (auto& one : read->tenants) out.tenants_.emplace_back(std::move(one.name), std::move(one.values));
    for (const auto& one : read->other_tenants) {
      const auto text = [&](std::string_view name) {
        const auto found = one.values.find(name);
        return found == one.values.end() ? std::string() : found->second.text;
      };
      out.other_tenants_.push_back(
          {.name = one.name, .id = text("tenant"), .credential = nearer_credential.empty() ? text("credential") : nearer_credential});
    }
    out.values_.insert_or_assign("config", setting{file.path, file.source});
  }
  for (const auto& o : options())
    if (!o.fallback.empty())
      out.values_.try_emplace(std::string(o.name), setting{std::string(o.fallback), "default", {}, source_kind::fallback});
  const auto home = out.environment("HOME");
  if (const auto valid = complete(out.values_, home); !valid) return std::unexpected(valid.error());
  for (auto& [name, values] : out.tenants_)
    if (const auto valid = complete(values, home); !valid) return std::unexpected(valid.error());
  return out;
}

// Each of several tables has an id of its own. Azure Workload Identity sets AZURE_TENANT_ID in every container, so it limits nothing.
void settings::keep_all_tenants(std::size_t count) {
  const auto* variable = find("tenant");
  if (variable != nullptr && variable->kind == source_kind::azure && environment("AZURE_FEDERATED_TOKEN_FILE").empty())
    warnings_.push_back(fmt::format(
        "AZURE_TENANT_ID does not limit the run, because the configuration has {} tenants: --tenant NAME limits it to one.", count));
  values_.erase("tenant");
}

std::vector<settings> settings::tenants() const {
  if (tenants_.empty()) return {*this};
  std::vector<settings> out;
  for (const auto& [name, values] : tenants_) {
    auto& one = out.emplace_back(*this);
    one.tenants_.clear();
    one.tenant_name_ = name;
    for (const auto& [key, value] : values) take_nearer(one.values_, key, value);
  }
  return out;
}

std::vector<option_setting> settings::options_of_tenant() const {
  const auto found = tenant_options_.find(tenant_name_);
  return found == tenant_options_.end() ? std::vector<option_setting>() : found->second;
}

result<void> settings::add_flags(const names& flags) {
  for (const auto& [name, value] : flags) {
    const auto* known = find_option(name);
    if (known != nullptr)
      if (const auto built = refuse_later(*known, "--" + name); !built) return built;
    if (known != nullptr && known->form == shape::list) {
      for (auto& one : values_of_flag(value)) values_for(lists_, name).push_back({std::move(one), "--" + name});
      continue;
    }
    values_.insert_or_assign(name, setting{value, "--" + name, {}, source_kind::flag});
  }
  return {};
}

result<void> settings::add_environment() {
  list_values lists;
  for (const auto& [name, value] : environment_) {
    if (!name.starts_with("CONVOKE_") || known_environment(name)) continue;
    const auto* known = find_option(std::string_view(name).substr(8));
    if (known == nullptr) {
      // A warning, not an error as for a flag: the environment is shared, and the variable may belong to another program.
      if (const auto near = nearest_option(std::string_view(name).substr(8)); !near.empty())
        warnings_.push_back(fmt::format("The environment variable {} is not one of convoke's and is ignored. Did you mean {}?{}",
                                        core::escape_for_people(name), environment_name(near), secret_file_note(near)));
      continue;
    }
    if (value.empty()) continue;
    if (const auto built = refuse_later(*known, name); !built) return built;
    if (known->form == shape::list) {
      for (auto& one : values_of_variable(value)) values_for(lists, known->name).push_back({std::move(one), name});
      continue;
    }
    values_.try_emplace(std::string(known->name), setting{value, name, {}, source_kind::variable});
  }
  add_farther(lists_, lists);
  for (const auto& o : options()) {
    if (o.azure.empty()) continue;
    const auto found = environment_.find(o.azure);
    if (found == environment_.end() || found->second.empty() || o.form == shape::later) continue;
    values_.try_emplace(std::string(o.name), setting{found->second, std::string(o.azure), {}, source_kind::azure});
  }
  return {};
}

const setting* settings::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::string settings::text(std::string_view name) const {
  const auto* found = find(name);
  return found == nullptr ? std::string() : found->text;
}

bool settings::flag(std::string_view name) const {
  return truthy(text(name));
}

std::string settings::environment(std::string_view name) const {
  const auto found = environment_.find(name);
  return found == environment_.end() ? std::string() : found->second;
}

std::string settings::show() const {
  std::string out;
  const auto add = [&out](std::string_view key, std::string_view value, const setting& from) {
    out += fmt::format("{} = {}  # {}\n", key, core::escape_for_people(value), core::escape_for_people(from.source));
  };
  for (const auto& [name, value] : values_) add(key_name(name), shown_value(name, value), value);
  if (const auto variable = text("proxy").empty() ? proxy_of_environment(*this) : std::nullopt)
    add("proxy", shown_value("proxy", *variable), *variable);
  for (const auto& [tenant, values] : tenants_)
    for (const auto& [name, value] : values)
      add(fmt::format("tenants.{}.{}", core::escape_for_people(tenant), key_name(name)), shown_value(name, value), value);
  for (const auto& one : lists_.carry) add("carry", one.text, one);
  for (const auto& one : lists_.organizer) add("organizer", one.text, one);
  for (const auto& one : lists_.column) {
    const auto parts = parse_column(one);
    if (parts)
      add("columns." + core::escape_for_people(parts->role), parts->header, one);
    else
      add("column", one.text, one);
  }
  for (const auto& one : options_) add("options." + one.name, one.value.text, one.value);
  for (const auto& [tenant, options] : tenant_options_)
    for (const auto& one : options)
      add(fmt::format("tenants.{}.options.{}", core::escape_for_people(tenant), one.name), one.value.text, one.value);
  return out;
}

}  // namespace convoke::cli
