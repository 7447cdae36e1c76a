#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include "cli/options.hpp"
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

std::string key_name(std::string_view option) {
  std::string out(option);
  std::ranges::replace(out, '-', '_');
  return out;
}

bool truthy(std::string_view text) {
  return text == "1" || text == "true" || text == "yes" || text == "on";
}
bool falsy(std::string_view text) {
  return text.empty() || text == "0" || text == "false" || text == "no" || text == "off";
}

result<void> refuse_later(const option& o, const std::string& source) {
  if (o.form != shape::later) return {};
  return fail(errc::usage, fmt::format("{}: this part of convoke is not built yet. Leave it out.", source));
}

// Names that are ours but no options: they are read where they are needed.
bool known_environment(std::string_view name) {
  return name == "CONVOKE_TOKEN";
}

result<std::string> value_text(const toml::node& node, const std::string& file, const std::string& key) {
  if (const auto* s = node.as_string()) return s->get();
  if (const auto* i = node.as_integer()) return std::to_string(i->get());
  if (const auto* f = node.as_floating_point()) return fmt::format("{}", f->get());
  if (const auto* b = node.as_boolean()) return std::string(b->get() ? "true" : "false");
  return fail(errc::usage, fmt::format("{}, line {}: '{}' needs a text, a number or true/false.", file, node.source().begin.line, key));
}

std::string find_file(const names& flags, const names& environment, const std::string& input) {
  if (const auto given = flags.find("config"); given != flags.end()) return given->second;
  if (const auto given = environment.find("CONVOKE_CONFIG"); given != environment.end()) return given->second;
  std::error_code ignored;
  if (!input.empty() && input != "-") {
    const auto beside = fs::path(input).parent_path() / "convoke.toml";
    if (fs::exists(beside, ignored)) return beside.string();
  }
  fs::path home;
  if (const auto xdg = environment.find("XDG_CONFIG_HOME"); xdg != environment.end() && !xdg->second.empty())
    home = xdg->second;
  else if (const auto user = environment.find("HOME"); user != environment.end())
    home = fs::path(user->second) / ".config";
  if (home.empty()) return {};
  const auto own = home / "convoke" / "convoke.toml";
  return fs::exists(own, ignored) ? own.string() : std::string();
}

std::string resolved_path(const std::string& value, const std::string& file) {
  if (value.empty() || value == "-" || fs::path(value).is_absolute()) return value;
  return (fs::path(file).parent_path() / value).string();
}

// A value of a configuration file: file names are relative to it.
std::string in_file_terms(const option& o, std::string value, const std::string& file) {
  if (o.form == shape::path) return resolved_path(value, file);
  constexpr std::string_view sqlite = "sqlite:";
  if (o.name == "ledger" && value.starts_with(sqlite)) return std::string(sqlite) + resolved_path(value.substr(sqlite.size()), file);
  return value;
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

result<void> settings::read_file(const std::string& path) {
  const auto shown = escape_for_people(path);
  if (fs::is_directory(path)) return fail(errc::usage, fmt::format("{}: this is a directory; --config needs a file.", shown));
  if (!fs::exists(path)) return fail(errc::usage, fmt::format("{}: there is no such configuration file.", shown));
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& bad) {
    return fail(errc::usage,
                fmt::format("{}, line {}, column {}: {}.", shown, bad.source().begin.line, bad.source().begin.column, bad.description()));
  }
  for (const auto& [name, node] : table) {
    const std::string key(name.str());
    if (key == "tenants") {
      if (const auto taken = take_tenants(&node, shown); !taken) return taken;
      continue;
    }
    const auto* known = find_option(key);
    if (known == nullptr || key == "config") {
      const auto near = nearest_option(key);
      return fail(errc::usage, fmt::format("{}, line {}: there is no key '{}'.{}", shown, node.source().begin.line, escape_for_people(key),
                                           near.empty() ? "" : fmt::format(" Did you mean '{}'?", key_name(near))));
    }
    if (const auto built = refuse_later(*known, fmt::format("{}, line {}: {}", shown, node.source().begin.line, key)); !built) return built;
    auto text = value_text(node, shown, key);
    if (!text) return std::unexpected(text.error());
    values_.try_emplace(std::string(known->name), setting{in_file_terms(*known, std::move(*text), path), shown});
  }
  return {};
}

// [tenants.NAME]: one lane each. One is used: the only one, or the one that --tenant names.
result<void> settings::take_tenants(const void* node, const std::string& file) {
  const auto* tables = static_cast<const toml::node*>(node)->as_table();
  if (tables == nullptr) return fail(errc::usage, fmt::format("{}: 'tenants' holds one table a tenant: [tenants.NAME].", file));
  const auto wanted = values_.find("tenant");
  const toml::table* chosen = nullptr;
  std::string chosen_name;
  for (const auto& [name, table] : *tables) {
    if (!table.is_table()) return fail(errc::usage, fmt::format("{}: [tenants.{}] must be a table.", file, name.str()));
    if (wanted == values_.end() ? tables->size() == 1 : wanted->second.text == name.str()) {
      chosen = table.as_table();
      chosen_name = name.str();
    }
  }
  if (chosen == nullptr && wanted == values_.end() && tables->size() > 1)
    return fail(errc::usage,
                fmt::format("{}: it names {} tenants, and several in one run are not built yet. Choose one with --tenant NAME.", file,
                            tables->size()));
  if (chosen == nullptr) return {};
  static constexpr std::string_view allowed[] = {"tenant", "client-id",  "client-secret-file",     "graph-url", "authority-url", "ca-file",
                                                 "cloud",  "allow-http", "client-certificate-file"};
  if (wanted != values_.end()) values_.erase(wanted);
  for (const auto& [name, value] : *chosen) {
    const auto* known = find_option(name.str());
    if (known == nullptr || std::ranges::find(allowed, known->name) == std::end(allowed))
      return fail(errc::usage, fmt::format("{}, line {}: there is no key '{}' in [tenants.{}].", file, value.source().begin.line,
                                           escape_for_people(name.str()), chosen_name));
    if (const auto built = refuse_later(*known, fmt::format("{}: [tenants.{}] {}", file, chosen_name, std::string(name.str()))); !built)
      return built;
    auto text = value_text(value, file, std::string(name.str()));
    if (!text) return std::unexpected(text.error());
    values_.try_emplace(std::string(known->name),
                        setting{in_file_terms(*known, std::move(*text), file), fmt::format("{} [tenants.{}]", file, chosen_name)});
  }
  return {};
}

result<settings> settings::resolve(const names& flags, const names& environment, const std::string& input) {
  settings out;
  out.environment_ = environment;
  for (const auto& [name, value] : flags) {
    const auto* known = find_option(name);
    if (known != nullptr)
      if (const auto built = refuse_later(*known, "--" + name); !built) return std::unexpected(built.error());
    out.values_.insert_or_assign(name, setting{value, "--" + name});
  }
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("CONVOKE_") || known_environment(name)) continue;
    const auto* known = find_option(std::string_view(name).substr(8));
    if (known == nullptr) {
      // Not refused as a wrong flag is: the environment is shared, and a name may be somebody else's.
      if (const auto near = nearest_option(std::string_view(name).substr(8)); !near.empty())
        out.warnings_.push_back(fmt::format("The environment variable {} is none of convoke's and is ignored. Did you mean {}?",
                                            escape_for_people(name), environment_name(near)));
      continue;
    }
    if (value.empty()) continue;
    if (const auto built = refuse_later(*known, name); !built) return std::unexpected(built.error());
    out.values_.try_emplace(std::string(known->name), setting{value, name});
  }
  for (const auto& o : options()) {
    if (o.azure.empty()) continue;
    const auto found = environment.find(o.azure);
    if (found == environment.end() || found->second.empty() || o.form == shape::later) continue;
    out.values_.try_emplace(std::string(o.name), setting{found->second, std::string(o.azure)});
  }
  if (const auto file = find_file(flags, environment, input); !file.empty()) {
    if (const auto read = out.read_file(file); !read) return std::unexpected(read.error());
    out.values_.insert_or_assign("config", setting{file, flags.contains("config") ? "--config" : "found"});
  }
  for (const auto& o : options())
    if (!o.fallback.empty()) out.values_.try_emplace(std::string(o.name), setting{std::string(o.fallback), "default"});
  for (const auto& [name, value] : out.values_) {
    const auto* known = find_option(name);
    if (known != nullptr && known->form == shape::flag && !truthy(value.text) && !falsy(value.text))
      return fail(errc::usage, fmt::format("{}: '{}' is neither true nor false.", value.source, escape_for_people(value.text)));
  }
  return out;
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
  for (const auto& [name, value] : values_)
    out += fmt::format("{} = {}  # {}\n", key_name(name), escape_for_people(value.text), escape_for_people(value.source));
  return out;
}

}  // namespace convoke::cli
